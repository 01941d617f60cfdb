package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// ReconciliationState is where a stored reconciliation stands.
type ReconciliationState string

// The states of a reconciliation. The database lets only one run of an account be running.
const (
	ReconciliationRunning     ReconciliationState = "running"
	ReconciliationDone        ReconciliationState = "done"
	ReconciliationFailed      ReconciliationState = "failed"
	ReconciliationInterrupted ReconciliationState = "interrupted"
)

// Reconciliation is one stored comparison of an account's records with its provider's.
type Reconciliation struct {
	ID        string
	Tenant    string
	Mode      pay.Mode
	AccountID string
	Provider  string
	// Method is how it compares: listing or walk.
	Method string
	State  ReconciliationState
	Heal   bool
	// From is included in the window, To is not.
	From, To time.Time
	// TimeZone is the account's when the run began; empty means UTC.
	TimeZone string
	// CompleteUntil is up to when the provider's ledger was complete; the zero time when it did not say.
	CompleteUntil time.Time
	// Checked counts what was looked at by kind, Found the findings by class.
	Checked, Found map[string]int64
	BlindSpots     []string
	// Error says why it failed or was interrupted.
	Error        string
	Actor        string
	HostInstance string
	CreatedAt    time.Time
	FinishedAt   time.Time
	// Version is the compare-and-swap counter.
	Version int64
}

// ReconciliationFinding is one difference that a run found.
type ReconciliationFinding struct {
	RunID string
	// Number counts the findings of a run from 1.
	Number      int64
	Class       string
	ObjectType  string
	ObjectID    string
	ProviderRef string
	// Ours and Theirs are what each side says, as JSON; nil where it says nothing.
	Ours, Theirs json.RawMessage
	Detail       string
	// Healed is what became of it; empty while nothing was tried.
	Healed string
}

// ReconciliationFilter selects runs; zero fields select all.
type ReconciliationFilter struct {
	AccountID  string
	States     []ReconciliationState
	BeforeTime time.Time
	BeforeID   string
	Limit      int
}

// FindingFilter selects the findings of one run, in order.
type FindingFilter struct {
	RunID string
	// Class narrows it to one class; empty: all.
	Class string
	// After continues behind this number.
	After int64
	Limit int
}

func (r *Reader) reconciliations() record[Reconciliation] {
	return record[Reconciliation]{"reconciliations", func(c *Reconciliation) []field {
		return []field{
			fixed("id", &c.ID),
			fixed("tenant", &c.Tenant),
			fixed("mode", &c.Mode),
			fixed("account_id", &c.AccountID),
			fixed("provider", &c.Provider),
			fixed("method", &c.Method),
			mutable("state", &c.State),
			fixed("heal", &c.Heal),
			fixed("window_from", timeRef{&c.From}),
			fixed("window_to", timeRef{&c.To}),
			fixed("time_zone", &c.TimeZone),
			mutable("complete_until", timeRef{&c.CompleteUntil}),
			mutable("checked", asJSON(&c.Checked)),
			mutable("found", asJSON(&c.Found)),
			mutable("blind_spots", asJSON(&c.BlindSpots)),
			mutable("error", &c.Error),
			fixed("actor", &c.Actor),
			fixed("host_instance", &c.HostInstance),
			fixed("created_at", timeRef{&c.CreatedAt}),
			mutable("finished_at", timeRef{&c.FinishedAt}),
			mutable("version", &c.Version),
		}
	}}
}

func (r *Reader) findings() record[ReconciliationFinding] {
	return record[ReconciliationFinding]{"reconciliation_findings", func(f *ReconciliationFinding) []field {
		return []field{
			fixed("run_id", &f.RunID),
			fixed("number", &f.Number),
			fixed("class", &f.Class),
			fixed("object_type", &f.ObjectType),
			fixed("object_id", &f.ObjectID),
			fixed("provider_ref", &f.ProviderRef),
			fixed("ours", rawRef{&f.Ours}),
			fixed("theirs", rawRef{&f.Theirs}),
			fixed("detail", &f.Detail),
			mutable("healed", &f.Healed),
		}
	}}
}

// Reconciliation returns the run with the id.
func (r *Reader) Reconciliation(ctx context.Context, id string) (Reconciliation, error) {
	return one(ctx, r, r.reconciliations(), "WHERE id = $1", id)
}

// Reconciliations returns the runs that f selects, newest first.
func (r *Reader) Reconciliations(ctx context.Context, f ReconciliationFilter) ([]Reconciliation, error) {
	var c conditions
	equal(&c, "account_id", f.AccountID)
	in(&c, "state", f.States)
	if len(f.States) == 1 && f.States[0] == ReconciliationRunning {
		c.add("state = 'running'") // the index of running ones serves no parameter
	}
	order := c.page("created_at", f.BeforeTime, f.BeforeID, time.Time{})
	rest := c.rest(order, f.Limit)
	return list(ctx, r, r.reconciliations(), rest, c.args...)
}

// Findings returns the findings that f selects, in the order they were found.
func (r *Reader) Findings(ctx context.Context, f FindingFilter) ([]ReconciliationFinding, error) {
	var c conditions
	c.add("run_id = ?", f.RunID)
	equal(&c, "class", f.Class)
	c.add("number > ?", f.After)
	rest := c.rest("number", f.Limit)
	return list(ctx, r, r.findings(), rest, c.args...)
}

// InsertReconciliation stores a new run; its Version becomes 1. It is [ErrConflict] when another run of the account
// is running.
func (t *Tx) InsertReconciliation(c *Reconciliation) error {
	return t.insertVersioned("reconciliations", t.reconciliations().fields(c), &c.Version)
}

// UpdateReconciliation writes what a run learns where the stored version is c.Version. What was asked for never changes.
func (t *Tx) UpdateReconciliation(c *Reconciliation) error {
	return t.update("reconciliations", t.reconciliations().fields(c), c.ID, &c.Version)
}

// InsertFinding stores a finding.
func (t *Tx) InsertFinding(f *ReconciliationFinding) error {
	return t.insertNew("reconciliation_findings", t.findings().fields(f))
}

// SetHealed notes what became of a finding.
func (t *Tx) SetHealed(runID string, number int64, healed string) error {
	n, err := t.exec("UPDATE reconciliation_findings SET healed = $1 WHERE run_id = $2 AND number = $3", healed, runID, number)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: finding %d of %s", ErrNotFound, number, runID)
	}
	return err
}
