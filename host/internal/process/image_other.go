//go:build !linux

package process

import (
	"errors"
	"os"
	"time"
)

// fileStamp identifies one state of a file, see the Linux variant.
type fileStamp struct {
	size  int64
	mtime time.Time
}

func stampOf(info os.FileInfo) fileStamp { return fileStamp{size: info.Size(), mtime: info.ModTime()} }

func newSealed(string) (*os.File, error) {
	return nil, errors.New("this system has no sealed executable memory")
}

func seal(*os.File) error { return nil }

func sealedPath(f *os.File) string { return f.Name() }
