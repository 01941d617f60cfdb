// Package rest offers one [host.Host] over HTTP and JSON.
//
// It is for callers that do not import package host: a billing daemon in
// another language, the command line, an operator with curl. [New] returns an
// [http.Handler]; the caller owns the server, its listener, TLS and shutdown.
// Every call below /v1 needs a bearer token of [Config.Tokens]; without tokens
// every such call is refused.
//
// # What it promises
//
// Nothing is silently ignored: unknown fields, unknown query parameters,
// duplicate keys and amounts written as JSON numbers are refused by name. Every
// refusal is an RFC 9457 problem, [Problem], with the kinds of package pay. An
// unknown outcome of a mutating call is never an error status: it is 202 with
// the invoice and its unresolved_operation, because the provider may have acted.
//
// The description of the surface is served at /openapi.json and is generated
// from the Go types of the handlers.
package rest
