package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Pauses between tries to read a page or an object of the provider's.
const (
	readTries    = 5
	readPauseMax = 30 * time.Second
)

// patiently makes a call that only reads, again after a pause where the provider is away or asks to wait. ask must
// keep the provider's rate limits itself.
func (r *reconciler) patiently(ctx context.Context, ask func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		err := ask(ctx)
		if err == nil || try == readTries {
			return err
		}
		e := pay.AsError(err)
		switch e.Kind {
		case pay.KindRateLimited, pay.KindProviderUnavailable, pay.KindOutcomeUnknown, pay.KindPluginFault:
		default:
			return err
		}
		wait := max(e.Retry.After, min(readPauseMax, r.h.cfg.Timeouts.FirstLook<<(try-1)))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// call opens the account as it is now and makes one call that only reads, within the provider's rate limits. object is the id of what it
// is about, whose version of the plugin it takes; empty for the ledger.
func (r *reconciler) call(
	ctx context.Context, ability pay.Ability, object string, ask func(ctx context.Context, use *accountUse, account store.Account) error,
) error {
	account, err := r.h.account(ctx, r.account.ID)
	if err != nil {
		return err
	}
	if err := r.h.pace(ctx, account, ability); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.h.cfg.Timeouts.Operation)
	defer cancel()
	use, err := r.h.openFor(ctx, account, routeTo(object))
	if err != nil {
		return err
	}
	defer use.release()
	err = ask(ctx, use, account)
	use.transport(err)
	return err
}
