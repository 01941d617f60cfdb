package payin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// One test for each inconsistency of the provider's documents (section 10), in its order.

// 1: the samples post a PHP array while they hash a url-encoded text, and false and null then disagree. Only final texts are
// posted, url-encoded, and what is false or absent in a request is left out.
func TestInconsistency01FalseAndNull(t *testing.T) {
	provider := &recorder{answer: createdAnswer}
	req := request(t)
	req.Options = json.RawMessage(`{"is_sos_topup":false,"id_pref":null}`)
	_, err := against(t, provider).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	sent := provider.only(t)
	require.Equal(t, "application/x-www-form-urlencoded", sent.header.Get("Content-Type"))
	form := sent.form(t)
	require.NotContains(t, form, "is_sos_topup")
	require.NotContains(t, form, "id_pref")
	hash := form.Get("hash")
	form.Del("hash")
	require.Equal(t, sign(testSecret, canonicalOf(form)), hash, "what is posted decodes to what was signed")
	for key, values := range form {
		require.NotEmpty(t, values[0], "%s is empty, which PHP signs differently from absent", key)
	}
	// A person who is no legal entity is 0, which is signed and posted as the text 0.
	provider = &recorder{answer: `{"status":true,"result":{"id":1}}`}
	_, err = run(t, provider, actionRegisterUser, registration)
	require.NoError(t, err)
	require.Equal(t, "0", provider.only(t).form(t).Get("ul"))
}

// 2: the ids of a create are strings in the table and integers in the sample; neither loses a digit.
func TestInconsistency02IDsAreStringsOrIntegers(t *testing.T) {
	for _, id := range []string{"64471022258145", "9007199254740993", "18446744073709551617"} {
		for _, form := range []string{id, `"` + id + `"`, `" ` + id + ` "`} {
			answer := fmt.Sprintf(`{"status":true,"result":{"pay_link":"https://x.example/p","payment_in_id":%[1]s,"payment_in_inner_id":%[1]s,`+
				`"payment_in_inner_id_user":%[1]s,"pretty_id":"006034-000166"}}`, form)
			got, err := against(t, &recorder{answer: answer}).CreateInvoice(t.Context(), request(t))
			require.NoError(t, err)
			require.Equal(t, id, got.ProviderRef)
			require.Equal(t, map[string]string{"pretty_id": "006034-000166", "payment_in_inner_id": id, "payment_in_inner_id_user": id}, got.ProviderRefs)

			listed, err := run(t, &recorder{answer: `{"status":true,"result":[{"id":` + form + `,"status":"1"}]}`}, actionListPayments, `{"email":"a@b.example"}`)
			require.NoError(t, err)
			require.JSONEq(t, `{"payments":[{"id":"`+id+`","status":"paid","code":"1"}]}`, string(listed.Output))
			shop, err := run(t, &recorder{answer: `{"status":true,"result":` + form + `}`}, actionCreateShop, `{"title":"x","address":"y"}`)
			require.NoError(t, err)
			require.JSONEq(t, `{"shop_id":"`+id+`"}`, string(shop.Output))
		}
	}
}

// 3: payment_in_id is a number in a top-up and a pair of numbers in a charge or reward; the shape says what it is.
func TestInconsistency03PaymentInID(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	topup, err := acc.HandleWebhook(t.Context(), webhook(tailTopup, callbackBody(testSecret, testTime)))
	require.NoError(t, err)
	require.Equal(t, "64522147743974", topup.Events[0].ProviderRef)
	charged, err := acc.HandleWebhook(t.Context(), webhook(tailCharge, outcomeBody("1", testTime, true)))
	require.NoError(t, err)
	require.Equal(t, "op_1", charged.Events[0].ProviderRef, "a number of the other kind is never an invoice's reference")
	require.Equal(t, "007026-000001", charged.Events[0].Invoice.ProviderRefs["payment_in_id"])
}

// 4: the time of a callback is a number in one sample and a string in the others; both are read, and signed as their text.
func TestInconsistency04TimestampIsNumberOrString(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	for _, quote := range []string{"", `"`} {
		for tail, signed := range map[string]string{
			tailTopup:  fmt.Sprintf("payment_in_id=1&payment_in_status=1&timestamp=%d", int64(testTime)),
			tailCharge: fmt.Sprintf("external_id=op_1&service_id=12&status=1&timestamp=%d", int64(testTime)),
			tailReward: fmt.Sprintf("external_id=op_1&service_id=12&status=1&timestamp=%d", int64(testTime)),
		} {
			body := jsonOf(t, signed)
			body = strings.Replace(body, fmt.Sprint(testTime), quote+fmt.Sprint(testTime)+quote, 1)
			got, err := acc.HandleWebhook(t.Context(), webhook(tail, body))
			require.NoError(t, err, body)
			require.Equal(t, testClock().UTC(), got.Events[0].ProviderTime)
			require.Empty(t, got.Report.Warnings, "it is fresh")
		}
	}
}

