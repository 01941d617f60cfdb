package monobank_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// follows is a transport that can be exchanged under an open account.
type follows struct{ now http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (f *follows) RoundTrip(r *http.Request) (*http.Response, error) { return f.now.RoundTrip(r) }

// FuzzActionAnswers: whatever an action is answered, its result fits its schema, holds no card token, and calls nothing paid,
// active or done but on the provider's documented word; and what may have been executed is never said not to be.
func FuzzActionAnswers(f *testing.F) {
	actions := accountActions()
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, name)
	}
	slices.Sort(names)
	for i := range names {
		f.Add(uint8(i), 200, `{"list":[{"qrId":"q","amountType":"fix","pageUrl":"https://p.example"}]}`, `{"shortQrId":"s","amount":1,"ccy":980}`)
		f.Add(uint8(i), 200, `{"list":[{"code":"c","splitReceiverId":"s","id":"e","okpo":1,"subscriptionId":"s1","status":"active"}],`+pages+`}`, ``)
		f.Add(uint8(i), 200, subscription("active", `,"pageUrl":"https://p.example"`), `{"wallet":[]}`)
		f.Add(uint8(i), 200, `{"payments":[{"amount":1,"ccy":980,"status":"success"}],`+pages+`}`, subscription("cancelled", ""))
		f.Add(uint8(i), 200, oneCard, `{}`)
		f.Add(uint8(i), 502, ``, ``)
		f.Add(uint8(i), 400, `{"errCode":"ORDER_IN_PROGRESS","errText":"`+cardToken+`"}`, ``)
	}
	card := refOf(f)
	next := &follows{}
	a := runner(f, openWith(f, &http.Client{Transport: next}, "https://api.monobank.ua", newClock(), nil))
	f.Fuzz(func(t *testing.T, which uint8, status int, body, look string) {
		if status < 200 || status > 599 {
			return
		}
		name := names[int(which)%len(names)]
		path := strings.FieldsFunc(actions[name].sends, func(r rune) bool { return r == ' ' || r == '?' })[1]
		answers := &replies{answers: map[string][]answer{path: {{status, body}}}}
		for _, seen := range []string{"qr/details", "subscription/status", "wallet"} {
			if seen != path {
				answers.answers[seen] = []answer{{200, look}}
			}
		}
		input := actions[name].input
		if name == "wallet_card_delete" {
			input = `{"wallet_id":"cust_9","card_ref":"` + card + `"}`
			answers.answers = map[string][]answer{"wallet": {{200, oneCard}, {200, look}}, "wallet/card": {{status, body}}}
		}
		next.now = answers
		got, err := run(t, a, name, input)
		if len(answers.changes()) > 1 {
			t.Fatalf("%s was sent %d times", name, len(answers.changes()))
		}
		if err != nil {
			e := pay.AsError(err)
			sent := len(answers.changes()) == 1
			if sent && (status < 400 || status >= 500) && e.WasExecuted() == pay.ExecutedNo && e.ProviderCode != "CANCEL_NOT_AVAILABLE" {
				t.Fatalf("%s: HTTP %d became %v", name, status, err)
			}
			if !sent && e.WasExecuted() == pay.ExecutedUnknown {
				t.Fatalf("%s: a read became %v", name, err)
			}
			return
		}
		require.NoError(t, compile(t, spec(t, name).Output).Validate(parse(t, string(got.Output))))
		if strings.Contains(body, cardToken) && strings.Contains(string(got.Output), cardToken) && json.Valid([]byte(body)) &&
			strings.Contains(body, `"cardToken":"`+cardToken+`"`) && strings.Count(body, cardToken) == 1 {
			t.Fatalf("%s shows a card token: %s", name, got.Output)
		}
		for word, provider := range map[string]string{`"paid"`: "success", `"canceled"`: "cancelled"} {
			if strings.Contains(string(got.Output), `"status":`+word) && !strings.Contains(body+look, provider) && !strings.Contains(body+look, `\u`) {
				t.Fatalf("%s says %s of %q", name, word, body)
			}
		}
	})
}
