package plugin

import (
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

// BenchmarkCall measures one create call with everything around it but the provider.
func BenchmarkCall(b *testing.B) {
	amount, err := pay.ParseMoney("100.00", "UAH")
	if err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, p pay.Provider) {
		a, err := p.Open(b.Context(), testConfig())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.CreateInvoice(b.Context(), pay.CreateInvoice{InvoiceID: "inv", Amount: amount}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("in process", func(b *testing.B) {
		c, err := InProcess(newFake(), ClientConfig{})
		if err != nil {
			b.Fatal(err)
		}
		run(b, c)
	})
	b.Run("wire", func(b *testing.B) {
		p, stop, err := Loopback(b.Context(), newFake())
		if err != nil {
			b.Fatal(err)
		}
		defer stop()
		run(b, p)
	})
}
