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

// spec returns the action of the manifest.
func spec(t testing.TB, name string) pay.ActionSpec {
	t.Helper()
	for _, s := range New("1").Describe().Actions {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no action "+name)
	return pay.ActionSpec{}
}

// run makes one action against one canned answer; what is sent must have been valid for the schema.
func run(t *testing.T, r *recorder, name, input string) (pay.ActionResult, error) {
	t.Helper()
	require.True(t, valid(t, compile(t, spec(t, name).Input), input), input)
	return against(t, r).RunAction(t.Context(), pay.Action{Call: pay.Call{OperationID: "op_1"}, Name: name, Input: json.RawMessage(input)})
}

const registration = `{"ul":false,"email":"new@example.com","phone":"+79131112233","username":"Новый ~","password":"p&ss w*rd",` +
	`"resident":true,"source_registration":"shop"}`

// asked is one action with the smallest and the fullest input, what is posted, and a documented answer with its output.
func asked() map[string]struct{ name, input, path, form, result, output string } {
	return map[string]struct{ name, input, path, form, result, output string }{
		"payments by email": {actionFindPayments, `{"email":"a@b.example"}`, "/payment-in/find-payment", "email=a%40b.example",
			`[{"account_number":"006034-000166","status":1,"done_time":"2015-12-30 14:36:16+06"},{"account_number":"006034-000165","status":0,"done_time":null}]`,
			`{"payments":[{"account_number":"006034-000166","status":"paid","code":"1","done_at":"2015-12-30T08:36:16Z"},` +
				`{"account_number":"006034-000165","status":"new","code":"0"}]}`},
		"payments by all": {actionFindPayments, `{"email":"a@b.example","phone":"9131112233","account_number":"006034-000166"}`, "/payment-in/find-payment",
			"account_number=006034-000166&email=a%40b.example&phone=9131112233",
			`[{"account_number":"006034-000166","status":"7","done_time":"soon"}]`, `{"payments":[{"account_number":"006034-000166","status":"unknown","code":"7"}]}`},
		"payments by number": {actionFindPayments, `{"account_number":"006034-000166"}`, "/payment-in/find-payment", "account_number=006034-000166",
			`[{"account_number":"006034-000166","status":13}]`, `{"payments":[{"account_number":"006034-000166","status":"partly_frozen","code":"13"}]}`},
		"list": {actionListPayments, `{"email":"a@b.example"}`, "/payment-in/get-last-payments-for-user", "email=a%40b.example&limit=100",
			`[{"id":1234567,"status":8,"created":"2015-12-30 14:25:37.353059+06","last_update":"2015-12-30 14:36:16+06"}]`,
			`{"payments":[{"id":"1234567","status":"refunded","code":"8","created_at":"2015-12-30T08:25:37.353059Z","updated_at":"2015-12-30T08:36:16Z"}]}`},
		"list, limit": {actionListPayments, `{"phone":"+79131112233","limit":1000}`, "/payment-in/get-last-payments-for-user", "limit=1000&phone=%2B79131112233",
			`[]`, `{"payments":[]}`},
		"outgoing": {actionFindOutgoing, `{"account_number":"007026-030254"}`, "/payment-out/find-payment", "account_number=007026-030254",
			`{"account_number":"007026-030254","client_status":1,"system_status":42,"last_update_time":"2015-12-30 14:36:16+06"}`,
			`{"account_number":"007026-030254","status":"paid","code":"1","system_status":"42","updated_at":"2015-12-30T08:36:16Z"}`},
		"outgoing list": {actionListOutgoing, `{"email":"a@b.example","limit":1}`, "/payment-out/get-last-payments-for-user", "email=a%40b.example&limit=1",
			`[{"id":"7654321","status":4,"created":null,"last_update":null}]`, `{"payments":[{"id":"7654321","status":"unknown","code":"4"}]}`},
		"user by email": {actionFindUser, `{"email":"a@b.example"}`, "/user/get_user_info_via_dev_key", "email=a%40b.example",
			`{"inner_id":6034,"email":"A@b.example","phone":"79131112233"}`, `{"inner_id":"6034","email":"A@b.example","phone":"79131112233"}`},
		"user by phone": {actionFindUser, `{"phone":"+79131112233"}`, "/user/get_user_info_via_dev_key", "phone=%2B79131112233",
			`{"inner_id":"6034","phone":79131112233}`, `{"inner_id":"6034","phone":"79131112233"}`},
		"shop": {actionCreateShop, `{"title":"Лавка ~","address":"https://s.example/?a=1"}`, "/shop/api-create",
			"address=https%3A%2F%2Fs.example%2F%3Fa%3D1&title=%D0%9B%D0%B0%D0%B2%D0%BA%D0%B0+%7E", `123`, `{"shop_id":"123"}`},
		"registration": {actionRegisterUser, registration, "/user/api-create",
			"email=new%40example.com&password=p%26ss+w%2Ard&phone=%2B79131112233&resident=1&" +
				"source_registration=shop&ul=0&username=%D0%9D%D0%BE%D0%B2%D1%8B%D0%B9+%7E",
			`{"id":6036,"tips_url":"https://lk.payin-payout.net/t/1","card_url":"javascript:alert(1)","invite_url":"https://lk.payin-payout.net/i/1"}`,
			`{"id":"6036","tips_url":"https://lk.payin-payout.net/t/1","invite_url":"https://lk.payin-payout.net/i/1"}`},
	}
}

func TestActionsSendExactlyAndTellExactly(t *testing.T) {
	seen := map[string]bool{}
	for name, c := range asked() {
		seen[c.name] = true
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: `{"status":true,"result":` + c.result + `,"tracker":" gid_7"}`}
			got, err := run(t, provider, c.name, c.input)
			require.NoError(t, err)
			sent := provider.only(t)
			require.Equal(t, c.path, sent.path)
			require.Equal(t, "application/json", sent.header.Get("Accept"))
			form, err := url.ParseQuery(c.form)
			require.NoError(t, err)
			form.Set("user_id", "7026")
			form.Set("timestamp", "1591040000")
			form.Set("hash", sign(testSecret, canonicalOf(form)))
			require.Equal(t, form, sent.form(t))
			require.JSONEq(t, c.output, string(got.Output))
			require.True(t, valid(t, compile(t, spec(t, c.name).Output), string(got.Output)))
			require.Equal(t, "gid_7", got.Report.Evidence.ProviderRequestID)
			require.Nil(t, got.Invoice)
			require.Nil(t, got.Payout)
		})
	}
	require.Len(t, seen, len(actions()), "every action is here")
}

