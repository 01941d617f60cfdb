package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Reconcile asks for a comparison of what the host holds of one account with what its provider holds. Its JSON form is
// the body of POST /v1/accounts/{id}/reconcile.
type Reconcile struct {
	// Account is the id of the account.
	Account string `json:"-"`
	// From and To are the window; both are required. A date such as "2026-11-01" is a day in the account's time zone, and
	// the window then begins with From and ends with To, both days included. An RFC 3339 time is a moment: From is
	// included, To is not. The window is at most 92 days long; what of it lies in the future is not compared.
	From string `json:"from"`
	To   string `json:"to"`
	// Heal, after the comparison, asks the provider about each object that differs and applies its answer as any look
	// does: with evidence, by the table of transitions, with events. Without it a run writes nothing but itself.
	Heal bool `json:"heal,omitempty"`
}

// ReconcileMethod is how a run compares.
type ReconcileMethod string

// The methods.
const (
	// ReconcileListing compares with the provider's own ledger.
	ReconcileListing ReconcileMethod = "listing"
	// ReconcileWalk asks the provider about each of our objects; it cannot see what only the provider has.
	ReconcileWalk ReconcileMethod = "walk"
)

// FindingClass is one kind of difference. The list is closed.
type FindingClass string

// The classes of findings.
const (
	// FindingMissingHere: the provider has it, and no object of ours is known by its id.
	FindingMissingHere FindingClass = "missing_here"
	// FindingMissingThere: money we hold as moved, and the provider does not show it.
	FindingMissingThere FindingClass = "missing_there"
	// FindingAmount: both have it, with different amounts.
	FindingAmount FindingClass = "amount"
	// FindingCurrency: both have it, in different currencies.
	FindingCurrency FindingClass = "currency"
	// FindingStatus: both have it, and disagree on whether money moved.
	FindingStatus FindingClass = "status"
	// FindingRefund: the refunds of a payment differ.
	FindingRefund FindingClass = "refund"
	// FindingDuplicate: one thing of the provider's is there twice, or two of ours have the same one.
	FindingDuplicate FindingClass = "duplicate"
	// FindingUnreadable: the provider could not be asked about it.
	FindingUnreadable FindingClass = "unreadable"
)

// FindingClasses returns every class.
func FindingClasses() []FindingClass {
	return []FindingClass{
		FindingMissingHere, FindingMissingThere, FindingAmount, FindingCurrency, FindingStatus, FindingRefund, FindingDuplicate, FindingUnreadable,
	}
}

// FindingSide is what one side says of the object of a [Finding]. What it does not say is empty.
type FindingSide struct {
	Status string `json:"status,omitempty"`
	// Amount is what was moved, before fees; of a finding about refunds, what was returned.
	Amount pay.Money `json:"amount,omitzero"`
	// At is when the money moved.
	At *time.Time `json:"at,omitempty"`
}

// What healing made of a finding.
const (
	// HealedChanged: the provider's answer changed what we hold.
	HealedChanged = "changed"
	// HealedUnchanged: the provider's answer is what we hold already, or was refused by the table of transitions.
	HealedUnchanged = "unchanged"
	// HealedWoken: the operation whose outcome is not known is looked for now.
	HealedWoken = "woken"
	// HealedReported: nothing of ours can be asked about; an event tells of it.
	HealedReported = "reported"
)

// Finding is one difference between us and the provider. It holds no personal data.
type Finding struct {
	// Number counts the findings of a run from 1.
	Number int64        `json:"number"`
	Class  FindingClass `json:"class"`
	// ObjectType is invoice, refund or payout; Object is our id, empty for what only the provider has.
	ObjectType  string `json:"object_type"`
	Object      string `json:"object,omitempty"`
	ProviderRef string `json:"provider_ref,omitempty"`
	// Ours and Theirs are what each side says; nil where it has nothing.
	Ours   *FindingSide `json:"ours,omitempty"`
	Theirs *FindingSide `json:"theirs,omitempty"`
	// Detail says it in words.
	Detail string `json:"detail"`
	// Healed is changed, unchanged, woken, reported, or "failed: " and why. Empty when healing was not asked for.
	Healed string `json:"healed,omitempty"`
}

