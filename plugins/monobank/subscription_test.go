package monobank_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const newSubscription = `{"amount":{"value":"42","currency":"UAH"},"interval":"1m"}`

func TestSubscriptionCreateAnswers(t *testing.T) {
	made := `{"subscription_id":"s1","page_url":"https://pay.example/s1","expires_at":"2026-03-02T12:00:00Z"}`
	checkAnswers(t, "subscription_create", newSubscription, "subscription/create", map[string]actionAnswer{
		"made": {body: `{"subscriptionId":"s1","pageUrl":"https://pay.example/s1","new":true}`, want: made},
		"a number as id": {
			body: `{"subscriptionId":17,"pageUrl":"https://pay.example/s1"}`,
			want: `{"subscription_id":"17","page_url":"https://pay.example/s1","expires_at":"2026-03-02T12:00:00Z"}`,
		},
		"no id":           {body: `{"pageUrl":"https://pay.example/s1"}`, fail: pay.KindOutcomeUnknown},
		"another id name": {body: `{"subId":"s1","pageUrl":"https://pay.example/s1"}`, fail: pay.KindOutcomeUnknown},
		"no page":         {body: `{"subscriptionId":"s1"}`, fail: pay.KindOutcomeUnknown},
		"a script":        {body: `{"subscriptionId":"s1","pageUrl":"javascript:1"}`, fail: pay.KindOutcomeUnknown},
		"empty":           {body: ``, fail: pay.KindOutcomeUnknown},
		"an empty object": {body: `{}`, fail: pay.KindOutcomeUnknown},
		"an array":        {body: `[]`, fail: pay.KindOutcomeUnknown},
	})
	a, _ := replying(t, map[string][]answer{"subscription/create": {{200, `{"subscriptionId":"s1","pageUrl":"https://pay.example/s1"}`}}})
	got, err := run(t, a, "subscription_create", `{"amount":{"value":"42","currency":"UAH"},"interval":"1m","expires_in":"90m"}`)
	require.NoError(t, err)
	require.Contains(t, string(got.Output), "2026-03-01T13:30:00Z")
	a, _ = replying(t, map[string][]answer{"subscription/create": {{500, ""}}})
	_, err = run(t, a, "subscription_create", newSubscription)
	require.Contains(t, err.Error(), "subscription_list", "a person is told where to look")
}

func subscription(status, more string) string {
	return fmt.Sprintf(`{"subscriptionId":"s1","status":%q,"startDate":"2026-03-01T14:00:00+02:00","amount":4200,"ccy":980,"interval":"1m",`+
		`"summary":{"totalPaid":1,"totalFailed":0},"walletData":{"cardToken":"`+cardToken+`","walletId":"w1","status":"created"}%s}`, status, more)
}