// canonicalOf signs what a form decodes to.
func canonicalOf(form url.Values) string {
	var fields []field
	for key, values := range form {
		fields = append(fields, textField(key, values[0]))
	}
	return canonical(fields)
}

func TestActionSpecs(t *testing.T) {
	changes := map[string]bool{actionRegisterUser: true, actionCreateShop: true}
	for _, s := range New("1").Describe().Actions {
		require.Equal(t, pay.SubjectAccount, s.Subject)
		require.Equal(t, changes[s.Name], s.Effect == pay.EffectChanges, s.Name)
		require.Equal(t, !changes[s.Name], s.Effect == pay.EffectRead, s.Name)
		if changes[s.Name] {
			require.Equal(t, pay.ResolveHuman, s.Resolution, "nothing recognises a repeat of %s", s.Name)
		}
		in := compile(t, s.Input)
		for _, bad := range []string{
			`{}`, `[]`, `{"other":1}`, `{"email":"nobody"}`, `{"phone":"12-34"}`, `{"email":"a@b.example","limit":0}`, `{"email":"a@b.example","limit":1001}`,
		} {
			require.False(t, valid(t, in, bad), "%s takes %s", s.Name, bad)
		}
		require.NotNil(t, compile(t, s.Output))
	}
	require.Contains(t, string(spec(t, actionRegisterUser).Input), `"secret": true`)
}

