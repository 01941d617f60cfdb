// Package process starts, watches and stops one plugin process.
//
// It is for the host's supervisor, which turns processes into generations. The main type is [Process]: one operating-system
// process that ran exactly the verified bytes of one binary, completed the go-plugin handshake and is reachable over one
// gRPC connection. A Process is used once; a restart is a new one.
//
// The promise is that no plugin can harm its host, whatever it does: panic, freeze, flood its output, fork, print garbage,
// answer with a gigabyte, or lie in the handshake. Every method is bounded in time, and when a Process has ended nothing of
// it stays: no process of its group, no socket, no file, no descriptor, no goroutine. The stock behaviour of go-plugin breaks
// that promise in many places; this package uses go-plugin unmodified and replaces what it must through the hooks go-plugin
// offers (a runner, gRPC dial options). The comments name the hazard next to the line that removes it.
//
// What is needed to start processes:
//
//	dir, err := process.OpenRunDir("")   // private directory for sockets; removes what dead hosts left behind
//	images := process.NewImages()        // verified bytes, shared by all restarts
//	p, err := process.Start(ctx, process.Config{Name: "monobank", Path: path, SHA256: pin, Dir: dir, Images: images, …})
//	<-p.Exited()                         // the supervisor waits here
//
// Linux gets everything. Other systems run a private copy of the verified bytes instead of sealed memory, rely on the private
// directory instead of a peer check, and on the plugin's own parent watch instead of a death signal.
package process
