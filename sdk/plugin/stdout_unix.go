//go:build unix && !linux

package plugin

import "syscall"

// redirect makes descriptor to a copy of from.
func redirect(from, to int) error { return syscall.Dup2(from, to) }
