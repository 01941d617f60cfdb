package process

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
	"slices"
	"strings"
	"sync"
)

const (
	// bundlePrefix names the directories of verified files in a run directory.
	bundlePrefix = "b-"

	// maxBundle bounds the files of one bundle together, in bytes.
	maxBundle = 4 << 30
)

// bundles are the verified files that plugins need beside their binaries. Processes that need the same files share them.
type bundles struct {
	mu   sync.Mutex // guards used and spans the copying of a new bundle
	used map[string]int
}

// acquire copies the files beside the binary into a private directory, each verified while it is copied, and returns that
// directory. Nothing else of the folder is in it. Without files the result is empty. What was acquired must be released.
func (b *bundles) acquire(cfg Config) (string, error) {
	if len(cfg.Files) == 0 {
		return "", nil
	}
	shared := cfg.RunAs != nil
	path := filepath.Join(cfg.Dir.path, bundlePrefix+bundleKey(cfg.Files, shared))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used[path] == 0 {
		if err := copyBundle(cfg, path, shared); err != nil {
			return "", errors.Join(err, removeTree(path))
		}
	}
	b.used[path]++
	return path, nil
}

// release removes the files with their last user.
func (b *bundles) release(path string) {
	if path == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used[path]--; b.used[path] == 0 {
		delete(b.used, path)
		_ = removeTree(path) // what stays goes with the run directory
	}
}

// bundleKey is one name for one set of contents.
func bundleKey(files map[string]string, shared bool) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(h, "%s\x00%s\x00%t\x00", name, files[name], shared)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// checkFiles refuses names that would lead out of the folder, or hide the binary.
func (c Config) checkFiles() error {
	for name, digest := range c.Files {
		if !filepath.IsLocal(name) || filepath.Clean(name) != name || name == "." || name == filepath.Base(c.Path) {
			return fmt.Errorf("%q is not the path of another file beside the binary", name)
		}
		if err := checkDigest(digest); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// checkDigest wants the form in which digests are compared.
func checkDigest(digest string) error {
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size || strings.ToLower(digest) != digest {
		return fmt.Errorf("SHA256 must be 64 lower-case hexadecimal digits, not %q", digest)
	}
	return nil
}

func copyBundle(cfg Config, target string, shared bool) error {
	root, err := os.OpenRoot(filepath.Dir(cfg.Path))
	if err != nil {
		return fmt.Errorf("process: the plugin's folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := os.Mkdir(target, 0o700); err != nil {
		return fmt.Errorf("process: files of %s: %w", cfg.Name, err)
	}
	var total int64
	for _, name := range slices.Sorted(maps.Keys(cfg.Files)) {
		written, err := copyFile(root, name, cfg.Files[name], target, shared)
		if err != nil {
			return err
		}
		if total += written; total > maxBundle {
			return fmt.Errorf("process: the files of %s have more than %d bytes", cfg.Name, int64(maxBundle))
		}
	}
	return protectDirs(target, shared)
}

// copyFile copies one file and verifies what it has copied.
func copyFile(root *os.Root, name, digest, target string, shared bool) (int64, error) {
	path := filepath.Join(root.Name(), name)
	src, info, err := openPart(root, name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = src.Close() }()
	copied := filepath.Join(target, name)
	if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
		return 0, fmt.Errorf("process: copying %s: %w", path, err)
	}
	dst, err := os.OpenFile(copied, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fmt.Errorf("process: copying %s: %w", path, err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(dst, hash), io.LimitReader(src, maxImage+1))
	if got := hex.EncodeToString(hash.Sum(nil)); err == nil && got != digest {
		err = &DigestError{Path: path, Want: digest, Got: got}
	}
	if err == nil {
		err = dst.Chmod(partMode(executable(info), shared))
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		return 0, fmt.Errorf("process: copying %s: %w", path, err)
	}
	return n, nil
}

// openPart opens one file of the folder. No step on the way to it may be a symbolic link.
func openPart(root *os.Root, name string) (*os.File, os.FileInfo, error) {
	path := filepath.Join(root.Name(), name)
	for at := name; at != "."; at = filepath.Dir(at) {
		info, err := root.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, missing(path, err)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("process: %s: %w", path, err)
		}
		if info.Mode()&os.ModeSymlink != 0 {
			return nil, nil, symbolicLink(filepath.Join(root.Name(), at))
		}
	}
	f, err := root.OpenFile(name, os.O_RDONLY|openNoFollow, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("process: %s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &RefusedError{Path: path, Expected: "a regular file", Found: info.Mode().Type().String(), Remedy: "it is not a regular file: restore it"}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

func missing(path string, err error) error {
	return &RefusedError{Path: path, Expected: "the plugin's file", Found: err.Error(), Remedy: "install the plugin again, or remove it from the configuration", Err: err}
}

func symbolicLink(path string) error {
	return &RefusedError{
		Path: path, Expected: "the file itself", Found: "a symbolic link",
		Remedy: "plugin binaries and their files may not be symbolic links; give the path of the file itself",
	}
}

// partMode keeps the copy readable to the plugin alone: to the host's user, or, where the plugin has a user of its own, to all
// who can enter the run directory. Either way nobody may write.
func partMode(run, shared bool) os.FileMode {
	mode := os.FileMode(0o400)
	if run {
		mode = 0o500
	}
	if shared {
		mode |= mode>>3 | mode>>6
	}
	return mode
}

func protectDirs(target string, shared bool) error {
	return filepath.WalkDir(target, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(path, partMode(true, shared))
	})
}

// removeTree removes a directory whose parts may be read-only.
func removeTree(path string) error {
	err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(at, 0o700)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, os.RemoveAll(path))
	}
	return os.RemoveAll(path)
}
