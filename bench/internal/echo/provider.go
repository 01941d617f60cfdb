// Package echo is the payment provider of all measurements: it answers from its arguments, waits for nothing and keeps
// nothing, so that what is measured is everything else. It is the only code that our plugin process and the peers share.
package echo

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	// Name is the provider's name.
	Name = "echo"
	// AccountID is the one account.
	AccountID = "echo-main"
	// Config is its configuration.
	Config = `{"token":"` + token + `"}`

	token     = "echo-token-for-measurements"
	signature = "X-Echo-Signature"
)

// Provider implements [pay.Provider]. It is safe for concurrent use.
type Provider struct {
	// As is its name; empty means [Name].
	As string
	// Gate, when set, is passed by every create before it is answered.
	Gate func()
}

// Describe implements [pay.Provider].
func (p Provider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	return pay.Manifest{
		Name: cmp.Or(p.As, Name), Version: "1.0.0", Title: "Echo", Currencies: []pay.Currency{uah},
		ConfigSchema: json.RawMessage(`{"type":"object","required":["token"],"additionalProperties":false,
			"properties":{"token":{"type":"string","secret":true}}}`),
		Operations: map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveLookup}},
		LateWindow: time.Hour,
		Fields: map[string]pay.FieldSpec{
			"return_urls.default": {Use: pay.FieldHonoured}, "description": {Use: pay.FieldHonoured},
		},
		Abilities: pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanHandleWebhook),
	}
}

// Open implements [pay.Provider].
func (p Provider) Open(context.Context, pay.AccountConfig) (pay.Account, error) {
	return account{p.Gate}, nil
}

type account struct{ gate func() }

// CreateInvoice implements [pay.Account].
func (a account) CreateInvoice(_ context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	if a.gate != nil {
		a.gate()
	}
	return Accept(req), nil
}

// Accept is the answer to a create.
func Accept(req pay.CreateInvoice) pay.InvoiceState {
	ref := "echo-" + req.Call.ProviderKey
	return pay.InvoiceState{
		Report: pay.Report{Evidence: pay.Evidence{
			ProviderTime: start(), HTTPStatus: http.StatusOK, ProviderRequestID: "request-1", RawContentType: "application/json",
			Raw: []byte(`{"invoiceId":"` + ref + `","pageUrl":"https://pay.example.com/` + ref + `","status":"created","amount":"` + req.Amount.Value() + `"}`),
		}},
		ProviderRef: ref, Status: pay.StatusPending, Amount: req.Amount,
		NextActions: []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: "https://pay.example.com/" + ref}},
	}
}

// GetInvoice implements [pay.Account].
func (account) GetInvoice(_ context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return pay.InvoiceState{ProviderRef: ref.ProviderRef, Status: pay.StatusPending}, nil
}

// FindInvoice implements [pay.InvoiceFinder].
func (account) FindInvoice(context.Context, pay.FindInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "no such invoice")
}

// notice is the body of a webhook.
type notice struct {
	Ref     string     `json:"ref"`
	Status  pay.Status `json:"status"`
	Changed time.Time  `json:"changed"`
}

// Notice returns the body and the signature header of the n-th genuine webhook about an invoice. Each tells something new.
func Notice(ref string, n int) (body []byte, header pay.Header) {
	body, _ = json.Marshal(notice{ref, []pay.Status{pay.StatusProcessing, pay.StatusPending}[n%2], start().Add(time.Duration(n+1) * time.Second)})
	return body, pay.Header{Name: signature, Value: sign(body)}
}

// HandleWebhook implements [pay.WebhookHandler].
func (account) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	return Verify(req)
}

// Verify checks the signature of a webhook and reads it.
func Verify(req pay.WebhookRequest) (pay.WebhookResult, error) {
	if !hmac.Equal([]byte(req.Header(signature)), []byte(sign(req.Body))) {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the signature does not match")
	}
	var n notice
	if err := json.Unmarshal(req.Body, &n); err != nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindInvalidRequest, "the body is not JSON")
	}
	state := pay.InvoiceState{
		Report:      pay.Report{Evidence: pay.Evidence{ProviderTime: n.Changed, Raw: req.Body, RawContentType: "application/json"}},
		ProviderRef: n.Ref, Status: n.Status,
	}
	return pay.WebhookResult{
		Acknowledgement: pay.Acknowledgement{Status: http.StatusOK, Body: []byte("OK")},
		Events: []pay.WebhookEvent{{
			Subject: pay.SubjectInvoice, ProviderRef: n.Ref, Strength: pay.StrengthVerified, Invoice: &state, ProviderTime: n.Changed,
		}},
	}, nil
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(token))
	_, _ = mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
