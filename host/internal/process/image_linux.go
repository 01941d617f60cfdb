package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileStamp identifies one state of a file. Two equal stamps mean that its content need not be hashed again; a change that
// keeps all of them only keeps the previous verified bytes running.
type fileStamp struct {
	dev, ino     uint64
	size         int64
	mtime, ctime syscall.Timespec
}

func stampOf(info os.FileInfo) fileStamp {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileStamp{size: info.Size()}
	}
	return fileStamp{dev: uint64(st.Dev), ino: st.Ino, size: st.Size, mtime: st.Mtim, ctime: st.Ctim}
}

// newSealed creates an anonymous file in memory that may be executed. Kernels before 6.3 do not know MFD_EXEC and allow
// execution anyway; with vm.memfd_noexec=2 there is none, and the error says so.
func newSealed(name string) (*os.File, error) {
	flags := unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, fmt.Errorf("no executable memory: memfd_create: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// seal makes the content final, also for a plugin that opens its own image. A plugin with a user of its own must be able to
// execute it; nobody else has a descriptor of it.
func seal(f *os.File) error {
	if err := f.Chmod(0o555); err != nil {
		return err
	}
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL)
	if err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	return nil
}

// sealedPath is how the forked child names the image: the descriptor is closed by the exec itself.
func sealedPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
