package plugintest

import (
	"errors"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

func boundaryChecks() []check {
	return []check{{
		Check: Check{"critical_unknown", "a newer host names what must not be ignored; an older plugin that goes on would do half of what was asked"},
		run:   criticalUnknown,
	}, {
		Check: Check{"panic_contained", "one broken answer must cost one call, with the truth about it, and not every account of the provider"},
		run:   panicContained,
	}, {
		Check: Check{"concurrent_use", "all accounts of a provider share one process: calls that mix up their answers charge the wrong payer"},
		run:   concurrentUse,
	}}
}

func criticalUnknown(k *kit) {
	w := k.world()
	inv := w.create()
	before, made := w.probe.calls(), w.sim.Created()
	req := w.request()
	req.Call.Critical = []string{"payhost_kit.invented_field"}
	ctx, _ := w.call()
	_, err := w.account.CreateInvoice(pay.WithCall(ctx, req.Call), req)
	w.wantNothing("CreateInvoice with an unknown critical field", err, pay.KindUnsupported)
	ctx, call := w.call()
	call.Critical = []string{"payhost_kit.invented_field"}
	_, err = w.account.GetInvoice(pay.WithCall(ctx, call), inv.ref)
	w.wantNothing("GetInvoice with an unknown critical field", err, pay.KindUnsupported)
	if w.probe.calls() != before || w.sim.Created() != made {
		k.Errorf("a call with an unknown critical field reached the adapter")
	}
	req = w.request()
	req.Call.Critical = []string{"amount", "reference"}
	if _, err := w.send(req); err != nil {
		k.Errorf("CreateInvoice whose critical fields are known failed: %v", err)
	}
}

func panicContained(k *kit) {
	w := k.world()
	inv := w.create()
	w.probe.panicFromNowOn(true)
	_, err := w.send(w.request())
	e := w.asError("CreateInvoice that panics", err)
	if e.Kind != pay.KindPluginFault || e.WasExecuted() != pay.ExecutedUnknown {
		k.Errorf("CreateInvoice that panics: %s, executed %s; want plugin_fault, unknown", e.Kind, e.WasExecuted())
	}
	_, err = inv.tryGet()
	e = w.asError("GetInvoice that panics", err)
	if e.Kind != pay.KindPluginFault || e.WasExecuted() != pay.ExecutedNo {
		k.Errorf("GetInvoice that panics: %s, executed %s; want plugin_fault, no", e.Kind, e.WasExecuted())
	}
	w.probe.panicFromNowOn(false)
	inv.agree("GetInvoice after a panic", inv.get())
}

func concurrentUse(k *kit) {
	const calls = 32
	w := k.world()
	invoices := make([]*invoice, calls)
	errs := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		req := w.request()
		wg.Go(func() {
			state, err := w.send(req)
			if err != nil {
				errs[i] = err
				return
			}
			invoices[i] = w.hold(req, state)
			for range 2 {
				got, err := invoices[i].tryGet()
				if err == nil && got.ProviderRef != "" && got.ProviderRef != state.ProviderRef {
					err = errors.New("asked for " + state.ProviderRef + ", got " + got.ProviderRef)
				}
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		k.Fatalf("of %d calls at once: %v", calls, err)
	}
	seen := map[string]bool{}
	for _, inv := range invoices {
		if seen[inv.ref.ProviderRef] {
			k.Errorf("two creates at once name the same invoice %q", inv.ref.ProviderRef)
		}
		seen[inv.ref.ProviderRef] = true
	}
	if n := w.sim.Created(); n != calls {
		k.Errorf("%d creates at once made %d invoices", calls, n)
	}
	// Each payment must show at its own invoice and at no other.
	for i, inv := range invoices[:4] {
		if i%2 == 0 {
			inv.pay()
		}
	}
	for i, inv := range invoices[:4] {
		paid := i%2 == 0
		got := inv.get()
		if paid {
			got = inv.settle()
		}
		if got.Status.Settled() != paid {
			k.Errorf("invoice %d of 4 reads as %s, paid: %t", i+1, got.Status, paid)
		}
	}
}
