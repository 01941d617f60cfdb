package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Bounds of a walk.
const (
	// walkers is how many looks of one run are in flight.
	walkers = 4
	// walkFailures is how many looks in a row may fail before the provider counts as away and the run fails.
	walkFailures = 20
)

// lookFailed is what a look returns after it was reported as unreadable.
type lookFailed struct{ err error }

func (e *lookFailed) Error() string {
	return "the provider cannot be asked: " + pay.AsError(e.err).Error()
}
func (e *lookFailed) Unwrap() error { return e.err }

// tolerate lets a run go on after a look that failed and was reported.
func tolerate(err error) error {
	if _, reported := errors.AsType[*lookFailed](err); reported {
		return nil
	}
	return err
}

// walkGroup runs looks side by side, within the places that an account has for looks.
type walkGroup struct {
	r      *reconciler
	ctx    context.Context //nolint:containedctx // of the looks, which end before the run does
	cancel context.CancelCauseFunc
	places chan struct{}
	wg     sync.WaitGroup

	mu       sync.Mutex
	failures int // in a row
	err      error
}

func newWalkers(ctx context.Context, r *reconciler) *walkGroup {
	ctx, cancel := context.WithCancelCause(ctx)
	return &walkGroup{r: r, ctx: ctx, cancel: cancel, places: make(chan struct{}, walkers)}
}

// look starts a look when there is a place. It fails when an earlier one was the end of the run.
func (w *walkGroup) look(do func(ctx context.Context) error) error {
	select {
	case w.places <- struct{}{}:
	case <-w.ctx.Done():
		return w.failed()
	}
	release, err := w.r.h.lookPlace(w.ctx, w.r.account.ID)
	if err != nil {
		<-w.places
		return w.failed()
	}
	w.wg.Go(func() {
		defer func() { <-w.places }()
		defer release()
		w.note(do(w.ctx))
	})
	return nil
}

// note counts failures; too many in a row, or one that is not about a single object, end the run.
func (w *walkGroup) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	unreadable, single := errors.AsType[*lookFailed](err)
	switch {
	case err == nil:
		w.failures = 0
		return
	case single && w.failures+1 < walkFailures:
		w.failures++
		return
	case single:
		err = unreadable
	}
	if w.err == nil {
		w.err = err
	}
	w.cancel(err)
}

func (w *walkGroup) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	return context.Cause(w.ctx)
}

// wait returns when every look has ended.
func (w *walkGroup) wait() error {
	w.wg.Wait()
	defer w.cancel(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// lookPlace takes one of the account's places for looks, which the resolver and the poller use, too.
func (h *Host) lookPlace(ctx context.Context, account string) (release func(), err error) {
	for {
		h.mu.Lock()
		if h.busy[account] < maxAccountJobs {
			h.busy[account]++
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.busy[account]--
			}, nil
		}
		h.mu.Unlock()
		timer := time.NewTimer(10 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// lock guards what walkers share: findings, counts and blind spots.
func (r *reconciler) lock() (unlock func()) {
	r.mu.Lock()
	return r.mu.Unlock
}

func (r *reconciler) withLock(do func()) {
	defer r.lock()()
	do()
}
