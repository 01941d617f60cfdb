package merchant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	withdrawCall = "POST /api/merchant/withdrawals"
	wallet       = "TXyz1234567890abcdefghijk"
	wanted       = `{"account_id":"a1","amount":"100.5","address":"` + wallet + `","code_2fa":"123456"}`
)

// withdrawing is an account whose config allows withdrawals.
func withdrawing(t *testing.T, answers map[string]answer) (*account, *gateway) {
	acc, g := against(t, answers)
	return open(t, acc.base.String(), map[string]any{"withdrawals": true}), g
}

func TestWithdraw(t *testing.T) {
	acc, g := withdrawing(t, always(200, `{"id":"w1","accountId":"a1","status":2,"createdAt":"2024-11-04T13:55:45+00:00",
		"sum":{"amount":"100.5","currency":"USDT","subunit":8},"fee":{"amount":"2","currency":"USDT","subunit":8},"address":"x","txId":null}`))
	got, err := acc.RunAction(t.Context(), onAccount("withdraw", wanted))
	require.NoError(t, err)
	require.Equal(t, []string{withdrawCall}, g.calls())
	require.JSONEq(t, `{"accountId":"a1","amount":"100.50000000","address":"`+wallet+`","code2FA":"123456","substractFeeFromAmount":false}`,
		string(g.requests[0].body))
	require.JSONEq(t, `{"withdrawal_id":"w1","status":"2","sum":"100.50000000","fee":"2.00000000","currency":"USDT"}`, string(got.Output))
	require.True(t, valid(t, compile(t, json.RawMessage(withdrawOutput)), string(got.Output)))
	require.True(t, valid(t, compile(t, json.RawMessage(withdrawInput)), wanted))
	require.Empty(t, got.Report.Warnings)

	acc, g = withdrawing(t, always(200, `{"id":77,"txId":"0xabc","sum":{"amount":"1","currency":"USDT","subunit":2}}`))
	got, err = acc.RunAction(t.Context(), onAccount("withdraw", wanted[:len(wanted)-1]+`,"subtract_fee_from_amount":true}`))
	require.NoError(t, err)
	require.Contains(t, string(g.requests[0].body), `"substractFeeFromAmount":true`)
	require.JSONEq(t, `{"withdrawal_id":"77","tx_id":"0xabc"}`, string(got.Output), "an amount in another unit is no amount")
	require.Len(t, got.Report.Warnings, 1)
}

// Withdrawals are off unless the config says otherwise, and every lost answer is a person's.
func TestWithdrawIsOff(t *testing.T) {
	acc, g := against(t, always(200, "{}"))
	_, err := acc.RunAction(t.Context(), onAccount("withdraw", wanted))
	e := asError(t, err)
	require.Equal(t, pay.KindUnsupported, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
	require.Contains(t, e.Message, "config key withdrawals")
	require.Empty(t, g.calls())
	spec := specOf(t, "withdraw")
	require.Equal(t, pay.EffectMovesMoney, spec.Effect)
	require.Equal(t, pay.ResolveHuman, spec.Resolution)
}

func TestWithdrawRefusesBeforeSending(t *testing.T) {
	acc, g := withdrawing(t, always(200, "{}"))
	for input, path := range map[string]string{
		`{}`: "input.account_id", `{"account_id":"../x"}`: "input.account_id",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"1234"}`, "1e3", wallet):         "input.amount",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"1234"}`, "0", wallet):           "input.amount",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"1234"}`, "0.000000001", wallet): "input.amount",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"1234"}`, "1", "a b"):            "input.address",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"12"}`, "1", wallet):             "input.code_2fa",
		fmt.Sprintf(`{"account_id":"a1","amount":%q,"address":%q,"code_2fa":"12 456"}`, "1", wallet):         "input.code_2fa",
		`{"accountId":"a1"}`: "input",
	} {
		_, err := acc.RunAction(t.Context(), onAccount("withdraw", input))
		e := asError(t, err)
		require.Equal(t, pay.KindInvalidRequest, e.Kind, input)
		require.Equal(t, path, e.Fields[0].Path, input)
	}
	require.Empty(t, g.calls())
}

func TestWithdrawAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer   answer
		kind     pay.Kind
		executed pay.Executed
		path     string
	}{
		"no 2fa":   {answer{status: 400, body: `[{"message":"2FA should be enabled for this operation"}]`}, pay.KindUnsupported, pay.ExecutedNo, ""},
		"no funds": {answer{status: 400, body: `[{"message":"Insufficient funds"}]`}, pay.KindDeclined, pay.ExecutedNo, ""},
		"wrong code": {answer{status: 400, body: `[{"message":"123456 is wrong for ` + wallet + `","field":"code2FA"}]`}, pay.KindInvalidRequest,
			pay.ExecutedNo, "input.code_2fa"},
		"account": {answer{status: 400, body: `[{"message":"x","field":"accountId"}]`}, pay.KindInvalidRequest, pay.ExecutedNo, "input.account_id"},
		"amount":  {answer{status: 422, body: `[{"message":"x","field":"amount"}]`}, pay.KindInvalidRequest, pay.ExecutedNo, "input.amount"},
		"fee": {answer{status: 400, body: `[{"message":"This value should be of type boolean","field":"substractFeeFromAmount"}]`},
			pay.KindInvalidRequest, pay.ExecutedNo, "input.subtract_fee_from_amount"},
		"401":         {answer{status: 401}, pay.KindAuth, pay.ExecutedNo, ""},
		"plain 400":   {answer{status: 400, body: `Not today`}, pay.KindInvalidRequest, pay.ExecutedNo, ""},
		"no id":       {answer{body: `{"status":2}`}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"html":        {answer{body: "<html>"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"list":        {answer{body: "[]"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"500":         {answer{status: 500}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"unreadable":  {answer{body: `{"id":{}}`}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"redirect":    {answer{status: http.StatusFound}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"html, 400":   {answer{status: 400, body: "<html>"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"unavailable": {answer{status: 503, body: `{"message":"x"}`}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := withdrawing(t, map[string]answer{"*": c.answer})
			_, err := acc.RunAction(t.Context(), onAccount("withdraw", wanted))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, c.executed, e.WasExecuted())
			require.Equal(t, []string{withdrawCall}, g.calls(), "a withdrawal is sent once")
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			for _, hidden := range []string{"123456", wallet} {
				require.NotContains(t, fmt.Sprintf("%v %s %+v", err, e.ProviderMessage, e.Fields), hidden)
			}
		})
	}
}
