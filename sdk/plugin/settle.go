package plugin

import (
	"fmt"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// The functions named settle… read what this version does not know in the way that moves no money: an unknown status becomes
// "cannot tell" with a reason for a person, an unknown strength becomes a hint.

func settleInvoice(s *pay.InvoiceState) {
	if s.Status != "" && !s.Status.Known() {
		s.Review = unknownStatus(s.Review, string(s.Status))
		s.Status = ""
	}
	for i := range s.Refunds {
		settleRefund(&s.Refunds[i])
	}
}

func settleRefund(s *pay.RefundState) {
	switch s.Status {
	case "", pay.RefundCreating, pay.RefundPending, pay.RefundSucceeded, pay.RefundFailed:
	default:
		s.Review = unknownStatus(s.Review, string(s.Status))
		s.Status = ""
	}
}

func settlePayout(s *pay.PayoutState) {
	switch s.Status {
	case "", pay.PayoutCreating, pay.PayoutPending, pay.PayoutProcessing, pay.PayoutSucceeded, pay.PayoutFailed, pay.PayoutCanceled:
	default:
		s.Review = unknownStatus(s.Review, string(s.Status))
		s.Status = ""
	}
}

func settleEvent(e *pay.WebhookEvent) {
	if e.Strength != pay.StrengthVerified {
		e.Strength = pay.StrengthHint
	}
	if e.Invoice != nil {
		settleInvoice(e.Invoice)
	}
	if e.Refund != nil {
		settleRefund(e.Refund)
	}
	if e.Payout != nil {
		settlePayout(e.Payout)
	}
}

func unknownStatus(review, status string) string {
	reason := fmt.Sprintf("the plugin reported the unknown status %q", clip(status))
	if review == "" {
		return reason
	}
	return review + "; " + reason
}

// The functions named read… put the report of an answer into the state it came with. An answer without one leaves the state
// the report of its own.

func readInvoice(s *pluginv1.InvoiceState, report *pluginv1.Report) pay.InvoiceState {
	if report != nil {
		s.Report = report
	}
	state := fromInvoiceState(s)
	settleInvoice(&state)
	return state
}

func readRefund(s *pluginv1.RefundState, report *pluginv1.Report) pay.RefundState {
	if report != nil {
		s.Report = report
	}
	state := fromRefundState(s)
	settleRefund(&state)
	return state
}

func readPayout(s *pluginv1.PayoutState, report *pluginv1.Report) pay.PayoutState {
	if report != nil {
		s.Report = report
	}
	state := fromPayoutState(s)
	settlePayout(&state)
	return state
}

func readAccountInfo(i *pluginv1.AccountInfo, report *pluginv1.Report) pay.AccountInfo {
	if report != nil {
		i.Report = report
	}
	return fromAccountInfo(i)
}

func readWebhookResult(r *pluginv1.WebhookResult, report *pluginv1.Report) pay.WebhookResult {
	result := fromWebhookResult(report, r)
	for i := range result.Events {
		settleEvent(&result.Events[i])
	}
	return result
}

func readActionResult(r *pluginv1.ActionResult, report *pluginv1.Report) pay.ActionResult {
	result := fromActionResult(report, r)
	if result.Invoice != nil {
		settleInvoice(result.Invoice)
	}
	if result.Payout != nil {
		settlePayout(result.Payout)
	}
	if result.Refund != nil {
		settleRefund(result.Refund)
	}
	return result
}
