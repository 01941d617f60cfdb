package plugintest

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// breakage is a provider that is broken in one way, and the check that must notice it.
type breakage struct {
	check string
	flaw  flaw
	// says is a part of what the check says about it.
	says string
	// raw: the guard of the SDK is what is missing, so it is taken away.
	raw bool
}

func breakages() []breakage {
	return []breakage{
		{check: "manifest_valid", flaw: "bad name", says: "is not of the form"},
		{check: "manifest_stable", flaw: "unstable manifest", says: "Describe returned something else"},
		{check: "manifest_operations", flaw: "no resolution", says: "resolution"},
		{check: "manifest_operations", flaw: "account offers more than manifest", says: "which the manifest does not list"},
		{check: "manifest_secrets", flaw: "secret not marked", says: "looks like a secret"},
		{check: "open_missing_key", flaw: "missing config key accepted", says: "Open accepted a config with no token"},
		{check: "open_missing_key", flaw: "config error without name", says: "does not name"},
		{check: "open_wrong_type", flaw: "wrong config type accepted", says: "Open accepted a config with an object"},
		{check: "open_unknown_key", flaw: "unknown config key accepted", says: "Open accepted a config with an unknown key"},
		{check: "open_silent", flaw: "open calls provider", says: "Open called the provider"},
		{check: "open_repeatable", flaw: "opens once", says: "the account is open already"},
		{check: "create_result", flaw: "no next action", says: "no next action"},
		{check: "create_key_sent", flaw: "key not sent", says: "is in none of the requests"},
		{check: "create_resend_once", flaw: "new key each time", says: "two tries with one key made 2 invoices"},
		{check: "find_by_key", flaw: "finds nothing", says: "does not find its invoice"},
		{check: "find_by_key", flaw: "abandons and denies", says: "does not find its invoice"},
		{check: "find_absent", flaw: "abandons and invents", says: "FindInvoice of what was never sent succeeded"},
		{check: "find_absent", flaw: "absent is empty", says: "FindInvoice of what was never sent succeeded"},
		{check: "create_reply_lost", flaw: "retries create", says: "2 requests for one create"},
		{check: "create_reply_lost", flaw: "lost means no", says: "executed = no, want unknown"},
		{check: "create_unreadable", flaw: "5xx means no", says: "executed = no, want unknown"},
		{check: "create_unreadable", flaw: "retries create", says: "2 requests for one create"},
		{check: "create_refused_connection", flaw: "plain errors", says: "executed = unknown, want no"},
		{check: "create_deadline", flaw: "ignores context", says: "has not returned"},
		{check: "create_canceled", flaw: "ignores context", says: "has not returned"},
		{check: "get_pending", flaw: "pending reads as nothing", says: "needs a reason"},
		{check: "get_paid", flaw: "paid not seen", says: `returns status "pending"`},
		{check: "get_declined", flaw: "declined is paid", says: `declined invoice returns status "paid"`},
		{check: "get_unknown_status", flaw: "unknown is paid", says: "reads as paid"},
		{check: "get_absent", flaw: "404 is outage", says: "want one of [not found]"},
		{check: "get_unavailable", flaw: "reads are unknown", says: "executed = unknown, want no"},
		{check: "state_survives", flaw: "keeps memory", says: "after a restart failed"},
		{check: "state_survives", flaw: "state too large", says: "65537 bytes"},
		{check: "state_survives", flaw: "renewed state of another version", says: "the account's state has version 9"},
		{check: "unknown_fields", flaw: "strict answers", says: "cannot be read"},
		{check: "amount_exact", flaw: "float amount", says: "128.13"},
		{check: "amount_exact", flaw: "two digits for all", says: "100 JPY"},
		{check: "amount_foreign", flaw: "any currency", says: "what is known to be wrong is refused"},
		{check: "amount_not_positive", flaw: "any amount", says: "an amount of zero succeeded"},
		{check: "webhook_genuine", flaw: "refuses all", says: "a genuine webhook was refused"},
		{check: "webhook_same_facts", flaw: "webhook differs", says: "the webhook says processing, GetInvoice says paid"},
		{check: "webhook_forged", flaw: "unsigned accepted", says: "became a verified event"},
		{check: "webhook_other_secret", flaw: "one secret for all", says: "an account with another secret accepted"},
		{check: "webhook_replay", flaw: "remembers webhooks", says: "yields 0 events, at first 1"},
		{check: "webhook_acknowledged", flaw: "acknowledges with 500", says: "acknowledged with HTTP 500"},
		{check: "cancel_works", flaw: "cancel does nothing", says: "after CancelInvoice the invoice is"},
		{check: "refund_works", flaw: "paid regresses", says: "paid never regresses"},
		{check: "payout_works", flaw: "payout not found by key", says: `with provider ref "" failed`},
		{check: "payout_cancel_works", flaw: "payout cancel does nothing", says: `CancelPayout says canceled, GetPayout says "pending"`},
		{check: "payout_cancel_works", flaw: "payout cancel is an outage", says: "want one of [invalid state]"},
		{check: "change_reply_lost", flaw: "retries payout cancel", says: "CancelPayout, "},
		{check: "change_reply_lost", flaw: "retries", says: "sent 2 requests"},
		{check: "abilities_work", flaw: "promises capture", says: "offers capture and answers"},
		{check: "abilities_absent", flaw: "hides cancel", says: "cancel, which is not offered succeeded", raw: true},
		{check: "transactions_complete", flaw: "pages overlap", says: "listed twice"},
		{check: "transactions_complete", flaw: "pages skip", says: "are not in the ledger"},
		{check: "maintain_repeatable", flaw: "account state of another version", says: "the state has version 9"},
		{check: "maintain_repeatable", flaw: "refuses unknown reasons", says: "Maintain (invented_by_the_kit) failed"},
		{check: "critical_unknown", says: "unknown critical field succeeded", raw: true},
		{check: "panic_contained", says: "panic: plugintest", raw: true},
		{check: "concurrent_use", flaw: "mixes up", says: "got inv-"},
		{check: "secrets_hidden", flaw: "echoes errors", says: "comes out after"},
		{check: "secrets_hidden", flaw: "logs secrets", says: "the log: secret"},
		{check: "secrets_hidden", flaw: "config in error", says: "comes out after"},
	}
}

