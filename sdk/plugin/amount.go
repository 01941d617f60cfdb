package plugin

import (
	"strings"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// isPlainAmount reports whether m is an amount of the usual form in a currency of ISO 4217, which [parseMoney] then reads without
// fail. It only spares the reading: an amount of another form is not refused but read.
func isPlainAmount(m *pluginv1.Money) bool {
	iso, ok := pay.LookupCurrency(m.GetCurrency())
	if !ok || iso.Exponent != int(m.GetExponent()) {
		return false
	}
	whole, frac, dotted := strings.Cut(strings.TrimPrefix(m.GetValue(), "-"), ".")
	return whole != "" && len(whole) <= 18 && dotted == (frac != "") && len(frac) <= iso.Exponent && isDigits(whole) && isDigits(frac)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
