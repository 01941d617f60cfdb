package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// toActionStart announces the attachments; their bytes follow in chunks.
func toActionStart(l *pluginv1.Arena, a pay.Action) *pluginv1.ActionStart {
	out := l.ActionStart()
	*out = pluginv1.ActionStart{
		Name:      a.Name,
		InputJson: a.Input,
		Attachments: each(a.Attachments, func(f pay.Attachment) *pluginv1.AttachmentInfo {
			return &pluginv1.AttachmentInfo{Name: f.Name, ContentType: f.ContentType, Size: f.Size}
		}),
	}
	if a.Invoice != nil {
		out.Invoice = toInvoiceRef(l, *a.Invoice)
	}
	if a.Payout != nil {
		out.Payout = toPayoutRef(l, *a.Payout)
	}
	if a.Refund != nil {
		out.Refund = toRefundRef(l, *a.Refund)
	}
	if a.Dispute != nil {
		out.Dispute = toDisputeRef(l, *a.Dispute)
	}
	return out
}

// fromActionStart returns the action without the content of its attachments.
func fromActionStart(call *pluginv1.Call, a *pluginv1.ActionStart) pay.Action {
	out := pay.Action{
		Call:    fromCall(call),
		Name:    a.GetName(),
		Invoice: optionalInvoiceRef(a.GetInvoice()),
		Input:   fromJSON(a.GetInputJson()),
		Attachments: each(a.GetAttachments(), func(f *pluginv1.AttachmentInfo) pay.Attachment {
			return pay.Attachment{Name: f.GetName(), ContentType: f.GetContentType(), Size: f.GetSize()}
		}),
	}
	if p := a.GetPayout(); p != nil {
		ref := fromPayoutRef(p)
		out.Payout = &ref
	}
	if r := a.GetRefund(); r != nil {
		ref := fromRefundRef(r)
		out.Refund = &ref
	}
	if d := a.GetDispute(); d != nil {
		ref := fromDisputeRef(d)
		out.Dispute = &ref
	}
	return out
}

func toActionResult(l *pluginv1.Arena, r pay.ActionResult) *pluginv1.ActionResult {
	out := l.ActionResult()
	*out = pluginv1.ActionResult{OutputJson: r.Output}
	if r.Invoice != nil {
		out.Invoice = toInvoiceState(l, *r.Invoice)
	}
	if r.Payout != nil {
		out.Payout = toPayoutState(l, *r.Payout)
	}
	if r.Refund != nil {
		out.Refund = toRefundState(l, *r.Refund)
	}
	if r.Dispute != nil {
		out.Dispute = toDispute(l, *r.Dispute)
	}
	return out
}

func fromActionResult(report *pluginv1.Report, r *pluginv1.ActionResult) pay.ActionResult {
	return pay.ActionResult{
		Report:  fromReport(report),
		Output:  fromJSON(r.GetOutputJson()),
		Invoice: optionalInvoiceState(r.GetInvoice()),
		Payout:  optionalPayoutState(r.GetPayout()),
		Refund:  optionalRefundState(r.GetRefund()),
		Dispute: optionalDispute(r.GetDispute()),
	}
}
