package host

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/payhost/payhost/sdk/pay"
)

// creation is what two requests for the same new invoice have in common.
type creation struct {
	Source  *Source
	Invoice pay.CreateInvoice
}

// fingerprinted writes [fingerprinted.text] of a create, byte for byte, without encoding it first and ordering it then. It is nil for what
// hardly any request has: basket lines, a frame, and bytes that are no text.
func (c *creation) fingerprinted(kind pay.Operation, account, target string) ([]byte, error) {
	req := &c.Invoice
	call := &req.Call
	framed := call.OperationID+call.ProviderKey+call.AccountID+string(call.Mode)+call.Traceparent+call.CorrelationID != "" ||
		call.Try != 0 || call.AccountRevision != 0 || call.Critical != nil || !call.Deadline.IsZero()
	if framed || req.Items != nil || req.Options != nil && !json.Valid(req.Options) {
		return nil, nil
	}
	e := jsonObject{out: append(make([]byte, 0, 1536), '{')}
	e.text("Account", account)
	e.text("Kind", string(kind))
	e.begin("Request")
	e.begin("Invoice")
	e.text("AccountWebhookURL", req.AccountWebhookURL)
	e.flag("AllowPartial", req.AllowPartial)
	e.ordered("Amount", req.Amount)
	e.text("BrowserReturnURL", req.BrowserReturnURL)
	e.raw("Call", `{"AccountID":"","AccountRevision":0,"CorrelationID":"","Critical":null,"Deadline":"0001-01-01T00:00:00Z","Mode":"",`+
		`"OperationID":"","ProviderKey":"","Traceparent":"","Try":0}`)
	e.text("Capture", string(req.Capture))
	e.begin("Customer")
	e.text("Email", req.Customer.Email)
	e.text("ID", req.Customer.ID)
	e.text("Name", req.Customer.Name)
	e.text("Phone", req.Customer.Phone)
	e.end()
	e.text("Description", req.Description)
	e.name("ExpiresIn")
	e.out = strconv.AppendInt(e.out, int64(req.ExpiresIn), 10)
	e.text("InitiatedBy", string(req.InitiatedBy))
	e.text("InvoiceID", req.InvoiceID)
	e.raw("Items", "null")
	e.ordered("MaxAmount", req.MaxAmount)
	if req.Metadata == nil {
		e.raw("Metadata", "null")
	} else if len(req.Metadata) == 0 {
		e.raw("Metadata", "{}")
	}
	e.textsIf("Metadata", req.Metadata)
	if req.Options == nil {
		e.raw("Options", "null")
	} else {
		options, err := canonicalOf(req.Options)
		if err != nil {
			return nil, err
		}
		e.raw("Options", string(options))
	}
	e.begin("Payer")
	e.text("Country", req.Payer.Country)
	e.text("IP", req.Payer.IP)
	e.text("Locale", req.Payer.Locale)
	e.text("UserAgent", req.Payer.UserAgent)
	e.end()
	e.text("PaymentMethod", req.PaymentMethod)
	e.text("Purpose", string(req.Purpose))
	e.text("Reference", req.Reference)
	e.begin("ReturnURLs")
	e.text("Default", req.ReturnURLs.Default)
	e.text("Failure", req.ReturnURLs.Failure)
	e.text("Success", req.ReturnURLs.Success)
	e.end()
	e.flag("SaveCredential", req.SaveCredential)
	e.text("WebhookURL", req.WebhookURL)
	e.end()
	if c.Source == nil {
		e.raw("Source", "null")
	} else {
		e.begin("Source")
		e.text("id", c.Source.ID)
		e.text("type", string(c.Source.Type))
		e.end()
	}
	e.end()
	e.text("Target", target)
	e.end()
	if bytes.Contains(e.out, []byte(`\ufffd`)) { // stands for bytes that are no text, and is another text the second time it is encoded
		return nil, e.err
	}
	return e.out, e.err
}

// begin opens an object.
func (e *jsonObject) begin(name string) { e.raw(name, "{") }

func (e *jsonObject) end() { e.out = append(e.out, '}') }

func (e *jsonObject) raw(name, text string) {
	e.name(name)
	e.out = append(e.out, text...)
}

// ordered is an amount with its members in the order of their names.
func (e *jsonObject) ordered(name string, m pay.Money) {
	if !m.IsSet() {
		e.raw(name, "null")
		return
	}
	e.begin(name)
	e.text("currency", m.Code())
	e.text("value", m.Value())
	e.end()
}
