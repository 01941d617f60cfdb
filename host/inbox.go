package host

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// inboxSweep is how often the processor looks for webhooks it was not told of: those left by a crash, spooled
// while a plugin was down, or dropped by a full queue.
const inboxSweep = 5 * time.Second

func (h *Host) enqueue(id string) {
	select {
	case h.inbox <- id:
	default: // the sweep finds it
	}
}

// processInbox applies stored webhooks until ctx ends.
func (h *Host) processInbox(ctx context.Context) {
	sweep := time.NewTicker(inboxSweep)
	defer sweep.Stop()
	h.sweepInbox(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-h.inbox:
			h.takeUp(ctx, id)
		case <-sweep.C:
			h.sweepInbox(ctx)
		}
	}
}

func (h *Host) sweepInbox(ctx context.Context) {
	rows, err := h.store.Webhooks(ctx, store.WebhookFilter{
		States: []store.WebhookState{store.WebhookAccepted, store.WebhookSpooled}, Limit: maxPage,
	})
	if err != nil {
		h.logUnlessDone(ctx, "reading the inbox", err)
		return
	}
	for _, row := range slices.Backward(rows) { // oldest first
		h.takeUp(ctx, row.ID)
	}
}

// takeUp processes a webhook beside others, so that a provider that does not answer holds up its own accounts only. What finds no
// place now is found by the next sweep.
func (h *Host) takeUp(ctx context.Context, id string) {
	row, err := h.store.Webhook(ctx, id)
	if err != nil {
		h.logUnlessDone(ctx, "reading a webhook", err, "webhook", id)
		return
	}
	h.inParallel(row.AccountID, "webhook "+id, func(ctx context.Context) {
		if err := h.applyWebhook(ctx, id); err != nil {
			h.logUnlessDone(ctx, "processing a webhook", err, "webhook", id)
		}
	})
}

func (h *Host) logUnlessDone(ctx context.Context, what string, err error, args ...any) {
	if ctx.Err() == nil {
		h.log.Warn(what, append(args, "error", err.Error())...)
	}
}

// applyWebhook does what one stored webhook asks for.
func (h *Host) applyWebhook(ctx context.Context, id string) error {
	row, err := h.store.Webhook(ctx, id)
	if err != nil {
		return storageError(err)
	}
	switch row.State {
	case store.WebhookSpooled:
		if row, err = h.verifySpooled(ctx, row); err != nil || row.State != store.WebhookAccepted {
			return err
		}
	case store.WebhookAccepted, store.WebhookUnmatched:
	default:
		return nil
	}
	var events []pay.WebhookEvent
	if err := json.Unmarshal(row.Events, &events); err != nil {
		return h.closeWebhook(ctx, row, store.WebhookFailed, "the stored events cannot be read")
	}
	// Each event of a batch stands alone: one that fails or waits does not hold the others up. What was applied before is
	// recognised when the webhook is looked at again.
	var failure error
	var parked *pay.WebhookEvent
	reason := ""
	for _, ev := range events {
		waits, err := h.takeEvent(ctx, &row, ev)
		if err != nil {
			failure = err
		}
		if waits != "" && parked == nil {
			parked, reason = &ev, waits
		}
	}
	switch {
	case failure != nil:
		return failure
	case parked != nil:
		return h.park(ctx, row, *parked, reason)
	}
	return h.closeWebhook(ctx, row, store.WebhookProcessed, "")
}

// takeEvent applies one event to what it is about. waits says why it cannot be applied yet.
func (h *Host) takeEvent(ctx context.Context, row *store.Webhook, ev pay.WebhookEvent) (waits string, err error) {
	inv, err := h.match(ctx, *row, ev)
	if errors.Is(err, store.ErrNotFound) {
		payout, found, err := h.matchPayout(ctx, *row, ev)
		if err != nil || !found {
			return "names an object we do not know (yet)", err
		}
		row.ObjectType, row.ObjectID = objectPayout, payout.ID
		return "", h.applyPayoutEvent(ctx, *row, ev, payout)
	}
	if err != nil {
		return "", storageError(err)
	}
	row.ObjectType, row.ObjectID = objectInvoice, inv.ID
	early, err := h.applyEvent(ctx, *row, ev, inv)
	if early {
		waits = "waits for the answer of the create"
	}
	return waits, err
}

