//go:build unix

package plugin

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far. On a machine that is shared it says more than the clock.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
