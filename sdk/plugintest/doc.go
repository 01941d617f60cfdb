// Package plugintest is the conformance kit for authors of provider plugins. It runs one table of checks against a
// [pay.Provider] and a simulator of its provider, twice: in-process behind the guard that every provider passes, and over
// a real gRPC connection. A failed check prints why the host depends on it.
//
// An author writes one test:
//
//	func TestConformance(t *testing.T) {
//		plugintest.Run(t, plugintest.Harness{
//			Provider: acme.New("1.0.0"),
//			Start:    startSimulator,
//			Config:   func(s plugintest.Site) any { return map[string]any{"token": token, "base_url": s.URL} },
//			Create:   func() pay.CreateInvoice { return pay.CreateInvoice{Amount: amount, Description: "Tea"} },
//		})
//	}
//
// The simulator is any [net/http.Handler] that plays the provider, with a few functions beside it that let the payer act
// ([Simulator]). The kit serves it on a loopback address and stands in between: it records every request, loses answers,
// cuts connections, redirects, hangs and mangles, and it receives the callbacks. A simulator therefore needs no faults of
// its own. It should be written from the provider's pages and not from the plugin: two sides that share a mistake agree.
//
// [List] tells all checks with their reasons. A check that needs an ability the account does not offer, or a function the
// simulator does not have, is skipped with a message.
//
// The kit must be able to fail: for every check its own tests hold a provider that is broken in just that way.
package plugintest
