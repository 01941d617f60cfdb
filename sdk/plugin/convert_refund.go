package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toRefundState(l *pluginv1.Arena, s pay.RefundState) *pluginv1.RefundState {
	out := l.RefundState()
	*out = pluginv1.RefundState{
		Report:       toReport(l, s.Report),
		RefundId:     s.RefundID,
		ProviderRef:  s.ProviderRef,
		ProviderKey:  s.ProviderKey,
		Status:       string(s.Status),
		Amount:       toMoney(l, s.Amount),
		Fee:          toMoney(l, s.Fee),
		Origin:       string(s.Origin),
		Network:      toNetwork(l, s.Network),
		Decline:      toDecline(l, s.Decline),
		ProviderTime: toTime(l, s.ProviderTime),
		Review:       s.Review,
	}
	return out
}

func fromRefundState(s *pluginv1.RefundState) pay.RefundState {
	return pay.RefundState{
		Report:       fromReport(s.GetReport()),
		RefundID:     s.GetRefundId(),
		ProviderRef:  s.GetProviderRef(),
		ProviderKey:  s.GetProviderKey(),
		Status:       pay.RefundStatus(s.GetStatus()),
		Amount:       fromMoney(s.GetAmount()),
		Fee:          fromMoney(s.GetFee()),
		Origin:       pay.Origin(s.GetOrigin()),
		Network:      fromNetwork(s.GetNetwork()),
		Decline:      fromDecline(s.GetDecline()),
		ProviderTime: fromTime(s.GetProviderTime()),
		Review:       s.GetReview(),
	}
}

func optionalRefundState(s *pluginv1.RefundState) *pay.RefundState {
	if s == nil {
		return nil
	}
	state := fromRefundState(s)
	return &state
}

func toRefundRef(l *pluginv1.Arena, r pay.RefundRef) *pluginv1.RefundRef {
	out := l.RefundRef()
	*out = pluginv1.RefundRef{
		RefundId:    r.RefundID,
		OperationId: r.OperationID,
		ProviderKey: r.ProviderKey,
		ProviderRef: r.ProviderRef,
		Invoice:     toInvoiceRef(l, r.Invoice),
		Amount:      toMoney(l, r.Amount),
		Status:      string(r.Status),
		State:       toState(l, r.State),
		AttemptRef:  r.AttemptRef,
	}
	return out
}

func fromRefundRef(r *pluginv1.RefundRef) pay.RefundRef {
	return pay.RefundRef{
		RefundID:    r.GetRefundId(),
		OperationID: r.GetOperationId(),
		ProviderKey: r.GetProviderKey(),
		ProviderRef: r.GetProviderRef(),
		Invoice:     fromInvoiceRef(r.GetInvoice()),
		Amount:      fromMoney(r.GetAmount()),
		Status:      pay.RefundStatus(r.GetStatus()),
		State:       fromState(r.GetState()),
		AttemptRef:  r.GetAttemptRef(),
	}
}

func toCreateRefund(l *pluginv1.Arena, r pay.CreateRefund) *pluginv1.CreateRefundRequest {
	out := l.CreateRefundRequest()
	*out = pluginv1.CreateRefundRequest{
		Call:        toCall(l, r.Call),
		RefundId:    r.RefundID,
		Invoice:     toInvoiceRef(l, r.Invoice),
		AttemptRef:  r.AttemptRef,
		Amount:      toMoney(l, r.Amount),
		Reason:      r.Reason,
		Reference:   r.Reference,
		Items:       lendEach(l, r.Items, toItem),
		Metadata:    r.Metadata,
		OptionsJson: r.Options,
	}
	return out
}

func fromCreateRefund(r *pluginv1.CreateRefundRequest) pay.CreateRefund {
	return pay.CreateRefund{
		Call:       fromCall(r.GetCall()),
		RefundID:   r.GetRefundId(),
		Invoice:    fromInvoiceRef(r.GetInvoice()),
		AttemptRef: r.GetAttemptRef(),
		Amount:     fromMoney(r.GetAmount()),
		Reason:     r.GetReason(),
		Reference:  r.GetReference(),
		Items:      each(r.GetItems(), fromItem),
		Metadata:   r.GetMetadata(),
		Options:    fromJSON(r.GetOptionsJson()),
	}
}

func toDispute(l *pluginv1.Arena, d pay.Dispute) *pluginv1.Dispute {
	out := l.Dispute()
	*out = pluginv1.Dispute{
		Report:        toReport(l, d.Report),
		DisputeId:     d.DisputeID,
		ProviderRef:   d.ProviderRef,
		Kind:          string(d.Kind),
		Status:        string(d.Status),
		Amount:        toMoney(l, d.Amount),
		Reason:        d.Reason,
		EvidenceDueAt: toTime(l, d.EvidenceDueAt),
		ProviderTime:  toTime(l, d.ProviderTime),
	}
	return out
}

func fromDispute(d *pluginv1.Dispute) pay.Dispute {
	return pay.Dispute{
		Report:        fromReport(d.GetReport()),
		DisputeID:     d.GetDisputeId(),
		ProviderRef:   d.GetProviderRef(),
		Kind:          pay.DisputeKind(d.GetKind()),
		Status:        pay.DisputeStatus(d.GetStatus()),
		Amount:        fromMoney(d.GetAmount()),
		Reason:        d.GetReason(),
		EvidenceDueAt: fromTime(d.GetEvidenceDueAt()),
		ProviderTime:  fromTime(d.GetProviderTime()),
	}
}

func optionalDispute(d *pluginv1.Dispute) *pay.Dispute {
	if d == nil {
		return nil
	}
	dispute := fromDispute(d)
	return &dispute
}

func toDisputeRef(l *pluginv1.Arena, r pay.DisputeRef) *pluginv1.DisputeRef {
	out := l.DisputeRef()
	*out = pluginv1.DisputeRef{
		DisputeId:   r.DisputeID,
		ProviderRef: r.ProviderRef,
		Invoice:     toInvoiceRef(l, r.Invoice),
		Kind:        string(r.Kind),
		Status:      string(r.Status),
		State:       toState(l, r.State),
	}
	return out
}

func fromDisputeRef(r *pluginv1.DisputeRef) pay.DisputeRef {
	return pay.DisputeRef{
		DisputeID:   r.GetDisputeId(),
		ProviderRef: r.GetProviderRef(),
		Invoice:     fromInvoiceRef(r.GetInvoice()),
		Kind:        pay.DisputeKind(r.GetKind()),
		Status:      pay.DisputeStatus(r.GetStatus()),
		State:       fromState(r.GetState()),
	}
}
