//go:build linux || darwin

package process

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerPID returns the process that called listen on the other end of the socket.
func peerPID(conn net.Conn) (int, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("the connection is a %T, not a socket", conn)
	}
	// Not File or Fd, which would switch the socket to blocking mode.
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	pid, askErr := 0, error(nil)
	err = raw.Control(func(fd uintptr) { pid, askErr = askPeer(int(fd)) })
	if err = errors.Join(err, askErr); err != nil {
		return 0, fmt.Errorf("%s: %w", peerSource, err)
	}
	return pid, nil
}

// checkPeer refuses a socket that is not served by the plugin's process or one of its process group.
func checkPeer(conn net.Conn, pid int) error {
	peer, err := peerPID(conn)
	if err != nil {
		return fmt.Errorf("peer check: %w", err)
	}
	if peer == pid {
		return nil
	}
	if group, err := unix.Getpgid(peer); err == nil && group == pid {
		return nil
	}
	return fmt.Errorf("peer check: the socket belongs to process %d, not to the plugin (process %d)", peer, pid)
}
