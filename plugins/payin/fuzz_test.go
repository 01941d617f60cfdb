package payin

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

// Without the key no body is accepted, and none makes the parser panic.
func FuzzWebhook(f *testing.F) {
	f.Add(callbackBody("another key", testTime), "topup")
	f.Add(`{"external_id":"1","service_id":2,"hash":"x"}`, "charge")
	f.Add(`{"a":{"b":[1,null,true]},"hash":"882464846bf4b439cf58fe2b708bc4d9"}`, "")
	f.Add(`{"external_id":"op_1","service_id":12,"status":1,"payment_in_id":null,"timestamp":"1591040000","hash":"00000000000000000000000000000000"}`, "reward")
	acc := open(f, "https://lk.payin-payout.net", service())
	f.Fuzz(func(t *testing.T, body, tail string) {
		got, err := acc.HandleWebhook(t.Context(), webhook(tail, body))
		if err == nil || len(got.Events) != 0 {
			t.Fatalf("accepted %q", body)
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

func cannedClient(status int, body string) *http.Client {
	return &http.Client{Transport: canned{status, body}}
}

// Whatever the provider answers, an adapter tells an error of a known kind or a state that keeps the promises:
// money facts never appear from nowhere, and a create without an id is never reported as known.
func FuzzResponse(f *testing.F) {
	f.Add(200, createdAnswer)
	f.Add(200, foundAnswer("1"))
	f.Add(500, `{"status":false,"user_msg":"x"}`)
	f.Add(200, `{"status":true,"result":{"payment_in_id":"1","pay_link":"https://x"}}`)
	acc := open(f, "https://lk.payin-payout.net")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 || status >= 300 && status < 400 {
			return
		}
		one := *acc
		one.http = cannedClient(status, body)
		made, err := one.CreateInvoice(t.Context(), request(t))
		switch {
		case err != nil:
			asError(t, err)
		case made.ProviderRef == "" || status >= 300:
			t.Fatalf("HTTP %d %q became %+v", status, body, made)
		case made.Status == "" && made.Review == "":
			t.Fatal("no status and no reason")
		}
		got, err := one.GetInvoice(t.Context(), ref(pay.StatusPending))
		switch {
		case err != nil:
			asError(t, err)
		case got.Status == "" && got.Review == "":
			t.Fatal("no status and no reason")
		}
	})
}
