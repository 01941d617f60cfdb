package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

const objectReconciliation = "reconciliation"

// What a run counts.
const (
	checkedInvoices     = "invoices"
	checkedRefunds      = "refunds"
	checkedPayouts      = "payouts"
	checkedTransactions = "transactions"
	checkedOthers       = "other_transactions"
	checkedInMotion     = "in_motion"
)

// errHostStops ends a run because the host does.
var errHostStops = errors.New("the host stopped")

// Reconcile compares what the host holds of an account with what its provider holds, and stores the result. It returns
// when the run has ended, or with the run still running when ctx ends: the run goes on by itself, and
// [Host.Reconciliation] tells how far it is. A run that failed or was interrupted is no error; its State and Error say so.
//
// One account has one run at a time: another is refused with [pay.KindInProgress]. Accounts whose provider lists its
// ledger are compared with that; others object by object.
func (h *Host) Reconcile(ctx context.Context, req Reconcile) (*ReconciliationRun, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	account, err := h.account(ctx, req.Account)
	if err != nil {
		return nil, err
	}
	window, err := reconcileWindow(req, account, h.now())
	if err != nil {
		return nil, err
	}
	abilities, err := h.abilitiesNow(ctx, account)
	if err != nil {
		return nil, err
	}
	done, err := h.begin()
	if err != nil {
		return nil, err
	}
	r := newReconciler(h, account, abilities, window, req.Heal, actorFrom(ctx).name)
	if err := r.open(ctx); err != nil {
		done()
		return nil, err
	}
	ended := make(chan struct{})
	runCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-h.stopping:
			cancel(errHostStops)
		case <-ended:
			cancel(nil)
		}
	}()
	go func() {
		defer done()
		defer close(ended)
		r.run(runCtx)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return h.Reconciliation(context.WithoutCancel(ctx), r.row.ID)
}

// abilitiesNow opens the account and returns what it offers.
func (h *Host) abilitiesNow(ctx context.Context, account store.Account) (pay.Abilities, error) {
	use, err := h.open(ctx, account)
	if err != nil {
		return nil, err
	}
	defer use.release()
	return pay.Resolve(use.account), nil
}

// reconciler is one run. It belongs to the goroutine of its run, and to the looks that it starts.
type reconciler struct {
	h         *Host
	account   store.Account
	abilities pay.Abilities
	// delay is how long the provider may take to show something.
	delay time.Duration
	// window is what is judged; margin is how much around it is read for counterparts.
	window span
	margin time.Duration
	row    store.Reconciliation
	// started is when the run began to read: what changed later is not judged.
	started time.Time

	mu      sync.Mutex // spans the fields below while looks run side by side
	checked map[string]int64
	found   map[string]int64
	number  int64
	// pending are findings that are not stored yet.
	pending []store.ReconciliationFinding
	// spots are the blind spots.
	spots []string
}

// reconcileMargin is how far their time of an object and ours may usually be apart.
const reconcileMargin = time.Hour

func newReconciler(h *Host, account store.Account, abilities pay.Abilities, window span, heal bool, who string) *reconciler {
	now := h.now()
	r := &reconciler{
		h: h, account: account, abilities: abilities, window: window, margin: reconcileMargin, started: now,
		checked: map[string]int64{}, found: map[string]int64{},
		row: store.Reconciliation{
			ID: newID("rec", now), Tenant: account.Tenant, Mode: account.Mode, AccountID: account.ID, Provider: account.Provider,
			Method: string(ReconcileWalk), State: store.ReconciliationRunning, Heal: heal, From: window.from, To: window.to,
			TimeZone: account.TimeZone, Actor: who, HostInstance: h.instance, CreatedAt: now,
		},
	}
	if abilities.Has(pay.CanListTransactions) {
		r.row.Method = string(ReconcileListing)
	}
	if m, err := h.manifest(account.Provider); err == nil {
		r.delay = m.VisibilityDelay
		r.margin = max(r.margin, 2*r.delay)
	}
	return r
}

// open stores the run, which makes it the account's only one, with its entry in the audit log.
func (r *reconciler) open(ctx context.Context) error {
	asked, _ := json.Marshal(map[string]any{
		"reconciliation": r.row.ID, "method": r.row.Method, "from": r.row.From, "to": r.row.To, "heal": r.row.Heal,
	})
	err := r.h.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := tx.InsertReconciliation(&r.row); err != nil {
			return err
		}
		return tx.AppendAudit(r.h.audit(ctx, "account.reconcile", "account", r.account.ID, nil, asked))
	})
	if !errors.Is(err, store.ErrConflict) {
		return storageError(err)
	}
	text := "account " + r.account.ID + " is being reconciled already"
	running, err := r.h.store.Reconciliations(ctx, store.ReconciliationFilter{
		AccountID: r.account.ID, States: []store.ReconciliationState{store.ReconciliationRunning}, Limit: 1,
	})
	if err == nil && len(running) == 1 {
		text += " by " + running[0].ID
	}
	return notSent(pay.KindInProgress, "%s; wait for its end", text)
}

