// Package hosttest gives embedders a running host for their own tests: on an
// in-memory SQLite, with one account of a scripted provider.
//
//	func TestCheckout(t *testing.T) {
//		h := hosttest.Start(t)
//		h.Provider.Next(hosttest.Paid)
//		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-1", "100.00"))
//		…
//	}
//
// The provider is an ordinary [pay.Provider] in the host's own process: what
// works with it works with a plugin, because both go through one path.
package hosttest
