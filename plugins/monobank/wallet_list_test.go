package monobank_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

const oneCard = `{"wallet":[{"cardToken":"` + cardToken + `","maskedPan":"424242******4242","country":"804"}]}`

// refOf is the name of the one card of a wallet.
func refOf(t testing.TB) string {
	t.Helper()
	a, _ := replying(t, map[string][]answer{"wallet": {{200, oneCard}}})
	got, err := run(t, a, "wallet_cards", `{"wallet_id":"cust_9"}`)
	require.NoError(t, err)
	return regexp.MustCompile(`card_[0-9a-f]{32}`).FindString(string(got.Output))
}

func TestWalletCards(t *testing.T) {
	card := refOf(t)
	require.NotEmpty(t, card)
	require.Equal(t, card, refOf(t), "a card keeps its name")
	checkAnswers(t, "wallet_cards", `{"wallet_id":"cust_9"}`, "wallet", map[string]actionAnswer{
		"a card": {body: oneCard, want: `{"cards":[{"card_ref":"` + card + `","masked":"424242******4242","country":"804"}]}`},
		"eight digits shown": {
			body: `{"wallet":[{"cardToken":"` + cardToken + `","maskedPan":"44411144******55"}]}`,
			want: `{"cards":[{"card_ref":"` + card + `","masked":"44411144******55"}]}`,
		},
		"a token to come":    {body: `{"wallet":[{"cardToken":null,"maskedPan":"424242******4242"}]}`, want: `{"cards":[{"masked":"424242******4242"}]}`},
		"a bare card number": {body: `{"wallet":[{"maskedPan":"4242424242424242"}]}`, want: `{"cards":[{"masked":"[card]"}]}`},
		"none":               {body: `{"wallet":[]}`, want: `{"cards":[]}`},
		"null":               {body: `{"wallet":null}`, want: `{"cards":[]}`},
		"no wallet":          {body: `{}`, fail: pay.KindProviderUnavailable},
		"an object":          {body: `{"wallet":{"cardToken":"x"}}`, fail: pay.KindProviderUnavailable},
		"a null card":        {body: `{"wallet":[null]}`, fail: pay.KindProviderUnavailable},
	})
	a, s := replying(t, map[string][]answer{"wallet": {{200, strings.Replace(oneCard, cardToken, "another", 1)}}})
	got, err := run(t, a, "wallet_cards", `{"wallet_id":"cust_9"}`)
	require.NoError(t, err)
	require.NotContains(t, string(got.Output), card, "another card has another name")
	require.Equal(t, []string{"GET wallet?walletId=cust_9"}, s.asked)
}

