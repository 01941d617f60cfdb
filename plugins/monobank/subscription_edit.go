package monobank

import (
	"context"
	"errors"

	"github.com/payhost/payhost/sdk/pay"
)

const subEditInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "action"],
  "properties": {
    ` + subIDSchema + `,
    "action": {"enum": ["cancel"], "description": "The one edit that the provider has."},
    "refund_amount": ` + moneySchema + `
  }
}`

const subEditOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "accepted"],
  "properties": {
    ` + subIDSchema + `,
    "accepted": {"type": "boolean", "description": "Always true. A refund is under way then; the provider shows none of its steps."},
    ` + subStatusSchema + `,
    "refund_amount": ` + moneySchema + `
  }
}`

const subRemoveOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "removed"],
  "properties": {` + subIDSchema + `, "removed": {"type": "boolean", "description": "Always true: nobody can subscribe any more."}}
}`

type subEdit struct {
	SubscriptionID string      `json:"subscription_id"`
	Action         string      `json:"action"`
	RefundAmount   *moneyInput `json:"refund_amount"`
}

// subEditRequest is the body of subscription/edit. Without refundAmount nothing
// is refunded.
type subEditRequest struct {
	SubscriptionID string `json:"subscriptionId"`
	Action         string `json:"action"`
	RefundAmount   int64  `json:"refundAmount,omitempty"`
}

type subEdited struct {
	SubscriptionID string      `json:"subscription_id"`
	Accepted       bool        `json:"accepted"`
	Status         string      `json:"status,omitempty"`
	ProviderStatus string      `json:"provider_status,omitempty"`
	RefundAmount   *moneyInput `json:"refund_amount,omitempty"`
}

// cancelSubscription ends a subscription without giving money back. It is an
// action of its own so that a caller who may not move money can do it.
func (a *account) cancelSubscription(ctx context.Context, in subAsked) (subEdited, pay.Report, error) {
	return a.editSubscription(ctx, subEdit{SubscriptionID: in.SubscriptionID, Action: "cancel"})
}

// editSubscription ends a subscription. The refund has no currency on the wire, so
// the subscription is read before and the refund must be in its currency; one
// that is over already gets no refund.
func (a *account) editSubscription(ctx context.Context, in subEdit) (subEdited, pay.Report, error) {
	if err := required("input.subscription_id", in.SubscriptionID); err != nil {
		return subEdited{}, pay.Report{}, err
	}
	if in.Action != "cancel" {
		return subEdited{}, pay.Report{}, pay.Invalid("input.action", "must be cancel: the provider has no other edit")
	}
	body := subEditRequest{SubscriptionID: in.SubscriptionID, Action: in.Action}
	if in.RefundAmount != nil {
		units, err := a.refundable(ctx, in.SubscriptionID, *in.RefundAmount)
		if err != nil {
			return subEdited{}, pay.Report{}, err
		}
		body.RefundAmount = units
	}
	res, err := a.post(ctx, pathSubEdit, body)
	if err == nil && !emptyAnswer(res.Body) {
		err = res.Garbled("it is not an empty answer")
	}
	seen, look, failed := a.glanceSubscription(ctx, in.SubscriptionID, err)
	out := subEdited{SubscriptionID: in.SubscriptionID, Accepted: true, RefundAmount: in.RefundAmount}
	if failed == nil {
		out.Status, out.ProviderStatus = seen.Status, seen.ProviderStatus
	}
	over := seen.Status == subCanceled // never when it was not seen
	switch {
	case err == nil:
		r := report(res)
		if !over {
			r.Warnings = append(r.Warnings, "the provider accepted the cancellation and does not show it yet")
		}
		return out, r, nil
	case !over:
		return subEdited{}, pay.Report{}, err
	case body.RefundAmount == 0:
		return out, look, nil // It is over, which was all that was wanted, whoever ended it.
	case pay.AsError(err).WasExecuted() == pay.ExecutedUnknown:
		return subEdited{}, pay.Report{}, reworded(err, pay.AsError(err).Message+
			"; the subscription is canceled now, and whether the refund went with it only the statement or the cabinet shows")
	}
	return subEdited{}, pay.Report{}, err
}

// refundable returns a refund in minor units of the subscription's currency.
func (a *account) refundable(ctx context.Context, id string, refund moneyInput) (int64, error) {
	units, currency, err := refund.read("input.refund_amount")
	if err != nil {
		return 0, err
	}
	now, res, err := a.lookSubscription(ctx, id)
	switch {
	case err != nil:
		return 0, err // Nothing was changed.
	case now.Status == subCanceled:
		return 0, &pay.Error{
			Kind: pay.KindInvalidState, Retry: pay.Retry{Rule: pay.RetryNewAttempt}, Report: report(res),
			Message: "the subscription is canceled already; a refund goes with its cancellation only",
		}
	case now.ccy.units != int64(currency.Numeric): // also where the provider states none
		return 0, pay.Invalid("input.refund_amount.currency", "must be that of the subscription")
	}
	return units, nil
}

// glanceSubscription looks at a subscription after a change of it, where the
// look can tell something: not after a refusal that has nothing to do with its state.
func (a *account) glanceSubscription(ctx context.Context, id string, failure error) (subShown, pay.Report, error) {
	if failure != nil {
		switch e := pay.AsError(failure); {
		case e.WasExecuted() == pay.ExecutedUnknown, e.Kind == pay.KindInvalidRequest, e.Kind == pay.KindInvalidState:
		default:
			return subShown{}, pay.Report{}, failure
		}
	}
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	seen, res, err := a.lookSubscription(ctx, id)
	if err != nil {
		return subShown{}, pay.Report{}, err
	}
	return seen, report(res), nil
}

type subRemoved struct {
	SubscriptionID string `json:"subscription_id"`
	Removed        bool   `json:"removed"`
}

// codeCharged is the provider's generic code 1001. Of a removal it means that the
// subscription was charged already.
const codeCharged = "1001"

// removeSubscription takes back a subscription that was never charged. After a
// lost answer, one that the provider does not know is removed.
func (a *account) removeSubscription(ctx context.Context, in subAsked) (subRemoved, pay.Report, error) {
	if err := required("input.subscription_id", in.SubscriptionID); err != nil {
		return subRemoved{}, pay.Report{}, err
	}
	done := subRemoved{in.SubscriptionID, true}
	res, err := a.post(ctx, pathSubRemove, map[string]string{"subscriptionId": in.SubscriptionID})
	if err == nil && !emptyAnswer(res.Body) {
		err = res.Garbled("it is not an empty answer")
	}
	if err == nil {
		return done, report(res), nil
	}
	e := pay.AsError(err)
	if e.ProviderCode == codeCharged && e.WasExecuted() == pay.ExecutedNo {
		out := *e
		out.Kind, out.Retry = pay.KindInvalidState, pay.Retry{Rule: pay.RetryNever}
		out.Message = "the subscription was charged already and cannot be removed; cancel it instead"
		return subRemoved{}, pay.Report{}, &out
	}
	if e.WasExecuted() == pay.ExecutedUnknown {
		if _, _, failed := a.glanceSubscription(ctx, in.SubscriptionID, err); errors.Is(failed, pay.KindNotFound) {
			return done, pay.AsError(failed).Report, nil
		}
	}
	return subRemoved{}, pay.Report{}, err
}
