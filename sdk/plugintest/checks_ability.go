package plugintest

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

func abilityChecks() []check {
	return []check{{
		Check: Check{"abilities_work", "allowed_actions and the command line are made from what an account offers: a promise that is not kept fails at the payer"},
		run:   abilitiesWork,
	}, {
		Check: Check{"abilities_absent", "what is not offered must be refused by name before anything happens, not half done"},
		run:   abilitiesAbsent,
	}, {
		Check: Check{"transactions_complete", "reconciliation walks the provider's ledger page by page; a page that repeats or skips a line hides a payment"},
		needs: pay.NewAbilities(pay.CanListTransactions), run: transactionsComplete,
	}, {
		Check: Check{"maintain_repeatable", "tokens and registrations are renewed for years under one lease: each renewal must leave an account that works and a state this binary can read"},
		needs: pay.NewAbilities(pay.CanMaintain), run: maintainRepeatable,
	}}
}

// attempt is one call of one ability with a sample.
type attempt struct {
	ability pay.Ability
	call    func(context.Context) error
}

// attempts calls everything an account could have. Calls whose method is absent return unsupported, as the wire does.
func (w *world) attempts(inv *invoice) []attempt {
	w.Helper()
	_, call := w.call()
	change := inv.change()
	return []attempt{
		{pay.CanFindInvoice, try(w, pay.InvoiceFinder.FindInvoice, pay.FindInvoice{
			Call: call, Invoice: inv.ref, Reference: inv.req.Reference, SentAt: inv.ref.Known.CreatedAt})},
		{pay.CanCancel, try(w, pay.Canceler.CancelInvoice, change)},
		{pay.CanCapture, try(w, pay.Capturer.CaptureInvoice, change)},
		{pay.CanVoid, try(w, pay.Voider.VoidInvoice, change)},
		{pay.CanRefund, try(w, pay.Refunder.CreateRefund, inv.refund())},
		{pay.CanGetRefund, try(w, pay.RefundGetter.GetRefund, pay.RefundRef{
			RefundID: "ref_none", ProviderKey: call.ProviderKey, ProviderRef: "none", Invoice: inv.ref, Amount: inv.req.Amount})},
		{pay.CanCharge, try(w, pay.Charger.Charge, pay.Charge{Invoice: inv.req, Source: pay.SourceBalance, BalanceID: "1"})},
		{pay.CanPayout, try(w, pay.PayoutCreator.CreatePayout, pay.CreatePayout{
			Call: call, PayoutID: "po_kit", Amount: inv.req.Amount, Destination: pay.Destination{Type: pay.DestinationAccount, Value: "1"}})},
		{pay.CanGetPayout, try(w, pay.PayoutGetter.GetPayout, pay.PayoutRef{
			PayoutID: "po_kit", ProviderKey: call.ProviderKey, ProviderRef: "none", Amount: inv.req.Amount})},
		{pay.CanCancelPayout, try(w, pay.PayoutCanceler.CancelPayout, pay.CancelPayout{Call: call, Payout: pay.PayoutRef{
			PayoutID: "po_kit", ProviderKey: call.ProviderKey, ProviderRef: "none", Amount: inv.req.Amount}})},
		{pay.CanReadBalances, try(w, pay.BalanceReader.ReadBalances, pay.ReadBalances{Call: call})},
		{pay.CanListTransactions, try(w, pay.TransactionLister.ListTransactions, pay.ListTransactions{
			Call: call, From: time.Now().Add(-time.Hour), To: time.Now(), Limit: 10})},
		{pay.CanHandleWebhook, try(w, pay.WebhookHandler.HandleWebhook, pay.WebhookRequest{Call: call, Method: "POST"})},
		{pay.CanRouteWebhook, try(w, pay.WebhookRouter.RouteWebhook, pay.WebhookRequest{Call: call, Method: "POST"})},
		{pay.CanCheck, try(w, pay.Checker.Check, pay.Check{Call: call})},
		{pay.CanMaintain, try(w, pay.AccountMaintainer.Maintain, pay.Maintain{
			Call: call, Reason: "due", State: w.state, WebhookURL: w.site.WebhookURL})},
		{pay.CanRunAction, func(ctx context.Context) error { return w.runActions(ctx, inv) }},
	}
}

// try makes an attempt of a method of an optional interface.
func try[T, Req, Res any](w *world, method func(T, context.Context, Req) (Res, error), req Req) func(context.Context) error {
	return func(ctx context.Context) error {
		account, ok := w.account.(T)
		if !ok {
			return pay.Unsupported("the method")
		}
		_, err := method(account, ctx, req)
		return err
	}
}