// verifySpooled gives a webhook that arrived while the plugin was down to the adapter now.
func (h *Host) verifySpooled(ctx context.Context, row store.Webhook) (store.Webhook, error) {
	account, err := h.account(ctx, row.AccountID)
	if err != nil {
		return row, err
	}
	req := pay.WebhookRequest{
		Method: row.Method, Path: "/webhooks/" + row.AccountID, Tail: row.Tail, RawQuery: row.RawQuery, Headers: row.Headers,
		Body: row.Body, ReceivedAt: row.ReceivedAt, Peer: row.Peer,
	}
	if row.Tail != "" {
		req.Path += "/" + row.Tail
	}
	var target *store.Invoice
	if isID(row.Tail) && !strings.HasPrefix(row.Tail, "po_") {
		inv, err := h.store.Invoice(ctx, row.Tail)
		if err != nil {
			return row, storageError(err)
		}
		target = &inv
		ref := refOf(inv)
		req.Invoice = &ref
	}
	result, err := h.askAdapter(ctx, account, req)
	if err != nil {
		if e := pay.AsError(err); e.Kind == pay.KindAuth || e.Kind == pay.KindInvalidRequest {
			row.State = store.WebhookRejected
			return row, h.closeWebhook(ctx, row, store.WebhookRejected, "cannot be verified")
		}
		return row, nil // stays spooled for the next sweep
	}
	for _, ev := range result.Events {
		if target != nil && !about(ev, *target) {
			row.State = store.WebhookRejected
			return row, h.closeWebhook(ctx, row, store.WebhookRejected, "is about another object than its URL")
		}
	}
	row.State = store.WebhookAccepted
	if row.Events, err = json.Marshal(result.Events); err != nil {
		return row, err
	}
	if len(result.Events) > 0 {
		row.ProviderRef, row.ProviderKey = result.Events[0].ProviderRef, result.Events[0].ProviderKey
	}
	err = h.write(ctx, func(tx *store.Tx) error {
		next := row
		defer func() { row.Version = next.Version }()
		return tx.UpdateWebhook(&next)
	})
	return row, err
}

// match finds the invoice an event is about, within the account: by the URL's
// id, the provider's id, our key.
func (h *Host) match(ctx context.Context, row store.Webhook, ev pay.WebhookEvent) (store.Invoice, error) {
	if isID(row.Tail) {
		if strings.HasPrefix(row.Tail, "po_") {
			return store.Invoice{}, store.ErrNotFound
		}
		return h.store.Invoice(ctx, row.Tail)
	}
	if ev.ProviderRef != "" {
		inv, err := h.store.InvoiceByProviderRef(ctx, row.AccountID, ev.ProviderRef)
		if !errors.Is(err, store.ErrNotFound) {
			return inv, err
		}
	}
	key := ev.ProviderKey
	if key == "" && ev.OperationID != "" {
		op, err := h.store.Operation(ctx, ev.OperationID)
		if err != nil {
			return store.Invoice{}, err
		}
		if op.AccountID != row.AccountID {
			return store.Invoice{}, store.ErrNotFound
		}
		key = op.ProviderKey
	}
	if key == "" {
		return store.Invoice{}, store.ErrNotFound
	}
	return h.store.InvoiceByProviderKey(ctx, row.AccountID, key)
}

// applyEvent believes a verified event and asks the provider about a hint.
// waits is true while the create's own answer is still on its way: only that
// answer may bind the provider's id to the invoice, unless our own key does.
func (h *Host) applyEvent(ctx context.Context, row store.Webhook, ev pay.WebhookEvent, inv store.Invoice) (waits bool, err error) {
	bound := inv.ProviderRef != "" || ev.ProviderKey == inv.ProviderKey && ev.ProviderKey != "" || ev.OperationID == inv.CreateOperationID && ev.OperationID != ""
	if !bound && inv.UnresolvedOperation == "" && !inv.Final {
		return true, nil
	}
	if ev.Strength == pay.StrengthVerified && ev.Invoice != nil && bound {
		state := *ev.Invoice
		if state.ProviderRef == "" {
			state.ProviderRef = ev.ProviderRef
		}
		if state.Report.Evidence.ProviderTime.IsZero() {
			state.Report.Evidence.ProviderTime = ev.ProviderTime
		}
		state.Report.Evidence.Raw = row.Body
		out, err := h.record(ctx, inv.ID, observation{
			kind: pay.EvidenceVerifiedWebhook, state: state, webhookID: row.ID, actor: "provider:" + row.Provider,
			cause: string(pay.EvidenceVerifiedWebhook), at: row.ReceivedAt,
		})
		if err != nil || !out.change.askProvider {
			return false, err
		}
	}
	return false, h.syncHinted(ctx, ev, inv)
}

