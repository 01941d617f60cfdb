package lockfile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Pinning is what one [Store.Pin] is given.
type Pinning struct {
	// Name and Version must be pinned for some platform already.
	Name, Version string
	// Platform is for example "linux/arm64".
	Platform string
	// Source is the binary: a regular executable file, not a link. It is not run.
	Source   string
	Protocol int
}

var platformForm = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9]+$`)

// Pin adds the digest of a binary for another platform to the lock, without running or copying it, and returns it. On that platform
// [Store.Add] accepts exactly these bytes.
func (s Store) Pin(p Pinning) (string, error) {
	if !platformForm.MatchString(p.Platform) {
		return "", fmt.Errorf("platform %q: want OS/PROCESSOR, such as linux/arm64", p.Platform)
	}
	name, err := checkSource(p.Source)
	if err != nil {
		return "", err
	}
	if name != p.Name {
		return "", fmt.Errorf("%s is a binary of the plugin %s, not of %s", p.Source, name, p.Name)
	}
	unlock, err := s.exclusive()
	if err != nil {
		return "", err
	}
	defer unlock()
	lock, err := Read(s.LockPath())
	if err != nil {
		return "", err
	}
	pinned, ok := lock.Find(p.Name, p.Version)
	if !ok {
		return "", fmt.Errorf("%s@%s is not pinned; pin it first on a machine that can run it, with: payhost plugin add PATH", p.Name, p.Version)
	}
	if pinned.Protocol != p.Protocol {
		return "", fmt.Errorf("%s speaks protocol %d, and this program speaks %d", pinned.ID(), pinned.Protocol, p.Protocol)
	}
	digest, err := Digest(p.Source)
	if err != nil {
		return "", err
	}
	entry := FilePrefix + p.Name
	if old, there := pinned.Platforms[p.Platform]; there {
		if old.Files[old.Entry] != digest {
			return "", fmt.Errorf("%s is pinned for %s already with other bytes: pinned %s, this file %s; give the new build a version of its own",
				pinned.ID(), p.Platform, old.Files[old.Entry], digest)
		}
		return digest, nil
	}
	pinned.Platforms[p.Platform] = Platform{Entry: entry, Files: map[string]string{entry: digest}}
	return digest, lock.write(s.LockPath())
}

// Remove takes a version out of the lock and then deletes its files. Stopped between the two, the files stay without effect: nothing
// pins them.
func (s Store) Remove(name, version string) error {
	unlock, err := s.exclusive()
	if err != nil {
		return err
	}
	defer unlock()
	lock, err := Read(s.LockPath())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(lock.Plugins, func(p Pinned) bool { return p.Name == name && p.Version == version })
	if at < 0 {
		return fmt.Errorf("%s@%s is not pinned; see payhost plugin ls --offline", name, version)
	}
	lock.Plugins = slices.Delete(lock.Plugins, at, at+1)
	if err := lock.write(s.LockPath()); err != nil {
		return err
	}
	dir := s.versionDir(name, version)
	if !filepath.IsLocal(filepath.Join(name, version)) {
		return fmt.Errorf("%s@%s does not name a folder of the store", name, version)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("the version is not pinned any more, but its files could not be deleted: %w", err)
	}
	return nil
}
