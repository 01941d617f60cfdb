package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toInvoiceState(l *pluginv1.Arena, s pay.InvoiceState) *pluginv1.InvoiceState {
	out := l.InvoiceState()
	*out = pluginv1.InvoiceState{
		Report:        toReport(l, s.Report),
		ProviderRef:   s.ProviderRef,
		ProviderRefs:  s.ProviderRefs,
		Status:        string(s.Status),
		Review:        s.Review,
		Amount:        toMoney(l, s.Amount),
		Due:           toMoney(l, s.Due),
		Received:      toMoney(l, s.Received),
		ReceivedParts: lendEach(l, s.ReceivedParts, toMoney),
		Authorized:    toMoney(l, s.Authorized),
		Captured:      toMoney(l, s.Captured),
		Refunded:      toMoney(l, s.Refunded),
		Overpaid:      s.Overpaid,
		Final:         s.Final,
		FinalReason:   s.FinalReason,
		Attempts:      lendEach(l, s.Attempts, toAttempt),
		Refunds:       lendEach(l, s.Refunds, toRefundState),
		Disputes:      lendEach(l, s.Disputes, toDispute),
		NextActions:   lendEach(l, s.NextActions, toNextAction),
		Credential:    toCredential(l, s.Credential),
		ExpiresAt:     toTime(l, s.ExpiresAt),
		Data:          s.Data,
	}
	return out
}

func fromInvoiceState(s *pluginv1.InvoiceState) pay.InvoiceState {
	return pay.InvoiceState{
		Report:        fromReport(s.GetReport()),
		ProviderRef:   s.GetProviderRef(),
		ProviderRefs:  s.GetProviderRefs(),
		Status:        pay.Status(s.GetStatus()),
		Review:        s.GetReview(),
		Amount:        fromMoney(s.GetAmount()),
		Due:           fromMoney(s.GetDue()),
		Received:      fromMoney(s.GetReceived()),
		ReceivedParts: each(s.GetReceivedParts(), fromMoney),
		Authorized:    fromMoney(s.GetAuthorized()),
		Captured:      fromMoney(s.GetCaptured()),
		Refunded:      fromMoney(s.GetRefunded()),
		Overpaid:      s.GetOverpaid(),
		Final:         s.GetFinal(),
		FinalReason:   s.GetFinalReason(),
		Attempts:      each(s.GetAttempts(), fromAttempt),
		Refunds:       each(s.GetRefunds(), fromRefundState),
		Disputes:      each(s.GetDisputes(), fromDispute),
		NextActions:   each(s.GetNextActions(), fromNextAction),
		Credential:    fromCredential(s.GetCredential()),
		ExpiresAt:     fromTime(s.GetExpiresAt()),
		Data:          s.GetData(),
	}
}

func optionalInvoiceState(s *pluginv1.InvoiceState) *pay.InvoiceState {
	if s == nil {
		return nil
	}
	state := fromInvoiceState(s)
	return &state
}

func toAttempt(l *pluginv1.Arena, a pay.Attempt) *pluginv1.Attempt {
	out := l.Attempt()
	*out = pluginv1.Attempt{
		ProviderAttemptId: a.ProviderAttemptID,
		Status:            string(a.Status),
		Amount:            toMoney(l, a.Amount),
		Received:          toMoney(l, a.Received),
		Fee:               toMoney(l, a.Fee),
		Net:               toMoney(l, a.Net),
		Rate:              a.Rate,
		Method:            a.Method,
		Instrument: &pluginv1.Instrument{
			Masked: a.Instrument.Masked, Brand: a.Instrument.Brand, Bank: a.Instrument.Bank, Country: a.Instrument.Country,
		},
		Authentication: &pluginv1.Authentication{Method: a.Authentication.Method, Result: a.Authentication.Result},
		Network:        toNetwork(l, a.Network),
		Decline:        toDecline(l, a.Decline),
		ProviderTime:   toTime(l, a.ProviderTime),
	}
	return out
}

func fromAttempt(a *pluginv1.Attempt) pay.Attempt {
	i, auth := a.GetInstrument(), a.GetAuthentication()
	return pay.Attempt{
		ProviderAttemptID: a.GetProviderAttemptId(),
		Status:            pay.AttemptStatus(a.GetStatus()),
		Amount:            fromMoney(a.GetAmount()),
		Received:          fromMoney(a.GetReceived()),
		Fee:               fromMoney(a.GetFee()),
		Net:               fromMoney(a.GetNet()),
		Rate:              a.GetRate(),
		Method:            a.GetMethod(),
		Instrument:        pay.Instrument{Masked: i.GetMasked(), Brand: i.GetBrand(), Bank: i.GetBank(), Country: i.GetCountry()},
		Authentication:    pay.Authentication{Method: auth.GetMethod(), Result: auth.GetResult()},
		Network:           fromNetwork(a.GetNetwork()),
		Decline:           fromDecline(a.GetDecline()),
		ProviderTime:      fromTime(a.GetProviderTime()),
	}
}

func toNextAction(l *pluginv1.Arena, a pay.NextAction) *pluginv1.NextAction {
	out := l.NextAction()
	*out = pluginv1.NextAction{
		Id:              a.ID,
		Type:            string(a.Type),
		Url:             a.URL,
		Method:          a.Method,
		FormFields:      a.FormFields,
		QrPayload:       a.QRPayload,
		Amount:          toMoney(l, a.Amount),
		ExpiresAt:       toTime(l, a.ExpiresAt),
		Submit:          a.Submit,
		InputSchemaJson: a.InputSchema,
	}
	if r := a.Requisites; r != nil {
		out.Requisites = &pluginv1.Requisites{Kind: r.Kind, Value: r.Value, Holder: r.Holder, Bank: r.Bank}
	}
	return out
}

func fromNextAction(a *pluginv1.NextAction) pay.NextAction {
	out := pay.NextAction{
		ID:          a.GetId(),
		Type:        pay.NextActionType(a.GetType()),
		URL:         a.GetUrl(),
		Method:      a.GetMethod(),
		FormFields:  a.GetFormFields(),
		QRPayload:   a.GetQrPayload(),
		Amount:      fromMoney(a.GetAmount()),
		ExpiresAt:   fromTime(a.GetExpiresAt()),
		Submit:      a.GetSubmit(),
		InputSchema: fromJSON(a.GetInputSchemaJson()),
	}
	if r := a.GetRequisites(); r != nil {
		out.Requisites = &pay.Requisites{Kind: r.GetKind(), Value: r.GetValue(), Holder: r.GetHolder(), Bank: r.GetBank()}
	}
	return out
}
