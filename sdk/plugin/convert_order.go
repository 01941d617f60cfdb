package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toCustomer(l *pluginv1.Arena, c pay.Customer) *pluginv1.Customer {
	out := l.Customer()
	*out = pluginv1.Customer{Id: c.ID, Email: c.Email, Phone: c.Phone, Name: c.Name}
	return out
}

func fromCustomer(c *pluginv1.Customer) pay.Customer {
	return pay.Customer{ID: c.GetId(), Email: c.GetEmail(), Phone: c.GetPhone(), Name: c.GetName()}
}

func toPayer(l *pluginv1.Arena, p pay.Payer) *pluginv1.Payer {
	out := l.Payer()
	*out = pluginv1.Payer{Locale: p.Locale, Ip: p.IP, UserAgent: p.UserAgent, Country: p.Country}
	return out
}

func fromPayer(p *pluginv1.Payer) pay.Payer {
	return pay.Payer{Locale: p.GetLocale(), IP: p.GetIp(), UserAgent: p.GetUserAgent(), Country: p.GetCountry()}
}

func toReturnURLs(l *pluginv1.Arena, r pay.ReturnURLs) *pluginv1.ReturnUrls {
	out := l.ReturnUrls()
	*out = pluginv1.ReturnUrls{Default: r.Default, Success: r.Success, Failure: r.Failure}
	return out
}

func fromReturnURLs(r *pluginv1.ReturnUrls) pay.ReturnURLs {
	return pay.ReturnURLs{Default: r.GetDefault(), Success: r.GetSuccess(), Failure: r.GetFailure()}
}

func toItem(l *pluginv1.Arena, i pay.Item) *pluginv1.Item {
	out := l.Item()
	*out = pluginv1.Item{
		Name:        i.Name,
		Code:        i.Code,
		Quantity:    i.Quantity,
		UnitPrice:   toMoney(l, i.UnitPrice),
		Total:       toMoney(l, i.Total),
		Unit:        i.Unit,
		Barcode:     i.Barcode,
		ImageUrl:    i.ImageURL,
		TaxCodes:    i.TaxCodes,
		OptionsJson: i.Options,
	}
	return out
}

func fromItem(i *pluginv1.Item) pay.Item {
	return pay.Item{
		Name:      i.GetName(),
		Code:      i.GetCode(),
		Quantity:  i.GetQuantity(),
		UnitPrice: fromMoney(i.GetUnitPrice()),
		Total:     fromMoney(i.GetTotal()),
		Unit:      i.GetUnit(),
		Barcode:   i.GetBarcode(),
		ImageURL:  i.GetImageUrl(),
		TaxCodes:  i.GetTaxCodes(),
		Options:   fromJSON(i.GetOptionsJson()),
	}
}

// toNewInvoice leaves the frame of the call out: it is field 1 of the request around it.
func toNewInvoice(l *pluginv1.Arena, r pay.CreateInvoice) *pluginv1.NewInvoice {
	out := l.NewInvoice()
	*out = pluginv1.NewInvoice{
		InvoiceId:         r.InvoiceID,
		WebhookUrl:        r.WebhookURL,
		AccountWebhookUrl: r.AccountWebhookURL,
		BrowserReturnUrl:  r.BrowserReturnURL,
		Amount:            toMoney(l, r.Amount),
		MaxAmount:         toMoney(l, r.MaxAmount),
		Purpose:           string(r.Purpose),
		Reference:         r.Reference,
		Description:       r.Description,
		Customer:          toCustomer(l, r.Customer),
		Payer:             toPayer(l, r.Payer),
		Capture:           string(r.Capture),
		ExpiresIn:         toDuration(l, r.ExpiresIn),
		ReturnUrls:        toReturnURLs(l, r.ReturnURLs),
		PaymentMethod:     r.PaymentMethod,
		Items:             lendEach(l, r.Items, toItem),
		Metadata:          r.Metadata,
		SaveCredential:    r.SaveCredential,
		AllowPartial:      r.AllowPartial,
		InitiatedBy:       string(r.InitiatedBy),
		OptionsJson:       r.Options,
	}
	return out
}