func TestWalletCardDelete(t *testing.T) {
	card := refOf(t)
	listed, none := answer{200, oneCard}, answer{200, `{"wallet":[]}`}
	input := `{"wallet_id":"cust_9","card_ref":"` + card + `"}`
	for name, tt := range map[string]struct {
		before, del, after answer
		fail               pay.Kind
		rule               pay.RetryRule
		deletes            int
	}{
		"empty":                  {before: listed, del: answer{200, ""}, deletes: 1},
		"an empty object":        {before: listed, del: answer{200, "{}"}, deletes: 1},
		"not in the wallet":      {before: none, fail: pay.KindNotFound, rule: pay.RetryNever},
		"another card":           {before: answer{200, strings.Replace(oneCard, cardToken, "another", 1)}, fail: pay.KindNotFound},
		"a card without a token": {before: answer{200, `{"wallet":[{"maskedPan":"x"}]}`}, fail: pay.KindNotFound},
		"no wallet to be seen":   {before: answer{503, ""}, fail: pay.KindProviderUnavailable},
		"the token is dead":      {before: listed, del: refuses("TOKEN_NOT_FOUND"), after: none, deletes: 1},
		"dead, and listed":       {before: listed, del: refuses("TOKEN_NOT_FOUND"), after: listed, deletes: 1, fail: pay.KindInvalidRequest, rule: pay.RetryNever},
		"refused":                {before: listed, del: refuses("BAD_REQUEST"), after: none, deletes: 1, fail: pay.KindInvalidRequest},
		"lost, and gone":         {before: listed, del: answer{502, ""}, after: none, deletes: 1},
		"lost, and there":        {before: listed, del: answer{502, ""}, after: listed, deletes: 1, fail: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"lost, and nothing seen": {before: listed, del: refuses("INTERNAL_ERROR"), after: answer{503, ""}, deletes: 1, fail: pay.KindOutcomeUnknown},
		"a page, and there":      {before: listed, del: answer{200, "<html>"}, after: listed, deletes: 1, fail: pay.KindOutcomeUnknown},
		"a page, and gone":       {before: listed, del: answer{200, "<html>"}, after: none, deletes: 1},
	} {
		a, s := replying(t, map[string][]answer{"wallet": {tt.before, tt.after}, "wallet/card": {tt.del}})
		got, err := run(t, a, "wallet_card_delete", input)
		require.Len(t, s.changes(), tt.deletes, name)
		if tt.deletes > 0 {
			require.Equal(t, "DELETE wallet/card?cardToken="+cardToken, s.changes()[0], "%s: in the query, with no body", name)
		}
		if tt.fail != "" {
			wantFailure(t, name, err, tt.fail, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		require.JSONEq(t, `{"card_ref":"`+card+`","masked":"424242******4242","deleted":true}`, string(got.Output), name)
		fits(t, "wallet_card_delete", got)
	}
}

// TestCardRefsBelongToTheAccount: a name is made with the account's token, so that it tells nothing to another account, and it
// never names a card whose token is not known.
func TestCardRefsBelongToTheAccount(t *testing.T) {
	s := &replies{answers: map[string][]answer{"wallet": {{200, oneCard}}}}
	other := runner(t, openWith(t, &http.Client{Transport: s}, "https://api.monobank.ua", newClock(), map[string]any{"token": "another-merchant"}))
	got, err := run(t, other, "wallet_cards", `{"wallet_id":"cust_9"}`)
	require.NoError(t, err)
	require.NotContains(t, string(got.Output), refOf(t))

	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("card reference\x00"))
	a, s := replying(t, map[string][]answer{"wallet": {{200, `{"wallet":[{"maskedPan":"424242******4242"}]}`}}, "wallet/card": {{200, ""}}})
	_, err = run(t, a, "wallet_card_delete", `{"wallet_id":"cust_9","card_ref":"card_`+hex.EncodeToString(mac.Sum(nil)[:16])+`"}`)
	require.ErrorIs(t, err, pay.KindNotFound)
	require.Empty(t, s.changes())
}

// TestCardTokensStayInside: the token of a card takes money. It is in no result, no evidence of a list and no error,
// whatever the provider repeats of it.
func TestCardTokensStayInside(t *testing.T) {
	card := refOf(t)
	deleting := `{"wallet_id":"cust_9","card_ref":"` + card + `"}`
	shownAsMask := `{"wallet":[{"cardToken":"` + cardToken + `","maskedPan":"` + cardToken + `"}]}`
	says := answer{400, `{"errCode":"X","errText":"no card ` + cardToken + ` of cust_9"}`}
	words := `{"subscriptionId":"s1","status":"` + cardToken + `","amount":1,"ccy":980,"walletData":{"cardToken":"` + cardToken +
		`","walletId":"w","status":"` + cardToken + `","failureDescription":"card ` + cardToken + ` 4242424242424242"}}`
	for name, tt := range map[string]struct {
		action, input string
		answers       map[string][]answer
	}{
		"list":             {"wallet_cards", `{"wallet_id":"cust_9"}`, map[string][]answer{"wallet": {{200, oneCard}}}},
		"list refused":     {"wallet_cards", `{"wallet_id":"cust_9"}`, map[string][]answer{"wallet": {{400, `{"errCode":"X","errText":"no wallet cust_9"}`}}}},
		"list unreadable":  {"wallet_cards", `{"wallet_id":"cust_9"}`, map[string][]answer{"wallet": {{200, `{"wallet":[null,{"cardToken":"` + cardToken + `"}]}`}}}},
		"token as a mask":  {"wallet_cards", `{"wallet_id":"cust_9"}`, map[string][]answer{"wallet": {{200, shownAsMask}}}},
		"delete":           {"wallet_card_delete", deleting, map[string][]answer{"wallet": {{200, oneCard}}, "wallet/card": {{200, ""}}}},
		"delete refused":   {"wallet_card_delete", deleting, map[string][]answer{"wallet": {{200, oneCard}}, "wallet/card": {says}}},
		"delete redirects": {"wallet_card_delete", deleting, map[string][]answer{"wallet": {{200, oneCard}}, "wallet/card": {{302, ""}}}},
		"subscription":     {"subscription_status", `{"subscription_id":"s1"}`, map[string][]answer{"subscription/status": {{200, words}}}},
	} {
		a, _ := replying(t, tt.answers)
		got, err := run(t, a, tt.action, tt.input)
		told := string(got.Output) + string(got.Report.Evidence.Raw) + strings.Join(got.Report.Warnings, " ")
		if err != nil {
			e := pay.AsError(err)
			told += e.Error() + e.ProviderMessage + e.ProviderCode
			if tt.action == "wallet_cards" && strings.Contains(name, "unreadable") {
				told += string(e.Report.Evidence.Raw)
			}
			require.NotContains(t, told, "cust_9", name)
		}
		require.NotContains(t, told, cardToken, name)
		require.NotContains(t, told, "4242424242424242", name)
	}
}

// TestSimWallet: a card saved by a payment is listed, deleted by its name, and dead afterwards.
func TestSimWallet(t *testing.T) {
	b := newBank(t, monobanksim.Config{AllowSaveCard: true})
	a := runner(t, b.account)
	paid := b.create(t, func(r *pay.CreateInvoice) { r.SaveCredential, r.Customer.ID, r.WebhookURL = true, "cust_9", "" })
	require.NoError(t, b.sim.Pay(paid.ProviderRef))
	saved := b.status(t, paid.ProviderRef, pay.Known{}).Credential
	b.sim.SaveCard("cust_9")
	b.sim.SaveCard("somebody else")
	cards := func(wallet string) []any {
		got, err := run(t, a, "wallet_cards", `{"wallet_id":"`+wallet+`"}`)
		require.NoError(t, err)
		fits(t, "wallet_cards", got)
		return parse(t, string(got.Output)).(map[string]any)["cards"].([]any)
	}
	require.Len(t, cards("cust_9"), 2)
	require.Empty(t, cards("nobody"))
	first := cards("cust_9")[0].(map[string]any)
	require.Equal(t, saved.Masked, first["masked"])
	input := `{"wallet_id":"cust_9","card_ref":"` + first["card_ref"].(string) + `"}`

	require.NoError(t, b.sim.Kit().Faults.Add(monobanksim.Fault{Op: monobanksim.OpDeleteCard, Kind: "cut_before"}))
	_, err := run(t, a, "wallet_card_delete", input)
	wantFailure(t, "cut before", err, pay.KindOutcomeUnknown, "")
	require.NoError(t, b.sim.Kit().Faults.Add(monobanksim.Fault{Op: monobanksim.OpDeleteCard, Kind: "html_after"}))
	_, err = run(t, a, "wallet_card_delete", input)
	require.NoError(t, err, "the look shows that the card is gone")
	require.Len(t, cards("cust_9"), 1)
	require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpDeleteCard, saved.Token))
	_, err = run(t, a, "wallet_card_delete", input)
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = b.account.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) { r.Credential = saved }))
	require.ErrorIs(t, err, pay.KindInvalidRequest, "the host's own credential is dead too")
	require.Len(t, cards("somebody else"), 1)
}
