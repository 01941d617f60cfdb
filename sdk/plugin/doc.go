// Package plugin is the wire between a payhost host and a payment provider that runs in a process of its own.
//
// Authors of providers call [Serve] and nothing else:
//
//	func main() { plugin.Serve(acme.Provider{}) }
//
// Hosts start the process with go-plugin, give it [Handshake], [VersionedPlugins] and [DialOptions], and put the connection
// into a [Client], which is a [pay.Provider] again. [InProcess] gives the same for a provider in the host's own process, and
// [Loopback] for tests that want a real connection without a process.
//
// # The promise
//
// A call ends in time, with an answer or with a [*pay.Error] that says whether the provider may have acted. Adapters that
// panic, ignore their deadline, return errors without a meaning or answer with rubbish change nothing about that: each is one
// failed call. What the transport can prove is weighed in: a call that never left the host is [NotSent], one that was cut in
// the middle is unknown. gRPC status codes decide nothing.
//
// # Where the judgement is
//
// guard.go runs adapters, table.go holds open accounts, inspect.go bounds and checks messages, verdict.go reads the transport,
// fault.go and settle.go read answers. The files named convert… translate and judge nothing.
//
// The protocol itself, for plugins in other languages, is described in docs/protocol.md and proto/payhost/plugin/v1. This
// package is the only one that imports the generated code.
package plugin