func fromNewInvoice(call *pluginv1.Call, r *pluginv1.NewInvoice) pay.CreateInvoice {
	return pay.CreateInvoice{
		Call:              fromCall(call),
		InvoiceID:         r.GetInvoiceId(),
		WebhookURL:        r.GetWebhookUrl(),
		AccountWebhookURL: r.GetAccountWebhookUrl(),
		BrowserReturnURL:  r.GetBrowserReturnUrl(),
		Amount:            fromMoney(r.GetAmount()),
		MaxAmount:         fromMoney(r.GetMaxAmount()),
		Purpose:           pay.Purpose(r.GetPurpose()),
		Reference:         r.GetReference(),
		Description:       r.GetDescription(),
		Customer:          fromCustomer(r.GetCustomer()),
		Payer:             fromPayer(r.GetPayer()),
		Capture:           pay.CaptureMode(r.GetCapture()),
		ExpiresIn:         fromDuration(r.GetExpiresIn()),
		ReturnURLs:        fromReturnURLs(r.GetReturnUrls()),
		PaymentMethod:     r.GetPaymentMethod(),
		Items:             each(r.GetItems(), fromItem),
		Metadata:          r.GetMetadata(),
		SaveCredential:    r.GetSaveCredential(),
		AllowPartial:      r.GetAllowPartial(),
		InitiatedBy:       pay.InitiatedBy(r.GetInitiatedBy()),
		Options:           fromJSON(r.GetOptionsJson()),
	}
}

func toCharge(l *pluginv1.Arena, r pay.Charge) *pluginv1.ChargeRequest {
	out := l.ChargeRequest()
	*out = pluginv1.ChargeRequest{
		Call:       toCall(l, r.Invoice.Call),
		Invoice:    toNewInvoice(l, r.Invoice),
		Source:     string(r.Source),
		Credential: toCredential(l, r.Credential),
		BalanceId:  r.BalanceID,
	}
	return out
}

func fromCharge(r *pluginv1.ChargeRequest) pay.Charge {
	return pay.Charge{
		Invoice:    fromNewInvoice(r.GetCall(), r.GetInvoice()),
		Source:     pay.SourceType(r.GetSource()),
		Credential: fromCredential(r.GetCredential()),
		BalanceID:  r.GetBalanceId(),
	}
}

func toFindInvoice(l *pluginv1.Arena, r pay.FindInvoice) *pluginv1.FindInvoiceRequest {
	out := l.FindInvoiceRequest()
	*out = pluginv1.FindInvoiceRequest{
		Call:      toCall(l, r.Call),
		Invoice:   toInvoiceRef(l, r.Invoice),
		Reference: r.Reference,
		SentAt:    toTime(l, r.SentAt),
		Operation: string(r.Operation),
	}
	return out
}

func fromFindInvoice(r *pluginv1.FindInvoiceRequest) pay.FindInvoice {
	return pay.FindInvoice{
		Call:      fromCall(r.GetCall()),
		Invoice:   fromInvoiceRef(r.GetInvoice()),
		Reference: r.GetReference(),
		SentAt:    fromTime(r.GetSentAt()),
		Operation: pay.Operation(r.GetOperation()),
	}
}

func toChange(l *pluginv1.Arena, r pay.ChangeInvoice) *pluginv1.InvoiceChange {
	out := l.InvoiceChange()
	*out = pluginv1.InvoiceChange{
		Invoice:     toInvoiceRef(l, r.Invoice),
		Amount:      toMoney(l, r.Amount),
		More:        r.More,
		Reason:      r.Reason,
		Reference:   r.Reference,
		Items:       lendEach(l, r.Items, toItem),
		Metadata:    r.Metadata,
		OptionsJson: r.Options,
	}
	return out
}

func fromChange(call *pluginv1.Call, r *pluginv1.InvoiceChange) pay.ChangeInvoice {
	return pay.ChangeInvoice{
		Call:      fromCall(call),
		Invoice:   fromInvoiceRef(r.GetInvoice()),
		Amount:    fromMoney(r.GetAmount()),
		More:      r.GetMore(),
		Reason:    r.GetReason(),
		Reference: r.GetReference(),
		Items:     each(r.GetItems(), fromItem),
		Metadata:  r.GetMetadata(),
		Options:   fromJSON(r.GetOptionsJson()),
	}
}

