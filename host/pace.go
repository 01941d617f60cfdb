package host

import (
	"context"
	"strconv"

	"golang.org/x/time/rate"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// pace keeps the rate limits that a provider's manifest states, per account or for the whole provider. It waits as
// long as ctx allows; then nothing was sent.
func (h *Host) pace(ctx context.Context, account store.Account, ability pay.Ability) error {
	m, err := h.manifest(account.Provider)
	if err != nil {
		return err
	}
	for i, spec := range m.RateLimits {
		if spec.Scope == pay.RatePerInvoice || len(spec.Abilities) > 0 && !spec.Abilities.Has(ability) {
			continue
		}
		owner := account.ID
		if spec.Scope == pay.RatePerProvider {
			owner = "provider/" + account.Provider
		}
		if err := h.limiter(owner+"/"+strconv.Itoa(i), spec).Wait(ctx); err != nil {
			return notSent(pay.KindRateLimited, "the provider takes %s calls a second, and the wait would be too long", spec.Rate)
		}
	}
	return nil
}

func (h *Host) limiter(key string, spec pay.RateLimitSpec) *rate.Limiter {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, ok := h.limiters[key]
	if !ok {
		perSecond, err := strconv.ParseFloat(spec.Rate, 64)
		if err != nil || perSecond <= 0 {
			perSecond = float64(rate.Inf)
		}
		l = rate.NewLimiter(rate.Limit(perSecond), max(1, spec.Burst))
		h.limiters[key] = l
	}
	return l
}
