// Package simkit holds what the provider simulators share and that is not provider protocol: a clock that can be moved, a
// scripted fault table, latency, maintenance and rate limits, a log of the requests received, a sender of callbacks with
// retries, a small pay page and the control surface under /_sim/, by which a simulator also describes its own moves.
//
// It is for authors of a simulator, an [net/http.Handler] that plays one provider over the provider's real wire
// protocol. The main type is [Kit]: a simulator creates one, serves each provider operation through [Kit.Handle] and
// lets [Kit.Mount] add the control surface, so that a test, the demo and a person with curl script every simulator in
// the same way.
//
// Nothing here signs, verifies, names or maps anything of a provider. Simulators ship in commands, therefore this
// package imports the standard library only and never a testing package. It starts no goroutine before the first
// callback or timer is set, and [Kit.Close] ends all of them.
package simkit
