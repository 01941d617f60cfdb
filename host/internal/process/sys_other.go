//go:build !linux

package process

// maxSocketPath is the size of sun_path less its terminating zero on the BSDs and macOS, the smallest of all systems.
const maxSocketPath = 103

// Harden does nothing outside Linux.
func Harden() error { return nil }

// closeOnExec relies on Go's own close-on-exec marks.
func closeOnExec() error { return nil }

// hasEnded cannot ask without reaping here; Exited tells.
func hasEnded(int) bool { return false }

// awaitExit cannot wait without reaping here.
func awaitExit(int) bool { return false }