func TestSubscriptionStatusAnswers(t *testing.T) {
	shown := func(change func(map[string]any)) string {
		out := map[string]any{
			"subscription_id": "s1", "status": "active", "provider_status": "active", "amount": map[string]any{"value": "42.00", "currency": "UAH"},
			"interval": "1m", "start_date": "2026-03-01T12:00:00Z", "total_paid": "1", "total_failed": "0",
			"card": map[string]any{"card_ref": refOf(t), "wallet_id": "w1", "status": "active", "provider_status": "created"},
		}
		if change != nil {
			change(out)
		}
		raw, err := json.Marshal(out)
		require.NoError(t, err)
		return string(raw)
	}
	bare := func(more string) string { return `{"subscriptionId":"s1","status":"active"` + more + `}` }
	bareShown := `{"subscription_id":"s1","status":"active","provider_status":"active"`
	checkAnswers(t, "subscription_status", `{"subscription_id":"s1"}`, "subscription/status", map[string]actionAnswer{
		"active": {body: subscription("active", ""), want: shown(nil)},
		"canceled": {
			body: subscription("cancelled", `,"endDate":"2026-04-01T00:00:00Z","nextChargeDate":null,"cancellationDesc":"за запитом a@example.com"`),
			want: shown(func(m map[string]any) {
				m["status"], m["provider_status"], m["end_date"], m["cancellation_desc"] = "canceled", "cancelled", "2026-04-01T00:00:00Z", "за запитом [email]"
			}),
		},
		"spelled with one l": {body: subscription("canceled", ""), want: shown(func(m map[string]any) { m["status"], m["provider_status"] = "unknown", "canceled" })},
		"in capitals":        {body: subscription("ACTIVE", ""), want: shown(func(m map[string]any) { m["status"], m["provider_status"] = "unknown", "ACTIVE" })},
		"a word of tomorrow": {body: subscription("success", ""), want: shown(func(m map[string]any) { m["status"], m["provider_status"] = "unknown", "success" })},
		"next charge": {
			body: subscription("active", `,"nextChargeDate":"2026-04-01T12:00:00.5Z"`),
			want: shown(func(m map[string]any) { m["next_charge_date"] = "2026-04-01T12:00:00.5Z" }),
		},
		"a time of its own": {body: subscription("active", `,"endDate":"soon"`), want: shown(func(m map[string]any) { m["end_date"] = "soon" })},
		"nothing more":      {body: bare(""), want: bareShown + `}`},
		"nulls":             {body: bare(`,"walletData":null,"summary":null,"amount":null,"ccy":null`), want: bareShown + `}`},
		"a card to come": {
			body: bare(`,"walletData":{"cardToken":null,"walletId":"w1","status":"new"}`),
			want: bareShown + `,"card":{"wallet_id":"w1","status":"pending","provider_status":"new"}}`,
		},
		"created, no token": {
			body: bare(`,"walletData":{"walletId":"w1","status":"created"}`),
			want: bareShown + `,"card":{"wallet_id":"w1","status":"pending","provider_status":"created"}}`,
		},
		"a card that failed": {
			body: bare(`,"walletData":{"walletId":"w1","status":"failed","failureDescription":"відмова"}`),
			want: bareShown + `,"card":{"wallet_id":"w1","status":"failed","provider_status":"failed","failure":"відмова"}}`,
		},
		"an unknown card": {body: bare(`,"walletData":{"status":"dreaming"}`), want: bareShown + `,"card":{"status":"unknown","provider_status":"dreaming"}}`},
		"odd parts":       {body: bare(`,"walletData":"none","summary":[]`), want: bareShown + `}`},
		"sums beyond 2^53": {
			body: bare(`,"summary":{"totalPaid":9007199254740993,"totalFailed":"2"}`),
			want: bareShown + `,"total_paid":"9007199254740993","total_failed":"2"}`,
		},
		"an unknown money":   {body: bare(`,"amount":4200,"ccy":1`), want: bareShown + `,"amount_minor":"4200"}`},
		"no id":              {body: `{"status":"active"}`, fail: pay.KindProviderUnavailable},
		"no status":          {body: `{"subscriptionId":"s1"}`, fail: pay.KindProviderUnavailable},
		"fractions":          {body: bare(`,"amount":42.5,"ccy":980`), fail: pay.KindProviderUnavailable},
		"empty":              {body: ``, fail: pay.KindProviderUnavailable},
		"an array of itself": {body: `[` + subscription("active", "") + `]`, fail: pay.KindProviderUnavailable},
	})
}

// TestSubscriptionStatusOfAnother: nothing is concluded from an answer about something else.
func TestSubscriptionStatusOfAnother(t *testing.T) {
	a, _ := replying(t, map[string][]answer{"subscription/status": {{200, `{"subscriptionId":"s2","status":"active"}`}}})
	_, err := run(t, a, "subscription_status", `{"subscription_id":"s1"}`)
	require.ErrorIs(t, err, pay.KindIntegrityMismatch)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
}