// jsonOf writes the pairs of a signed text as a JSON object of numbers where they are digits, with the hash.
func jsonOf(t testing.TB, signed string) string {
	t.Helper()
	form, err := url.ParseQuery(signed)
	require.NoError(t, err)
	body := `{"hash":"` + sign(testSecret, canonicalOf(form)) + `"`
	for key, values := range form {
		text := values[0]
		if !isDigits(text) {
			raw, err := json.Marshal(text)
			require.NoError(t, err)
			text = string(raw)
		}
		body += fmt.Sprintf(`,%q:%s`, key, text)
	}
	return body + "}"
}

// 5: the three methods name amount, description and currency differently; each gets its own names and no other.
func TestInconsistency05NamesOfFields(t *testing.T) {
	names := func(send func(*account) error) []string {
		provider := &recorder{answer: "<html>"}
		require.Error(t, send(against(t, provider, service())))
		var got []string
		for _, name := range []string{"summ", "amount", "descr", "description", "currency_id"} {
			if provider.only(t).form(t).Has(name) {
				got = append(got, name)
			}
		}
		return got
	}
	all := calls(t)
	for name, want := range map[string][]string{
		"create": {"summ", "descr", "currency_id"}, "charge": {"amount", "description"}, "reward": {"amount", "description", "currency_id"},
	} {
		require.Equal(t, want, names(func(a *account) error { return all[name](t.Context(), a) }), name)
	}
}

// 6: the amount is "in roubles" beside a free choice of currency: only roubles, unless the merchant enables others, and a
// charge, which has no currency, never in anything else.
func TestInconsistency06RoublesBesideACurrency(t *testing.T) {
	req := request(t)
	req.Amount = money(t, "1", "USD")
	provider := &recorder{answer: createdAnswer}
	_, err := against(t, provider).CreateInvoice(t.Context(), req)
	require.Equal(t, "amount.currency", asError(t, err).Fields[0].Path)
	require.Empty(t, provider.requests)
	both := map[string]any{"service_id": 12, "currencies": []string{"RUB", "USD"}}
	_, err = against(t, provider, both).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "840", provider.only(t).form(t).Get("currency_id"))
	taken := charge(t)
	taken.Invoice.Amount = req.Amount
	_, err = open(t, "http://127.0.0.1:1", both).Charge(t.Context(), taken)
	require.Equal(t, "amount.currency", asError(t, err).Fields[0].Path)
}

// 7: a balance is a number in the table and a map of texts in the sample.
func TestInconsistency07BalanceIsNumberOrMap(t *testing.T) {
	for _, result := range []string{`8726.47`, `"8726.47"`, `{"643":"8726.47000000"}`, `{"643":8726.47}`} {
		got, err := against(t, &recorder{answer: `{"status":true,"result":` + result + `}`}).ReadBalances(t.Context(), pay.ReadBalances{})
		require.NoError(t, err, result)
		require.Equal(t, []pay.Balance{{Available: money(t, "8726.47", "RUB")}}, got.Balances, result)
	}
}

// 8: the outgoing search answers an object in the sample and a list in the table; the incoming one is a list in both.
func TestInconsistency08ObjectOrList(t *testing.T) {
	object := `{"account_number":"007026-030254","client_status":1}`
	for _, result := range []string{object, `[` + object + `]`} {
		got, err := against(t, &recorder{answer: `{"status":true,"result":` + result + `}`}, service()).GetPayout(t.Context(), payoutRef())
		require.NoError(t, err, result)
		require.Equal(t, pay.PayoutSucceeded, got.Status)
	}
	user := `{"inner_id":6034}`
	for _, result := range []string{user, `[` + user + `]`} {
		got, err := run(t, &recorder{answer: `{"status":true,"result":` + result + `}`}, actionFindUser, `{"email":"a@b.example"}`)
		require.NoError(t, err, result)
		require.JSONEq(t, `{"inner_id":"6034"}`, string(got.Output))
	}
}

