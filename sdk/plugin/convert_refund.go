package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toRefundState(s pay.RefundState) *pluginv1.RefundState {
	return &pluginv1.RefundState{
		Report:       toReport(s.Report),
		RefundId:     s.RefundID,
		ProviderRef:  s.ProviderRef,
		ProviderKey:  s.ProviderKey,
		Status:       string(s.Status),
		Amount:       toMoney(s.Amount),
		Fee:          toMoney(s.Fee),
		Origin:       string(s.Origin),
		Network:      toNetwork(s.Network),
		Decline:      toDecline(s.Decline),
		ProviderTime: toTime(s.ProviderTime),
		Review:       s.Review,
	}
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

func toRefundRef(r pay.RefundRef) *pluginv1.RefundRef {
	return &pluginv1.RefundRef{
		RefundId:    r.RefundID,
		OperationId: r.OperationID,
		ProviderKey: r.ProviderKey,
		ProviderRef: r.ProviderRef,
		Invoice:     toInvoiceRef(r.Invoice),
		Amount:      toMoney(r.Amount),
		Status:      string(r.Status),
		State:       toState(r.State),
		AttemptRef:  r.AttemptRef,
	}
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

func toCreateRefund(r pay.CreateRefund) *pluginv1.CreateRefundRequest {
	return &pluginv1.CreateRefundRequest{
		Call:        toCall(r.Call),
		RefundId:    r.RefundID,
		Invoice:     toInvoiceRef(r.Invoice),
		AttemptRef:  r.AttemptRef,
		Amount:      toMoney(r.Amount),
		Reason:      r.Reason,
		Reference:   r.Reference,
		Items:       each(r.Items, toItem),
		Metadata:    r.Metadata,
		OptionsJson: r.Options,
	}
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

func toDispute(d pay.Dispute) *pluginv1.Dispute {
	return &pluginv1.Dispute{
		Report:        toReport(d.Report),
		DisputeId:     d.DisputeID,
		ProviderRef:   d.ProviderRef,
		Kind:          string(d.Kind),
		Status:        string(d.Status),
		Amount:        toMoney(d.Amount),
		Reason:        d.Reason,
		EvidenceDueAt: toTime(d.EvidenceDueAt),
		ProviderTime:  toTime(d.ProviderTime),
	}
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

func toDisputeRef(r pay.DisputeRef) *pluginv1.DisputeRef {
	return &pluginv1.DisputeRef{
		DisputeId:   r.DisputeID,
		ProviderRef: r.ProviderRef,
		Invoice:     toInvoiceRef(r.Invoice),
		Kind:        string(r.Kind),
		Status:      string(r.Status),
		State:       toState(r.State),
	}
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