// run compares, heals when asked to, and stores the end.
func (r *reconciler) run(ctx context.Context) {
	err := r.compare(ctx)
	if err == nil {
		err = r.flush(ctx)
	}
	if err == nil && r.row.Heal {
		err = r.heal(ctx)
	}
	state, text := store.ReconciliationDone, ""
	switch {
	case context.Cause(ctx) != nil:
		state, text = store.ReconciliationInterrupted, context.Cause(ctx).Error()
	case err != nil:
		state, text = store.ReconciliationFailed, err.Error()
	}
	if err := r.finish(ctx, state, text); err != nil {
		// The row stays running until the next start of the host marks it.
		r.h.log.Error("storing the end of a reconciliation", "reconciliation", r.row.ID, "account", r.account.ID, "error", err.Error())
	}
}

func (r *reconciler) compare(ctx context.Context) error {
	if r.row.Method == string(ReconcileListing) {
		return newLedgerRun(r).run(ctx)
	}
	return r.walk(ctx)
}

// finish stores what the run learnt and tells of it.
func (r *reconciler) finish(ctx context.Context, state store.ReconciliationState, text string) error {
	if n := r.checked[checkedInMotion]; n > 0 {
		r.blind("%d objects changed during the run and were not judged; a later run shows them", n)
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.h.write(ctx, func(tx *store.Tx) error {
		row := r.row
		row.State, row.Error, row.FinishedAt = state, text, r.h.now()
		row.Checked, row.Found, row.BlindSpots = r.checked, r.found, r.spots
		if err := tx.UpdateReconciliation(&row); err != nil {
			return err
		}
		return r.emit(tx, "reconciliation.finished", row, reconciliationView(row))
	})
}

func (r *reconciler) emit(tx *store.Tx, kind string, row store.Reconciliation, view any) error {
	data, err := json.Marshal(view)
	if err != nil {
		return err
	}
	now := r.h.now()
	return tx.AppendEvent(&store.Event{
		ID: newID("evt", now), Type: kind, Schema: 1, Tenant: row.Tenant, Mode: row.Mode, Account: row.AccountID,
		ObjectType: objectReconciliation, ObjectID: row.ID, ObjectVersion: row.Version, OccurredAt: now,
		Actor: row.Actor, Cause: objectReconciliation, Data: data,
	})
}

// difference is a finding before it has a number.
type difference struct {
	class        FindingClass
	objectType   string
	object, ref  string
	ours, theirs *FindingSide
	detail       string
}

// findingBatch is how many findings are stored together.
const findingBatch = 100

// report adds a finding.
func (r *reconciler) report(ctx context.Context, d difference) error {
	ours, err := rawSide(d.ours)
	if err != nil {
		return err
	}
	theirs, err := rawSide(d.theirs)
	if err != nil {
		return err
	}
	r.number++
	r.found[string(d.class)]++
	r.pending = append(r.pending, store.ReconciliationFinding{
		RunID: r.row.ID, Number: r.number, Class: string(d.class), ObjectType: d.objectType, ObjectID: d.object, ProviderRef: d.ref,
		Ours: ours, Theirs: theirs, Detail: d.detail,
	})
	if len(r.pending) < findingBatch {
		return nil
	}
	return r.flush(ctx)
}

func rawSide(s *FindingSide) (json.RawMessage, error) {
	if s == nil {
		return nil, nil
	}
	return json.Marshal(s)
}

// flush stores the findings so far, with the counts, so that whoever reads a running run sees how far it is.
func (r *reconciler) flush(ctx context.Context) error {
	pending := r.pending
	r.pending = nil
	row := r.row
	row.Checked, row.Found, row.BlindSpots = r.checked, r.found, r.spots
	err := r.h.write(ctx, func(tx *store.Tx) error {
		for i := range pending {
			if err := tx.InsertFinding(&pending[i]); err != nil {
				return err
			}
		}
		return tx.UpdateReconciliation(&row)
	})
	if err == nil {
		r.row = row
	}
	return err
}

// blind names something that this run could not see. Saying it twice adds nothing.
func (r *reconciler) blind(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.spots, text) {
		r.spots = append(r.spots, text)
	}
}

// inMotion reports whether an object changed after the provider was read, so that a difference proves nothing.
func (r *reconciler) inMotion(changed time.Time) bool {
	if !changed.Before(r.started) {
		r.checked[checkedInMotion]++
		return true
	}
	return false
}

// grace is how long news may take from the provider to us.
const grace = time.Minute

// settled is up to when both sides had the time to hear of something: what is newer is not judged.
func (r *reconciler) settled() time.Time { return r.started.Add(-max(r.delay, grace)) }

// interruptReconciliations marks the runs that were running when the last process ended.
func (h *Host) interruptReconciliations(ctx context.Context) error {
	for {
		rows, err := h.store.Reconciliations(ctx, store.ReconciliationFilter{
			States: []store.ReconciliationState{store.ReconciliationRunning}, Limit: maxPage,
		})
		if err != nil || len(rows) == 0 {
			return storageError(err)
		}
		err = h.write(ctx, func(tx *store.Tx) error {
			for _, row := range rows {
				row.State, row.Error, row.FinishedAt = store.ReconciliationInterrupted, "the host ended while it was running", h.now()
				if err := tx.UpdateReconciliation(&row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
