package plugintest

import (
	"bytes"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

func readChecks() []check {
	return []check{{
		Check: Check{"get_pending", "the poller compares look-ups: one that contradicts the create makes needs_review of every invoice"},
		run:   getPending,
	}, {
		Check: Check{"get_paid", "the look-up is what the host believes most; a payment it does not show is never delivered"},
		run:   getPaid,
	}, {
		Check: Check{"get_declined", "a refused payment that reads as paid gives the goods away"},
		run:   getDeclined,
	}, {
		Check: Check{"get_unknown_status", "a status the provider invents tomorrow must not be taken for money"},
		run:   getUnknownStatus,
	}, {
		Check: Check{"get_absent", "an invoice the provider does not know must be a clear not_found, not an empty state and not an outage"},
		run:   getAbsent,
	}, {
		Check: Check{"get_unavailable", "a read that fails changes nothing: as unknown it would block the account, as a state it would be believed"},
		run:   getUnavailable,
	}, {
		Check: Check{"state_survives", "plugins are killed at any time and run on several hosts; what an adapter keeps in memory is gone"},
		run:   stateSurvives,
	}, {
		Check: Check{"unknown_fields", "providers add fields to their answers without notice; an adapter that refuses them stops on that day"},
		run:   unknownFields,
	}}
}

// agree checks that a later observation of an unpaid invoice contradicts nothing.
func (i *invoice) agree(what string, got pay.InvoiceState) {
	i.w.Helper()
	if got.ProviderRef != "" && got.ProviderRef != i.ref.ProviderRef {
		i.w.Errorf("%s is about %q, want %q", what, got.ProviderRef, i.ref.ProviderRef)
	}
	if got.Amount.IsSet() && !got.Amount.Equal(i.req.Amount) {
		i.w.Errorf("%s states amount %s, want %s", what, got.Amount, i.req.Amount)
	}
	if !got.Status.Known() && (got.Status != "" || got.Review == "") {
		i.w.Errorf("%s has status %q and review %q: a status that is not known needs a reason", what, got.Status, got.Review)
	}
}

func getPending(k *kit) {
	w := k.world()
	inv := w.create()
	w.create()
	got := inv.get()
	inv.agree("GetInvoice", got)
	if got.Status != pay.StatusPending && got.Status != pay.StatusProcessing {
		k.Errorf("GetInvoice of an unpaid invoice returns status %q, want pending", got.Status)
	}
	for _, m := range []pay.Money{got.Captured, got.Received, got.Refunded} {
		if m.IsSet() && !m.IsZero() {
			k.Errorf("GetInvoice of an unpaid invoice states that %s moved", m)
		}
	}
}

// settle asks until the invoice is no longer waiting, because a simulator may take a moment.
func (i *invoice) settle() pay.InvoiceState {
	i.w.Helper()
	deadline := time.Now().Add(i.w.patience)
	for {
		got := i.get()
		if got.Status != pay.StatusPending && got.Status != pay.StatusProcessing || time.Now().After(deadline) {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func getPaid(k *kit) {
	w := k.world()
	inv, other := w.create(), w.create()
	inv.pay()
	got := inv.settle()
	inv.agree("GetInvoice", got)
	if got.Status != pay.StatusPaid {
		k.Errorf("GetInvoice of a paid invoice returns status %q (review %q), want paid", got.Status, got.Review)
	}
	for name, m := range map[string]pay.Money{"captured": got.Captured, "received": got.Received} {
		if m.IsSet() && m.Code() == inv.req.Amount.Code() && !m.Equal(inv.req.Amount) {
			k.Errorf("GetInvoice of a paid invoice states %s %s, want %s", name, m, inv.req.Amount)
		}
	}
	if state := other.get(); state.Status.Settled() {
		k.Errorf("another invoice became %s too", state.Status)
	}
}

func getDeclined(k *kit) {
	w := k.world()
	if w.sim.Decline == nil {
		k.Skipf("the simulator has no Decline")
	}
	inv := w.create()
	if err := w.sim.Decline(inv.ref.ProviderRef); err != nil {
		k.Fatalf("the simulator cannot decline: %v", err)
	}
	got := inv.get()
	inv.agree("GetInvoice", got)
	switch got.Status {
	case pay.StatusFailed, pay.StatusCanceled, pay.StatusExpired, pay.StatusPending, pay.StatusProcessing:
	default:
		k.Errorf("GetInvoice of a declined invoice returns status %q", got.Status)
	}
	if got.Captured.IsSet() && !got.Captured.IsZero() {
		k.Errorf("GetInvoice of a declined invoice states that %s was captured", got.Captured)
	}
}

func getUnknownStatus(k *kit) {
	w := k.world()
	if w.sim.Surprise == nil {
		k.Skipf("the simulator has no Surprise")
	}
	inv := w.create()
	if err := w.sim.Surprise(inv.ref.ProviderRef); err != nil {
		k.Fatalf("the simulator cannot set an unknown status: %v", err)
	}
	got, err := inv.tryGet()
	if err != nil {
		w.wantNothing("GetInvoice of an unknown status", err)
		return
	}
	inv.agree("GetInvoice", got)
	if got.Status.Settled() || got.Status == pay.StatusAuthorized {
		k.Errorf("an unknown status of the provider reads as %s", got.Status)
	}
	if got.Status == "" && got.Review == "" {
		k.Errorf("an unknown status of the provider gives neither a status nor a reason for a review")
	}
	if got.Final {
		k.Errorf("an unknown status of the provider ends the invoice")
	}
}

func getAbsent(k *kit) {
	w := k.world()
	inv := w.create()
	elsewhere := k.world() // another provider of the same kind, which has never seen it
	ctx, _ := elsewhere.call()
	_, err := elsewhere.account.GetInvoice(ctx, inv.ref)
	elsewhere.wantNothing("GetInvoice of an invoice the provider does not know", err, pay.KindNotFound)
}

func getUnavailable(k *kit) {
	w := k.world()
	inv := w.create()
	for _, f := range []fault{faultLost, faultError, faultErrorAfter, faultHTML, faultHTMLAfter, faultTruncated, faultEmptyAfter, faultRedirect} {
		w.traffic.always(f)
		_, err := inv.tryGet()
		if err == nil {
			k.Errorf("%s: GetInvoice succeeded", f)
			continue
		}
		w.wantNothing("GetInvoice with "+string(f), err, pay.KindProviderUnavailable)
	}
	w.traffic.always(faultNone)
	inv.agree("GetInvoice after the outage", inv.get())
}

func stateSurvives(k *kit) {
	w := k.world()
	inv := w.create()
	inv.stateAllowed()
	w.accountStateAllowed(inv.last.Report)
	before := inv.get()
	inv.stateAllowed()
	w.accountStateAllowed(before.Report)
	inv.pay()
	w.restart()
	got, err := inv.tryGet()
	if err != nil {
		k.Fatalf("GetInvoice after a restart failed: %v", err)
	}
	inv.agree("GetInvoice after a restart", got)
	w.restart()
	paid := inv.settle()
	if paid.Status != pay.StatusPaid {
		k.Errorf("after a restart a paid invoice reads as %q", paid.Status)
	}
	if before.Amount.IsSet() != paid.Amount.IsSet() {
		k.Errorf("after a restart the amount is stated %t, before %t", paid.Amount.IsSet(), before.Amount.IsSet())
	}
}

// stateAllowed checks the private state that the host is to keep.
func (i *invoice) stateAllowed() {
	i.w.Helper()
	s := i.ref.State
	if s == nil {
		return
	}
	if len(s.Data) > pay.MaxStateSize {
		i.w.Errorf("the state has %d bytes; the host keeps %d", len(s.Data), pay.MaxStateSize)
	}
	if s.Version != i.w.manifest.StateWrites || !slices.Contains(i.w.manifest.StateReads, s.Version) {
		i.w.Errorf("the state has version %d; the manifest writes %d and reads %v", s.Version, i.w.manifest.StateWrites, i.w.manifest.StateReads)
	}
	for _, secret := range i.w.secrets() {
		if bytes.Contains(s.Data, []byte(secret)) {
			i.w.Errorf("the invoice's state holds a secret of the account's config; it outlives a rotation of the secret")
		}
	}
}

// accountStateAllowed checks the account's state that a call renewed on the way, and keeps it as the host does: the next
// opening has it.
func (w *world) accountStateAllowed(r pay.Report) {
	w.Helper()
	s := r.AccountState
	if s == nil {
		return
	}
	if len(s.Data) > pay.MaxStateSize {
		w.Errorf("the account's state has %d bytes; the host keeps %d", len(s.Data), pay.MaxStateSize)
	}
	if s.Version != w.manifest.StateWrites || !slices.Contains(w.manifest.StateReads, s.Version) {
		w.Errorf("the account's state has version %d; the manifest writes %d and reads %v", s.Version, w.manifest.StateWrites, w.manifest.StateReads)
	}
	w.state = s
}

func unknownFields(k *kit) {
	w := k.closedWorld()
	w.traffic.addFields(true)
	w.open()
	inv := w.create()
	inv.agree("GetInvoice with unknown fields", inv.get())
	inv.pay()
	if got := inv.settle(); got.Status != pay.StatusPaid {
		k.Errorf("with unknown fields in the answers a paid invoice reads as %q", got.Status)
	}
}