func toKnown(l *pluginv1.Arena, k pay.Known) *pluginv1.Known {
	out := l.Known()
	*out = pluginv1.Known{
		Status:     string(k.Status),
		Purpose:    string(k.Purpose),
		Capture:    string(k.Capture),
		Amount:     toMoney(l, k.Amount),
		Due:        toMoney(l, k.Due),
		Authorized: toMoney(l, k.Authorized),
		Captured:   toMoney(l, k.Captured),
		Refunded:   toMoney(l, k.Refunded),
		CreatedAt:  toTime(l, k.CreatedAt),
		ExpiresAt:  toTime(l, k.ExpiresAt),
	}
	return out
}

func fromKnown(k *pluginv1.Known) pay.Known {
	return pay.Known{
		Status:     pay.Status(k.GetStatus()),
		Purpose:    pay.Purpose(k.GetPurpose()),
		Capture:    pay.CaptureMode(k.GetCapture()),
		Amount:     fromMoney(k.GetAmount()),
		Due:        fromMoney(k.GetDue()),
		Authorized: fromMoney(k.GetAuthorized()),
		Captured:   fromMoney(k.GetCaptured()),
		Refunded:   fromMoney(k.GetRefunded()),
		CreatedAt:  fromTime(k.GetCreatedAt()),
		ExpiresAt:  fromTime(k.GetExpiresAt()),
	}
}

func toInvoiceRef(l *pluginv1.Arena, r pay.InvoiceRef) *pluginv1.InvoiceRef {
	out := l.InvoiceRef()
	*out = pluginv1.InvoiceRef{
		InvoiceId:    r.InvoiceID,
		OperationId:  r.OperationID,
		ProviderKey:  r.ProviderKey,
		ProviderRef:  r.ProviderRef,
		ProviderRefs: r.ProviderRefs,
		State:        toState(l, r.State),
		Known:        toKnown(l, r.Known),
	}
	return out
}

func fromInvoiceRef(r *pluginv1.InvoiceRef) pay.InvoiceRef {
	return pay.InvoiceRef{
		InvoiceID:    r.GetInvoiceId(),
		OperationID:  r.GetOperationId(),
		ProviderKey:  r.GetProviderKey(),
		ProviderRef:  r.GetProviderRef(),
		ProviderRefs: r.GetProviderRefs(),
		State:        fromState(r.GetState()),
		Known:        fromKnown(r.GetKnown()),
	}
}

func optionalInvoiceRef(r *pluginv1.InvoiceRef) *pay.InvoiceRef {
	if r == nil {
		return nil
	}
	ref := fromInvoiceRef(r)
	return &ref
}

func toCredential(l *pluginv1.Arena, c *pay.StoredCredential) *pluginv1.StoredCredential {
	if c == nil {
		return nil
	}
	out := l.StoredCredential()
	*out = pluginv1.StoredCredential{
		Token:     c.Token,
		Customer:  c.Customer,
		Masked:    c.Masked,
		Brand:     c.Brand,
		ExpiresAt: toTime(l, c.ExpiresAt),
		Status:    string(c.Status),
	}
	return out
}

func fromCredential(c *pluginv1.StoredCredential) *pay.StoredCredential {
	if c == nil {
		return nil
	}
	return &pay.StoredCredential{
		Token:     c.GetToken(),
		Customer:  c.GetCustomer(),
		Masked:    c.GetMasked(),
		Brand:     c.GetBrand(),
		ExpiresAt: fromTime(c.GetExpiresAt()),
		Status:    pay.CredentialStatus(c.GetStatus()),
	}
}

func toNetwork(l *pluginv1.Arena, n pay.Network) *pluginv1.Network {
	out := l.Network()
	*out = pluginv1.Network{Rrn: n.RRN, ApprovalCode: n.ApprovalCode}
	return out
}

func fromNetwork(n *pluginv1.Network) pay.Network {
	return pay.Network{RRN: n.GetRrn(), ApprovalCode: n.GetApprovalCode()}
}

func toDecline(l *pluginv1.Arena, d *pay.Decline) *pluginv1.Decline {
	if d == nil {
		return nil
	}
	out := l.Decline()
	*out = pluginv1.Decline{Reason: string(d.Reason), ProviderCode: d.ProviderCode, Message: d.Message}
	return out
}

func fromDecline(d *pluginv1.Decline) *pay.Decline {
	if d == nil {
		return nil
	}
	return &pay.Decline{Reason: pay.DeclineReason(d.GetReason()), ProviderCode: d.GetProviderCode(), Message: d.GetMessage()}
}
