package monobank

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// codeWrongCancelAmount means a wrong amount or a refund that was made already.
const codeWrongCancelAmount = "WRONG_CANCEL_AMOUNT"

// cancelAnswer is the body of a 200 of invoice/cancel. There is no id of the refund in it.
type cancelAnswer struct {
	Status       text `json:"status"`
	ModifiedDate text `json:"modifiedDate"`
}

// CreateRefund returns money of a paid invoice, all or part of it. The key of
// the operation goes along as extRef. The provider only echoes it: the same
// request twice would refund twice, so it is sent once.
func (a *account) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	body, err := buildRefund(req)
	if err != nil {
		return pay.RefundState{}, err
	}
	answer, res, err := a.giveBack(ctx, body)
	if err != nil {
		return a.notRefunded(ctx, req, err)
	}
	out := pay.RefundState{
		Report: report(res), RefundID: req.RefundID, ProviderKey: body.ExtRef, ProviderTime: readTime(answer.ModifiedDate),
	}
	out.Report.Evidence.ProviderTime = out.ProviderTime
	switch answer.Status {
	case wordSuccess:
		out.Status = pay.RefundSucceeded
	case wordFailure:
		out.Status, out.Decline = pay.RefundFailed, &pay.Decline{Reason: pay.DeclineGeneric}
	default:
		out.Status = pay.RefundPending
		out.Report.NextLookAt = a.now().Add(lookSoon)
	}
	return out, nil
}

func buildRefund(req pay.CreateRefund) (changeRequest, error) {
	id, err := changeable(req.Invoice, req.Options)
	if err != nil {
		return changeRequest{}, err
	}
	if req.Call.ProviderKey == "" {
		return changeRequest{}, pay.Errorf(pay.KindInvalidRequest, "a refund without a key could not be found again")
	}
	if s := req.Invoice.Known.Status; s == pay.StatusAuthorized {
		// The provider would release the hold.
		return changeRequest{}, pay.Errorf(pay.KindInvalidState, "the invoice is only authorized: there is nothing to refund yet")
	}
	units, err := changeAmount(req.Amount, req.Invoice.Known)
	if err != nil {
		return changeRequest{}, err
	}
	items, err := buildFiscal(req.Items, req.Invoice.Known.Amount)
	return changeRequest{InvoiceID: id, Amount: units, ExtRef: req.Call.ProviderKey, Items: items}, err
}

// giveBack sends invoice/cancel once and reads its answer. A word that is not
// documented leaves the outcome unknown, as money may have gone back.
func (a *account) giveBack(ctx context.Context, body changeRequest) (cancelAnswer, *httpx.Response, error) {
	res, err := a.post(ctx, pathCancel, body)
	if err != nil {
		return cancelAnswer{}, nil, err
	}
	var answer cancelAnswer
	if json.Unmarshal(res.Body, &answer) != nil || !slices.Contains([]text{wordProcessing, wordSuccess, wordFailure}, answer.Status) {
		return cancelAnswer{}, nil, res.Garbled("it does not say what became of the request")
	}
	return answer, res, nil
}

// notRefunded reads what a failed call means. One code is ambiguous, and only
// the list of refunds can tell: a wrong amount, or this very refund made before.
func (a *account) notRefunded(ctx context.Context, req pay.CreateRefund, failure error) (pay.RefundState, error) {
	refused := pay.AsError(failure)
	if refused.ProviderCode != codeWrongCancelAmount || refused.WasExecuted() != pay.ExecutedNo {
		return pay.RefundState{}, failure
	}
	glance, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	state, err := a.GetRefund(glance, pay.RefundRef{
		RefundID: req.RefundID, OperationID: req.Call.OperationID, ProviderKey: req.Call.ProviderKey, Invoice: req.Invoice, Amount: req.Amount,
	})
	out := *refused
	switch {
	case err == nil && state.Status != "":
		return state, nil
	case pay.AsError(err) != nil && pay.AsError(err).Kind == pay.KindNotFound:
		out.Message = "the provider refuses the amount: it is more than can still be refunded"
		out.Retry = pay.Retry{Rule: pay.RetryNewAttempt}
	default:
		out.Kind, out.Executed, out.Retry = pay.KindOutcomeUnknown, pay.ExecutedUnknown, pay.Retry{}
		out.Message = "the provider refuses the amount or has made this refund before, and the invoice does not tell which"
	}
	return pay.RefundState{}, &out
}

// GetRefund finds a refund in the invoice's list: ours by its key, others by the
// reference made for them. Absence is [pay.KindNotFound] only where the list was
// read as a whole and explains what the invoice shows.
func (a *account) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	if ref.Invoice.ProviderRef == "" {
		return pay.RefundState{}, pay.Unsupported("looking up a refund without the provider's invoiceId")
	}
	n, res, err := a.look(ctx, ref.Invoice.ProviderRef)
	if err != nil {
		if e := pay.AsError(err); e.Kind == pay.KindNotFound {
			// Not the refund is absent but its invoice: that proves nothing about the refund.
			out := *e
			out.Kind, out.Executed = pay.KindProviderUnavailable, pay.ExecutedNo
			out.Message = "the provider does not know the invoice of the refund"
			return pay.RefundState{}, &out
		}
		return pay.RefundState{}, err
	}
	r := reader{news: n, known: ref.Invoice.Known, memory: recall(ref.Invoice.State)}
	ev := res.Evidence
	ev.ProviderTime = n.modified()
	undecided := pay.RefundState{
		Report: pay.Report{Evidence: ev}, RefundID: ref.RefundID, ProviderRef: ref.ProviderRef, ProviderKey: ref.ProviderKey,
	}
	if undecided.Review = r.readAmounts(); undecided.Review != "" {
		return undecided, nil
	}
	list, review := r.refunds()
	i := slices.IndexFunc(list, func(s pay.RefundState) bool {
		if ref.ProviderKey != "" && s.ProviderKey == ref.ProviderKey {
			return true
		}
		return ref.ProviderRef != "" && s.ProviderRef == ref.ProviderRef
	})
	if i >= 0 {
		found := list[i]
		found.Report, found.RefundID = undecided.Report, ref.RefundID
		found.Review = firstOf(found.Review, review)
		return found, nil
	}
	if undecided.Review = firstOf(review, r.unlisted()); undecided.Review != "" {
		return undecided, nil
	}
	return pay.RefundState{}, &pay.Error{
		Kind: pay.KindNotFound, Executed: pay.ExecutedNo, Message: "the provider lists no such refund", Report: pay.Report{Evidence: ev},
	}
}

// unlisted says why a refund may exist that the list does not show, or nothing.
// The list is documented as one that may be missing.
func (r *reader) unlisted() string {
	taken := r.known.Captured
	if !taken.IsSet() {
		taken = r.amount
	}
	left := r.final
	if r.Status == wordReversed {
		left = pay.ZeroOf(r.currency)
	}
	if !left.IsSet() || r.Status != wordReversed && (r.Status != wordSuccess || !r.known.Captured.IsSet()) {
		return ""
	}
	if order, err := r.sum(left, r.refunded, r.refunding).Cmp(taken); err != nil || order < 0 {
		return "the provider shows less money than was taken and lists no refund that explains it"
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
