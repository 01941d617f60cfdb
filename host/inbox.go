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

// When stored webhooks are applied.
const (
	// inboxSweep is how often the processor looks for webhooks it was not told of: those left by a crash or by a failure, and those
	// spooled while a plugin was down.
	inboxSweep = 5 * time.Second
	// A provider waits for its acknowledgement and sends again what is not acknowledged in time, so the application of what is
	// acknowledged leaves the disk to acknowledgements: it waits for a quietTick without one, yet no longer than patience after the
	// webhook has arrived.
	quietTick = time.Millisecond
	patience  = 2 * time.Second
)

// processInbox applies stored webhooks until ctx ends or the host drains.
func (h *Host) processInbox(ctx context.Context) {
	sweep := time.NewTicker(inboxSweep)
	defer sweep.Stop()
	accepted := &inboxScan{state: store.WebhookAccepted, limit: maxAccountArrivals, wanted: true}
	spooled := &inboxScan{state: store.WebhookSpooled, limit: spooledAtOnce, wanted: true}
	calm := quiet{q: h.inbox, now: h.now, since: -1}
	for {
		missed, verified := h.inbox.takeNews()
		accepted.wanted, spooled.wanted = accepted.wanted || missed, spooled.wanted || verified
		if !h.scanInbox(ctx, accepted) || !h.scanInbox(ctx, spooled) {
			accepted.wanted, spooled.wanted = false, false // until the next sweep
		}
		spooled.wanted = false
		var tick <-chan time.Time
		for {
			a, some := h.inbox.peek()
			if !some {
				break
			}
			if !calm.allows(a) {
				tick = calm.tick()
				break
			}
			if !h.applyNext(ctx) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-h.inbox.wake:
		case <-tick:
			calm.ticked()
		case <-sweep.C:
			accepted.restart()
			spooled.restart()
		}
	}
}

// scanInbox queues what the store has and the queue has room for; false when the store cannot be read.
func (h *Host) scanInbox(ctx context.Context, s *inboxScan) bool {
	for s.wanted && h.inbox.roomFor(s.full, s.limit) {
		more, err := s.step(ctx, &h.store.Reader, h.inbox)
		if err != nil {
			h.logUnlessDone(ctx, "reading the inbox", err)
			return false
		}
		if !more {
			return true
		}
	}
	return true
}

// applyNext applies the webhooks whose turn it is beside others, so that a provider that does not answer holds up its own accounts
// only. It returns false when the host drains: what is left is applied after the next start.
func (h *Host) applyNext(ctx context.Context) bool {
	done, err := h.begin()
	if err != nil {
		return false
	}
	taken := h.inbox.take()
	if len(taken) == 0 {
		done()
		return true
	}
	go func() {
		defer done()
		var apart map[string]bool
		defer func() { h.inbox.finished(taken, apart) }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.cfg.Timeouts.Operation)
		defer cancel()
		if !taken[0].alone {
			apart = h.applyTogether(ctx, taken)
		} else if err := h.applyArrival(ctx, taken[0]); err != nil {
			h.logUnlessDone(ctx, "processing a webhook", err, "webhook", taken[0].ID)
		}
	}()
	return true
}

func (h *Host) applyArrival(ctx context.Context, a arrival) error {
	if a.row != nil {
		return h.applyRow(ctx, *a.row)
	}
	return h.applyWebhook(ctx, a.ID)
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
	return h.applyRow(ctx, row)
}

