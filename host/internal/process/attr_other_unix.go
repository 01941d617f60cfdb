//go:build unix && !linux

package process

import "syscall"

// childAttr gives the child its own process group. There is no death signal here: the SDK watches its parent.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
