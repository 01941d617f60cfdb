package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// reference is a text that looks like a secret reference.
var reference = regexp.MustCompile(`\$\{[a-z]+:`)

// maxSecretFile is the largest secret file read, in bytes.
const maxSecretFile = 64 << 10

// Secrets resolves references; it implements [host.SecretResolver]. Values are read again at every call, so that a
// rotated file takes effect the next time an account is opened. It is safe for concurrent use.
type Secrets struct {
	// LookupEnv reads the environment, for example [os.LookupEnv].
	LookupEnv func(name string) (string, bool)
	// Dir is what relative paths in ${file:…} are relative to.
	Dir string
}

// Resolve returns the value of "env:NAME" or "file:/path". A file may be a symbolic link; the line break at its end is
// not part of the value. An empty value is an error: a merchant account without its secret must not start. Errors name
// the variable or the file, never the value.
func (s Secrets) Resolve(_ context.Context, ref string) (string, error) {
	scheme, name, ok := strings.Cut(ref, ":")
	switch {
	case !ok:
		return "", errors.New("is not a reference of the form ${env:NAME} or ${file:/path}")
	case scheme == "env":
		value, set := s.LookupEnv(name)
		switch {
		case !set:
			return "", fmt.Errorf("the environment variable %s is not set", shorten(name))
		case value == "":
			return "", fmt.Errorf("the environment variable %s is empty", shorten(name))
		}
		return value, nil
	case scheme == "file":
		return s.readFile(name)
	}
	return "", fmt.Errorf("has the unknown scheme %s; known are env and file", shorten(scheme))
}

func (s Secrets) readFile(name string) (string, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	// Never a device or a pipe: reading one could wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return "", fmt.Errorf("the file %s cannot be read: %w", path, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file %s cannot be read: %w", path, err)
	case len(content) > maxSecretFile:
		return "", fmt.Errorf("the file %s has more than %d bytes", path, maxSecretFile)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if value == "" {
		return "", fmt.Errorf("the file %s is empty", path)
	}
	return value, nil
}

// Secrets returns the resolver for this file's references.
func (c *Config) Secrets(lookupEnv func(string) (string, bool)) Secrets {
	return Secrets{LookupEnv: lookupEnv, Dir: c.dir}
}

// ResolveTokens returns the API tokens with their references resolved.
func (c *Config) ResolveTokens(ctx context.Context, s Secrets) ([]Token, error) {
	var problems Problems
	tokens := slices.Clone(c.APITokens)
	for i, t := range tokens {
		ref, err := splitReference(t.Token)
		if err != nil || ref == "" {
			continue
		}
		value, err := s.Resolve(ctx, ref)
		if err != nil {
			problems = append(problems, c.problem(child(item("api_tokens", i), "token"), "%v", err))
			continue
		}
		tokens[i].Token = value
	}
	return tokens, problems.orNil()
}

// CheckSecrets proves that every reference of the file can be resolved now.
func (c *Config) CheckSecrets(ctx context.Context, s Secrets) error {
	var problems Problems
	if _, err := c.ResolveTokens(ctx, s); err != nil {
		if list, ok := errors.AsType[Problems](err); ok {
			problems = list
		}
	}
	for i, a := range c.Accounts {
		for _, r := range referencesIn(a.Config, child(item("accounts", i), "config")) {
			ref, err := splitReference(r.text)
			if err == nil {
				_, err = s.Resolve(ctx, ref)
			}
			if err != nil {
				problems = append(problems, c.problem(r.path, "%v", err))
			}
		}
	}
	return problems.orNil()
}

// splitReference returns what stands inside ${…}; ref is empty for a text that is no reference.
func splitReference(text string) (ref string, err error) {
	if !reference.MatchString(text) {
		return "", nil
	}
	inside, opened := strings.CutPrefix(text, "${")
	inside, closed := strings.CutSuffix(inside, "}")
	if !opened || !closed || strings.ContainsAny(inside, "{}") {
		return "", errors.New("a reference such as ${env:NAME} must be the whole value")
	}
	scheme, name, _ := strings.Cut(inside, ":")
	switch {
	case scheme != "env" && scheme != "file":
		return "", fmt.Errorf("has the unknown reference scheme %s; known are env and file", shorten(scheme))
	case name == "":
		return "", fmt.Errorf("names nothing: %s: stands alone", scheme)
	}
	return inside, nil
}

// found is a text in an account's config that looks like a reference.
type found struct{ path, text string }

// referencesIn walks a JSON value.
func referencesIn(raw json.RawMessage, path string) []found {
	var doc any
	if json.Unmarshal(raw, &doc) != nil {
		return nil
	}
	var list []found
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], child(path, key))
			}
		case []any:
			for i, value := range v {
				walk(value, item(path, i))
			}
		case string:
			if reference.MatchString(v) {
				list = append(list, found{path, v})
			}
		}
	}
	walk(doc, path)
	return list
}