// applyRow is [Host.applyWebhook] for a webhook that was read. When it has changed since, it is read again.
func (h *Host) applyRow(ctx context.Context, row store.Webhook) (err error) {
	switch row.State {
	case store.WebhookSpooled:
		if row, err = h.verifySpooled(ctx, row); err != nil || row.State == store.WebhookSpooled {
			return err
		}
		h.inbox.noteVerified()
		if row.State != store.WebhookAccepted {
			return nil
		}
	case store.WebhookAccepted, store.WebhookUnmatched:
	default:
		return nil
	}
	var events []pay.WebhookEvent
	if err := json.Unmarshal(row.Events, &events); err != nil {
		return h.closeWebhook(ctx, row, store.WebhookFailed, "the stored events cannot be read")
	}
	if len(events) == 1 && verified(events[0]) {
		done, err := h.applyAtOnce(ctx, row, events[0])
		if errors.Is(err, store.ErrConflict) {
			current, readErr := h.store.Webhook(ctx, row.ID)
			if readErr != nil || current.Version == row.Version {
				return errors.Join(err, storageError(readErr))
			}
			return h.applyRow(ctx, current) // it was delivered once more, or applied by somebody else
		}
		if done || err != nil {
			return err
		}
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

// verified reports whether an event says itself what is true of an invoice.
func verified(ev pay.WebhookEvent) bool {
	return ev.Strength == pay.StrengthVerified && ev.Invoice != nil
}

// applyAtOnce believes the one event of a webhook and closes the webhook in the same transaction, which is all that most webhooks
// need. It changes nothing and is not done where the event must wait or is about something else than a known invoice.
func (h *Host) applyAtOnce(ctx context.Context, row store.Webhook, ev pay.WebhookEvent) (done bool, err error) {
	var out observed
	err = h.write(ctx, func(tx *store.Tx) (err error) {
		out, done, err = h.believe(ctx, tx, row, ev, false)
		return err
	})
	if err != nil || !done {
		return false, err
	}
	h.follow(out)
	if !out.change.askProvider {
		return true, nil
	}
	if err := h.syncHinted(ctx, ev, out.invoice); err != nil {
		return true, err
	}
	row.ObjectType, row.ObjectID = objectInvoice, out.invoice.ID
	return true, h.closeWebhook(ctx, row, store.WebhookProcessed, "")
}

// believe is the transaction of [Host.applyAtOnce]. With whole set it changes nothing either where the provider must be asked.
func (h *Host) believe(ctx context.Context, tx *store.Tx, row store.Webhook, ev pay.WebhookEvent, whole bool) (out observed, done bool, err error) {
	inv, err := match(ctx, &tx.Reader, row, ev)
	if errors.Is(err, store.ErrNotFound) {
		return out, false, nil
	}
	if err != nil || !bound(inv, ev) {
		return out, false, err
	}
	obs := believed(row, ev)
	if whole && apply(inv, obs).askProvider {
		return out, false, nil
	}
	if out, err = h.observe(ctx, tx, inv, obs); err != nil || out.change.askProvider {
		return out, err == nil, err
	}
	closed := row
	closed.ObjectType, closed.ObjectID = objectInvoice, inv.ID
	closed.State, closed.Reason, closed.ProcessedAt = store.WebhookProcessed, "", h.now()
	return out, true, tx.CloseWebhook(&closed)
}

// bound reports whether an event is surely about an invoice: by an id that the provider's own answer gave to it, or by our key.
func bound(inv store.Invoice, ev pay.WebhookEvent) bool {
	return inv.ProviderRef != "" || ev.ProviderKey == inv.ProviderKey && ev.ProviderKey != "" || ev.OperationID == inv.CreateOperationID && ev.OperationID != ""
}

// believed is what a verified event makes of an invoice.
func believed(row store.Webhook, ev pay.WebhookEvent) observation {
	state := *ev.Invoice
	if state.ProviderRef == "" {
		state.ProviderRef = ev.ProviderRef
	}
	if state.Report.Evidence.ProviderTime.IsZero() {
		state.Report.Evidence.ProviderTime = ev.ProviderTime
	}
	state.Report.Evidence.Raw = row.Body
	return observation{
		kind: pay.EvidenceVerifiedWebhook, state: state, webhookID: row.ID, actor: "provider:" + row.Provider,
		cause: string(pay.EvidenceVerifiedWebhook), at: row.ReceivedAt,
	}
}

// takeEvent applies one event to what it is about. waits says why it cannot be applied yet.
func (h *Host) takeEvent(ctx context.Context, row *store.Webhook, ev pay.WebhookEvent) (waits string, err error) {
	inv, err := match(ctx, &h.store.Reader, *row, ev)
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
func match(ctx context.Context, r *store.Reader, row store.Webhook, ev pay.WebhookEvent) (store.Invoice, error) {
	if isID(row.Tail) {
		if strings.HasPrefix(row.Tail, "po_") {
			return store.Invoice{}, store.ErrNotFound
		}
		return r.Invoice(ctx, row.Tail)
	}
	if ev.ProviderRef != "" {
		inv, err := r.InvoiceByProviderRef(ctx, row.AccountID, ev.ProviderRef)
		if !errors.Is(err, store.ErrNotFound) {
			return inv, err
		}
	}
	key := ev.ProviderKey
	if key == "" && ev.OperationID != "" {
		op, err := r.Operation(ctx, ev.OperationID)
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
	return r.InvoiceByProviderKey(ctx, row.AccountID, key)
}

// applyEvent believes a verified event and asks the provider about a hint.
// waits is true while the create's own answer is still on its way: only that
// answer may bind the provider's id to the invoice, unless our own key does.
func (h *Host) applyEvent(ctx context.Context, row store.Webhook, ev pay.WebhookEvent, inv store.Invoice) (waits bool, err error) {
	known := bound(inv, ev)
	if !known && inv.UnresolvedOperation == "" && !inv.Final {
		return true, nil
	}
	if verified(ev) && known {
		out, err := h.record(ctx, inv.ID, believed(row, ev))
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
	err := h.closeWebhook(ctx, row, store.WebhookUnmatched, reason)
	h.parked.note(row)
	if err != nil {
		return err
	}
	inv, err := match(ctx, &h.store.Reader, row, ev)
	if err == nil && (inv.ProviderRef != "" || inv.UnresolvedOperation != "" || inv.Final) {
		h.inbox.offer(arrivalOf(row))
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
		return tx.CloseWebhook(&current)
	})
}

// rematch looks again at the webhooks that arrived before their invoice was known by its provider id.
func (h *Host) rematch(inv store.Invoice) {
	if !h.parked.mayWaitFor(inv) {
		return
	}
	h.background(func(ctx context.Context) {
		if err := h.parked.load(ctx, &h.store.Reader); err != nil {
			h.logUnlessDone(ctx, "matching webhooks again", err, "invoice", inv.ID)
		}
		if !h.parked.mayWaitFor(inv) {
			return
		}
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
				if h.inbox.offer(arrivalOf(row)) {
					continue
				}
				if err := h.applyRow(ctx, row); err != nil { // no sweep looks for it
					h.logUnlessDone(ctx, "matching a webhook again", err, "webhook", row.ID)
				}
			}
		}
	})
}
