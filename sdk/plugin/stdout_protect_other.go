//go:build !unix

package plugin

// protectStdout does nothing: descriptors cannot be exchanged here. Prints before Serve break the handshake.
func protectStdout() error { return nil }
