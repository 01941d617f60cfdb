// Package demo shows the whole product at work without an account anywhere: it starts the provider simulators, pins the
// plugin binaries, runs the server that payhost serve runs, and is then an ordinary REST client and an ordinary person at
// a browser.
//
// There is no private road. Invoices are created over HTTP, paid by clicking the button on the simulated provider's pay
// page, and become paid because the provider's own signed callback arrived at the host's webhook URL. Then one is refunded, and
// one answer of a provider is lost on purpose: the host says that nobody knows, looks by itself and finds the invoice. [Run]
// fails unless everything ends as it should.
package demo
