// Package client calls the REST surface of a running payhost: what the commands of the CLI, and the demo, are made of.
//
// A [Client] has one method for each call. An answer that is a problem (RFC 9457) becomes a [*Problem] and keeps all that
// the host said: kind, executed, every field error. A create whose outcome is not known is no problem: the invoice names
// its unresolved operation, and the caller decides.
//
// The client follows no redirects and repeats nothing, because it cannot know whether repeating is safe.
package client