// 9: "not found" is a refusal for payments and an empty list for users; both are not_found, and neither is an error of ours.
func TestInconsistency09NotFound(t *testing.T) {
	for _, answer := range []string{refusedAnswer(t, "Payment with such parameters not found"), `{"status":true,"result":[]}`} {
		_, err := against(t, &recorder{answer: answer}).GetInvoice(t.Context(), ref(pay.StatusPending))
		require.Equal(t, pay.KindNotFound, asError(t, err).Kind, answer)
		_, err = against(t, &recorder{answer: answer}, service()).GetPayout(t.Context(), payoutRef())
		require.Equal(t, pay.KindNotFound, asError(t, err).Kind, answer)
		_, err = run(t, &recorder{answer: answer}, actionFindUser, `{"email":"a@b.example"}`)
		require.Equal(t, pay.KindNotFound, asError(t, err).Kind, answer)
	}
}

// 10: the text promises the newest first and the sample has the oldest first; a listing is told newest first either way, and
// as the provider has it where a time cannot be read.
func TestInconsistency10OrderOfListings(t *testing.T) {
	older := `{"id":1,"status":1,"created":"2015-12-30 14:25:37.353059+06","last_update":null}`
	newer := `{"id":2,"status":1,"created":"2015-12-30 14:25:38+06","last_update":null}`
	// A later wall clock in an earlier moment: offsets count.
	newest := `{"id":3,"status":1,"created":"2015-12-30 11:26:00+03","last_update":null}`
	unread := `{"id":4,"status":1,"created":"yesterday","last_update":null}`
	for result, want := range map[string][]string{
		older + "," + newer + "," + newest:  {"3", "2", "1"},
		newest + "," + newer + "," + older:  {"3", "2", "1"},
		newer + "," + newest + "," + older:  {"3", "2", "1"},
		older + "," + unread + "," + newest: {"1", "4", "3"},
	} {
		got, err := run(t, &recorder{answer: `{"status":true,"result":[` + result + `]}`}, actionListPayments, `{"email":"a@b.example"}`)
		require.NoError(t, err)
		var out struct{ Payments []listed }
		require.NoError(t, json.Unmarshal(got.Output, &out))
		var ids []string
		for _, p := range out.Payments {
			ids = append(ids, p.ID)
		}
		require.Equal(t, want, ids)
	}
}

// 11: 3 and 4 mean one thing of a payment and another in a callback.
func TestInconsistency11ThreeAndFour(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	for code, want := range map[string]struct{ asked, told pay.Status }{
		"3": {pay.StatusFailed, pay.StatusFailed}, "4": {pay.StatusAuthorized, ""},
	} {
		asked, err := against(t, &recorder{answer: foundAnswer(code)}).GetInvoice(t.Context(), ref(pay.StatusPending))
		require.NoError(t, err)
		require.Equal(t, want.asked, asked.Status)
		require.Empty(t, asked.Attempts, "why a top-up failed is not known")
		told, err := acc.HandleWebhook(t.Context(), webhook(tailCharge, outcomeBody(code, testTime, true)))
		require.NoError(t, err)
		require.Equal(t, want.told, told.Events[0].Invoice.Status)
		if code == "3" {
			require.Equal(t, pay.DeclineInsufficientFunds, told.Events[0].Invoice.Attempts[0].Decline.Reason)
		} else {
			require.NotEmpty(t, told.Events[0].Invoice.Review)
		}
	}
}

// 12: the header that makes errors JSON is in some samples only; every call has it.
func TestInconsistency12AcceptHeader(t *testing.T) {
	for name, call := range calls(t) {
		provider := &recorder{answer: "<html>"}
		require.Error(t, call(t.Context(), against(t, provider, service())), name)
		require.Equal(t, []string{"application/json"}, provider.only(t).header.Values("Accept"), name)
	}
}

// 13: earlier revisions had other names and hashed the values in the order of the request; nothing of that is sent or believed.
func TestInconsistency13EarlierRevisions(t *testing.T) {
	provider := &recorder{answer: createdAnswer}
	req := request(t)
	req.PaymentMethod = "136"
	_, err := against(t, provider).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	for _, old := range []string{"topup_user_id", "amount", "preference"} {
		require.NotContains(t, provider.only(t).form(t), old)
	}
	concatenated := sign(testSecret, "64522147743974"+"1"+fmt.Sprint(testTime))
	body := fmt.Sprintf(`{"payment_in_id":64522147743974,"payment_in_status":1,"timestamp":%d,"hash":"%s"}`, testTime, concatenated)
	_, err = open(t, "https://lk.payin-payout.net").HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.ErrorIs(t, err, pay.KindAuth)
}
