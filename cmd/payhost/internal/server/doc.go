// Package server is payhost serve without its command line: it turns a configuration into a running host with its HTTP
// listeners, and stops both again without losing anything.
//
// [Run] blocks. When its context ends it drains: listeners close first, requests and webhooks that are being served get
// their answers, then the host finishes its operations and stops the plugins. Closing [Options.Cut] skips all that: what
// was sent and not answered is then unknown, and is found in the journal at the next start.
//
// The demo runs the same function, so that what it shows is what an operator gets.
package server
