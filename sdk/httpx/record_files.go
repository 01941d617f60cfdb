package httpx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"time"
)

// recordFiles is the directory of an account's recordings. Each recording has a directory of its own in it, made when the
// first exchange is written, so that placeholders of one never mix with those of another.
//
// All access goes through an os.Root, and files are created exclusively: a symbolic link that somebody put there is never
// followed. The methods are not safe for concurrent use; the recorder serialises them.
type recordFiles struct {
	root    *os.Root
	session *os.Root // nil before the first file

	count, maxCount int
	size, maxSize   int64
	counted         bool
}

// openRecordFiles refuses a directory that others could read or have put there.
func openRecordFiles(dir string, maxCount int, maxSize int64) (*recordFiles, error) {
	seen, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("the directory for recordings: %w", err)
	}
	if !seen.IsDir() {
		return nil, errors.New("the directory for recordings is a symbolic link or no directory")
	}
	if runtime.GOOS != "windows" && seen.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the directory for recordings is open to others (mode %#o); it must be 0700", seen.Mode().Perm())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the directory for recordings: %w", err)
	}
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(seen, opened) {
		_ = root.Close()
		return nil, errors.New("the directory for recordings was replaced while it was opened")
	}
	return &recordFiles{root: root, maxCount: maxCount, maxSize: maxSize}, nil
}

// write creates one file. started names the recording, for the first file.
func (f *recordFiles) write(started time.Time, name string, content []byte) error {
	if err := f.measure(); err != nil {
		return err
	}
	if f.count >= f.maxCount || f.size+int64(len(content)) > f.maxSize {
		return fmt.Errorf("the recordings of the account have reached their limit of %d exchanges or %d bytes", f.maxCount, f.maxSize)
	}
	if err := f.begin(started); err != nil {
		return err
	}
	file, err := f.session.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.count++
	f.size += int64(len(content))
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// measure counts what earlier recordings left, once.
func (f *recordFiles) measure() error {
	if f.counted {
		return nil
	}
	err := fs.WalkDir(f.root.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f.count++
		f.size += info.Size()
		return nil
	})
	f.counted = err == nil
	return err
}

// begin makes the directory of this recording, under a name that nobody has.
func (f *recordFiles) begin(started time.Time) error {
	if f.session != nil {
		return nil
	}
	stem := started.UTC().Format("20060102T150405Z")
	for n := 1; n <= 1000; n++ {
		name := stem
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		err := f.root.Mkdir(name, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		f.session, err = f.root.OpenRoot(name)
		return err
	}
	return errors.New("too many recordings began in this second")
}

func (f *recordFiles) close() error {
	var session error
	if f.session != nil {
		session = f.session.Close()
	}
	return errors.Join(session, f.root.Close())
}
