package pay_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/sdk/pay"
)

// The text of an amount is stored, sent and compared, so it is the decimal library's, digit for digit.
func TestTheTextOfAnAmountIsThatOfTheDecimalLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		exponent := rapid.IntRange(0, 18).Draw(t, "exponent")
		currency := pay.Currency{Code: rapid.SampledFrom([]string{"ABC", "X1Y2Z3", "<&>"}).Draw(t, "code"), Exponent: exponent}
		coefficient := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000)).Draw(t, "coefficient")
		amount := decimal.New(coefficient, -int32(rapid.IntRange(0, exponent).Draw(t, "decimals")))
		m, err := pay.NewMoney(amount, currency)
		if err != nil {
			return
		}
		require.Equal(t, amount.StringFixed(int32(exponent)), m.Value())
		require.Equal(t, decimal.Decimal{}.StringFixed(int32(exponent)), pay.ZeroOf(currency).Value())
		want, err := json.Marshal(struct {
			Value    string `json:"value"`
			Currency string `json:"currency"`
		}{amount.StringFixed(int32(exponent)), currency.Code})
		require.NoError(t, err)
		got, err := json.Marshal(m)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}