// Without a host nothing checks the schema, so the adapter refuses the same before it sends anything.
func TestActionsRefuseBeforeSending(t *testing.T) {
	change := func(from, to string) string { return strings.Replace(registration, from, to, 1) }
	for name, c := range map[string]struct {
		action, input string
		kind          pay.Kind
		path          string
	}{
		"unknown":             {"explode", `{}`, pay.KindUnsupported, ""},
		"list nobody":         {actionListPayments, `{}`, pay.KindInvalidRequest, "input.email"},
		"list, no input":      {actionListOutgoing, ``, pay.KindInvalidRequest, "input.email"},
		"list, limit":         {actionListPayments, `{"email":"a@b.example","limit":1001}`, pay.KindInvalidRequest, "input.limit"},
		"list, no limit":      {actionListOutgoing, `{"email":"a@b.example","limit":0}`, pay.KindInvalidRequest, "input.limit"},
		"list, email":         {actionListPayments, `{"email":"a b@c.example"}`, pay.KindInvalidRequest, "input.email"},
		"list, phone":         {actionListPayments, `{"phone":"+7 913"}`, pay.KindInvalidRequest, "input.phone"},
		"list, unknown key":   {actionListPayments, `{"e-mail":"a@b.example"}`, pay.KindInvalidRequest, "input"},
		"find nothing":        {actionFindPayments, `{}`, pay.KindInvalidRequest, "input.email"},
		"find, number":        {actionFindPayments, `{"account_number":"166"}`, pay.KindInvalidRequest, "input.account_number"},
		"find, phone":         {actionFindPayments, `{"account_number":"1-1","phone":"x"}`, pay.KindInvalidRequest, "input.phone"},
		"outgoing, number":    {actionFindOutgoing, `{"account_number":"../x"}`, pay.KindInvalidRequest, "input.account_number"},
		"outgoing, nothing":   {actionFindOutgoing, `{}`, pay.KindInvalidRequest, "input.account_number"},
		"user, nobody":        {actionFindUser, `{}`, pay.KindInvalidRequest, "input.email"},
		"shop, no title":      {actionCreateShop, `{"address":"x"}`, pay.KindInvalidRequest, "input.title"},
		"shop, no address":    {actionCreateShop, `{"title":"x"}`, pay.KindInvalidRequest, "input.address"},
		"register, ul":        {actionRegisterUser, change(`"ul":false,`, ``), pay.KindInvalidRequest, "input.ul"},
		"register, resident":  {actionRegisterUser, change(`"resident":true,`, ``), pay.KindInvalidRequest, "input.resident"},
		"register, email":     {actionRegisterUser, change(`"email":"new@example.com",`, ``), pay.KindInvalidRequest, "input.email"},
		"register, username":  {actionRegisterUser, change(`Новый ~`, ``), pay.KindInvalidRequest, "input.username"},
		"register, phone":     {actionRegisterUser, change(`+79131112233`, `79131112233`), pay.KindInvalidRequest, "input.phone"},
		"register, no phone":  {actionRegisterUser, change(`"phone":"+79131112233",`, ``), pay.KindInvalidRequest, "input.phone"},
		"register, password":  {actionRegisterUser, change(`p&ss w*rd`, `abc`), pay.KindInvalidRequest, "input.password"},
		"register, not a map": {actionRegisterUser, `"p&ss w*rd"`, pay.KindInvalidRequest, "input"},
		"register, as a key":  {actionRegisterUser, change(`"password":"p&ss w*rd"`, `"p&ss w*rd":1`), pay.KindInvalidRequest, "input"},
		"register, wrong ul":  {actionRegisterUser, change(`false`, `"p&ss w*rd"`), pay.KindInvalidRequest, "input"},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: acceptedAnswer}
			_, err := against(t, provider).RunAction(t.Context(), pay.Action{Name: c.action, Input: json.RawMessage(c.input)})
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.NotContains(t, fmt.Sprintf("%v %+v", err, e.Fields), "p&ss")
			require.Empty(t, provider.requests)
		})
	}
	_, err := against(t, &recorder{}).RunAction(t.Context(), pay.Action{
		Name: actionCreateShop, Input: json.RawMessage(`{"title":"x","address":"y"}`), Attachments: []pay.Attachment{{Name: "x", Content: strings.NewReader("x")}},
	})
	require.ErrorIs(t, err, pay.KindUnsupported)
}

