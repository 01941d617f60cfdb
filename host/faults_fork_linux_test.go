package host_test

import (
	"encoding/binary"
	"os"
	"syscall"
	"unsafe"
)

// fork splits this process without running another program, which confinement may refuse. The child has every descriptor of this
// one, makes nothing but system calls and sleeps until it is ended.
func fork() error {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if pid == 0 && errno == 0 {
		sleepForEver()
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// doubleFork leaves a process in a session of its own, whose parent has ended, and returns its pid.
func doubleFork() (int, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	told := write.Fd()
	var message [8]byte
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	if pid == 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0)
		orphan, _, _ := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if orphan == 0 {
			sleepForEver()
		}
		binary.NativeEndian.PutUint64(message[:], uint64(orphan))
		_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, told, uintptr(unsafe.Pointer(&message)), 8)
		for {
			_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	if _, err := read.Read(message[:]); err != nil {
		return 0, err
	}
	_, err = syscall.Wait4(int(pid), nil, 0, nil)
	return int(binary.NativeEndian.Uint64(message[:])), err
}

func sleepForEver() {
	minute := syscall.Timespec{Sec: 60}
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&minute)), 0, 0)
	}
}
