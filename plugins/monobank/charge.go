package monobank

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// chargeSchema describes provider_options of a charge.
const chargeSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "comment": {"type": "string", "maxLength": 280, "description": "Service note, not shown to the payer."},
    "customer_emails": {"type": "array", "maxItems": 20, "uniqueItems": true, "items": {"type": "string", "minLength": 3, "maxLength": 254},
      "description": "Further addresses for the fiscal receipt, beside customer.email."},
    "discounts": ` + discountSchema + `
  }
}`

// chargeOptions are the provider_options of a charge.
type chargeOptions struct {
	Comment        string           `json:"comment"`
	CustomerEmails []string         `json:"customer_emails"`
	Discounts      []discountOption `json:"discounts"`
}

// The kinds of initiation.
const (
	initiationMerchant = "merchant"
	initiationClient   = "client"
)

// chargeRequest is the body of wallet/payment. Its currency has no default.
type chargeRequest struct {
	CardToken      string    `json:"cardToken"`
	Amount         int64     `json:"amount"`
	Ccy            int       `json:"ccy"`
	InitiationKind string    `json:"initiationKind"`
	RedirectURL    string    `json:"redirectUrl,omitempty"`
	WebHookURL     string    `json:"webHookUrl,omitempty"`
	PaymentType    string    `json:"paymentType"`
	PaymInfo       *paymInfo `json:"merchantPaymInfo"`
}

// chargeAnswer is the body of a 200 of wallet/payment. It has no errCode, and
// "success" of a hold means that the money is held.
type chargeAnswer struct {
	InvoiceID     text  `json:"invoiceId"`
	Status        text  `json:"status"`
	Amount        minor `json:"amount"`
	Ccy           minor `json:"ccy"`
	ModifiedDate  text  `json:"modifiedDate"`
	TDSURL        text  `json:"tdsUrl"`
	FailureReason text  `json:"failureReason"`
}

// Charge takes money from a saved card. The key of the operation goes along as
// reference, which the statement shows: a lost answer can then be found. It is
// sent once, as the provider has no idempotency.
func (a *account) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	body, err := buildCharge(req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	mem := memory{Charged: true}
	res, err := a.post(ctx, pathCharge, body, body.CardToken)
	if err != nil {
		return pay.InvoiceState{}, remembering(deadCard(err), mem)
	}
	var answer chargeAnswer
	if json.Unmarshal(res.Body, &answer) != nil || answer.InvoiceID == "" || answer.Status == "" {
		return pay.InvoiceState{}, remembering(res.Garbled("it has no invoiceId and status"), mem)
	}
	return a.readCharged(ctx, answer, res, body.PaymentType, mem), nil
}

// deadCard names the credential where the provider does not know its token any
// more: it never will again.
func deadCard(err error) error {
	e := pay.AsError(err)
	if e.ProviderCode != codeTokenNotFound || e.WasExecuted() != pay.ExecutedNo {
		return err
	}
	out := *e
	out.Message = "the provider does not know the saved card any more"
	out.Fields = []pay.FieldError{{Path: "source.id", Message: "names a card that was deleted at the provider"}}
	return &out
}

// remembering lets the host keep m with an invoice whose outcome is unknown.
func remembering(err error, m memory) error {
	out := *pay.AsError(err)
	if out.WasExecuted() == pay.ExecutedUnknown {
		out.Report.State = m.state()
	}
	return &out
}

// readCharged reads what became of the charge. Where the answer is less than the
// whole story (a decline has no code, a hold is called a success), the invoice is
// read as well; if that fails, the answer stands.
func (a *account) readCharged(ctx context.Context, c chargeAnswer, res *httpx.Response, paymentType string, mem memory) pay.InvoiceState {
	n := news{invoiceWire: invoiceWire{
		InvoiceID: c.InvoiceID, Status: c.Status, Amount: c.Amount, Ccy: c.Ccy, ModifiedDate: c.ModifiedDate, FailureReason: c.FailureReason,
	}}
	hold := paymentType == typeHold
	if hold && n.Status == wordSuccess {
		n.Status = wordHold
	}
	ev := res.Evidence
	if n.Status == wordFailure || n.Status == wordHold {
		if told, seen, err := a.glance(ctx, string(c.InvoiceID)); err == nil {
			n, ev = told, seen.Evidence
		}
	}
	out := n.state(chargedKnown(hold), mem, ev)
	out.Report.State = mem.state()
	if url := string(c.TDSURL); n.Status == wordProcessing && webPage(url) {
		// The provider waits for the payer, who has not acted yet.
		out.Status = pay.StatusPending
		out.NextActions = []pay.NextAction{{ID: "3ds", Type: pay.NextRedirect, URL: url}}
	}
	return out
}

// chargedKnown is what is known of a charge before anything was seen.
func chargedKnown(hold bool) pay.Known {
	known := pay.Known{Status: pay.StatusCreating, Purpose: pay.PurposePayment, Capture: pay.CaptureAutomatic}
	if hold {
		known.Capture = pay.CaptureManual
	}
	return known
}

// buildCharge turns a request into the provider's words, or says which field
// cannot be said in them.
func buildCharge(req pay.Charge) (chargeRequest, error) {
	inv := req.Invoice
	if err := checkCharge(req); err != nil {
		return chargeRequest{}, err
	}
	var created createRequest // amount and type follow the rules of a create
	for _, step := range []func(*createRequest, pay.CreateInvoice, createOptions) error{setAmount, setType} {
		if err := step(&created, inv, createOptions{}); err != nil {
			return chargeRequest{}, err
		}
	}
	out := chargeRequest{
		CardToken: req.Credential.Token, Amount: created.Amount, Ccy: created.Ccy, InitiationKind: initiationClient,
		RedirectURL: inv.ReturnURLs.Default, WebHookURL: inv.WebhookURL, PaymentType: created.PaymentType,
	}
	switch inv.InitiatedBy {
	case pay.InitiatedByMerchant:
		out.InitiationKind = initiationMerchant
	case "", pay.InitiatedByCustomer:
		if out.RedirectURL == "" {
			return chargeRequest{}, pay.Invalid("return_urls.default", "is required when the customer initiates: 3-D Secure returns there")
		}
	default:
		return chargeRequest{}, pay.Invalid("initiated_by", "%q is not known to this provider", inv.InitiatedBy)
	}
	info, err := chargeInfo(inv)
	out.PaymInfo = info
	return out, err
}

func checkCharge(req pay.Charge) error {
	inv := req.Invoice
	switch {
	case req.Source != pay.SourceCredential:
		return pay.Invalid("source.type", "must be credential: this provider has no balances to charge")
	case req.Credential == nil || req.Credential.Token == "":
		return pay.Invalid("source.id", "must be a stored credential that can be charged")
	case inv.Call.ProviderKey == "":
		return pay.Errorf(pay.KindInvalidRequest, "a charge without a key could not be found again")
	case inv.Purpose == pay.PurposeVerification:
		return pay.Invalid("purpose", "a stored card needs no verification")
	case inv.ExpiresIn != 0:
		return pay.Invalid("expires_in", "is not available for a charge, which is decided at once")
	case inv.ReturnURLs.Success != "" && inv.ReturnURLs.Success != inv.ReturnURLs.Default:
		return pay.Invalid("return_urls.success", "a charge has one return address")
	case inv.ReturnURLs.Failure != "" && inv.ReturnURLs.Failure != inv.ReturnURLs.Default:
		return pay.Invalid("return_urls.failure", "a charge has one return address")
	case inv.SaveCredential:
		return pay.Invalid("save_credential", "is not available for a charge: the card is stored already")
	}
	return nil
}

// chargeInfo is the order data. Its reference is the key of the operation, not
// the merchant's own reference, which the host keeps.
func chargeInfo(inv pay.CreateInvoice) (*paymInfo, error) {
	var opts chargeOptions
	if err := readStrictly("provider_options", inv.Options, &opts); err != nil {
		return nil, err
	}
	inv.Reference = inv.Call.ProviderKey
	var out createRequest
	err := setPaymInfo(&out, inv, createOptions{Comment: opts.Comment, CustomerEmails: opts.CustomerEmails, Discounts: opts.Discounts})
	return out.PaymInfo, err
}
