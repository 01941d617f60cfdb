package host_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
)

// Dates are days of the account's time zone, also on the days when clocks are changed, in zones that do it at midnight, too.
func TestReconciliationDaysAreThoseOfTheAccount(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	for _, c := range []struct{ name, zone, from, to, wantFrom, wantTo string }{
		{"an ordinary day", "Europe/Kyiv", "2026-02-01", "2026-02-01", "2026-01-31T22:00:00Z", "2026-02-01T22:00:00Z"},
		{"several days", "UTC", "2026-02-01", "2026-02-03", "2026-02-01T00:00:00Z", "2026-02-04T00:00:00Z"},
		{"23 hours", "Europe/Kyiv", "2025-03-30", "2025-03-30", "2025-03-29T22:00:00Z", "2025-03-30T21:00:00Z"},
		{"25 hours", "Europe/Kyiv", "2025-10-26", "2025-10-26", "2025-10-25T21:00:00Z", "2025-10-26T22:00:00Z"},
		{"a day that begins at 01:00", "America/Santiago", "2025-09-07", "2025-09-07", "2025-09-07T04:00:00Z", "2025-09-08T03:00:00Z"},
		{"midnight comes twice", "America/Havana", "2025-11-02", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"},
		{"an hour before midnight comes twice", "America/Santiago", "2025-04-05", "2025-04-05", "2025-04-05T03:00:00Z", "2025-04-06T04:00:00Z"},
		{"moments", "Europe/Kyiv", "2026-02-01T10:00:00+02:00", "2026-02-01T08:00:01Z", "2026-02-01T08:00:00Z", "2026-02-01T08:00:01Z"},
		{"a moment and a day", "UTC", "2026-02-01T10:00:00Z", "2026-02-01", "2026-02-01T10:00:00Z", "2026-02-02T00:00:00Z"},
		{"a day that is not over", "UTC", "2026-03-02", "2026-03-02", "2026-03-02T00:00:00Z", bankNow().Format(time.RFC3339)},
		{"the longest, with a long day", "Europe/Kyiv", "2025-08-01", "2025-10-31", "2025-07-31T21:00:00Z", "2025-10-31T22:00:00Z"},
	} {
		id := "z" + strings.ReplaceAll(strings.ToLower(c.zone), "/", "-")
		require.NoError(t, b.PutAccount(t.Context(), host.Account{ID: id, Provider: "bank", TimeZone: c.zone, Config: json.RawMessage(`{}`)}))
		run, _ := b.reconcile(func(r *host.Reconcile) { r.Account, r.From, r.To = id, c.from, c.to })
		require.Equal(t, []string{c.wantFrom, c.wantTo}, []string{run.From.Format(time.RFC3339), run.To.Format(time.RFC3339)}, c.name)
		require.Equal(t, c.zone, run.TimeZone)
	}
}
