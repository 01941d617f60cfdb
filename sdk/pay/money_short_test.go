package pay

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// FuzzParseShort compares the short way of reading an amount with the long one, to the last bit of what they return.
func FuzzParseShort(f *testing.F) {
	for _, value := range []string{"1.00", "-1", "0", "-0.00", "000.10", ".5", "5.", "", "-", "--1", "1e3", "1.000", "1_0", "+1", "٣", "999999999999999999"} {
		for _, exponent := range []int{0, 2, 8, 18, -1} {
			f.Add(value, "UAH", exponent)
			f.Add(value, "USDT", exponent)
		}
	}
	f.Fuzz(func(t *testing.T, value, code string, exponent int) {
		c := Currency{Code: code, Exponent: exponent}
		short, ok := parseShort(value, c)
		if !ok {
			return
		}
		require.NoError(t, checkDigits(value))
		d, err := decimal.NewFromString(value)
		require.NoError(t, err)
		long, err := NewMoney(d, c)
		require.NoError(t, err)
		require.Equal(t, long, short)
	})
}

func TestUsualAmountsAreReadTheShortWay(t *testing.T) {
	for _, value := range []string{"0", "-0.00", "100", "100.0", "-17.25", "999999999999999.99"} {
		_, ok := parseShort(value, Currency{Code: "UAH", Exponent: 2})
		require.True(t, ok, value)
	}
}
