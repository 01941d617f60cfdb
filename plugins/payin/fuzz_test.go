package payin

import (
	"encoding/json"
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

// asks is every call that reads an answer, in a fixed order, with what its result promises.
func asks(t testing.TB) []func(a *account) error {
	act := func(name, input string) func(*account) error {
		return func(a *account) error {
			got, err := a.RunAction(t.Context(), pay.Action{Name: name, Input: json.RawMessage(input)})
			if err == nil && (len(got.Output) < 3 || !json.Valid(got.Output)) {
				t.Fatalf("%s tells %q", name, got.Output)
			}
			return err
		}
	}
	return []func(a *account) error{
		func(a *account) error {
			got, err := a.CreateInvoice(t.Context(), request(t))
			if err == nil && (!isDigits(got.ProviderRef) || got.Status == "" && got.Review == "" || got.Status != "" && len(got.NextActions) != 1) {
				t.Fatalf("a create became %+v", got)
			}
			return err
		},
		func(a *account) error {
			got, err := a.GetInvoice(t.Context(), ref(pay.StatusPending))
			if err == nil && (got.Status == "" && got.Review == "" || got.Captured.IsSet() || got.Received.IsSet()) {
				t.Fatalf("a look became %+v", got)
			}
			return err
		},
		func(a *account) error {
			got, err := a.Charge(t.Context(), charge(t))
			if err == nil && (got.ProviderRef != "op_1" || got.Status != pay.StatusProcessing || got.Final) {
				t.Fatalf("a charge became %+v", got)
			}
			return err
		},
		func(a *account) error {
			got, err := a.CreatePayout(t.Context(), reward(t))
			if err == nil && (got.ProviderRef != "op_1" || got.Status != pay.PayoutProcessing) {
				t.Fatalf("a reward became %+v", got)
			}
			return err
		},
		func(a *account) error {
			got, err := a.GetPayout(t.Context(), payoutRef())
			if err == nil && (got.Status == "" && got.Review == "" || got.Amount.IsSet()) {
				t.Fatalf("a look became %+v", got)
			}
			return err
		},
		func(a *account) error {
			got, err := a.ReadBalances(t.Context(), pay.ReadBalances{})
			for _, b := range got.Balances {
				if err != nil || !b.Available.IsSet() {
					t.Fatalf("a balance became %+v, %v", b, err)
				}
			}
			return err
		},
		func(a *account) error { _, err := a.Check(t.Context(), pay.Check{}); return err },
		act(actionFindPayments, `{"email":"a@b.example"}`),
		act(actionListPayments, `{"email":"a@b.example","limit":3}`),
		act(actionFindOutgoing, `{"account_number":"007026-030254"}`),
		act(actionListOutgoing, `{"phone":"9131112233"}`),
		act(actionFindUser, `{"email":"a@b.example"}`),
		act(actionRegisterUser, registration),
		act(actionCreateShop, `{"title":"x","address":"y"}`),
	}
}

// answered asks one question against one answer; an error must be of a known kind and hold no secret.
func answered(t *testing.T, acc *account, call, status int, body string) {
	one := *acc
	one.http = cannedClient(status, body)
	err := asks(t)[call](&one)
	if err != nil {
		asError(t, err)
	} else if status >= 300 {
		t.Fatalf("HTTP %d %q was a success", status, body)
	}
}

// Whatever the provider answers to whichever call, an adapter tells an error of a known kind or a state that keeps the
// promises: money facts never appear from nowhere, and a change without an id is never reported as known.
func FuzzResponses(f *testing.F) {
	for call := range asks(f) {
		for _, body := range []string{
			createdAnswer, foundAnswer("1"), acceptedAnswer, outgoingAnswer("8"), refusedAnswer(f, "EXIST_IN_SYSTEM"), `{"status":true,"result":[]}`, "<html>",
		} {
			f.Add(uint8(call), 200, body)
		}
		f.Add(uint8(call), 500, `{"status":false,"user_msg":"x"}`)
		f.Add(uint8(call), 401, "")
	}
	acc := open(f, "https://lk.payin-payout.net", service())
	f.Fuzz(func(t *testing.T, call uint8, status int, body string) {
		if status < 200 || status > 599 || status >= 300 && status < 400 {
			return
		}
		answered(t, acc, int(call)%len(asks(t)), status, body)
	})
}

// The same within an accepted answer, so that the parser of each result is reached.
func FuzzResults(f *testing.F) {
	for call := range asks(f) {
		for _, result := range []string{`{"643":"8726.47000000","999":"1e9"}`, `8726.47`, `"8726.47"`, `null`, `[]`, `true`, `5001`, `"5001"`} {
			f.Add(uint8(call), result)
		}
		for _, c := range asked() {
			f.Add(uint8(call), c.result)
		}
	}
	acc := open(f, "https://lk.payin-payout.net", service())
	f.Fuzz(func(t *testing.T, call uint8, result string) {
		answered(t, acc, int(call)%len(asks(t)), 200, `{"status":true,"tracker":" gid_1","result":`+result+`}`)
	})
}
