package process

import "golang.org/x/sys/unix"

// peerSource is the socket option that names the process at the other end.
const peerSource = "LOCAL_PEERPID"

func askPeer(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID) }
