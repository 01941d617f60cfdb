package monobank

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// lookSoon is when an accepted change that is not done yet is worth a look.
const lookSoon = 5 * time.Second

// glanceTime bounds the look at an invoice beside a change of it: an answer we
// have must not be lost because we wait for a better one until the call's deadline.
const glanceTime = 4 * time.Second

// glance is a look that may not take long.
func (a *account) glance(ctx context.Context, id string) (news, *httpx.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	return a.look(ctx, id)
}

// changeRequest is the body of cancel, finalize and remove.
type changeRequest struct {
	InvoiceID string       `json:"invoiceId"`
	Amount    int64        `json:"amount,omitempty"`
	ExtRef    string       `json:"extRef,omitempty"`
	Items     []fiscalItem `json:"items,omitempty"`
}

// changeable returns the provider's id of an invoice that is to be changed.
func changeable(ref pay.InvoiceRef, options json.RawMessage) (string, error) {
	if ref.ProviderRef == "" {
		return "", pay.Errorf(pay.KindInvalidState, "the provider's invoiceId is not known, and the invoice cannot be named without it")
	}
	return ref.ProviderRef, readStrictly("provider_options", options, &struct{}{})
}

// changeAmount is the amount of a capture or refund in minor units. The wire has
// no currency beside it, so a wrong one would be taken for the invoice's own.
func changeAmount(amount pay.Money, known pay.Known) (int64, error) {
	switch {
	case !known.Amount.IsSet():
		return 0, pay.Errorf(pay.KindInvalidState, "the invoice's currency is not known, and the provider takes amounts without one")
	case amount.Code() != known.Amount.Code():
		return 0, pay.Invalid("amount.currency", "must be that of the invoice, %s", known.Amount.Code())
	}
	units, err := amount.Minor()
	if err != nil {
		return 0, pay.Invalid("amount.value", "%v", err)
	}
	if units <= 0 {
		return 0, pay.Invalid("amount.value", "must be positive")
	}
	return units, nil
}

// explained replaces a definite refusal that may come from the invoice's state
// by one that names this state: the provider's codes do not tell a wrong request
// from a late one. possible are the states in which the change was possible, so
// that the refusal must have had another reason. The invoice as it was read is
// nil when it could not be read; the refusal then stands as it is.
func (a *account) explained(ctx context.Context, ref pay.InvoiceRef, failure error, possible ...text) (*pay.InvoiceState, error) {
	refused := pay.AsError(failure)
	if refused.WasExecuted() != pay.ExecutedNo || refused.Kind != pay.KindInvalidRequest && refused.Kind != pay.KindInvalidState {
		return nil, failure
	}
	n, res, err := a.glance(ctx, ref.ProviderRef)
	if err != nil {
		return nil, failure
	}
	state := n.state(ref.Known, recall(ref.State), res.Evidence)
	if refused.Kind == pay.KindInvalidRequest && slices.Contains(possible, n.Status) {
		return &state, failure
	}
	out := *refused
	out.Kind, out.Executed = pay.KindInvalidState, pay.ExecutedNo
	out.Message = fmt.Sprintf("the provider refuses; it shows the invoice as %q", httpx.Scrub(string(n.Status)))
	if refused.Retry.Rule != pay.RetryNever {
		// We have looked: this operation is over, and another one is a new decision.
		out.Retry = pay.Retry{Rule: pay.RetryNewAttempt}
	}
	return &state, &out
}

// emptyAnswer reports whether the body of a 200 is one of the "empty" answers: no
// bytes at all, or an object that says no error. A page is neither.
func emptyAnswer(body []byte) bool {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return true
	}
	var e apiError
	return body[0] == '{' && json.Unmarshal(body, &e) == nil && e.Code == ""
}

// pending is an invoice whose change the provider accepted and does not show yet.
func (a *account) pending(ref pay.InvoiceRef, ev pay.Evidence, status pay.Status, why string) pay.InvoiceState {
	return pay.InvoiceState{
		Report:      pay.Report{Evidence: ev, NextLookAt: a.now().Add(lookSoon), Warnings: []string{why}},
		ProviderRef: ref.ProviderRef,
		Status:      status,
	}
}
