package paper

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice implements [pay.Account]. The provider does not deduplicate; a lost answer is found by our key.
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	if req.Amount.Sign() <= 0 {
		return pay.InvoiceState{}, pay.Invalid("amount.value", "must be positive")
	}
	if err := accepted(req.Amount); err != nil {
		return pay.InvoiceState{}, err
	}
	var options struct {
		ThreeDS bool `json:"require_3ds"`
	}
	if len(req.Options) > 0 && json.Unmarshal(req.Options, &options) != nil {
		return pay.InvoiceState{}, pay.Invalid("provider_options", "must be an object with require_3ds")
	}
	in := map[string]any{
		"external_id": req.Call.ProviderKey, "amount": toAmount(req.Amount), "description": req.Description,
		"return_url": req.ReturnURLs.Default, "require_3ds": options.ThreeDS, "allow_parts": req.AllowPartial,
	}
	var got invoiceDTO
	report, err := a.post(ctx, "/v2/invoices", in, &got)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return got.state(report, "", http.MethodPost)
}

func accepted(m pay.Money) error {
	if !slices.ContainsFunc(currencies("EUR", "UAH", "JPY", "KWD"), func(c pay.Currency) bool { return c.Code == m.Code() }) {
		return pay.Invalid("amount.currency", "is none of EUR, UAH, JPY and KWD")
	}
	return nil
}

// GetInvoice implements [pay.Account].
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	if ref.ProviderRef == "" {
		return pay.InvoiceState{}, pay.Invalid("invoice.provider_ref", "is not known yet; use find")
	}
	var got invoiceDTO
	report, err := a.get(ctx, "/v2/invoices/"+url.PathEscape(ref.ProviderRef), &got)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return got.state(report, ref.ProviderRef, http.MethodGet)
}

// FindInvoice implements [pay.InvoiceFinder].
func (a *account) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	var got invoiceDTO
	report, err := a.get(ctx, "/v2/invoices?external_id="+url.QueryEscape(req.Invoice.ProviderKey), &got)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if got.ExternalID != req.Invoice.ProviderKey {
		return pay.InvoiceState{}, mismatch("another invoice than the one searched for")
	}
	return got.state(report, "", http.MethodGet)
}

// CancelInvoice implements [pay.Canceler].
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	var got invoiceDTO
	report, err := a.post(ctx, "/v2/invoices/"+url.PathEscape(req.Invoice.ProviderRef)+"/cancel", struct{}{}, &got)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return got.state(report, req.Invoice.ProviderRef, http.MethodPost)
}

func mismatch(what string) *pay.Error {
	return &pay.Error{Kind: pay.KindIntegrityMismatch, Executed: pay.ExecutedNo, Message: "the provider answered about " + what}
}

// garbled is an answer without what every answer has.
func garbled(method string, report pay.Report) *pay.Error {
	e := &pay.Error{Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo, Message: "the provider's answer lacks required fields", Report: report}
	if method != http.MethodGet {
		e.Kind, e.Executed = pay.KindOutcomeUnknown, pay.ExecutedUnknown
	}
	return e
}

// state maps an invoice. want is the id asked for, method how.
func (d *invoiceDTO) state(report pay.Report, want, method string) (pay.InvoiceState, error) {
	due, ok1 := d.Amount.money()
	paid, ok2 := d.Paid.money()
	refunded, ok3 := d.Refunded.money()
	switch {
	case d.ID == "" || !ok1 || !ok2 || !ok3 || !due.IsSet():
		return pay.InvoiceState{}, garbled(method, report)
	case want != "" && d.ID != want:
		return pay.InvoiceState{}, mismatch("another invoice than the one asked for")
	}
	report.Evidence.ProviderTime, report.Evidence.ProviderVersion = d.ChangedAt, d.Version
	out := pay.InvoiceState{
		Report: report, ProviderRef: d.ID, ProviderRefs: map[string]string{"external_id": d.ExternalID},
		Amount: due, Due: due, Captured: paid, Refunded: refunded,
	}
	d.setStatus(&out)
	for _, p := range d.Payments {
		attempt, ok := p.attempt()
		if !ok {
			return pay.InvoiceState{}, garbled(method, report)
		}
		out.Attempts = append(out.Attempts, attempt)
	}
	out.Received, out.ReceivedParts = received(out.Attempts)
	return out, nil
}

func (d *invoiceDTO) setStatus(out *pay.InvoiceState) {
	switch d.State {
	case "waiting", "authenticating":
		out.Status = pay.StatusPending
		out.NextActions = d.nextActions()
	case "part_paid":
		out.Status = pay.StatusPartiallyPaid
		out.NextActions = d.nextActions()
	case "paid":
		out.Status, out.Final, out.FinalReason = pay.StatusPaid, true, "paid in full"
	case "canceled":
		out.Status = pay.StatusCanceled
	case "expired":
		out.Status = pay.StatusExpired
	case "rejected":
		out.Status, out.Final, out.FinalReason = pay.StatusFailed, true, "rejected"
	default:
		out.Review = "the provider reports a state that is not documented"
	}
}

// nextActions are the form of the bank first, while there is one.
func (d *invoiceDTO) nextActions() []pay.NextAction {
	var list []pay.NextAction
	if d.Form != nil {
		list = append(list, pay.NextAction{
			ID: "3ds", Type: pay.NextForm, URL: d.Form.URL, Method: http.MethodPost, FormFields: d.Form.Fields, Submit: actionSubmit3DS,
			InputSchema: json.RawMessage(`{"type":"object","required":["pares"],"properties":{"pares":{"type":"string"}}}`),
		})
	}
	return append(list, pay.NextAction{ID: "page", Type: pay.NextRedirect, URL: d.Page})
}

// attempt maps one payment; each of its amounts has its own currency.
func (p *paymentDTO) attempt() (pay.Attempt, bool) {
	out := pay.Attempt{
		ProviderAttemptID: p.ID, Rate: p.Rate, Method: "card", Instrument: pay.Instrument{Masked: p.Card}, ProviderTime: p.At,
	}
	ok := true
	for _, m := range []struct {
		into *pay.Money
		from *amount
	}{{&out.Amount, p.Asked}, {&out.Received, p.Received}, {&out.Fee, p.Fee}, {&out.Net, p.Net}} {
		said, readable := m.from.money()
		*m.into, ok = said, ok && readable
	}
	switch p.State {
	case "done":
		out.Status = pay.AttemptSucceeded
	case "rejected":
		out.Status = pay.AttemptDeclined
		out.Decline = &pay.Decline{Reason: pay.DeclineGeneric, ProviderCode: p.Reject}
		if p.Reject == "insufficient_funds" {
			out.Decline.Reason = pay.DeclineInsufficientFunds
		}
	default:
		out.Status = pay.AttemptProcessing
	}
	return out, ok
}

// received adds up what came, per currency. Parts of several currencies have no sum, and the provider states none.
func received(attempts []pay.Attempt) (sum pay.Money, parts []pay.Money) {
	for _, a := range attempts {
		if !a.Received.IsSet() {
			continue
		}
		i := slices.IndexFunc(parts, func(m pay.Money) bool { return m.Code() == a.Received.Code() })
		if i < 0 {
			parts = append(parts, a.Received)
			continue
		}
		if next, err := parts[i].Add(a.Received); err == nil { // of one currency, so it cannot fail
			parts[i] = next
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return pay.Money{}, parts
}
