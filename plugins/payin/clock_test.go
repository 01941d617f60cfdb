package payin

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// calls is every call of an account that is signed.
func calls(t testing.TB) map[string]func(context.Context, *account) error {
	act := func(name, input string) func(context.Context, *account) error {
		return func(ctx context.Context, a *account) error {
			_, err := a.RunAction(ctx, pay.Action{Name: name, Input: []byte(input)})
			return err
		}
	}
	all := map[string]func(context.Context, *account) error{
		"create": func(ctx context.Context, a *account) error { _, err := a.CreateInvoice(ctx, request(t)); return err },
		"get": func(ctx context.Context, a *account) error {
			_, err := a.GetInvoice(ctx, ref(pay.StatusPending))
			return err
		},
		"charge": func(ctx context.Context, a *account) error { _, err := a.Charge(ctx, charge(t)); return err },
		"reward": func(ctx context.Context, a *account) error { _, err := a.CreatePayout(ctx, reward(t)); return err },
		"payout": func(ctx context.Context, a *account) error { _, err := a.GetPayout(ctx, payoutRef()); return err },
		"balance": func(ctx context.Context, a *account) error {
			_, err := a.ReadBalances(ctx, pay.ReadBalances{Owner: "6034"})
			return err
		},
		"check": func(ctx context.Context, a *account) error { _, err := a.Check(ctx, pay.Check{}); return err },
	}
	for name, c := range asked() {
		all["action "+name] = act(c.name, c.input)
	}
	return all
}

// "incorrect timestamp" is a definite refusal of every call: nothing was executed, the same operation may run again, and the
// operator reads both clocks and the remedy.
func TestClockSkew(t *testing.T) {
	for name, call := range calls(t) {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{
				answer: refusedAnswer(t, "incorrect timestamp"),
				header: http.Header{"Date": {time.Unix(testTime+37, 0).UTC().Format(http.TimeFormat)}},
			}
			e := asError(t, call(t.Context(), against(t, provider, service())))
			require.Equal(t, pay.KindProviderUnavailable, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			require.Equal(t, pay.Retry{Rule: pay.RetrySameOperation, After: 15 * time.Second}, e.Retry)
			require.False(t, e.Final())
			for _, part := range []string{"10s", "2020-06-01T19:33:20Z", "2020-06-01T19:33:57Z", "37s behind", "synchronise the clock"} {
				require.Contains(t, e.Message, part)
			}
			require.Equal(t, "incorrect timestamp", e.ProviderMessage)
			require.Len(t, provider.requests, 1, "the adapter itself never sends again")
		})
	}
}

func TestClockSkewSaysWhoseClock(t *testing.T) {
	ours := testClock()
	for name, c := range map[string]struct {
		date string
		want []string
	}{
		"ahead":   {ours.Add(-11 * time.Second).UTC().Format(http.TimeFormat), []string{"11s ahead", "NTP"}},
		"behind":  {ours.Add(time.Hour).UTC().Format(http.TimeFormat), []string{"1h0m0s behind", "NTP"}},
		"agree":   {ours.Add(10 * time.Second).UTC().Format(http.TimeFormat), []string{"the clocks agree", "network"}},
		"almost":  {ours.Add(-10 * time.Second).UTC().Format(http.TimeFormat), []string{"the clocks agree", "network"}},
		"no date": {"", []string{"has no date", "NTP", "config.base_url"}},
		"garbage": {"<b>now</b>", []string{"has no date"}},
	} {
		got := clockSkew(ours, c.date)
		require.Contains(t, got, "2020-06-01T19:33:20Z", name)
		for _, want := range c.want {
			require.Contains(t, got, want, name)
		}
		require.NotContains(t, got, "<b>")
	}
}

// Every call takes the time of its own try under its signature.
func TestEveryCallIsSignedAtItsOwnTime(t *testing.T) {
	for name, call := range calls(t) {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: "<html>"}
			acc := against(t, provider, service())
			now := testClock()
			acc.now = func() time.Time { return now }
			for range 2 {
				require.Error(t, call(t.Context(), acc))
				now = now.Add(11 * time.Second)
			}
			require.Len(t, provider.requests, 2)
			for i, want := range []string{"1591040000", "1591040011"} {
				form := provider.requests[i].form(t)
				require.Equal(t, want, form.Get("timestamp"))
				hash := form.Get("hash")
				form.Del("hash")
				require.Equal(t, sign(testSecret, canonicalOf(form)), hash)
			}
		})
	}
}

func TestProviderTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2015-12-30 14:25:37.353059+06":    "2015-12-30T08:25:37.353059Z",
		"2015-12-30 14:36:16+06":           "2015-12-30T08:36:16Z",
		"2015-12-30 14:36:16-03":           "2015-12-30T17:36:16Z",
		"2015-12-30 14:36:16+00":           "2015-12-30T14:36:16Z",
		"2015-12-30 14:36:16+05:30":        "2015-12-30T09:06:16Z",
		"2015-12-30 14:36:16+0530":         "2015-12-30T09:06:16Z",
		" 2015-12-30T14:36:16+06 ":         "2015-12-30T08:36:16Z",
		"2015-12-30 14:36:16Z":             "2015-12-30T14:36:16Z",
		"2015-12-30 23:59:59.999999999+00": "2015-12-30T23:59:59.999999999Z",
	} {
		got, ok := providerTime(text)
		require.True(t, ok, text)
		require.Equal(t, want, got.Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{
		"", "null", "now", "2015-12-30", "2015-12-30 14:36:16", "2015-12-30 14:36+06",
		"30.12.2015 14:36:16+06", "2015-13-30 14:36:16+06", "1451464576", "2015-12-30 14:36:16+6",
	} {
		_, ok := providerTime(text)
		require.False(t, ok, "%q has no offset or is no time", text)
	}
}
