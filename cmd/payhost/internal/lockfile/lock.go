package lockfile

import (
	"bytes"
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
	"time"
)

// Format is the version of the file's form.
const Format = 1

// FilePrefix is how the name of every provider binary begins; the provider's name follows.
const FilePrefix = "payhost-provider-"

// Lock is the content of plugins.lock.json. It says what may run, for every platform.
type Lock struct {
	Format  int      `json:"format"`
	Plugins []Pinned `json:"plugins"`
}

// Pinned is one version of one provider plugin.
type Pinned struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Protocol is the version of the contract it speaks, SDK that of the SDK it was built with.
	Protocol int    `json:"protocol"`
	SDK      string `json:"sdk,omitempty"`
	// AddedAt and AddedBy are for people.
	AddedAt time.Time `json:"added_at"`
	AddedBy string    `json:"added_by,omitempty"`
	// ConfigSchema is the JSON Schema of account configs, so that config check starts nothing.
	ConfigSchema json.RawMessage `json:"config_schema,omitempty"`
	// Platforms are keyed like "linux/amd64".
	Platforms map[string]Platform `json:"platforms"`
}

// Platform are the files of a plugin for one operating system and processor.
type Platform struct {
	// Entry is the file to run, one of Files.
	Entry string `json:"entry"`
	// Files maps names to "sha256:" and 64 lower-case hexadecimal digits.
	Files map[string]string `json:"files"`
}

// maxLock is the largest lock file read, in bytes.
const maxLock = 16 << 20

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$`)
	digestForm  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// Read reads a lock. A file that does not exist is an empty lock.
func Read(path string) (*Lock, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Lock{Format: Format}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxLock+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxLock {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxLock)
	}
	l, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Parse reads the content of a lock strictly. The file decides what is executed, so that anything it does not
// understand is refused rather than skipped.
func Parse(content []byte) (*Lock, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	if head.Format != Format {
		return nil, fmt.Errorf("has format %d; this program knows format %d", head.Format, Format)
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	l := new(Lock)
	if err := dec.Decode(l); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range l.Plugins {
		if err := p.check(); err != nil {
			return nil, err
		}
		if seen[p.ID()] {
			return nil, fmt.Errorf("%s is pinned twice", p.ID())
		}
		seen[p.ID()] = true
	}
	return l, nil
}

// ID is NAME@VERSION.
func (p Pinned) ID() string { return p.Name + "@" + p.Version }

func (p Pinned) check() error {
	if !nameForm.MatchString(p.Name) || !versionForm.MatchString(p.Version) || strings.Contains(p.Version, "..") {
		return fmt.Errorf("%q is not a plugin name and version", p.ID())
	}
	if len(p.Platforms) == 0 {
		return fmt.Errorf("%s has no platforms", p.ID())
	}
	for platform, files := range p.Platforms {
		if _, ok := files.Files[files.Entry]; !ok {
			return fmt.Errorf("%s for %s: the entry %q is not among the files", p.ID(), platform, files.Entry)
		}
		for name, digest := range files.Files {
			if !filepath.IsLocal(name) || strings.Contains(name, "\\") || filepath.Clean(name) != name {
				return fmt.Errorf("%s for %s: the file name %q leaves the plugin's folder", p.ID(), platform, name)
			}
			if !digestForm.MatchString(digest) {
				return fmt.Errorf("%s for %s: %s has no digest of the form sha256:HEX", p.ID(), platform, name)
			}
		}
	}
	return nil
}

// Find returns one pinned version.
func (l *Lock) Find(name, version string) (*Pinned, bool) {
	for i := range l.Plugins {
		if l.Plugins[i].Name == name && l.Plugins[i].Version == version {
			return &l.Plugins[i], true
		}
	}
	return nil, false
}

// Versions are the pinned versions of a provider, in the order they were added.
func (l *Lock) Versions(name string) []string {
	var versions []string
	for _, p := range l.Plugins {
		if p.Name == name {
			versions = append(versions, p.Version)
		}
	}
	return versions
}

// Names are the pinned providers, sorted.
func (l *Lock) Names() []string {
	names := map[string]bool{}
	for _, p := range l.Plugins {
		names[p.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Known refuses a wanted version, or a plugin, that is not pinned.
func (l *Lock) Known(wanted map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		versions := l.Versions(name)
		switch version := wanted[name]; {
		case len(versions) == 0:
			return fmt.Errorf("plugins.%s is configured, but no plugin of this name is pinned; add it with: payhost plugin add PATH", name)
		case version != "" && !slices.Contains(versions, version):
			return fmt.Errorf("plugins.%s.version is %s, but pinned are only %s; add it with: payhost plugin add PATH",
				name, version, strings.Join(versions, ", "))
		}
	}
	return nil
}

// Select returns the version of each provider that shall run: the wanted one, or else the only one.
func (l *Lock) Select(wanted map[string]string) ([]Pinned, error) {
	if err := l.Known(wanted); err != nil {
		return nil, err
	}
	var chosen []Pinned
	for _, name := range l.Names() {
		versions := l.Versions(name)
		version := wanted[name]
		if version == "" && len(versions) > 1 {
			return nil, fmt.Errorf("%d versions of the plugin %s are pinned (%s); choose one with plugins.%s.version in payhost.yaml",
				len(versions), name, strings.Join(versions, ", "), name)
		}
		p, _ := l.Find(name, orFirst(version, versions))
		chosen = append(chosen, *p)
	}
	return chosen, nil
}

func orFirst(version string, versions []string) string {
	if version == "" {
		return versions[0]
	}
	return version
}

// write replaces the lock in one step. [Store.exclusive] keeps two writers apart.
func (l *Lock) write(path string) (err error) {
	content, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(content, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}
