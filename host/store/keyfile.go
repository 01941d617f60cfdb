package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyFileHeader is the first line of a key file.
const keyFileHeader = "payhost-seal-keys 1"

// maxKeyFileSize bounds what is read of a key file: some thousand keys.
const maxKeyFileSize = 1 << 20

// NewKeyFileSealer returns the default sealer: AES-256-GCM under the keys of a
// file. Without a file it creates one with a random key, complete and flushed
// before it has its name. Keep the file apart from the database and its
// backups, and do not lose it: without it the sealed values are gone.
//
// The file has a header line and one line "id hex" per key; the last key seals, all of them
// open ([AddSealKey] rotates). It may be a symbolic link. A file that others than its
// owner and group can read, or that others than its owner can write, is
// refused.
func NewKeyFileSealer(path string) (Sealer, error) {
	keys, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createKeyFile(path, []sealKey{newSealKey()})
		if err == nil || errors.Is(err, fs.ErrExist) { // another process was faster: its key counts
			keys, err = readKeyFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal key file: %w", err)
	}
	return keyring{keys}, nil
}

// AddSealKey adds a new random key to the key file, which sealers made from then on use for sealing.
// Older values stay readable by the older keys. It replaces the file in one step.
func AddSealKey(path string) error {
	keys, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("seal key file: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	temp, err := writeKeyTemp(target, append(keys, newSealKey()))
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }() // nothing is left of it after a rename
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return syncDir(filepath.Dir(target))
}

// createKeyFile makes a new file appear whole or not at all; it never replaces one.
func createKeyFile(path string, keys []sealKey) error {
	temp, err := writeKeyTemp(path, keys)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }() // nothing is left of it after a rename
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeKeyTemp writes and flushes a temporary file beside path and returns its name.
func writeKeyTemp(path string, keys []sealKey) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	var text strings.Builder
	text.WriteString(keyFileHeader + "\n")
	for _, k := range keys {
		text.WriteString(k.id + " " + hex.EncodeToString(k.secret) + "\n")
	}
	_, err = f.WriteString(text.String())
	return f.Name(), errors.Join(err, f.Sync(), f.Close())
}

func readKeyFile(path string) ([]sealKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o027 != 0 {
		return nil, fmt.Errorf("%s has mode %04o: take the rights of others away (chmod 600)", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFileSize))
	if err != nil {
		return nil, err
	}
	keys, err := parseKeyFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

// parseKeyFile never repeats what it read: it may be a key.
func parseKeyFile(text []byte) ([]sealKey, error) {
	header, body, _ := bytes.Cut(text, []byte("\n"))
	if strings.TrimSpace(string(header)) != keyFileHeader {
		return nil, fmt.Errorf("line 1: want %q", keyFileHeader)
	}
	var keys []sealKey
	for i, line := range strings.Split(string(body), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		id, digits, _ := strings.Cut(line, " ")
		secret, err := hex.DecodeString(digits)
		if err != nil || len(secret) != sealKeySize || len(id) > 64 {
			return nil, fmt.Errorf("line %d: want a key id of at most 64 bytes and %d hexadecimal digits", i+2, 2*sealKeySize)
		}
		for _, k := range keys {
			if k.id == id {
				return nil, fmt.Errorf("line %d: this key id stands there twice", i+2)
			}
		}
		keys = append(keys, sealKey{id, secret, &derivations{}})
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no key")
	}
	return keys, nil
}

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
