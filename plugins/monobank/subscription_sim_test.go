package monobank_test

import (
	"crypto/elliptic"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// subscriber drives one subscription at the simulated bank through the actions.
type subscriber struct {
	*bank
	a  pay.ActionProvider
	id string
}

func subscribe(t *testing.T, b *bank, input string) *subscriber {
	t.Helper()
	s := &subscriber{bank: b, a: runner(t, b.account)}
	got, err := run(t, s.a, "subscription_create", input)
	require.NoError(t, err)
	fits(t, "subscription_create", got)
	var out struct {
		ID      string    `json:"subscription_id"`
		Page    string    `json:"page_url"`
		Expires time.Time `json:"expires_at"`
	}
	require.NoError(t, json.Unmarshal(got.Output, &out))
	require.Contains(t, out.Page, out.ID)
	made, err := b.sim.Subscription(out.ID)
	require.NoError(t, err)
	require.True(t, made.ExpiresAt.Equal(out.Expires))
	s.id = out.ID
	return s
}

// does runs an action of the subscription that succeeds.
func (s *subscriber) does(t *testing.T, action, more string) map[string]any {
	t.Helper()
	got, err := run(t, s.a, action, `{"subscription_id":"`+s.id+`"`+more+`}`)
	require.NoError(t, err)
	fits(t, action, got)
	return parse(t, string(got.Output)).(map[string]any)
}

// charges are the words for the charges, newest first.
func (s *subscriber) charges(t *testing.T) []string {
	t.Helper()
	var words []string
	for _, row := range s.does(t, "subscription_payments", `,"from":"2026-01-01T00:00:00Z"`)["payments"].([]any) {
		words = append(words, row.(map[string]any)["status"].(string))
	}
	return words
}

// TestSimSubscription: the bank charges by its own clock until the merchant cancels.
func TestSimSubscription(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	s := subscribe(t, b, `{"amount":{"value":"42","currency":"UAH"},"interval":"1m","return_url":"https://shop.example/back"}`)
	before := s.does(t, "subscription_status", "")
	require.Equal(t, "pending", before["card"].(map[string]any)["status"])
	require.Empty(t, s.charges(t))

	require.NoError(t, b.sim.Subscribe(s.id))
	require.Equal(t, []string{"paid"}, s.charges(t))
	require.NoError(t, b.sim.ScriptSubscriptionCharges("failed", 1))
	require.NoError(t, b.sim.ScriptSubscriptionCharges("new", 1))
	require.NoError(t, b.sim.ScriptSubscriptionCharges("levitating", 1))
	b.clock.add(92 * 24 * time.Hour) // three months
	require.Equal(t, []string{"unknown", "pending", "failed", "paid"}, s.charges(t))
	require.NoError(t, b.sim.FinishSubscriptionCharge(s.id, true))
	require.Equal(t, []string{"unknown", "paid", "failed", "paid"}, s.charges(t))

	now := s.does(t, "subscription_status", "")
	require.Equal(t, "active", now["status"])
	require.Equal(t, "2026-07-01T12:00:00Z", now["next_charge_date"])
	require.Equal(t, "2", now["total_paid"])
	require.Equal(t, map[string]any{"value": "42.00", "currency": "UAH"}, now["amount"])
	require.Equal(t, "active", now["card"].(map[string]any)["status"])

	_, err := run(t, s.a, "subscription_remove", `{"subscription_id":"`+s.id+`"}`)
	wantFailure(t, "charged", err, pay.KindInvalidState, pay.RetryNever)
	_, err = run(t, s.a, "subscription_edit", `{"subscription_id":"`+s.id+`","action":"cancel","refund_amount":{"value":"84.01","currency":"UAH"}}`)
	wantFailure(t, "more than was paid", err, pay.KindInvalidRequest, "")
	done := s.does(t, "subscription_edit", `,"action":"cancel","refund_amount":{"value":"10.50","currency":"UAH"}`)
	require.Equal(t, "canceled", done["status"])
	made, err := b.sim.Subscription(s.id)
	require.NoError(t, err)
	require.EqualValues(t, 1050, made.Refunded)
	b.clock.add(365 * 24 * time.Hour)
	require.Len(t, s.charges(t), 4, "nothing is charged any more")
	require.Equal(t, "canceled", s.does(t, "subscription_cancel", "")["status"], "canceled is canceled, whoever did it")
	require.Len(t, slices.DeleteFunc(b.sim.Effects(), func(e monobanksim.Effect) bool { return e.Op != monobanksim.OpSubEdit }), 1)
	require.NoError(t, b.sim.SetSubscriptionStatus(s.id, "levitating"))
	require.Equal(t, "unknown", s.does(t, "subscription_status", "")["status"])
}

// TestSimSubscriptionPages: walking the pages shows every subscription once.
func TestSimSubscriptionPages(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	var ids []string
	for range 7 {
		ids = append(ids, subscribe(t, b, `{"amount":{"value":"1","currency":"EUR"},"interval":"1d"}`).id)
		b.clock.add(time.Minute)
	}
	a := runner(t, b.account)
	_, err := run(t, a, "subscription_cancel", `{"subscription_id":"`+ids[2]+`"}`)
	require.NoError(t, err)
	list := func(more string) (got []string, pages map[string]any) {
		res, err := run(t, a, "subscription_list", `{"from":"2026-03-01T12:00:00Z"`+more+`}`)
		require.NoError(t, err)
		fits(t, "subscription_list", res)
		out := parse(t, string(res.Output)).(map[string]any)
		for _, row := range out["subscriptions"].([]any) {
			got = append(got, row.(map[string]any)["subscription_id"].(string))
		}
		return got, out["pages"].(map[string]any)
	}
	all, pages := list("")
	slices.Reverse(all)
	require.Equal(t, ids, all)
	require.Equal(t, "20", pages["items_per_page"].(json.Number).String())
	var walked []string
	for page := 1; ; page++ {
		got, pages := list(`,"limit":3,"page":` + string(rune('0'+page)))
		walked = append(walked, got...)
		if pages["total_pages"].(json.Number).String() == pages["current_page"].(json.Number).String() {
			break
		}
	}
	slices.Reverse(walked)
	require.Equal(t, ids, walked)
	got, _ := list(`,"limit":3,"page":9`)
	require.Empty(t, got)
	got, _ = list(`,"status":"canceled"`)
	require.Equal(t, ids[2:3], got)
	got, _ = list(`,"status":"active","to":"2026-03-01T12:02:30Z"`)
	require.Equal(t, []string{ids[1], ids[0]}, got)
}

// TestSimSubscriptionFaults: what a lost answer leaves behind, and what a look makes of it.
func TestSimSubscriptionFaults(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	a := runner(t, b.account)
	fault := func(f monobanksim.Fault) { require.NoError(t, b.sim.Kit().Faults.Add(f)) }
	for _, f := range []monobanksim.Fault{
		{Kind: "cut_before"}, {Kind: "cut_after"}, {Kind: "status_after"}, {Kind: "html_after"}, {Kind: "truncated"}, {Kind: "empty"},
	} {
		f.Op = monobanksim.OpSubCreate
		fault(f)
		_, err := run(t, a, "subscription_create", newSubscription)
		wantFailure(t, string(f.Kind), err, pay.KindOutcomeUnknown, pay.RetryAfterLookup)
	}
	require.Len(t, b.sim.Subscriptions(), 5, "each was sent once")

	s := subscribe(t, b, newSubscription)
	fault(monobanksim.Fault{Op: monobanksim.OpSubEdit, Kind: "cut_before"})
	_, err := run(t, a, "subscription_cancel", `{"subscription_id":"`+s.id+`"}`)
	wantFailure(t, "cancel cut before", err, pay.KindOutcomeUnknown, "")
	fault(monobanksim.Fault{Op: monobanksim.OpSubEdit, Kind: "cut_after"})
	require.Equal(t, "canceled", s.does(t, "subscription_cancel", "")["status"])

	s = subscribe(t, b, newSubscription)
	fault(monobanksim.Fault{Op: monobanksim.OpSubRemove, Kind: "cut_before"})
	_, err = run(t, a, "subscription_remove", `{"subscription_id":"`+s.id+`"}`)
	wantFailure(t, "remove cut before", err, pay.KindOutcomeUnknown, "")
	fault(monobanksim.Fault{Op: monobanksim.OpSubRemove, Kind: "html_after"})
	require.Equal(t, true, s.does(t, "subscription_remove", "")["removed"])
	_, err = run(t, a, "subscription_remove", `{"subscription_id":"`+s.id+`"}`)
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = run(t, a, "subscription_status", `{"subscription_id":"`+s.id+`"}`)
	require.ErrorIs(t, err, pay.KindNotFound)
}

// TestSubscriptionCallbacks: their bodies are undocumented, so that a genuine signature makes none of them news about an
// invoice, however much it looks like it.
func TestSubscriptionCallbacks(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	s := subscribe(t, b, `{"amount":{"value":"42","currency":"UAH"},"interval":"1m","charge_webhook_url":"`+b.shop+
		`/webhooks/mono/charge","status_webhook_url":"`+b.shop+`/webhooks/mono/status"}`)
	require.NoError(t, b.sim.Subscribe(s.id))
	paths := []string{}
	for range 2 {
		var req pay.WebhookRequest
		select {
		case req = <-b.webhooks:
		case <-time.After(10 * time.Second):
			require.FailNow(t, "no callback came")
		}
		paths = append(paths, req.Path)
		require.Contains(t, string(req.Body), s.id)
		got, err := b.account.HandleWebhook(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, 200, got.Acknowledgement.Status)
		require.Len(t, got.Events, 1)
		e := got.Events[0]
		require.Equal(t, pay.SubjectUnknown, e.Subject, string(req.Body))
		require.Equal(t, pay.StrengthHint, e.Strength)
		require.Nil(t, e.Invoice)
		require.Empty(t, e.ProviderRef, "it binds to nothing")

		req.Body = []byte(strings.Replace(string(req.Body), s.id, "another", 1))
		_, err = b.account.HandleWebhook(t.Context(), req)
		require.ErrorIs(t, err, pay.KindAuth)
	}
	slices.Sort(paths)
	require.Equal(t, []string{"/webhooks/mono/charge", "/webhooks/mono/status"}, paths)
}

// TestInvoiceWithANullSubscription: what merely mentions no subscription is an invoice as before.
func TestInvoiceWithANullSubscription(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	a := openWith(t, &http.Client{Transport: answering(func(*http.Request) (int, string) {
		return 200, `{"key":"` + published + `"}`
	})}, "https://api.monobank.ua", newClock(), nil)
	for body, want := range map[string]pay.Subject{
		invoice("success", `"subscriptionId":null`):  pay.SubjectInvoice,
		invoice("success", `"subscriptionId":"s1"`):  pay.SubjectUnknown,
		invoice("success", `"subscriptionId":17`):    pay.SubjectUnknown,
		`{"subscriptionId":"s1","status":"active"}`:  pay.SubjectUnknown,
		`{"subId":"s1","status":"success","ccy":1}`:  pay.SubjectUnknown,
		invoice("success", `"subscriptionID":"odd"`): pay.SubjectUnknown,
	} {
		got, err := a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.NoError(t, err)
		require.Equal(t, want, got.Events[0].Subject, body)
	}
}
