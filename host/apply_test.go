package host

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

func uah(t require.TestingT, value string) pay.Money {
	m, err := pay.ParseMoney(value, "UAH")
	require.NoError(t, err)
	return m
}

func row(t require.TestingT, status pay.Status) store.Invoice {
	return store.Invoice{ID: "inv_1", Status: status, Amount: uah(t, "10.00"), Purpose: pay.PurposePayment, Version: 1}
}

func seen(kind pay.EvidenceKind, status pay.Status, at time.Time) observation {
	return observation{kind: kind, state: pay.InvoiceState{
		Status: status, Report: pay.Report{Evidence: pay.Evidence{ProviderTime: at}},
	}}
}

// Every pair of statuses with every kind of evidence does what the one table says.
func TestApplyObeysTheTransitionTable(t *testing.T) {
	kinds := []pay.EvidenceKind{
		pay.EvidenceAPISync, pay.EvidenceAPIResponse, pay.EvidenceManual, pay.EvidenceVerifiedWebhook,
		pay.EvidenceHint, pay.EvidenceRedirect, pay.EvidenceHost,
	}
	for _, from := range pay.Statuses() {
		for _, to := range pay.Statuses() {
			for _, kind := range kinds {
				c := apply(row(t, from), seen(kind, to, time.Time{}))
				tr, legal := pay.FindTransition(from, to)
				switch {
				case from == to:
					require.Equal(t, from, c.next.Status)
				case legal && tr.Need.Met(kind):
					require.Equal(t, to, c.next.Status, "%s → %s by %s", from, to, kind)
					require.Equal(t, appliedMove, c.applied)
					require.Len(t, c.events, 1)
				default:
					require.Equal(t, from, c.next.Status, "%s → %s by %s", from, to, kind)
					require.Equal(t, appliedRefused, c.applied)
					require.Equal(t, legal, c.askProvider, "a legal move that lacks proof asks for it")
				}
			}
		}
	}
}

// A set of observations ends in the same state however it is duplicated and
// reordered, and paid never regresses.
func TestApplyIsIndifferentToOrderAndRepetition(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	shuffles := 1
	if os.Getenv("PAYHOST_SOAK") == "1" {
		shuffles = 100 // of a hundred histories each
	}
	for range shuffles {
		rapid.Check(t, shuffled(start))
	}
}

func shuffled(start time.Time) func(t *rapid.T) {
	return func(t *rapid.T) {
		// One provider's history: forward along the table, each step with a later time.
		at, history := pay.StatusPending, []observation{seen(pay.EvidenceVerifiedWebhook, pay.StatusPending, start)}
		for i := range rapid.IntRange(1, 6).Draw(t, "steps") {
			var next []pay.Status
			for _, tr := range pay.Transitions() {
				if tr.From == at && tr.Need == pay.NeedEvidence {
					next = append(next, tr.To)
				}
			}
			if len(next) == 0 {
				break
			}
			at = rapid.SampledFrom(next).Draw(t, "to")
			history = append(history, seen(pay.EvidenceAPISync, at, start.Add(time.Duration(i+1)*time.Second)))
		}
		shuffled := rapid.Permutation(append(append([]observation{}, history...), history...)).Draw(t, "order")
		inv := row(t, pay.StatusPending)
		paid := false
		for _, obs := range shuffled {
			inv = apply(inv, obs).next
			paid = paid || inv.Status == pay.StatusPaid
			if paid && inv.Status != pay.StatusPaid {
				t.Fatalf("paid became %s", inv.Status)
			}
		}
		if last := history[len(history)-1]; inv.Status != last.state.Status && reachable(history, last.state.Status) {
			t.Fatalf("the provider's last word was %s, we hold %s", last.state.Status, inv.Status)
		}
	}
}

// reachable reports whether the last status can be reached from the start without the steps
// between, which is what losing all but the newest observation means.
func reachable(history []observation, last pay.Status) bool {
	for _, obs := range history[:len(history)-1] {
		if _, ok := pay.FindTransition(obs.state.Status, last); !ok && obs.state.Status != last {
			return false
		}
	}
	return true
}

func TestApplyComparesEverythingThatIsStated(t *testing.T) {
	usd, err := pay.ParseMoney("10.00", "USD")
	require.NoError(t, err)
	cases := map[string]func(*pay.InvoiceState){
		"amount":            func(s *pay.InvoiceState) { s.Amount = uah(t, "1.00") },
		"amount currency":   func(s *pay.InvoiceState) { s.Amount = usd },
		"due above amount":  func(s *pay.InvoiceState) { s.Due = uah(t, "10.01") },
		"due currency":      func(s *pay.InvoiceState) { s.Due = usd },
		"captured currency": func(s *pay.InvoiceState) { s.Captured = usd },
		"received currency": func(s *pay.InvoiceState) { s.Received = usd },
		"refunded currency": func(s *pay.InvoiceState) { s.Refunded = usd },
		"another object":    func(s *pay.InvoiceState) { s.ProviderRef = "p-2" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			inv := row(t, pay.StatusPending)
			inv.ProviderRef = "p-1"
			obs := seen(pay.EvidenceAPISync, pay.StatusPaid, time.Time{})
			obs.state.ProviderRef = "p-1"
			change(&obs.state)
			c := apply(inv, obs)
			require.Equal(t, pay.StatusPending, c.next.Status, "what contradicts the order is not believed")
			require.True(t, c.next.NeedsReview)
			require.Equal(t, []string{"invoice.needs_review"}, c.events)
			require.Empty(t, apply(c.next, obs).events, "said once")
		})
	}
	inv := row(t, pay.StatusPending)
	inv.MaxAmount = uah(t, "11.00")
	obs := seen(pay.EvidenceAPIResponse, pay.StatusPending, time.Time{})
	obs.state.Due = uah(t, "10.37")
	c := apply(inv, obs)
	require.False(t, c.next.NeedsReview, "the caller allowed the raise")
	require.Equal(t, "10.37", c.next.Due.Value())
	obs.state.Due = uah(t, "11.01")
	require.True(t, apply(inv, obs).next.NeedsReview)
}

