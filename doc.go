// Package payhost is the root of a host for payment providers. It holds no code; it says where things are.
//
// A payment provider is reached through a plugin: a program of its own that translates between the provider's HTTP API and
// one contract. The host starts one process per provider, talks to it over gRPC, and offers all providers behind one invoice
// API, as a Go library and over REST. A plugin that crashes, hangs or lies harms its own provider's calls and nothing else,
// and it can be replaced while the host runs.
//
// # Where to start
//
//   - Embedding: package [github.com/payhost/payhost/host]. Its main type is Host: make one with New, run it with Run, and
//     call CreateInvoice. The process that imports it links no database driver and no provider it did not ask for.
//   - Running beside a service in any language: the program cmd/payhost. "payhost serve" offers the REST API of package
//     [github.com/payhost/payhost/host/rest]; "payhost demo" shows all of it without an account anywhere.
//   - Writing a provider: package [github.com/payhost/payhost/sdk/pay] is the whole contract, in plain Go without gRPC.
//     [github.com/payhost/payhost/sdk/plugin] turns an implementation into a program, and
//     [github.com/payhost/payhost/sdk/plugintest] says whether it is right. The directories below plugins are three complete
//     examples, each with a simulator of its provider.
//
// # The promise
//
// Money is moved by calls whose answers get lost. payhost therefore keeps three outcomes apart, everywhere: it happened, it
// did not happen, and nobody knows yet. The third is never reported as one of the others and never retried blindly; the host
// records the intent before the call, and afterwards asks the provider until it does know or a person has decided.
//
// # Walls
//
// Which package may import which is decided in one table, in walls_test.go of this directory, with the reason for each rule.
package payhost
