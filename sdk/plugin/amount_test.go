package plugin

import (
	"testing"

	"github.com/stretchr/testify/require"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

func TestPlainAmounts(t *testing.T) {
	for _, value := range []string{"0", "-0.00", "100", "100.0", "100.00", "-17.25", "999999999999999999.99", "00001.10"} {
		require.True(t, isPlainAmount(&pluginv1.Money{Value: value, Currency: "UAH", Exponent: 2}), value)
	}
}

// FuzzPlainAmount shows that an amount that is taken for plain can be read.
func FuzzPlainAmount(f *testing.F) {
	for _, value := range []string{"1.00", "-1", ".5", "5.", "", "-", "--1", "1e3", "1.000", "1_0", "+1", "٣", "1234567890123456789", "0.00"} {
		f.Add(value, "UAH", uint32(2))
		f.Add(value, "JPY", uint32(0))
		f.Add(value, "USDT", uint32(8))
	}
	f.Fuzz(func(t *testing.T, value, currency string, exponent uint32) {
		m := &pluginv1.Money{Value: value, Currency: currency, Exponent: exponent}
		if !isPlainAmount(m) {
			return
		}
		if _, err := parseMoney(m); err != nil {
			t.Fatalf("%q %s is no amount: %v", value, currency, err)
		}
	})
}
