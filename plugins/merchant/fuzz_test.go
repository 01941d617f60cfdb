package merchant

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

// Without the secret no token and body are accepted together; with it, whatever the body says names an object at most and
// carries no state.
func FuzzWebhook(f *testing.F) {
	f.Add(notificationToken("another", "op_1"), fmt.Sprintf(bodyFormat, "op_1"))
	f.Add("", fmt.Sprintf(bodyFormat, ""))
	f.Add("x", `{"notificationType":"invoice","invoice":{"internalId":"x","deal":[]}}`)
	acc := open(f, "https://api.example.club")
	f.Fuzz(func(t *testing.T, token, body string) {
		got, err := acc.HandleWebhook(t.Context(), webhook(token, body))
		if err == nil || len(got.Events) != 0 {
			t.Fatalf("accepted %q with %q", body, token)
		}
		var n notification
		if json.Unmarshal([]byte(body), &n) != nil || n.Invoice.internalID() == "" {
			return
		}
		got, err = acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, n.Invoice.internalID()), body))
		if err != nil || len(got.Events) != 1 {
			t.Fatalf("refused %q: %v", body, err)
		}
		e := got.Events[0]
		if e.Invoice != nil || e.Payout != nil || e.Strength != pay.StrengthHint || e.ProviderRef != "" && !isToken(e.ProviderRef) {
			t.Fatalf("%q became %+v", body, e)
		}
	})
}

// canned answers every request with one body.
type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(c.body)),
	}, nil
}

// Whatever the gateway answers, the adapter tells an error of a known kind or a state that keeps its promises.
func FuzzResponse(f *testing.F) {
	f.Add(200, invoiceJSON(f, nil))
	f.Add(200, invoiceJSON(f, map[string]any{"deals": []any{dealJSON(nil)}}))
	f.Add(200, "["+invoiceJSON(f, map[string]any{"status": "dispute", "deals": []any{dealJSON(map[string]any{"disputeReason": "x"})}})+"]")
	f.Add(200, invoiceJSON(f, map[string]any{"status": "paid", "receivedSumFromTaker": rub("999.99")}))
	f.Add(400, `[{"message":"PAYMENT_METHOD_NOT_AVAILABLE"}]`)
	f.Add(404, `null`)
	f.Add(200, payoutJSON(f, map[string]any{"status": "paid", "receivedSumFromMaker": tether("1")}))
	f.Add(200, `[{"id":"a","sum":{"amount":"1","currency":"USDT","subunit":8}}]`)
	f.Add(200, accountsJSON)
	f.Add(200, `{"in":{"pair":"USDT/RUB","rate":"102.05"},"out":{"pair":"USDT/RUB","rate":1}}`)
	f.Add(200, `[{"code":"SBP","name":"SBP","currency":"RUB"}]`)
	f.Add(200, `[{"option":"SBP","method":"sberbank"}]`)
	f.Add(200, `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`)
	f.Add(200, `{"id":"w1","status":2,"sum":{"amount":"1","currency":"USDT","subunit":8},"txId":null}`)
	f.Add(200, invoiceJSON(f, map[string]any{"deals": []any{dealJSON(map[string]any{"status": "transfer_confirmed"})}}))
	f.Add(200, invoiceJSON(f, map[string]any{"id": 12345678901234567, "internalId": 7,
		"deals": []any{dealJSON(map[string]any{"attachments": map[string]any{}})}}))
	acc := open(f, "https://api.example.club", map[string]any{"withdrawals": true})
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 || status >= 300 && status < 400 {
			return
		}
		one := *acc
		one.http = &http.Client{Transport: canned{status, body}}
		made, err := one.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
		check(t, made, err)
		made, err = one.CreateInvoice(t.Context(), request(t))
		check(t, made, err)
		if err == nil && status >= 300 {
			t.Fatalf("HTTP %d became %+v", status, made)
		}
		got, err := one.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID, Known: pending(t)})
		check(t, got, err)
		canceled, err := one.CancelInvoice(t.Context(), cancelRequest(t))
		check(t, canceled, err)
		if err == nil && status >= 300 {
			t.Fatalf("HTTP %d became %+v", status, canceled)
		}
		sent, err := one.CreatePayout(t.Context(), payoutRequest(t))
		checkPayout(t, sent, err)
		sent, err = one.GetPayout(t.Context(), payoutRef())
		checkPayout(t, sent, err)
		fuzzActions(t, &one, status)
		balances, err := one.ReadBalances(t.Context(), pay.ReadBalances{})
		for _, b := range balances.Balances {
			if err != nil || !b.Available.IsSet() {
				t.Fatalf("a balance of nothing: %+v, %v", b, err)
			}
		}
		found, err := one.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op_1"}})
		check(t, found, err)
	})
}

// fuzzActions runs every action against the same answer: an error without a secret, or an output of the documented form.
func fuzzActions(t *testing.T, one *account, status int) {
	t.Helper()
	inputs := map[string]string{
		actionOpenDispute: `{"reason":"invalid_sum","amount":"210"}`, actionPublicMethods: `{"currency":"RUB"}`, actionWithdraw: wanted,
	}
	for _, spec := range actions() {
		req := action(t, spec.Name, inputs[spec.Name])
		if spec.MaxAttachments > 0 {
			req.Attachments = []pay.Attachment{receipt(9)}
		}
		got, err := one.RunAction(t.Context(), req)
		switch {
		case err != nil:
			if strings.Contains(err.Error(), testSecret) {
				t.Fatal("a secret in an error")
			}
			continue
		case status >= 300:
			t.Fatalf("HTTP %d became %s", status, got.Output)
		case spec.Effect == pay.EffectChanges && got.Invoice == nil:
			t.Fatalf("%s without a state", spec.Name)
		case got.Invoice != nil:
			check(t, *got.Invoice, nil)
		}
		var out map[string]any
		if json.Unmarshal(got.Output, &out) != nil || len(out) == 0 {
			t.Fatalf("%s says %s", spec.Name, got.Output)
		}
	}
	info, err := one.Check(t.Context(), pay.Check{})
	if err == nil && slices.Contains(info.Currencies, "") {
		t.Fatal("a currency without a code")
	}
}

func checkPayout(t *testing.T, s pay.PayoutState, err error) {
	t.Helper()
	switch {
	case err != nil:
		if strings.Contains(err.Error(), testSecret) {
			t.Fatal("a secret in an error")
		}
	case s.ProviderRef == "":
		t.Fatal("a payout without an id")
	case s.Status == "" && s.Review == "":
		t.Fatal("no status and no reason")
	}
}

func check(t *testing.T, s pay.InvoiceState, err error) {
	t.Helper()
	switch {
	case err != nil:
		pay.AsError(err)
		if strings.Contains(err.Error(), testSecret) {
			t.Fatal("a secret in an error")
		}
	case s.ProviderRef == "":
		t.Fatal("a state without an id")
	case s.Status == "" && s.Review == "":
		t.Fatal("no status and no reason")
	case s.Status == pay.StatusPaid && s.Received.Sign() < 0:
		t.Fatal("paid by a negative amount")
	}
	for _, a := range s.NextActions {
		if a.URL != "" && !strings.HasPrefix(a.URL, "https://") && !strings.HasPrefix(strings.ToLower(a.URL), "https://") {
			t.Fatalf("a payer is sent to %q", a.URL)
		}
	}
}
