package plugintest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

func createChecks() []check {
	return []check{{
		Check: Check{"create_result", "without the provider's id the invoice cannot be followed, and without a next action nobody can pay it"},
		run:   createResult,
	}, {
		Check: Check{"create_key_sent", "what the provider never got cannot be searched for or recognised as a repetition"},
		run:   createKeySent,
	}, {
		Check: Check{"create_resend_once", "resend promises that the same key makes one object; the host sends again because of it"},
		run:   createResendOnce,
	}, {
		Check: Check{"find_by_key", "a look-up by key is how a lost create is found; one that finds nothing makes the host create again"},
		needs: pay.NewAbilities(pay.CanFindInvoice),
		run:   findByKey,
	}, {
		Check: Check{"find_absent", "absence is evidence: only a clear not_found lets the host close an operation that never arrived"},
		needs: pay.NewAbilities(pay.CanFindInvoice),
		run:   findAbsent,
	}}
}

func createResult(k *kit) {
	w := k.world()
	inv := w.create()
	got := inv.last
	if got.ProviderRef == "" {
		k.Errorf("CreateInvoice names no ProviderRef")
	}
	if got.Status != pay.StatusPending && got.Status != pay.StatusProcessing {
		k.Errorf("CreateInvoice returns status %q, want pending: nobody has paid", got.Status)
	}
	if len(got.NextActions) == 0 {
		k.Errorf("CreateInvoice returns no next action")
	}
	seen := map[string]bool{}
	for i, a := range got.NextActions {
		if a.ID == "" || seen[a.ID] {
			k.Errorf("next action %d: id %q is empty or stands twice", i, a.ID)
		}
		seen[a.ID] = true
		if a.Type == "" || a.URL == "" && a.QRPayload == "" && a.Requisites == nil && a.Submit == "" {
			k.Errorf("next action %d (%s) leads nowhere", i, a.Type)
		}
	}
	if got.Amount.IsSet() && !got.Amount.Equal(inv.req.Amount) {
		k.Errorf("CreateInvoice states amount %s, asked for %s", got.Amount, inv.req.Amount)
	}
	if got.Final {
		k.Errorf("a new invoice is final")
	}
	if n := w.sim.Created(); n != 1 {
		k.Errorf("one create made %d invoices at the provider", n)
	}
}

func createKeySent(k *kit) {
	w := k.world()
	switch w.manifest.Operations[pay.OpCreate].Resolution {
	case pay.ResolveResend, pay.ResolveLookup:
	default:
		k.Skipf("the manifest promises neither resend nor lookup")
	}
	mark := w.traffic.len()
	inv := w.create()
	for _, r := range w.traffic.since(mark) {
		if strings.Contains(r.text(), inv.req.Call.ProviderKey) {
			return
		}
	}
	k.Errorf("the key %s is in none of the requests", inv.req.Call.ProviderKey)
}

func createResendOnce(k *kit) {
	w := k.world()
	if w.manifest.Operations[pay.OpCreate].Resolution != pay.ResolveResend {
		k.Skipf("the manifest does not promise that the provider is idempotent")
	}
	inv := w.create()
	again := inv.req
	again.Call.Try = 2
	state, err := w.send(again)
	if err != nil {
		k.Fatalf("the second try with the same key failed: %v", err)
	}
	if state.ProviderRef != inv.ref.ProviderRef {
		k.Errorf("the second try names invoice %q, the first %q", state.ProviderRef, inv.ref.ProviderRef)
	}
	if n := w.sim.Created(); n != 1 {
		k.Errorf("two tries with one key made %d invoices", n)
	}
}

// lookFor searches by the key of req, as the resolver does.
func (w *world) lookFor(req pay.CreateInvoice) (pay.InvoiceState, error) {
	w.Helper()
	finder, err := pay.Offered[pay.InvoiceFinder](w.account, pay.CanFindInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	ref := w.hold(req, pay.InvoiceState{}).ref
	ctx, call := w.call()
	call.OperationID, call.ProviderKey = req.Call.OperationID, req.Call.ProviderKey
	return finder.FindInvoice(pay.WithCall(ctx, call), pay.FindInvoice{
		Call: call, Operation: pay.OpCreate, Invoice: ref, Reference: req.Reference, SentAt: ref.Known.CreatedAt,
	})
}

// looksUpCreates reports whether the host would ask the finder about a create. At some providers only a charge can be looked up.
func (w *world) looksUpCreates() bool {
	class := w.manifest.Operations[pay.OpCreate].Resolution
	return class == pay.ResolveLookup || class == pay.ResolveResend
}

func findByKey(k *kit) {
	w := k.world()
	for _, lost := range []bool{false, true} {
		name := fmt.Sprintf("FindInvoice (answer lost: %t)", lost)
		req := w.request()
		if lost {
			w.traffic.once(faultLost, w.learnCreate())
		}
		made, err := w.send(req)
		if err != nil && !lost {
			k.Fatalf("CreateInvoice failed: %v", err)
		}
		got, err := w.lookFor(req)
		if !w.looksUpCreates() && errors.Is(err, pay.KindUnsupported) {
			continue // it says that it cannot tell, which nobody takes for absence
		}
		if err != nil {
			k.Errorf("%s does not find its invoice: %v", name, err)
			continue
		}
		if got.ProviderRef == "" || !lost && got.ProviderRef != made.ProviderRef {
			k.Errorf("%s finds %q, want %q", name, got.ProviderRef, made.ProviderRef)
		}
		if got.Status != pay.StatusPending && got.Status != pay.StatusProcessing {
			k.Errorf("%s: status %q, want pending", name, got.Status)
		}
		if got.Amount.IsSet() && !got.Amount.Equal(req.Amount) {
			k.Errorf("%s: amount %s, asked for %s", name, got.Amount, req.Amount)
		}
	}
}

func findAbsent(k *kit) {
	w := k.world()
	w.create() // another invoice must not be taken for it
	_, err := w.lookFor(w.request())
	if !w.looksUpCreates() && errors.Is(err, pay.KindUnsupported) {
		return
	}
	w.wantNothing("FindInvoice of what was never sent", err, pay.KindNotFound)
}
