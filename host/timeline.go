package host

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// TimelineEntry is one thing that happened to an invoice.
type TimelineEntry struct {
	At time.Time `json:"at"`
	// Kind is operation, try, evidence, webhook, event or next_look.
	Kind string `json:"kind"`
	// Text says it in a few words.
	Text  string `json:"text"`
	Actor string `json:"actor,omitempty"`
	// ID is the id of the operation, evidence, webhook or event.
	ID     string          `json:"id,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Timeline returns everything that is recorded about an invoice, in order: its
// operations and their tries, what was observed and what became of it, the
// webhooks, the transitions, and when the provider is asked next.
func (h *Host) Timeline(ctx context.Context, invoice string) ([]TimelineEntry, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	if _, err := h.invoiceView(ctx, invoice); err != nil {
		return nil, err
	}
	inv, err := h.store.Invoice(ctx, invoice)
	if err != nil {
		return nil, storageError(err)
	}
	list, err := h.timelineOperations(ctx, invoice)
	if err != nil {
		return nil, err
	}
	objects := map[string]string{invoice: objectInvoice}
	refunds, err := h.store.Refunds(ctx, invoice)
	if err != nil {
		return nil, storageError(err)
	}
	for _, r := range refunds {
		objects[r.ID] = objectRefund
	}
	for _, id := range sortedKeys(objects) {
		more, err := h.timelineObject(ctx, objects[id], id)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	hooks, err := h.store.Webhooks(ctx, store.WebhookFilter{ObjectID: invoice, Limit: maxPage})
	if err != nil {
		return nil, storageError(err)
	}
	for _, w := range hooks {
		list = append(list, TimelineEntry{
			At: w.ReceivedAt, Kind: "webhook", ID: w.ID, Actor: "provider:" + w.Provider,
			Text: "webhook " + string(w.State) + reasonIn(w.Reason),
		})
	}
	if !inv.NextLookAt.IsZero() {
		list = append(list, TimelineEntry{At: inv.NextLookAt, Kind: "next_look", Text: "the provider will be asked again"})
	}
	slices.SortStableFunc(list, func(a, b TimelineEntry) int { return a.At.Compare(b.At) })
	return list, nil
}

func reasonIn(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

func (h *Host) timelineOperations(ctx context.Context, invoice string) ([]TimelineEntry, error) {
	var list []TimelineEntry
	ops, err := h.store.ShownOperations(ctx, store.OperationFilter{InvoiceID: invoice, Limit: maxPage})
	if err != nil {
		return nil, storageError(err)
	}
	for _, op := range ops {
		list = append(list, TimelineEntry{
			At: op.CreatedAt, Kind: "operation", ID: op.ID, Actor: op.Actor, Text: string(op.Kind) + " ordered; now " + string(op.State),
		})
		tries, err := h.store.Tries(ctx, op.ID)
		if err != nil {
			return nil, storageError(err)
		}
		for _, t := range tries {
			text := "try " + itoa(t.Number) + " on plugin " + t.Plugin + " " + t.PluginVersion + ": "
			switch {
			case t.FinishedAt.IsZero():
				text += "running"
			case t.Error != "":
				text += t.Transport + ", executed " + string(t.Executed) + reasonIn(t.Error)
			default:
				text += t.Transport
			}
			list = append(list, TimelineEntry{At: orTime(t.FinishedAt, t.StartedAt), Kind: "try", ID: op.ID, Actor: t.Actor, Text: text})
		}
		if op.State == store.OperationUnknown && !op.NextLookAt.IsZero() {
			list = append(list, TimelineEntry{At: op.NextLookAt, Kind: "next_look", ID: op.ID, Text: "the outcome of the " + string(op.Kind) + " will be looked for"})
		}
	}
	return list, nil
}

// timelineObject adds what was observed of one object and what it led to.
func (h *Host) timelineObject(ctx context.Context, objectType, id string) ([]TimelineEntry, error) {
	var list []TimelineEntry
	seen, err := h.store.Evidence(ctx, objectType, id)
	if err != nil {
		return nil, storageError(err)
	}
	for _, e := range seen {
		status := string(e.Status)
		if status == "" {
			status = "nothing about a status"
		}
		list = append(list, TimelineEntry{
			At: orTime(e.ObservedAt, e.CreatedAt), Kind: "evidence", ID: e.ID, Actor: e.Actor, Detail: e.Detail,
			Text: string(e.Kind) + " says " + status + "; " + e.Applied + reasonIn(e.Reason),
		})
	}
	var after int64
	for {
		rows, err := h.store.Events(ctx, store.EventFilter{After: after, ObjectType: objectType, ObjectID: id, Limit: maxPage})
		if err != nil {
			return nil, storageError(err)
		}
		for _, ev := range rows {
			after = ev.Position
			list = append(list, TimelineEntry{
				At: ev.OccurredAt, Kind: "event", ID: ev.ID, Actor: ev.Actor, Text: ev.Type + " because of " + ev.Cause, Detail: ev.Previous,
			})
		}
		if len(rows) < maxPage {
			return list, nil
		}
	}
}

// Balances asks the provider for an account's balances now. owner narrows it to one user's, where the provider has users.
func (h *Host) Balances(ctx context.Context, account, owner string) ([]pay.Balance, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.account(ctx, account)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	use, err := h.open(ctx, row)
	if err != nil {
		return nil, err
	}
	defer use.release()
	reader, err := pay.Offered[pay.BalanceReader](use.account, pay.CanReadBalances)
	if err != nil {
		return nil, err
	}
	ctx, cut := use.within(ctx, CallBalance)
	defer cut()
	call := h.readCall(ctx, row)
	b, err := reader.ReadBalances(pay.WithCall(ctx, call), pay.ReadBalances{Call: call, Owner: owner})
	use.transport(err)
	return b.Balances, err
}
