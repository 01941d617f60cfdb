package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// CheckAccounts validates every account's config, its references resolved, against the JSON Schemas of its provider.
// Schemas maps provider names to schemas; an account whose provider is not in it is a problem, and one whose schema is
// empty is not checked.
func (c *Config) CheckAccounts(ctx context.Context, s Secrets, schemas map[string]json.RawMessage) error {
	var problems Problems
	for i, a := range c.Accounts {
		path := item("accounts", i)
		schema, known := schemas[a.Provider]
		if !known {
			problems = append(problems, c.problem(child(path, "provider"),
				"no plugin of this name is pinned; add it with: payhost plugin add PATH"))
			continue
		}
		if len(schema) == 0 {
			continue
		}
		found, err := c.checkAccount(ctx, s, a, schema, child(path, "config"))
		if err != nil {
			return fmt.Errorf("%s: the provider %s declares an unusable config schema: %w", c.file, a.Provider, err)
		}
		problems = append(problems, found...)
	}
	return problems.orNil()
}

func (c *Config) checkAccount(ctx context.Context, s Secrets, a Account, schema json.RawMessage, path string) (Problems, error) {
	compiled, err := compile(schema)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Config))
	if err != nil {
		return nil, err
	}
	doc, err = resolved(ctx, s, doc)
	if err != nil { // CheckSecrets tells it with its place
		return nil, nil //nolint:nilerr // told once is enough
	}
	invalid := new(jsonschema.ValidationError)
	switch err := compiled.Validate(doc); {
	case err == nil:
		return nil, nil
	case !errors.As(err, &invalid):
		return nil, err
	}
	var problems Problems
	c.addViolations(invalid, path, &problems)
	return problems, nil
}

func compile(schema json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	// Nothing is loaded from outside: a check must not open files or connections that a plugin names.
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	if err := compiler.AddResource("urn:payhost:config", doc); err != nil {
		return nil, err
	}
	return compiler.Compile("urn:payhost:config")
}

func resolved(ctx context.Context, s Secrets, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if v[key], err = resolved(ctx, s, v[key]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = resolved(ctx, s, v[i]); err != nil {
				return nil, err
			}
		}
	case string:
		if ref, err := splitReference(v); err == nil && ref != "" {
			return s.Resolve(ctx, ref)
		}
	}
	return v, nil
}

// addViolations words what a validator found without the values it met.
func (c *Config) addViolations(v *jsonschema.ValidationError, path string, out *Problems) {
	for _, cause := range v.Causes {
		c.addViolations(cause, path, out)
	}
	if len(v.Causes) > 0 {
		return
	}
	for _, step := range v.InstanceLocation {
		if _, err := strconv.Atoi(step); err == nil {
			path += "[" + step + "]"
			continue
		}
		path = child(path, step)
	}
	add := func(path, format string, args ...any) { *out = append(*out, c.problem(path, format, args...)) }
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, p := range k.Properties {
			add(child(path, p), "is not a known key of this provider")
		}
	case *kind.Required:
		for _, p := range k.Missing {
			add(child(path, p), "is required")
		}
	case *kind.Type:
		add(path, "must be %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.MinLength:
		add(path, "must have at least %d characters", k.Want)
	case *kind.MaxLength:
		add(path, "must have at most %d characters", k.Want)
	case *kind.Minimum:
		add(path, "must be at least %s", k.Want.RatString())
	case *kind.Maximum:
		add(path, "must be at most %s", k.Want.RatString())
	case *kind.Pattern:
		add(path, "must match the pattern %s", k.Want)
	case *kind.Enum:
		add(path, "must be one of %v", k.Want)
	default:
		add(path, "breaks the rule %q of the provider's schema", strings.Join(v.ErrorKind.KeywordPath(), "."))
	}
}