// What is no definite answer leaves a change unknown and a look-up unavailable; one request was sent.
func TestActionsAmbiguousAnswers(t *testing.T) {
	for _, c := range asked() {
		answers := ambiguous()
		// In a read an acceptance without the documented result is as unreadable as the rest.
		answers["a map of nothing"] = &recorder{answer: `{"status":true,"result":{"x":1}}`}
		delete(answers, "result 1") // the id of a shop
		delete(answers, "result object")
		for name, provider := range answers {
			_, err := run(t, provider, c.name, c.input)
			e := asError(t, err)
			if spec(t, c.name).Effect == pay.EffectRead {
				require.Equal(t, pay.KindProviderUnavailable, e.Kind, "%s: %s: %s", c.name, name, e.Message)
				require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			} else {
				require.Equal(t, pay.KindOutcomeUnknown, e.Kind, "%s: %s: %s", c.name, name, e.Message)
				require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			}
			require.Len(t, provider.requests, 1, "nothing may be sent twice")
		}
	}
}

// Lines that lack what the schema promises make the answer unreadable; they are never filled in.
func TestActionsUnreadableResults(t *testing.T) {
	for _, c := range []struct{ action, input, result string }{
		{actionFindPayments, `{"email":"a@b.example"}`, `null`},
		{actionFindPayments, `{"email":"a@b.example"}`, `[{"account_number":"1-1"}]`},
		{actionFindPayments, `{"email":"a@b.example"}`, `[{"status":1}]`},
		{actionFindPayments, `{"email":"a@b.example"}`, `[{"account_number":"1-1","status":true}]`},
		{actionListPayments, `{"email":"a@b.example"}`, `null`},
		{actionListPayments, `{"email":"a@b.example"}`, `[{"id":1}]`},
		{actionListPayments, `{"email":"a@b.example"}`, `[{"status":1}]`},
		{actionListOutgoing, `{"email":"a@b.example"}`, `[{"id":1.5,"status":1}]`},
		{actionFindUser, `{"email":"a@b.example"}`, `{"email":"a@b.example"}`},
		{actionFindUser, `{"email":"a@b.example"}`, `{"inner_id":0}`},
		{actionFindUser, `{"email":"a@b.example"}`, `{"inner_id":6034,"email":"b@b.example"}`},
		{actionFindUser, `{"phone":"+79131112233"}`, `{"inner_id":6034,"phone":"79131112234"}`},
		{actionFindUser, `{"email":"a@b.example"}`, `[{"inner_id":6034},{"inner_id":6035}]`},
		{actionFindUser, `{"email":"a@b.example"}`, `null`},
	} {
		_, err := run(t, &recorder{answer: `{"status":true,"result":` + c.result + `}`}, c.action, c.input)
		require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind, "%s %s", c.action, c.result)
	}
}

// A search that finds nothing is not_found in either documented form; a listing of nothing is an empty list.
func TestActionsFindNothing(t *testing.T) {
	for _, answer := range []string{
		refusedAnswer(t, "Payment with such parameters not found"), refusedAnswer(t, "Payment with account number 1-1 not found"), `{"status":true,"result":[]}`,
	} {
		for name, input := range map[string]string{
			actionFindPayments: `{"email":"a@b.example"}`, actionFindOutgoing: `{"account_number":"1-1"}`, actionFindUser: `{"email":"a@b.example"}`,
		} {
			_, err := run(t, &recorder{answer: answer}, name, input)
			require.Equal(t, pay.KindNotFound, asError(t, err).Kind, name)
		}
		for _, name := range []string{actionListPayments, actionListOutgoing} {
			got, err := run(t, &recorder{answer: answer}, name, `{"email":"a@b.example"}`)
			require.NoError(t, err)
			require.JSONEq(t, `{"payments":[]}`, string(got.Output))
		}
	}
}

// A listing never has more lines than were asked for, whatever the provider does with the limit.
func TestListKeepsTheLimit(t *testing.T) {
	line := `{"id":1,"status":1,"created":"2015-12-30 14:36:16+06","last_update":null}`
	five := &recorder{answer: `{"status":true,"result":[` + strings.Repeat(line+",", 4) + line + `]}`}
	got, err := run(t, five, actionListPayments, `{"email":"a@b.example","limit":3}`)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(got.Output), `"id"`))
}