const pages = `"pagination":{"totalItems":41,"itemsPerPage":20,"currentPage":1,"totalPages":3}`

const pagesShown = `"pages":{"total_items":41,"items_per_page":20,"current_page":1,"total_pages":3}`

func TestSubscriptionListAnswers(t *testing.T) {
	checkAnswers(t, "subscription_list", `{"from":"2026-03-01T00:00:00Z"}`, "subscription/list", map[string]actionAnswer{
		"rows": {
			body: `{"list":[{"subscriptionId":"s1","amount":4200,"interval":"1m","startDate":"2026-03-01T12:00:00Z","created":"2026-03-01T11:59:00Z",
				"nextChargeDate":"2026-04-01T12:00:00Z","endDate":null,"status":"active"},
				{"subscriptionId":"s2","amount":100,"ccy":840,"status":"cancelled","endDate":"2026-03-02T00:00:00Z"},
				{"subscriptionId":"s3","status":"paused"}],` + pages + `}`,
			want: `{"subscriptions":[{"subscription_id":"s1","status":"active","provider_status":"active","amount_minor":"4200","interval":"1m",
				"created":"2026-03-01T11:59:00Z","start_date":"2026-03-01T12:00:00Z","next_charge_date":"2026-04-01T12:00:00Z"},
				{"subscription_id":"s2","status":"canceled","provider_status":"cancelled","amount":{"value":"1.00","currency":"USD"},"end_date":"2026-03-02T00:00:00Z"},
				{"subscription_id":"s3","status":"unknown","provider_status":"paused"}],` + pagesShown + `}`,
		},
		"none":            {body: `{"list":[],` + pages + `}`, want: `{"subscriptions":[],` + pagesShown + `}`},
		"null":            {body: `{"list":null,` + pages + `}`, want: `{"subscriptions":[],` + pagesShown + `}`},
		"odd counts":      {body: `{"list":[],"pagination":{"totalItems":"3","totalPages":1.5}}`, want: `{"subscriptions":[],"pages":{"total_items":3}}`},
		"no pagination":   {body: `{"list":[]}`, fail: pay.KindProviderUnavailable},
		"null pagination": {body: `{"list":[],"pagination":null}`, fail: pay.KindProviderUnavailable},
		"no list":         {body: `{` + pages + `}`, fail: pay.KindProviderUnavailable},
		"a row, no id":    {body: `{"list":[{"status":"active"}],` + pages + `}`, fail: pay.KindProviderUnavailable},
		"fractions":       {body: `{"list":[{"subscriptionId":"s1","amount":0.5}],` + pages + `}`, fail: pay.KindProviderUnavailable},
		"an empty object": {body: `{}`, fail: pay.KindProviderUnavailable},
	})
}

func TestSubscriptionPaymentsAnswers(t *testing.T) {
	checkAnswers(t, "subscription_payments", `{"subscription_id":"s1","from":"2026-03-01T00:00:00Z"}`, "subscription/payments", map[string]actionAnswer{
		"every status": {
			body: `{"payments":[{"amount":4200,"status":"new","chargedAt":"2026-03-01T12:00:00Z","ccy":980},{"amount":4200,"status":"success","ccy":980},
				{"amount":4200,"status":"failed","ccy":980},{"amount":4200,"status":"reversed","ccy":980},{"amount":4200,"status":"Success"},{}],` + pages + `}`,
			want: `{"payments":[
				{"status":"pending","provider_status":"new","amount":{"value":"42.00","currency":"UAH"},"charged_at":"2026-03-01T12:00:00Z"},
				{"status":"paid","provider_status":"success","amount":{"value":"42.00","currency":"UAH"}},
				{"status":"failed","provider_status":"failed","amount":{"value":"42.00","currency":"UAH"}},
				{"status":"unknown","provider_status":"reversed","amount":{"value":"42.00","currency":"UAH"}},
				{"status":"unknown","provider_status":"Success","amount_minor":"4200"},{"status":"unknown","provider_status":""}],` + pagesShown + `}`,
		},
		"none":          {body: `{"payments":[],` + pages + `}`, want: `{"payments":[],` + pagesShown + `}`},
		"a list":        {body: `{"list":[],` + pages + `}`, fail: pay.KindProviderUnavailable},
		"no pagination": {body: `{"payments":[]}`, fail: pay.KindProviderUnavailable},
		"a null row":    {body: `{"payments":[null],` + pages + `}`, fail: pay.KindProviderUnavailable},
	})
}