// ReconciliationRun is one comparison of an account with its provider, as far as it is.
type ReconciliationRun struct {
	ID       string          `json:"id"`
	Tenant   string          `json:"tenant"`
	Mode     pay.Mode        `json:"mode"`
	Account  string          `json:"account"`
	Provider string          `json:"provider"`
	Method   ReconcileMethod `json:"method"`
	// State is running, done, failed or interrupted.
	State string `json:"state"`
	Heal  bool   `json:"heal"`
	// From is included, To is not.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// TimeZone is where the days of the request were; empty means UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// CompleteUntil is up to when the provider's ledger can be relied on: nothing later is called missing there.
	CompleteUntil *time.Time `json:"complete_until,omitempty"`
	// Checked counts what was looked at: invoices, refunds and payouts of ours, transactions of the provider's, of which
	// other_transactions are of kinds that are not compared. in_motion are objects that changed meanwhile and were not judged.
	Checked map[string]int64 `json:"checked"`
	// Found counts the findings by class; classes with none are left out.
	Found map[FindingClass]int64 `json:"found"`
	// BlindSpots is what this run could not see, because the provider does not let one see it.
	BlindSpots []string `json:"blind_spots"`
	// Error says why a run failed or was interrupted.
	Error      string     `json:"error,omitempty"`
	Actor      string     `json:"actor"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Version    int64      `json:"version"`
}

func reconciliationView(r store.Reconciliation) ReconciliationRun {
	v := ReconciliationRun{
		ID: r.ID, Tenant: r.Tenant, Mode: r.Mode, Account: r.AccountID, Provider: r.Provider, Method: ReconcileMethod(r.Method),
		State: string(r.State), Heal: r.Heal, From: r.From, To: r.To, TimeZone: r.TimeZone, CompleteUntil: timeOrNil(r.CompleteUntil),
		Checked: r.Checked, Found: map[FindingClass]int64{}, BlindSpots: r.BlindSpots, Error: r.Error, Actor: r.Actor,
		StartedAt: r.CreatedAt, FinishedAt: timeOrNil(r.FinishedAt), Version: r.Version,
	}
	for class, n := range r.Found {
		v.Found[FindingClass(class)] = n
	}
	if v.Checked == nil {
		v.Checked = map[string]int64{}
	}
	if v.BlindSpots == nil {
		v.BlindSpots = []string{}
	}
	return v
}

func findingView(r store.ReconciliationFinding) Finding {
	return Finding{
		Number: r.Number, Class: FindingClass(r.Class), ObjectType: r.ObjectType, Object: r.ObjectID, ProviderRef: r.ProviderRef,
		Ours: sideOf(r.Ours), Theirs: sideOf(r.Theirs), Detail: r.Detail, Healed: r.Healed,
	}
}

func sideOf(raw json.RawMessage) *FindingSide {
	var s FindingSide
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return &s
}

// ListReconciliations selects runs; zero fields select all.
type ListReconciliations struct {
	Account string
	// Limit is 1 to 500; zero means 50.
	Limit  int
	Cursor string
}

// ReconciliationPage is one page of a list, newest first.
type ReconciliationPage struct {
	Reconciliations []ReconciliationRun `json:"reconciliations"`
	NextCursor      string              `json:"next_cursor,omitempty"`
}

// ListFindings selects findings of one run.
type ListFindings struct {
	// Run is the id of the run; required.
	Run string
	// Class narrows it to one class; empty: all.
	Class FindingClass
	// Limit is 1 to 500; zero means 50.
	Limit  int
	Cursor string
}

// FindingPage is one page of findings, in the order they were found.
type FindingPage struct {
	Findings   []Finding `json:"findings"`
	NextCursor string    `json:"next_cursor,omitempty"`
}

// Reconciliations lists stored runs, newest first.
func (h *Host) Reconciliations(ctx context.Context, req ListReconciliations) (ReconciliationPage, error) {
	limit, before, id, err := h.listing(ctx, ListObjects{Limit: req.Limit, Cursor: req.Cursor})
	if err != nil {
		return ReconciliationPage{}, err
	}
	if req.Account != "" {
		if _, err := h.account(ctx, req.Account); err != nil {
			return ReconciliationPage{}, err
		}
	}
	rows, err := h.store.Reconciliations(ctx, store.ReconciliationFilter{AccountID: req.Account, BeforeTime: before, BeforeID: id, Limit: limit + 1})
	if err != nil {
		return ReconciliationPage{}, storageError(err)
	}
	var page ReconciliationPage
	page.Reconciliations, page.NextCursor = paged(rows, limit, reconciliationView,
		func(r store.Reconciliation) (time.Time, string) { return r.CreatedAt, r.ID })
	return page, nil
}

// Reconciliation returns one stored run, as far as it is.
func (h *Host) Reconciliation(ctx context.Context, id string) (*ReconciliationRun, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.store.Reconciliation(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no reconciliation %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	view := reconciliationView(row)
	return &view, nil
}

// ReconciliationFindings lists what a run has found so far.
func (h *Host) ReconciliationFindings(ctx context.Context, req ListFindings) (FindingPage, error) {
	if _, err := h.Reconciliation(ctx, req.Run); err != nil {
		return FindingPage{}, err
	}
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return FindingPage{}, err
	}
	filter := store.FindingFilter{RunID: req.Run, Class: string(req.Class), Limit: limit + 1}
	if filter.After, err = decodeNumber(req.Cursor); err != nil {
		return FindingPage{}, err
	}
	rows, err := h.store.Findings(ctx, filter)
	if err != nil {
		return FindingPage{}, storageError(err)
	}
	page := FindingPage{Findings: make([]Finding, 0, len(rows))}
	for i, row := range rows {
		if i == limit {
			page.NextCursor = fmt.Sprint("f", rows[limit-1].Number)
			break
		}
		page.Findings = append(page.Findings, findingView(row))
	}
	return page, nil
}

// decodeNumber reads the cursor of a list of findings, "f" and the number of the last one seen.
func decodeNumber(cursor string) (int64, error) {
	var n int64
	if cursor == "" {
		return 0, nil
	}
	if _, err := fmt.Sscanf(cursor, "f%d", &n); err != nil || n < 1 || cursor != fmt.Sprint("f", n) {
		return 0, pay.Invalid("cursor", "is not one of this list")
	}
	return n, nil
}
