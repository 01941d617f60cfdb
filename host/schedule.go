package host

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// When unknown outcomes and unfinished objects are looked at.
const (
	// youngLook and oldLook bound the pause between looks at an operation in its first hour and later.
	youngLook = 30 * time.Second
	oldLook   = time.Hour
	// defaultCadence is how often an invoice is looked at whose manifest says nothing.
	defaultCadence = 5 * time.Minute
	// expiryMargin is how long after its expiry an invoice is asked for once more.
	expiryMargin = 30 * time.Second
	// abandonMargin is how long after its validity an unanswered create is given up as not effective.
	abandonMargin = 5 * time.Minute
	// defaultValidity is how long an unanswered create may stay payable where nobody said.
	defaultValidity = 24 * time.Hour
)

// schedule decides when the poller looks at an invoice next. Webhooks are a
// hint; polling is the guarantee.
func (h *Host) schedule(c *change, obs observation) {
	m, err := h.manifest(c.next.Provider)
	if err != nil {
		return
	}
	now := h.now()
	n := &c.next
	switch {
	case !obs.state.Report.NextLookAt.IsZero() && !n.Final:
		n.NextLookAt = obs.state.Report.NextLookAt.UTC()
	case n.Status.Closed():
		n.NextLookAt = h.lateLook(*n, m, now)
	case n.Final, n.ProviderRef == "":
		n.NextLookAt = time.Time{}
	default:
		n.NextLookAt = now.Add(jitter(cadence(m, n.Status)))
		if due := n.ExpiresAt.Add(expiryMargin); !n.ExpiresAt.IsZero() && due.After(now) && due.Before(n.NextLookAt) {
			n.NextLookAt = due
		}
	}
}

// cadence is how often something of a provider is looked at that goes on without the payer.
func (h *Host) cadence(provider string, s pay.Status) time.Duration {
	m, err := h.manifest(provider)
	if err != nil {
		return defaultCadence
	}
	return cadence(m, s)
}

// nudgeFor wakes the poller when something is due before its next round.
func (h *Host) nudgeFor(at time.Time) {
	if !at.IsZero() && at.Before(h.now().Add(youngLook)) {
		h.nudge()
	}
}

func cadence(m pay.Manifest, s pay.Status) time.Duration {
	if d := m.PollCadence[s]; d > 0 {
		return d
	}
	return defaultCadence
}

// lateLook watches a closed invoice for late money: after 1 h, after 6 h, then
// daily, until the manifest's late window ends.
func (h *Host) lateLook(inv store.Invoice, m pay.Manifest, now time.Time) time.Time {
	if m.LateWindow == 0 || inv.ProviderRef == "" {
		return time.Time{}
	}
	closed := orTime(inv.ClosedAt, now)
	next := lateAfter(closed, now)
	daily := !closed.Add(6 * time.Hour).After(now) // the first two looks are made however short the window is
	if daily && next.After(closed.Add(m.LateWindow)) {
		return time.Time{}
	}
	return next
}

// jitter spreads looks, so that a thousand invoices made at once are not asked for at once.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - d/8 + rand.N(d/4+1)
}

// backOff is the pause before the next look at an unknown operation.
func backOff(first time.Duration, looks int, age time.Duration) time.Duration {
	limit := youngLook
	if age > time.Hour {
		limit = oldLook
	}
	return jitter(min(limit, first<<min(looks, 12)))
}

// nudge tells the resolver and the poller that there may be something to do before their next round.
func (h *Host) nudge() {
	select {
	case h.due <- struct{}{}:
	default:
	}
}

// wake makes the account's unknown operations due now: a call on it has just succeeded.
func (h *Host) wake(account string) {
	h.mu.Lock()
	unknown := h.unknown[account] > 0
	h.mu.Unlock()
	if !unknown {
		return
	}
	h.background(func(ctx context.Context) {
		rows, err := h.store.Operations(ctx, store.OperationFilter{
			AccountID: account, States: []store.OperationState{store.OperationUnknown}, Limit: maxPage,
		})
		if err != nil {
			return
		}
		for _, op := range rows {
			if !op.NextLookAt.After(h.now()) {
				continue
			}
			_ = h.write(ctx, func(tx *store.Tx) error {
				current, err := tx.Operation(ctx, op.ID)
				if err != nil || current.State != store.OperationUnknown {
					return err
				}
				current.NextLookAt = h.now()
				return tx.UpdateOperation(&current)
			})
		}
		h.nudge()
	})
}

// syncLater looks at an invoice soon, on a context of the host's.
func (h *Host) syncLater(id string) {
	h.background(func(ctx context.Context) {
		if err := h.sync(ctx, id, "system:sync"); err != nil {
			h.log.Info("looking at an invoice whose command was refused", "invoice", id, "error", err.Error())
		}
	})
}