func TestSubscriptionEditAnswers(t *testing.T) {
	active, over := answer{200, subscription("active", "")}, answer{200, subscription("cancelled", "")}
	dollars := answer{200, `{"subscriptionId":"s1","status":"active","amount":1,"ccy":840}`}
	const refunding = `,"refund_amount":{"value":"10.50","currency":"UAH"}`
	for name, tt := range map[string]struct {
		refund     bool
		first, end answer // of subscription/status
		edit       answer
		fail       pay.Kind
		rule       pay.RetryRule
		status     string
		warns      bool
		edits      int
	}{
		"canceled":               {edit: answer{200, ""}, first: over, edits: 1, status: "canceled"},
		"an empty object":        {edit: answer{200, "{}"}, first: over, edits: 1, status: "canceled"},
		"accepted, not done":     {edit: answer{200, ""}, first: active, edits: 1, status: "active", warns: true},
		"accepted, not seen":     {edit: answer{200, ""}, first: answer{503, ""}, edits: 1, warns: true},
		"canceled before":        {edit: refuses("BAD_REQUEST"), first: over, edits: 1, status: "canceled"},
		"refused":                {edit: refuses("BAD_REQUEST"), first: active, edits: 1, fail: pay.KindInvalidRequest, rule: pay.RetryNever},
		"not known":              {edit: refuses("NOT_FOUND"), first: over, edits: 1, fail: pay.KindNotFound},
		"lost, and over":         {edit: answer{502, ""}, first: over, edits: 1, status: "canceled"},
		"lost, and active":       {edit: answer{502, ""}, first: active, edits: 1, fail: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"lost, and nothing seen": {edit: refuses("INTERNAL_ERROR"), first: answer{503, ""}, edits: 1, fail: pay.KindOutcomeUnknown},
		"a page, and active":     {edit: answer{200, "<html>"}, first: active, edits: 1, fail: pay.KindOutcomeUnknown},
		"refunded":               {refund: true, first: active, edit: answer{200, ""}, end: over, edits: 1, status: "canceled"},
		"refund, lost, and over": {
			refund: true, first: active, edit: answer{502, ""}, end: over, edits: 1,
			fail: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup,
		},
		"refund, lost, and active":    {refund: true, first: active, edit: answer{502, ""}, end: active, edits: 1, fail: pay.KindOutcomeUnknown},
		"refund refused, over":        {refund: true, first: active, edit: refuses("BAD_REQUEST"), end: over, edits: 1, fail: pay.KindInvalidRequest},
		"refund of what is over":      {refund: true, first: over, fail: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"refund in another money":     {refund: true, first: dollars, fail: pay.KindInvalidRequest},
		"refund in an unknown money":  {refund: true, first: answer{200, `{"subscriptionId":"s1","status":"active","amount":1}`}, fail: pay.KindInvalidRequest},
		"refund, nothing to be seen":  {refund: true, first: answer{503, ""}, fail: pay.KindProviderUnavailable},
		"refund of another one's":     {refund: true, first: answer{200, `{"subscriptionId":"s2","status":"active"}`}, fail: pay.KindIntegrityMismatch},
		"refund, a word of tomorrow":  {refund: true, first: answer{200, subscription("paused", "")}, edit: answer{200, ""}, end: over, edits: 1, status: "canceled"},
		"refund, limits of the token": {refund: true, first: refuses("FORBIDDEN"), fail: pay.KindAuth},
	} {
		input, action := `{"subscription_id":"s1","action":"cancel"}`, "subscription_edit"
		if tt.refund {
			input = `{"subscription_id":"s1","action":"cancel"` + refunding + `}`
		}
		looks := []answer{tt.first}
		if tt.end.status != 0 {
			looks = append(looks, tt.end)
		}
		a, s := replying(t, map[string][]answer{"subscription/status": looks, "subscription/edit": {tt.edit}})
		got, err := run(t, a, action, input)
		require.Len(t, s.changes(), tt.edits, name)
		if tt.refund && tt.edits > 0 {
			require.Equal(t, `POST subscription/edit {"subscriptionId":"s1","action":"cancel","refundAmount":1050}`, s.changes()[0])
		}
		if tt.fail != "" {
			if tt.fail == pay.KindIntegrityMismatch { // A mismatch in a read is of nothing that was done.
				require.ErrorIs(t, err, tt.fail)
				require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
				continue
			}
			wantFailure(t, name, err, tt.fail, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		fits(t, action, got)
		var out struct {
			Accepted bool
			Status   string
			Refund   struct{ Value string } `json:"refund_amount"`
		}
		require.NoError(t, json.Unmarshal(got.Output, &out))
		require.True(t, out.Accepted, name)
		require.Equal(t, tt.status, out.Status, name)
		require.Equal(t, tt.refund, out.Refund.Value == "10.50", name)
		require.Equal(t, tt.warns, len(got.Report.Warnings) > 0, name)
	}
	a, _ := replying(t, map[string][]answer{"subscription/status": {over}, "subscription/edit": {{200, ""}}})
	got, err := run(t, a, "subscription_cancel", `{"subscription_id":"s1"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"subscription_id":"s1","accepted":true,"status":"canceled","provider_status":"cancelled"}`, string(got.Output))
	fits(t, "subscription_cancel", got)
}

func TestSubscriptionRemoveAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		remove, look answer
		fail         pay.Kind
		rule         pay.RetryRule
	}{
		"empty":                   {remove: answer{200, ""}},
		"an empty object":         {remove: answer{200, "{}"}},
		"charged already":         {remove: refuses("1001"), fail: pay.KindInvalidState, rule: pay.RetryNever},
		"not known":               {remove: refuses("NOT_FOUND"), fail: pay.KindNotFound, rule: pay.RetryNever},
		"refused":                 {remove: refuses("BAD_REQUEST"), look: refuses("NOT_FOUND"), fail: pay.KindInvalidRequest, rule: pay.RetryNever},
		"lost, and gone":          {remove: answer{502, ""}, look: refuses("NOT_FOUND")},
		"lost, and there":         {remove: answer{502, ""}, look: answer{200, subscription("active", "")}, fail: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"lost, and nothing seen":  {remove: refuses("INTERNAL_ERROR"), look: answer{503, ""}, fail: pay.KindOutcomeUnknown},
		"lost, and a page as 404": {remove: answer{502, ""}, look: answer{404, "<html>"}, fail: pay.KindOutcomeUnknown},
		"1001 of a bad gateway":   {remove: answer{502, `{"errCode":"1001","errText":"?"}`}, look: answer{503, ""}, fail: pay.KindOutcomeUnknown},
	} {
		a, s := replying(t, map[string][]answer{"subscription/remove": {tt.remove}, "subscription/status": {tt.look}})
		got, err := run(t, a, "subscription_remove", `{"subscription_id":"s1"}`)
		require.Equal(t, []string{`POST subscription/remove {"subscriptionId":"s1"}`}, s.changes(), name)
		if tt.fail != "" {
			wantFailure(t, name, err, tt.fail, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		require.JSONEq(t, `{"subscription_id":"s1","removed":true}`, string(got.Output), name)
		fits(t, "subscription_remove", got)
	}
}