// syncHinted asks the provider what is true. An invoice whose create has no
// known outcome is asked for by the id that the webhook names: the answer settles the create only when it states our amount
// and nobody else holds that id. A failure leaves the webhook to the next sweep.
func (h *Host) syncHinted(ctx context.Context, ev pay.WebhookEvent, inv store.Invoice) error {
	var err error
	if inv.ProviderRef == "" && inv.UnresolvedOperation != "" && ev.ProviderRef != "" && ev.Strength == pay.StrengthVerified {
		err = h.adopt(ctx, inv, ev.ProviderRef)
	} else {
		err = h.sync(ctx, inv.ID, "system:webhook")
	}
	if err == nil || errors.Is(err, pay.KindInvalidState) || errors.Is(err, pay.KindNotFound) || errors.Is(err, pay.KindUnsupported) {
		return nil
	}
	return err
}

func (h *Host) adopt(ctx context.Context, inv store.Invoice, ref string) error {
	candidate := inv
	candidate.ProviderRef = ref
	state, err := h.ask(ctx, candidate)
	if err != nil {
		return err
	}
	if !state.Amount.IsSet() || state.ProviderRef != "" && state.ProviderRef != ref {
		return pay.Errorf(pay.KindInvalidState, "the provider's answer does not prove that %s is this invoice", ref)
	}
	state.ProviderRef = ref
	_, err = h.record(ctx, inv.ID, observation{
		kind: pay.EvidenceAPISync, state: state, actor: "system:webhook", cause: string(pay.EvidenceAPISync), at: h.now(),
	})
	return err
}

// park leaves a webhook unmatched until its object is known. The object may have become known while
// the webhook was looked at, before anybody could find it parked; then it is taken up at once.
func (h *Host) park(ctx context.Context, row store.Webhook, ev pay.WebhookEvent, reason string) error {
	if err := h.closeWebhook(ctx, row, store.WebhookUnmatched, reason); err != nil {
		return err
	}
	inv, err := h.match(ctx, row, ev)
	if err == nil && (inv.ProviderRef != "" || inv.UnresolvedOperation != "" || inv.Final) {
		h.enqueue(row.ID)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return storageError(err)
}

// closeWebhook stores where a webhook stands now.
func (h *Host) closeWebhook(ctx context.Context, row store.Webhook, state store.WebhookState, reason string) error {
	return h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Webhook(ctx, row.ID)
		if err != nil {
			return err
		}
		current.State, current.Reason, current.ProcessedAt = state, reason, h.now()
		current.ObjectType, current.ObjectID = row.ObjectType, row.ObjectID
		return tx.UpdateWebhook(&current)
	})
}

// rematch looks again at the webhooks that arrived before their invoice was known by its provider id.
func (h *Host) rematch(inv store.Invoice) {
	h.background(func(ctx context.Context) {
		for _, filter := range []store.WebhookFilter{{ProviderRef: inv.ProviderRef}, {ObjectID: inv.ID}} {
			if filter.ProviderRef == "" && filter.ObjectID == "" {
				continue
			}
			filter.AccountID, filter.States = inv.AccountID, []store.WebhookState{store.WebhookUnmatched}
			rows, err := h.store.Webhooks(ctx, filter)
			if err != nil {
				h.logUnlessDone(ctx, "matching webhooks again", err, "invoice", inv.ID)
				return
			}
			for _, row := range slices.Backward(rows) {
				h.enqueue(row.ID)
			}
		}
	})
}
