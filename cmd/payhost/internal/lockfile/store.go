package lockfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Store is the plugin store of a data directory.
type Store struct {
	// DataDir holds plugins.lock.json and the folder plugins.
	DataDir string
}

// LockPath is the lock of the store.
func (s Store) LockPath() string { return filepath.Join(s.DataDir, "plugins.lock.json") }

func (s Store) dir() string { return filepath.Join(s.DataDir, "plugins") }

func (s Store) versionDir(name, version string) string { return filepath.Join(s.dir(), name, version) }

// Describe asks a binary what it is, and returns an error for one that may not be installed; [host.Examine] does.
type Describe func(ctx context.Context, r Runnable) (pay.Manifest, error)

// Addition is what one [Store.Add] is given.
type Addition struct {
	// Source is the binary: a regular executable file named payhost-provider-NAME, not a link. Or it is a bundle: a folder with one
	// such file and others that the plugin needs, all of them regular files.
	Source string
	// Describe runs the copied binary.
	Describe Describe
	// Protocol is the version of the contract that Describe spoke.
	Protocol int
	// By and At are recorded for people.
	By string
	At time.Time
}

// Added is what [Store.Add] did.
type Added struct {
	Pinned
	// Path is the file in the store; Digest its "sha256:…".
	Path, Digest string
	// Already says that exactly these bytes were pinned before.
	Already bool
}

// Add copies a binary into the store, asks it for its manifest and pins it. The bytes that are described are the bytes
// that are stored and pinned, whatever happens to Source meanwhile.
//
// It refuses a binary that Describe refuses, one whose manifest has another name than its file, and a version that is pinned with other bytes:
// a version, once used, keeps its meaning.
func (s Store) Add(ctx context.Context, a Addition) (*Added, error) {
	source, err := readSource(a.Source)
	if err != nil {
		return nil, err
	}
	name := source.name
	if err := os.MkdirAll(s.dir(), 0o700); err != nil {
		return nil, err
	}
	unlock, err := s.exclusive()
	if err != nil {
		return nil, err
	}
	defer unlock()
	lock, err := Read(s.LockPath())
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(s.dir(), ".add-")
	if err != nil {
		return nil, err
	}
	defer removeTree(temp)
	files, err := source.copyTo(temp)
	if err != nil {
		return nil, err
	}
	digest := files[FilePrefix+name]
	copied := Platform{Entry: FilePrefix + name, Files: files}
	manifest, err := a.Describe(ctx, copied.runnable(name, temp))
	if err != nil {
		return nil, fmt.Errorf("%s is not installed: %w", a.Source, err)
	}
	if manifest.Name != name {
		return nil, fmt.Errorf("%s calls itself %q in its manifest; the file must be named %s%s", a.Source, manifest.Name, FilePrefix, manifest.Name)
	}
	p := Pinned{
		Name: name, Version: manifest.Version, Protocol: a.Protocol, SDK: manifest.SDK, AddedAt: a.At.UTC().Truncate(time.Second),
		AddedBy: a.By, ConfigSchema: manifest.ConfigSchema,
		Platforms: map[string]Platform{platform(): copied},
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", a.Source, err)
	}
	added := &Added{Pinned: p, Digest: digest, Path: filepath.Join(s.versionDir(name, p.Version), copied.Entry)}
	if added.Already, err = pin(lock, p); err != nil {
		return nil, err
	}
	if err := s.place(temp, added); err != nil {
		return nil, err
	}
	if added.Already {
		return added, nil
	}
	return added, lock.write(s.LockPath())
}

// pin enters p into the lock. It reports whether the same bytes were there already.
func pin(lock *Lock, p Pinned) (already bool, err error) {
	old, found := lock.Find(p.Name, p.Version)
	if !found {
		lock.Plugins = append(lock.Plugins, p)
		return false, nil
	}
	files, here := old.Platforms[platform()]
	if !here {
		old.Platforms[platform()] = p.Platforms[platform()]
		return false, nil
	}
	mine := p.Platforms[platform()]
	if was, is := files.Files[files.Entry], mine.Files[mine.Entry]; was != is {
		return false, fmt.Errorf("%s is pinned already with other bytes: pinned %s, this file %s; give the new build a version of its own",
			p.ID(), was, is)
	}
	if !maps.Equal(files.Files, mine.Files) {
		return false, fmt.Errorf("%s is pinned already with other files beside the binary; give the new bundle a version of its own", p.ID())
	}
	return true, nil
}

// place moves the copied binary to its final name. What stands there already must be the same bytes.
func (s Store) place(temp string, a *Added) error {
	final := filepath.Dir(a.Path)
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return err
	}
	found, err := Digest(a.Path)
	switch {
	case err == nil && found == a.Digest:
		return nil
	case err == nil:
		return &MismatchError{Plugin: a.ID(), File: a.Path, Expected: a.Digest, Found: found}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := syncDir(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, final); err != nil {
		return fmt.Errorf("storing the plugin: %w", err)
	}
	return syncDir(filepath.Dir(final))
}

// checkSource returns the provider's name from the file's name.
func checkSource(path string) (name string, err error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink != 0:
		return "", fmt.Errorf("%s is a symbolic link; name the file itself, so that it is clear which bytes are meant", path)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0:
		return "", fmt.Errorf("%s is not executable (chmod +x)", path)
	}
	name, ok := ProviderName(filepath.Base(path))
	if !ok {
		return "", fmt.Errorf("%s must be named %sNAME, with NAME of the form [a-z][a-z0-9-]{0,31}", path, FilePrefix)
	}
	return name, nil
}

// ProviderName returns the provider's name from the name of a binary.
func ProviderName(file string) (string, bool) {
	if runtime.GOOS == "windows" {
		file = strings.TrimSuffix(file, ".exe")
	}
	name, ok := strings.CutPrefix(file, FilePrefix)
	return name, ok && nameForm.MatchString(name)
}

// copyBinary copies a file and flushes it. The copy can be read and run by its owner, and written by nobody.
func copyBinary(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(0o500), out.Sync(), out.Close())
}

// exclusive keeps two additions apart. The file is removed at the end; one that an interrupted run has left is named in
// the error.
func (s Store) exclusive() (unlock func(), err error) {
	path := s.LockPath() + ".busy"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("another payhost plugin add is running; if none is, one was interrupted: delete %s", path)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = os.Remove(path) }, f.Close()
}

// removeTree removes a temporary folder; it is gone already when it became the final one.
func removeTree(dir string) { _ = os.RemoveAll(dir) }

// syncDir makes a new name in dir durable. Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