func TestApplyKnowsWhatPaidMeans(t *testing.T) {
	c := apply(row(t, pay.StatusPending), seen(pay.EvidenceAPISync, pay.StatusPaid, time.Time{}))
	require.Equal(t, "10.00", c.next.Captured.Value(), "a provider that states no amount means the whole")
	require.True(t, c.next.Final)

	verification := row(t, pay.StatusPending)
	verification.Purpose, verification.Amount = pay.PurposeVerification, uah(t, "0")
	require.True(t, apply(verification, seen(pay.EvidenceAPISync, pay.StatusPaid, time.Time{})).next.Captured.IsZero())

	late := apply(row(t, pay.StatusExpired), seen(pay.EvidenceAPISync, pay.StatusPaid, time.Time{}))
	require.Equal(t, []string{"invoice.late_paid"}, late.events)
}

func FuzzCursor(f *testing.F) {
	f.Add(encodeCursor(time.Unix(1, 0), "inv_1"))
	f.Add("e30")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		at, id, err := decodeCursor(text)
		if err != nil || text == "" {
			return
		}
		again, same, err := decodeCursor(encodeCursor(at, id))
		if err != nil || !again.Equal(at) || same != id {
			t.Fatalf("%v %q became %v %q: %v", at, id, again, same, err)
		}
	})
}

func TestProviderKeysHaveTheFormTheManifestAsksFor(t *testing.T) {
	op := newID("op", time.Now())
	require.Len(t, op, 29)
	require.True(t, isID(op))
	for alphabet, pattern := range map[pay.KeyAlphabet]string{
		pay.KeyToken: `^op_[0-9a-f]{26}$`, pay.KeyAlnum: `^op[0-9a-f]{26}$`, pay.KeyDigits: `^[0-9]{18}$`,
		pay.KeyUUID: `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	} {
		key, err := providerKey(pay.KeyFormat{Alphabet: alphabet, MaxLength: 36}, op)
		require.NoError(t, err)
		require.Regexp(t, pattern, key)
	}
	short, err := providerKey(pay.KeyFormat{Alphabet: pay.KeyAlnum, MaxLength: 16}, op)
	require.NoError(t, err)
	require.Len(t, short, 16)
	_, err = providerKey(pay.KeyFormat{Alphabet: pay.KeyAlnum, MaxLength: 8}, op)
	require.Error(t, err)
	_, err = providerKey(pay.KeyFormat{Alphabet: "runes"}, op)
	require.Error(t, err)
}

// Which command a status admits, written out by hand and not taken from the code.
func TestEveryStatusAdmitsTheCommandsOfTheLifecycle(t *testing.T) {
	admits := map[pay.Status]string{
		pay.StatusCreating: "", pay.StatusPending: "cancel", pay.StatusProcessing: "cancel", pay.StatusAuthorized: "capture void",
		pay.StatusPaid: "refund", pay.StatusPartiallyPaid: "capture refund", pay.StatusCanceled: "", pay.StatusExpired: "", pay.StatusFailed: "",
	}
	require.Len(t, admits, len(pay.Statuses()))
	h := &Host{}
	able := store.Account{Provider: "p", ID: "a", Abilities: pay.NewAbilities(pay.CanCancel, pay.CanCapture, pay.CanVoid, pay.CanRefund)}
	for _, status := range pay.Statuses() {
		for _, kind := range []pay.Operation{pay.OpCancel, pay.OpCapture, pay.OpVoid, pay.OpRefund} {
			inv := row(t, status)
			inv.Authorized = inv.Amount
			err := h.allowed(kind, inv, able, pay.Money{})
			listed := slices.Contains(strings.Fields(admits[status]), string(kind))
			if !listed {
				require.ErrorIs(t, err, pay.KindInvalidState, "%s of a %s invoice", kind, status)
				continue
			}
			require.NoError(t, err, "%s of a %s invoice", kind, status)
			unable := able
			unable.Abilities = pay.NewAbilities(pay.CanGetInvoice)
			require.ErrorIs(t, h.allowed(kind, inv, unable, pay.Money{}), pay.KindUnsupported)
			inv.NeedsReview = true
			require.ErrorIs(t, h.allowed(kind, inv, able, pay.Money{}), pay.KindInvalidState)
		}
	}
}
