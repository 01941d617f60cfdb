package process

import "golang.org/x/sys/unix"

// peerSource is the socket option that names the process at the other end.
const peerSource = "SO_PEERCRED"

func askPeer(fd int) (int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Pid), nil
}
