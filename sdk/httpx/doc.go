// Package httpx makes the HTTP client that adapters are handed, and turns what
// happens to a request into an answer or a [pay.Error] that says whether the
// provider may have acted.
//
// The host's SDK calls [New]; an adapter uses the client it finds in
// [pay.AccountConfig] and sends each request with [Do] or an [Exchange]:
//
//	res, err := httpx.Do(ctx, cfg.HTTP, req)
//	if err != nil {
//		return err // a *pay.Error: not sent, or nobody knows
//	}
//	if failure := res.Failure(); failure != nil {
//		return failure // the default reading of a status that is not 2xx
//	}
//
// # Nothing is sent twice
//
// net/http repeats some requests by itself: when a kept-alive connection turns
// out to be cut, it sends the request again on a new one if it believes that to
// be harmless. It believes so of every GET and of a POST that carries an
// Idempotency-Key header and a body it can rewind, which is the case for every
// body made from a string or a byte slice. A payment would then be asked for
// twice and the second answer taken for the first. The client of this package
// takes these means away from net/http: bodies cannot be rewound, the header is
// spelled so that net/http does not recognise it, and a GET has a body that
// turns out to be empty. It speaks HTTP/1.1 only, so that a connection that
// breaks belongs to exactly one request.
//
// # What a failure proves
//
// A request that failed before its first byte was written has not been
// executed: [pay.KindProviderUnavailable]. After that byte nobody knows:
// [pay.KindOutcomeUnknown] for a request that may change something, and
// unavailable for one that only reads. Bytes are counted on the connection
// itself; where that is impossible the answer is "unknown".
//
// # Secrets
//
// No text made here holds a query value, user information of a URL or a part of
// a body. [Scrub] does the same for texts that come from providers.
//
// # Record and replay
//
// A [Recorder] writes each exchange of an account into a file, so that a person can see what was said and a test can repeat it
// with a [Replay]. What is secret or personal is replaced by placeholders before it is written: the secrets of the config in all
// their encodings; values of headers and fields by their names; card and phone numbers, IBANs and e-mail addresses by their form; and
// texts whose meaning is unknown, unless they look like a machine's: one word of ASCII, a time, an address, a number. What
// cannot be looked through (files, compressed or binary bodies) is left out.
package httpx
