package pay

import (
	"math"
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

// FuzzShortValue writes amounts in both ways. Where the short way says something, it is what the decimal library says.
func FuzzShortValue(f *testing.F) {
	for _, units := range []int64{0, 1, -1, 5, -5, 10, 99, -100, 125_050, 999_999_999_999_999_999, -999_999_999_999_999_999, math.MaxInt64, math.MinInt64} {
		for _, given := range []int32{0, 1, 2, 8, 18} {
			f.Add(units, given, uint8(2))
			f.Add(units, given, uint8(0))
			f.Add(units, given, uint8(18))
		}
	}
	f.Fuzz(func(t *testing.T, units int64, given int32, decimals uint8) {
		m := Money{amount: decimal.New(units, -given%40), currency: Currency{Code: "X", Exponent: int(decimals % 19)}}
		short, ok := m.shortValue()
		if long := m.amount.StringFixed(int32(m.currency.Exponent)); ok && short != long {
			t.Fatalf("%d with %d decimals in %d: %q, the library says %q", units, given, decimals, short, long)
		}
	})
}

func TestUsualAmountsAreWrittenTheShortWay(t *testing.T) {
	for _, value := range []string{"0.00", "0.05", "-0.05", "1.00", "1250.50", "9999999999999999.99"} {
		m, err := ParseMoney(value, "UAH")
		require.NoError(t, err)
		short, ok := m.shortValue()
		require.True(t, ok, value)
		require.Equal(t, value, short)
	}
	_, ok := Money{amount: decimal.New(math.MaxInt64, 0), currency: Currency{Code: "UAH", Exponent: 2}}.shortValue()
	require.False(t, ok, "it would not fit")
	short, ok := Money{}.shortValue()
	require.True(t, ok)
	require.Equal(t, Money{}.amount.StringFixed(0), short)
}
