package monobank

import (
	"context"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// clockSlack is how far the provider's clock and ours may be apart.
const clockSlack = 10 * time.Minute

// searchSpans are the ends of the times that are searched for a charge, counted
// from when it was sent. The operation stands near its beginning; the first span is short, so
// that a busy merchant's list stays within the limit of an answer. Later
// operations are another day's.
func searchSpans() []time.Duration { return []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour} }

// FindInvoice finds a charge whose answer was lost: the statement shows it under
// the key of its operation.
//
// Only charges carry that key, and an unpaid invoice is in no list. So absence is
// [pay.KindNotFound] for a charge alone, which the State tells; for anything
// else the look-up is [pay.KindUnsupported], because it would prove nothing.
func (a *account) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	if req.Invoice.ProviderRef != "" {
		return a.GetInvoice(ctx, req.Invoice)
	}
	key := req.Invoice.ProviderKey
	if key == "" {
		return pay.InvoiceState{}, pay.Unsupported("looking up an invoice without the key of its operation")
	}
	sent := req.SentAt
	if sent.IsZero() {
		sent = req.Invoice.Known.CreatedAt
	}
	if sent.IsZero() {
		return pay.InvoiceState{}, pay.Unsupported("searching the statement without the time of the call")
	}
	id, res, err := a.search(ctx, key, sent)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if id == "" {
		return pay.InvoiceState{}, notListed(req, res)
	}
	n, seen, err := a.look(ctx, id)
	if err != nil {
		return pay.InvoiceState{}, unlikely(err)
	}
	if n.Reference != "" && string(n.Reference) != key {
		return pay.InvoiceState{}, mismatch("the statement and the invoice show different references", seen)
	}
	state := n.state(req.Invoice.Known, memory{Charged: true}, seen.Evidence)
	state.Report.State = memory{Charged: true}.state()
	return state, nil
}

// search looks through the statement for operations with this reference. It
// returns the id of their invoice, or none, and the last list it read.
func (a *account) search(ctx context.Context, key string, sent time.Time) (string, *httpx.Response, error) {
	from, latest := sent.Add(-clockSlack), a.now().Add(clockSlack)
	var res *httpx.Response
	for _, span := range searchSpans() {
		to := sent.Add(span)
		if to.After(latest) {
			to = latest
		}
		if to.Before(from) {
			break
		}
		rows, seen, err := a.statement(ctx, from, to)
		if err != nil {
			return "", nil, err
		}
		res, from = seen, to
		var ids []text
		for _, row := range rows {
			if string(row.Reference) == key && !slices.Contains(ids, row.InvoiceID) {
				ids = append(ids, row.InvoiceID)
			}
		}
		switch len(ids) {
		case 0:
		case 1:
			return string(ids[0]), seen, nil
		default:
			return "", nil, mismatch("the statement shows several charges under the key of one operation", seen)
		}
		if to.Equal(latest) {
			break
		}
	}
	if res == nil {
		return "", nil, pay.Errorf(pay.KindProviderUnavailable, "the call lies in the future of this clock; its operation cannot be searched for yet")
	}
	return "", res, nil
}

// notListed says what it means that the statement does not show the key.
func notListed(req pay.FindInvoice, res *httpx.Response) *pay.Error {
	out := pay.Unsupported("looking up an invoice that is not a charge")
	if req.Operation == pay.OpCharge || recall(req.Invoice.State).Charged {
		out = &pay.Error{Kind: pay.KindNotFound, Message: "the statement shows no charge under the key of the operation"}
	}
	out.Executed = pay.ExecutedNo
	out.Report = report(res)
	return out
}

// unlikely turns "not found" of an invoice that the statement lists into "cannot
// tell": the charge exists.
func unlikely(err error) error {
	out := *pay.AsError(err)
	if out.Kind == pay.KindNotFound {
		out.Kind, out.Executed = pay.KindProviderUnavailable, pay.ExecutedNo
		out.Message = "the statement shows the charge and invoice/status does not know it"
	}
	return &out
}
