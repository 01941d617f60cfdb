package payin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestBalances(t *testing.T) {
	for name, c := range map[string]struct {
		result   string
		want     []string
		warnings int
	}{
		"the sample":       {`{"840":"0.00000000","999":"1.00000000","980":"5.00000000","643":"8726.47000000"}`, []string{"8726.47 RUB", "0.00 USD", "5.00 UAH"}, 1},
		"the table":        {`8726.47`, []string{"8726.47 RUB"}, 0},
		"number as text":   {`"8726.47"`, []string{"8726.47 RUB"}, 0},
		"zero":             {`0`, []string{"0.00 RUB"}, 0},
		"numbers in a map": {`{"643":12}`, []string{"12.00 RUB"}, 0},
		"debt":             {`{"643":"-3.50"}`, []string{"-3.50 RUB"}, 0},
		"empty map":        {`{}`, nil, 0},
		"empty PHP map":    {`[]`, nil, 0},
		"too many digits":  {`{"643":"0.00500000","978":"1.00"}`, []string{"1.00 EUR"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: `{"status":true,"result":` + c.result + `,"tracker":" gid_1"}`}
			got, err := against(t, provider).ReadBalances(t.Context(), pay.ReadBalances{Owner: "6034"})
			require.NoError(t, err)
			sent := provider.only(t)
			require.Equal(t, "/user/api-get-balance", sent.path)
			signed := "balance_user_id=6034&timestamp=1591040000&user_id=7026"
			require.Equal(t, signed+"&hash="+sign(testSecret, signed), sent.body)
			var list []string
			for _, b := range got.Balances {
				list = append(list, b.Available.String())
				require.False(t, b.Reserved.IsSet())
			}
			require.Equal(t, c.want, list)
			require.Len(t, got.Report.Warnings, c.warnings)
		})
	}
}

func TestBalanceFailures(t *testing.T) {
	for name, result := range map[string]string{
		"null": "null", "bool": "true", "list": "[1]", "exponent": "1e3", "text": `"much"`, "letters": `{"RUB":"1"}`, "nested": `{"643":{}}`,
		"missing": "", "infinite": `{"643":"Infinity"}`,
	} {
		t.Run(name, func(t *testing.T) {
			answer := `{"status":true,"result":` + result + `}`
			if result == "" {
				answer = `{"status":true}`
			}
			acc := against(t, &recorder{answer: answer})
			_, err := acc.ReadBalances(t.Context(), pay.ReadBalances{})
			require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind)
			_, err = acc.Check(t.Context(), pay.Check{})
			require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind)
		})
	}
	_, err := open(t, "http://127.0.0.1:1").ReadBalances(t.Context(), pay.ReadBalances{Owner: "me"})
	require.Equal(t, "owner", asError(t, err).Fields[0].Path)
}

// The owner that a request does not name is the operator.
func TestOwnBalance(t *testing.T) {
	provider := &recorder{answer: `{"status":true,"result":{}}`}
	_, err := against(t, provider).ReadBalances(t.Context(), pay.ReadBalances{})
	require.NoError(t, err)
	require.Equal(t, "7026", provider.only(t).form(t).Get("balance_user_id"))
}
