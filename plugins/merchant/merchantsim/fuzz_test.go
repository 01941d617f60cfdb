package merchantsim

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// Whatever a client sends, reading it must neither panic nor let an amount
// through that is not exact in the store's currency.
func FuzzReadCreate(f *testing.F) {
	f.Add(wanted(nil))
	f.Add(`{"type":"in","amount":1}`)
	f.Add(`{"matchingSettings":{"maxAmount":[]}}`)
	f.Add("[]")
	sim := New(Config{})
	f.Fuzz(func(t *testing.T, body string) {
		inv, _, refused := sim.readCreate([]byte(body))
		if refused != nil {
			if refused.status < 400 {
				t.Fatalf("refused with %d", refused.status)
			}
			return
		}
		if !inv.Sum.IsPositive() || !inv.Sum.Equal(inv.Sum.Truncate(2)) || inv.NotificationToken == "" {
			t.Fatalf("accepted %s", body)
		}
	})
}

func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{"1000", "1000.00", "0.01", "1e9", "-1", ".5", "5.", "", "０", "1_000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		amount, err := parseAmount(text, 2)
		if err != nil {
			return
		}
		if strings.Trim(text, "0123456789.") != "" || !amount.Equal(decimal.RequireFromString(amount.StringFixed(2))) {
			t.Fatalf("%q became %s", text, amount)
		}
	})
}
