package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toDestination(l *pluginv1.Arena, d pay.Destination) *pluginv1.Destination {
	out := l.Destination()
	*out = pluginv1.Destination{
		Type: string(d.Type), Value: d.Value, Holder: d.Holder, Bank: d.Bank, Network: d.Network, Country: d.Country,
	}
	return out
}

func fromDestination(d *pluginv1.Destination) pay.Destination {
	return pay.Destination{
		Type: pay.DestinationType(d.GetType()), Value: d.GetValue(),
		Holder: d.GetHolder(), Bank: d.GetBank(), Network: d.GetNetwork(), Country: d.GetCountry(),
	}
}

func toPayoutState(l *pluginv1.Arena, s pay.PayoutState) *pluginv1.PayoutState {
	out := l.PayoutState()
	*out = pluginv1.PayoutState{
		Report:       toReport(l, s.Report),
		ProviderRef:  s.ProviderRef,
		ProviderRefs: s.ProviderRefs,
		Status:       string(s.Status),
		Review:       s.Review,
		Amount:       toMoney(l, s.Amount),
		Fee:          toMoney(l, s.Fee),
		Debited:      toMoney(l, s.Debited),
		Rate:         s.Rate,
		ReturnedAt:   toTime(l, s.ReturnedAt),
		Decline:      toDecline(l, s.Decline),
		Network:      toNetwork(l, s.Network),
		ProviderTime: toTime(l, s.ProviderTime),
		Data:         s.Data,
	}
	return out
}

func fromPayoutState(s *pluginv1.PayoutState) pay.PayoutState {
	return pay.PayoutState{
		Report:       fromReport(s.GetReport()),
		ProviderRef:  s.GetProviderRef(),
		ProviderRefs: s.GetProviderRefs(),
		Status:       pay.PayoutStatus(s.GetStatus()),
		Review:       s.GetReview(),
		Amount:       fromMoney(s.GetAmount()),
		Fee:          fromMoney(s.GetFee()),
		Debited:      fromMoney(s.GetDebited()),
		Rate:         s.GetRate(),
		ReturnedAt:   fromTime(s.GetReturnedAt()),
		Decline:      fromDecline(s.GetDecline()),
		Network:      fromNetwork(s.GetNetwork()),
		ProviderTime: fromTime(s.GetProviderTime()),
		Data:         s.GetData(),
	}
}

func optionalPayoutState(s *pluginv1.PayoutState) *pay.PayoutState {
	if s == nil {
		return nil
	}
	state := fromPayoutState(s)
	return &state
}

func toPayoutRef(l *pluginv1.Arena, r pay.PayoutRef) *pluginv1.PayoutRef {
	out := l.PayoutRef()
	*out = pluginv1.PayoutRef{
		PayoutId:     r.PayoutID,
		OperationId:  r.OperationID,
		ProviderKey:  r.ProviderKey,
		ProviderRef:  r.ProviderRef,
		ProviderRefs: r.ProviderRefs,
		Amount:       toMoney(l, r.Amount),
		Status:       string(r.Status),
		State:        toState(l, r.State),
		SentAt:       toTime(l, r.SentAt),
	}
	return out
}

func fromPayoutRef(r *pluginv1.PayoutRef) pay.PayoutRef {
	return pay.PayoutRef{
		PayoutID:     r.GetPayoutId(),
		OperationID:  r.GetOperationId(),
		ProviderKey:  r.GetProviderKey(),
		ProviderRef:  r.GetProviderRef(),
		ProviderRefs: r.GetProviderRefs(),
		Amount:       fromMoney(r.GetAmount()),
		Status:       pay.PayoutStatus(r.GetStatus()),
		State:        fromState(r.GetState()),
		SentAt:       fromTime(r.GetSentAt()),
	}
}

func toCreatePayout(l *pluginv1.Arena, r pay.CreatePayout) *pluginv1.CreatePayoutRequest {
	out := l.CreatePayoutRequest()
	*out = pluginv1.CreatePayoutRequest{
		Call:        toCall(l, r.Call),
		PayoutId:    r.PayoutID,
		WebhookUrl:  r.WebhookURL,
		Amount:      toMoney(l, r.Amount),
		Destination: toDestination(l, r.Destination),
		Customer:    toCustomer(l, r.Customer),
		Reference:   r.Reference,
		Description: r.Description,
		Metadata:    r.Metadata,
		OptionsJson: r.Options,
	}
	return out
}

func fromCreatePayout(r *pluginv1.CreatePayoutRequest) pay.CreatePayout {
	return pay.CreatePayout{
		Call:        fromCall(r.GetCall()),
		PayoutID:    r.GetPayoutId(),
		WebhookURL:  r.GetWebhookUrl(),
		Amount:      fromMoney(r.GetAmount()),
		Destination: fromDestination(r.GetDestination()),
		Customer:    fromCustomer(r.GetCustomer()),
		Reference:   r.GetReference(),
		Description: r.GetDescription(),
		Metadata:    r.GetMetadata(),
		Options:     fromJSON(r.GetOptionsJson()),
	}
}

func toCancelPayout(l *pluginv1.Arena, r pay.CancelPayout) *pluginv1.CancelPayoutRequest {
	out := l.CancelPayoutRequest()
	*out = pluginv1.CancelPayoutRequest{
		Call: toCall(l, r.Call), Payout: toPayoutRef(l, r.Payout), Reason: r.Reason, OptionsJson: r.Options,
	}
	return out
}

func fromCancelPayout(r *pluginv1.CancelPayoutRequest) pay.CancelPayout {
	return pay.CancelPayout{
		Call: fromCall(r.GetCall()), Payout: fromPayoutRef(r.GetPayout()), Reason: r.GetReason(), Options: fromJSON(r.GetOptionsJson()),
	}
}
