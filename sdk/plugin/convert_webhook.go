package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toHeaders(l *pluginv1.Arena, list []pay.Header) []*pluginv1.Header {
	return each(list, func(h pay.Header) *pluginv1.Header {
		out := l.Header()
		out.Name, out.Value = h.Name, []byte(h.Value)
		return out
	})
}

func fromHeaders(list []*pluginv1.Header) []pay.Header {
	return each(list, func(h *pluginv1.Header) pay.Header {
		return pay.Header{Name: h.GetName(), Value: string(h.GetValue())}
	})
}

func toWebhook(l *pluginv1.Arena, r pay.WebhookRequest) *pluginv1.Webhook {
	out := l.Webhook()
	*out = pluginv1.Webhook{
		Method:     r.Method,
		Path:       []byte(r.Path),
		Tail:       []byte(r.Tail),
		RawQuery:   []byte(r.RawQuery),
		Headers:    toHeaders(l, r.Headers),
		Body:       r.Body,
		ReceivedAt: toTime(l, r.ReceivedAt),
		Peer:       r.Peer,
	}
	if r.Invoice != nil {
		out.Invoice = toInvoiceRef(l, *r.Invoice)
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

func toWebhookEvent(l *pluginv1.Arena, e pay.WebhookEvent) *pluginv1.WebhookEvent {
	out := l.WebhookEvent()
	*out = pluginv1.WebhookEvent{
		Subject:         string(e.Subject),
		ProviderRef:     e.ProviderRef,
		OperationId:     e.OperationID,
		ProviderKey:     e.ProviderKey,
		Strength:        string(e.Strength),
		Credential:      toCredential(l, e.Credential),
		ProviderEventId: e.ProviderEventID,
		ProviderTime:    toTime(l, e.ProviderTime),
	}
	if e.Invoice != nil {
		out.Invoice = toInvoiceState(l, *e.Invoice)
	}
	if e.Refund != nil {
		out.Refund = toRefundState(l, *e.Refund)
	}
	if e.Payout != nil {
		out.Payout = toPayoutState(l, *e.Payout)
	}
	if e.Dispute != nil {
		out.Dispute = toDispute(l, *e.Dispute)
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

func toWebhookResult(l *pluginv1.Arena, r pay.WebhookResult) *pluginv1.WebhookResult {
	out := l.WebhookResult()
	*out = pluginv1.WebhookResult{
		Events: lendEach(l, r.Events, toWebhookEvent),
		Acknowledgement: &pluginv1.Acknowledgement{
			Status: int64(r.Acknowledgement.Status), Headers: toHeaders(l, r.Acknowledgement.Headers), Body: r.Acknowledgement.Body,
		},
	}
	return out
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

func toWebhookRoute(l *pluginv1.Arena, r pay.WebhookRoute) *pluginv1.WebhookRoute {
	out := l.WebhookRoute()
	*out = pluginv1.WebhookRoute{ProviderAccountRef: r.ProviderAccountRef, Tail: []byte(r.Tail)}
	return out
}

func fromWebhookRoute(r *pluginv1.WebhookRoute) pay.WebhookRoute {
	return pay.WebhookRoute{ProviderAccountRef: r.GetProviderAccountRef(), Tail: string(r.GetTail())}
}
