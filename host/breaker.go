package host

import (
	"errors"
	"maps"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/payhost/payhost/sdk/pay"
)

// Breakers open per account and operation, so that a provider that answers nothing gets no
// more payers and a stalled one does not slow the others.
const (
	breakerFailures = 10
	breakerPause    = 15 * time.Second
)

type breakerKey struct {
	account string
	kind    pay.Operation
}

// breaker returns the breaker of one operation of one account.
func (h *Host) breaker(account string, kind pay.Operation) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	key := breakerKey{account, kind}
	h.mu.Lock()
	defer h.mu.Unlock()
	b, ok := h.breakers[key]
	if !ok {
		b = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
			Name: account + "/" + string(kind), Timeout: breakerPause,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
			IsSuccessful: func(err error) bool { return !counts(err) },
			IsExcluded:   saysNothing,
			OnStateChange: func(name string, from, to gobreaker.State) {
				h.log.Warn("circuit breaker", "of", name, "from", from.String(), "to", to.String())
			},
		})
		h.breakers[key] = b
	}
	return b
}

// forgetBreakers begins anew for all operations of an account. Calls that passed a breaker before do not count in the next one.
func (h *Host) forgetBreakers(account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.breakers, func(key breakerKey, _ *gobreaker.TwoStepCircuitBreaker[struct{}]) bool { return key.account == account })
}

// pass asks the breaker for a call; done must be told what came of it. Refused means that nothing was sent.
func (h *Host) pass(account string, kind pay.Operation) (done func(error), err error) {
	done, err = h.breaker(account, kind).Allow()
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		e := notSent(pay.KindProviderUnavailable, "account %s: %s is held back, because the provider has not answered for a while", account, kind)
		e.Retry.After = breakerPause
		return nil, e
	}
	return done, err
}

// counts reports whether an outcome speaks against the provider's health: transport failures and outcomes
// nobody knows do, a decline or a refused request does not.
func counts(err error) bool {
	if err == nil {
		return false
	}
	switch pay.AsError(err).Kind {
	case pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.KindAuth:
		return true
	default:
		return false
	}
}

// errNotTried tells a breaker that the call it let pass was never made.
var errNotTried = errors.New("the call was not made")

// saysNothing marks outcomes that say nothing about the provider: calls that were not made, and deaths of plugins.
func saysNothing(err error) bool {
	return err != nil && (errors.Is(err, errNotTried) || pay.AsError(err).Kind == pay.KindPluginFault)
}
