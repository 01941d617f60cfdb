package lockfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits of a bundle: what a plugin needs beside its binary are data files, not file systems.
const (
	maxBundleFiles = 1000
	maxBundleBytes = 1 << 30
)

// source is what is added: a binary alone, or a bundle.
type source struct {
	name string
	// dir is the folder of the bundle; for a binary alone, files is that binary and dir its folder.
	dir string
	// files are paths below dir.
	files []string
}

// readSource lists what is to be copied. It looks at names and kinds; the bytes are read once, when they are copied.
func readSource(path string) (*source, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		name, err := checkSource(path)
		return &source{name: name, dir: filepath.Dir(path), files: []string{filepath.Base(path)}}, err
	}
	s := &source{dir: path}
	size := int64(0)
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file; a bundle holds nothing else", file)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if size += info.Size(); size > maxBundleBytes || len(s.files) == maxBundleFiles {
			return fmt.Errorf("%s holds more than %d files or %d bytes", path, maxBundleFiles, maxBundleBytes)
		}
		relative, err := filepath.Rel(path, file)
		if err != nil {
			return err
		}
		s.files = append(s.files, filepath.ToSlash(relative))
		return s.entry(file, relative)
	})
	if err == nil && s.name == "" {
		err = fmt.Errorf("%s holds no file named %sNAME; a bundle has one, at its top", path, FilePrefix)
	}
	return s, err
}

// entry takes a file at the top whose name is that of a plugin for the bundle's binary.
func (s *source) entry(file, relative string) error {
	if _, ok := ProviderName(relative); !ok {
		return nil
	}
	name, err := checkSource(file)
	if err != nil {
		return err
	}
	if s.name != "" {
		return fmt.Errorf("%s holds the binaries of two plugins, %s and %s; a bundle has one", s.dir, s.name, name)
	}
	s.name = name
	return nil
}

// copyTo copies the files into a folder and returns the digest of each copy. The binary can be run by its owner; nothing can be
// written.
func (s *source) copyTo(dir string) (map[string]string, error) {
	digests := map[string]string{}
	for _, file := range s.files {
		to := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, err
		}
		if err := copyBinary(filepath.Join(s.dir, filepath.FromSlash(file)), to); err != nil {
			return nil, err
		}
		if strings.TrimPrefix(file, FilePrefix) == file {
			if err := os.Chmod(to, 0o400); err != nil {
				return nil, err
			}
		}
		digest, err := Digest(to)
		if err != nil {
			return nil, err
		}
		digests[file] = digest
	}
	return digests, nil
}