// raw is a way without the SDK's guard.
func raw() lane {
	return lane{"raw", func(_ testing.TB, p pay.Provider, _ *slog.Logger) pay.Provider { return p }}
}

// noLogs are flaws that the wire hides: the log of a plugin arrives at the host by another way.
func noLogs(l lane, f flaw) bool { return l.name == "wire" && f == "logs secrets" }

// A check that cannot fail is a defect: each fails, by every way, on a provider that is broken in just that way, and says why.
func TestEveryCheckFails(t *testing.T) {
	covered := map[string]bool{}
	for _, b := range breakages() {
		covered[b.check] = true
		c, ok := find(b.check)
		require.True(t, ok, "no check is named %s", b.check)
		ways := lanes()
		if b.raw {
			ways = []lane{raw()}
		}
		for _, l := range ways {
			if noLogs(l, b.flaw) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s/%s", b.check, strings.ReplaceAll(string(b.flaw), " ", "_"), l.name), func(t *testing.T) {
				t.Parallel()
				h := tinHarness(b.flaw)
				got := observe(t, func(tb testing.TB) { quickly(tb, &h, c, l) })
				require.True(t, got.Failed(), "the check passed")
				require.Contains(t, got.text(), b.says)
				t.Log(brief(got.text()))
			})
		}
	}
	for _, c := range List() {
		require.True(t, covered[c.Name], "no broken provider shows that %s can fail", c.Name)
	}
}

// quickly is runCheck without the patience for providers that work.
func quickly(tb testing.TB, h *Harness, c check, l lane) {
	c.run(&kit{TB: tb, harness: h, lane: l, needs: c.needs, patience: 2 * time.Second})
}

// The same provider without a flaw passes every check and skips none.
func TestSoundProviderPasses(t *testing.T) { Run(t, tinHarness("")) }

func TestSoundProviderSkipsNothing(t *testing.T) {
	h := tinHarness("")
	for _, c := range checks() {
		got := observe(t, func(tb testing.TB) { quickly(tb, &h, c, lanes()[0]) })
		require.False(t, got.Failed(), "%s: %s", c.Name, got.text())
		require.False(t, got.skipped, "%s was skipped: %s", c.Name, got.text())
	}
}

func TestFailurePrintsWhy(t *testing.T) {
	h := tinHarness("no next action")
	c, _ := find("create_result")
	got := observe(t, func(tb testing.TB) { runCheck(tb, &h, c, lanes()[0]) })
	require.True(t, got.Failed())
	require.Contains(t, got.text(), c.Why)
}

func TestHarnessIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Harness){
		"Provider":     func(h *Harness) { h.Provider = nil },
		"Start":        func(h *Harness) { h.Start = nil },
		"Config":       func(h *Harness) { h.Config = nil },
		"Create":       func(h *Harness) { h.Create = nil },
		"no check":     func(h *Harness) { h.Skip = map[string]string{"create_reslut": "typo"} },
		"no reason":    func(h *Harness) { h.Skip = map[string]string{"create_result": ""} },
		"Simulator.Ha": func(h *Harness) { h.Start = func(testing.TB, Site) Simulator { return Simulator{} } },
	} {
		h := tinHarness("")
		spoil(&h)
		got := observe(t, func(tb testing.TB) {
			h.check(tb)
			c, _ := find("create_result")
			runCheck(tb, &h, c, lanes()[0])
		})
		require.True(t, got.Failed(), name)
		if name == "no reason" {
			require.Contains(t, got.text(), "gives no reason")
		} else {
			require.Contains(t, got.text(), name)
		}
	}
}

func TestListHasReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range List() {
		require.Regexp(t, `^[a-z][a-z_]+$`, c.Name)
		require.False(t, seen[c.Name], c.Name)
		require.Greater(t, len(c.Why), 40, c.Name)
		seen[c.Name] = true
	}
	require.GreaterOrEqual(t, len(seen), 25)
}