// runActions runs every action of the manifest; one that is unsupported is the result.
func (w *world) runActions(ctx context.Context, inv *invoice) error {
	provider, ok := w.account.(pay.ActionProvider)
	if !ok {
		return pay.Unsupported("the method")
	}
	specs := w.manifest.Actions
	if len(specs) == 0 {
		specs = []pay.ActionSpec{{Name: "payhost_kit", Effect: pay.EffectRead}}
	}
	for _, spec := range specs {
		_, call := w.call()
		req := pay.Action{Call: call, Name: spec.Name, Input: json.RawMessage(`{}`)}
		if spec.Subject == pay.SubjectInvoice {
			req.Invoice = &inv.ref
		}
		for range min(spec.MaxAttachments, 1) {
			content := []byte("%PDF-1.4 conformance")
			req.Attachments = append(req.Attachments, pay.Attachment{
				Name: "kit.pdf", ContentType: "application/pdf", Size: int64(len(content)), Content: bytes.NewReader(content),
			})
		}
		if _, err := provider.RunAction(ctx, req); err != nil && pay.AsError(err).Kind == pay.KindUnsupported {
			return err
		}
	}
	return nil
}

func abilitiesWork(k *kit) {
	w := k.world()
	for _, a := range w.attempts(w.create()) {
		if !w.offers.Has(a.ability) {
			continue
		}
		ctx, _ := w.call()
		err := a.call(ctx)
		if err == nil {
			continue
		}
		switch e := w.asError(string(a.ability), err); e.Kind {
		case pay.KindUnsupported, pay.KindPluginFault, pay.KindInternal, pay.KindOutcomeUnknown:
			k.Errorf("the account offers %s and answers %v", a.ability, e)
		default: // this sample may be refused; the ability exists
		}
	}
}

func abilitiesAbsent(k *kit) {
	w := k.world()
	inv := w.create()
	for _, a := range w.attempts(inv) {
		if w.offers.Has(a.ability) {
			continue
		}
		ctx, _ := w.call()
		before, mark := w.probe.calls(), w.traffic.len()
		w.wantNothing(string(a.ability)+", which is not offered", a.call(ctx), pay.KindUnsupported)
		if w.probe.calls() != before {
			k.Errorf("%s is not offered and reached the adapter", a.ability)
		}
		if w.traffic.len() != mark {
			k.Errorf("%s is not offered and reached the provider", a.ability)
		}
	}
	if !slices.Equal(w.offers, pay.NewAbilities(w.offers...)) {
		k.Errorf("the abilities are no sorted set: %v", w.offers)
	}
}

func transactionsComplete(k *kit) {
	w := k.world()
	lister, err := pay.Offered[pay.TransactionLister](w.account, pay.CanListTransactions)
	if err != nil {
		k.Fatalf("%v", err)
	}
	from := time.Now().Add(-time.Hour)
	want := map[string]bool{}
	for range 5 {
		inv := w.create()
		inv.pay()
		inv.settle()
		want[inv.ref.ProviderRef] = true
	}
	seen := map[string]bool{}
	cursor, to := "", time.Now().Add(time.Hour)
	for page := range 50 {
		ctx, call := w.call()
		got, err := lister.ListTransactions(ctx, pay.ListTransactions{Call: call, From: from, To: to, Cursor: cursor, Limit: 2})
		if err != nil {
			k.Fatalf("page %d failed: %v", page+1, err)
		}
		for _, t := range got.Transactions {
			if t.ProviderID == "" || seen[t.ProviderID] {
				k.Errorf("page %d: transaction %q is without an id or listed twice", page+1, t.ProviderID)
			}
			seen[t.ProviderID] = true
			delete(want, t.InvoiceRef)
		}
		if cursor = got.NextCursor; cursor == "" {
			break
		}
	}
	if cursor != "" {
		k.Errorf("the listing has no end: 50 pages of a few lines")
	}
	if len(want) > 0 {
		k.Errorf("%d of 5 payments are not in the ledger", len(want))
	}
}

func maintainRepeatable(k *kit) {
	w := k.world() // has maintained once
	maintainer, err := pay.Offered[pay.AccountMaintainer](w.account, pay.CanMaintain)
	if err != nil {
		k.Fatalf("%v", err)
	}
	inv := w.create()
	for _, reason := range []string{pay.MaintainDue, pay.MaintainAuthFailed, pay.MaintainConfigChanged, "invented_by_the_kit"} {
		ctx, call := w.call()
		got, err := maintainer.Maintain(ctx, pay.Maintain{Call: call, Reason: reason, State: w.state, WebhookURL: w.site.WebhookURL})
		if err != nil {
			k.Fatalf("Maintain (%s) failed: %v", reason, err)
		}
		if s := got.State; s != nil {
			if len(s.Data) > pay.MaxStateSize {
				k.Errorf("Maintain (%s): the state has %d bytes; the host keeps %d", reason, len(s.Data), pay.MaxStateSize)
			}
			if s.Version != w.manifest.StateWrites || !slices.Contains(w.manifest.StateReads, s.Version) {
				k.Errorf("Maintain (%s): the state has version %d; the manifest writes %d and reads %v", reason, s.Version, w.manifest.StateWrites, w.manifest.StateReads)
			}
			w.state = s
		}
		if !got.NextAt.IsZero() && got.NextAt.Before(time.Now()) {
			k.Errorf("Maintain (%s) asks to be called again in the past: the host would never stop", reason)
		}
		w.restart()
		inv.agree("GetInvoice after Maintain ("+reason+")", inv.get())
	}
	w.create()
	if n := w.sim.Created(); n != 2 {
		k.Errorf("two creates and three calls of Maintain made %d invoices", n)
	}
}
