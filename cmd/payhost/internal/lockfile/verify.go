package lockfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Runnable is a verified plugin of this platform.
type Runnable struct {
	Name, Version string
	// Path is the entry; SHA256 its digest in hexadecimal, which the host verifies once more for the bytes it runs.
	Path, SHA256 string
	// Files are the other files of a bundle, by path relative to the entry's folder, with their digests in hexadecimal.
	Files map[string]string
}

// MismatchError says that a file is not the one that was pinned.
type MismatchError struct {
	// Plugin is NAME@VERSION; File the path.
	Plugin, File string
	// Expected and Found are digests; Found is empty when the file cannot be used at all, and then Reason says why.
	Expected, Found, Reason string
}

// Error names the file, both digests and the remedy.
func (e *MismatchError) Error() string {
	remedy := fmt.Sprintf("put the original file back, or remove the folder %s and add the binary again with: payhost plugin add PATH",
		filepath.Dir(e.File))
	if e.Found == "" {
		return fmt.Sprintf("plugin %s: %s: %s; expected %s; %s", e.Plugin, e.File, e.Reason, e.Expected, remedy)
	}
	return fmt.Sprintf("plugin %s: %s is not what was pinned: expected %s, found %s; do not run it before you know why; %s",
		e.Plugin, e.File, e.Expected, e.Found, remedy)
}

// platform is the key of this machine in a lock.
func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// Runnable returns where the files of a plugin are for this machine, without looking at them.
func (s Store) Runnable(p Pinned) (Runnable, error) {
	files, ok := p.Platforms[platform()]
	if !ok {
		return Runnable{}, fmt.Errorf("plugin %s is pinned for %s, but this machine is %s; add its binary for this platform",
			p.ID(), strings.Join(slices.Sorted(maps.Keys(p.Platforms)), ", "), platform())
	}
	r := files.runnable(p.Name, s.versionDir(p.Name, p.Version))
	r.Version = p.Version
	return r, nil
}

// runnable is the plugin in a folder that holds its files.
func (f Platform) runnable(name, dir string) Runnable {
	r := Runnable{Name: name, Path: filepath.Join(dir, f.Entry), SHA256: strings.TrimPrefix(f.Files[f.Entry], "sha256:")}
	for file, digest := range f.Files {
		if file != f.Entry {
			if r.Files == nil {
				r.Files = map[string]string{}
			}
			r.Files[file] = strings.TrimPrefix(digest, "sha256:")
		}
	}
	return r
}

// Plan verifies the files of the plugins in a store and returns what to run. All mismatches are reported together.
func (s Store) Plan(plugins []Pinned) ([]Runnable, error) {
	var list []Runnable
	var errs []error
	for _, p := range plugins {
		r, err := s.Runnable(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files := p.Platforms[platform()].Files
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if err := verify(p.ID(), filepath.Join(filepath.Dir(r.Path), name), files[name]); err != nil {
				errs = append(errs, err)
			}
		}
		list = append(list, r)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return list, nil
}

func verify(plugin, path, expected string) error {
	mismatch := &MismatchError{Plugin: plugin, File: path, Expected: expected}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		mismatch.Reason = "the file is missing"
		return mismatch
	case err != nil:
		mismatch.Reason = "the file cannot be read"
		return mismatch
	case !info.Mode().IsRegular():
		mismatch.Reason = "it is not a regular file; links are not followed"
		return mismatch
	}
	if mismatch.Found, err = Digest(path); err != nil {
		mismatch.Found, mismatch.Reason = "", "the file cannot be read"
		return mismatch
	}
	if mismatch.Found != expected {
		return mismatch
	}
	return nil
}

// Digest returns "sha256:" and the digest of a file.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}
