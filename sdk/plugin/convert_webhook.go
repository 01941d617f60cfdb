package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toHeaders(list []pay.Header) []*pluginv1.Header {
	return each(list, func(h pay.Header) *pluginv1.Header {
		return &pluginv1.Header{Name: h.Name, Value: []byte(h.Value)}
	})
}

func fromHeaders(list []*pluginv1.Header) []pay.Header {
	return each(list, func(h *pluginv1.Header) pay.Header {
		return pay.Header{Name: h.GetName(), Value: string(h.GetValue())}
	})
}

func toWebhook(r pay.WebhookRequest) *pluginv1.Webhook {
	out := &pluginv1.Webhook{
		Method:     r.Method,
		Path:       []byte(r.Path),
		Tail:       []byte(r.Tail),
		RawQuery:   []byte(r.RawQuery),
		Headers:    toHeaders(r.Headers),
		Body:       r.Body,
		ReceivedAt: toTime(r.ReceivedAt),
		Peer:       r.Peer,
	}
	if r.Invoice != nil {
		out.Invoice = toInvoiceRef(*r.Invoice)
	}
	return out
}

func fromWebhook(call *pluginv1.Call, r *pluginv1.Webhook) pay.WebhookRequest {
	return pay.WebhookRequest{
		Call:       fromCall(call),
		Method:     r.GetMethod(),
		Path:       string(r.GetPath()),
		Tail:       string(r.GetTail()),
		RawQuery:   string(r.GetRawQuery()),
		Headers:    fromHeaders(r.GetHeaders()),
		Body:       r.GetBody(),
		ReceivedAt: fromTime(r.GetReceivedAt()),
		Peer:       r.GetPeer(),
		Invoice:    optionalInvoiceRef(r.GetInvoice()),
	}
}

func toWebhookEvent(e pay.WebhookEvent) *pluginv1.WebhookEvent {
	out := &pluginv1.WebhookEvent{
		Subject:         string(e.Subject),
		ProviderRef:     e.ProviderRef,
		OperationId:     e.OperationID,
		ProviderKey:     e.ProviderKey,
		Strength:        string(e.Strength),
		Credential:      toCredential(e.Credential),
		ProviderEventId: e.ProviderEventID,
		ProviderTime:    toTime(e.ProviderTime),
	}
	if e.Invoice != nil {
		out.Invoice = toInvoiceState(*e.Invoice)
	}
	if e.Refund != nil {
		out.Refund = toRefundState(*e.Refund)
	}
	if e.Payout != nil {
		out.Payout = toPayoutState(*e.Payout)
	}
	if e.Dispute != nil {
		out.Dispute = toDispute(*e.Dispute)
	}
	return out
}

func fromWebhookEvent(e *pluginv1.WebhookEvent) pay.WebhookEvent {
	return pay.WebhookEvent{
		Subject:         pay.Subject(e.GetSubject()),
		ProviderRef:     e.GetProviderRef(),
		OperationID:     e.GetOperationId(),
		ProviderKey:     e.GetProviderKey(),
		Strength:        pay.Strength(e.GetStrength()),
		Invoice:         optionalInvoiceState(e.GetInvoice()),
		Refund:          optionalRefundState(e.GetRefund()),
		Payout:          optionalPayoutState(e.GetPayout()),
		Dispute:         optionalDispute(e.GetDispute()),
		Credential:      fromCredential(e.GetCredential()),
		ProviderEventID: e.GetProviderEventId(),
		ProviderTime:    fromTime(e.GetProviderTime()),
	}
}

func toWebhookResult(r pay.WebhookResult) *pluginv1.WebhookResult {
	return &pluginv1.WebhookResult{
		Events: each(r.Events, toWebhookEvent),
		Acknowledgement: &pluginv1.Acknowledgement{
			Status: int64(r.Acknowledgement.Status), Headers: toHeaders(r.Acknowledgement.Headers), Body: r.Acknowledgement.Body,
		},
	}
}

func fromWebhookResult(report *pluginv1.Report, r *pluginv1.WebhookResult) pay.WebhookResult {
	ack := r.GetAcknowledgement()
	return pay.WebhookResult{
		Report: fromReport(report),
		Events: each(r.GetEvents(), fromWebhookEvent),
		Acknowledgement: pay.Acknowledgement{
			Status: int(ack.GetStatus()), Headers: fromHeaders(ack.GetHeaders()), Body: ack.GetBody(),
		},
	}
}

func toWebhookRoute(r pay.WebhookRoute) *pluginv1.WebhookRoute {
	return &pluginv1.WebhookRoute{ProviderAccountRef: r.ProviderAccountRef, Tail: []byte(r.Tail)}
}

func fromWebhookRoute(r *pluginv1.WebhookRoute) pay.WebhookRoute {
	return pay.WebhookRoute{ProviderAccountRef: r.GetProviderAccountRef(), Tail: string(r.GetTail())}
}
