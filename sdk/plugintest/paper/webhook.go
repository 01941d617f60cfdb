package paper

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// HandleWebhook implements [pay.WebhookHandler]. The signature covers time and body, so the content is believed.
func (a *account) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if a.tokens.WebhookSecret == "" {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "no webhook is registered for this account")
	}
	at, signature := req.Header("X-Paper-Time"), req.Header("X-Paper-Signature")
	genuine := false
	for _, secret := range []string{a.tokens.WebhookSecret, a.tokens.PreviousSecret} {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "."))
		mac.Write(req.Body)
		genuine = hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature)) || genuine
	}
	if !genuine {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the signature is missing or wrong")
	}
	var got struct {
		Event   string      `json:"event"`
		Type    string      `json:"type"`
		Invoice *invoiceDTO `json:"invoice"`
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || json.Unmarshal(req.Body, &got) != nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the webhook is not of the documented form")
	}
	event := pay.WebhookEvent{
		Subject: pay.SubjectUnknown, Strength: pay.StrengthVerified, ProviderEventID: got.Event, ProviderTime: time.Unix(seconds, 0).UTC(),
	}
	if got.Type == "invoice" && got.Invoice != nil {
		state, err := got.Invoice.state(pay.Report{}, "", http.MethodGet)
		if err != nil {
			return pay.WebhookResult{}, err
		}
		event.Subject, event.ProviderRef, event.ProviderKey, event.Invoice = pay.SubjectInvoice, got.Invoice.ID, got.Invoice.ExternalID, &state
	}
	return pay.WebhookResult{
		Events: []pay.WebhookEvent{event}, Acknowledgement: pay.Acknowledgement{Status: http.StatusNoContent},
	}, nil
}
