package store

import (
	"context"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Payout is the stored form of one payout. Its destination and customer are
// personal data and stored apart; see [PersonalData].
type Payout struct {
	ID          string
	Tenant      string
	Mode        pay.Mode
	AccountID   string
	Provider    string
	OperationID string
	ProviderKey string

	CustomerID    string
	Reference     string
	Description   string
	CorrelationID string
	Metadata      map[string]string
	// Requested is what was asked for; Amount is what the receiver gets as the provider states it.
	Requested pay.Money

	ProviderRef          string
	ProviderRefs         map[string]string
	Status               pay.PayoutStatus
	Review               string
	Amount, Fee, Debited pay.Money
	Rate                 string
	// ReturnedAt is set when the money came back after success.
	ReturnedAt   time.Time
	Decline      *pay.Decline
	Network      pay.Network
	ProviderTime time.Time
	ProviderData map[string]string

	NeedsReview         bool
	ReviewReason        string
	UnresolvedOperation string
	// PrivateState belongs to the adapter; sealed at rest.
	PrivateState         *pay.State
	NextLookAt           time.Time
	CreatedAt, UpdatedAt time.Time
	// Version is the compare-and-swap counter.
	Version int64
}

// PayoutFilter selects payouts; zero fields select all.
type PayoutFilter struct {
	Tenant      string
	AccountID   string
	ProviderRef string
	ProviderKey string
	Statuses    []pay.PayoutStatus
	NeedsReview *bool
	LookBefore  time.Time
	BeforeTime  time.Time
	BeforeID    string
	Limit       int
}

func (r *Reader) payouts() record[Payout] {
	return record[Payout]{"payouts", func(p *Payout) []field {
		return []field{
			fixed("id", &p.ID),
			fixed("tenant", &p.Tenant),
			fixed("mode", &p.Mode),
			fixed("account_id", &p.AccountID),
			fixed("provider", &p.Provider),
			fixed("operation_id", &p.OperationID),
			fixed("provider_key", &p.ProviderKey),
			fixed("customer_id", &p.CustomerID),
			fixed("reference", &p.Reference),
			fixed("description", &p.Description),
			fixed("correlation_id", &p.CorrelationID),
			fixed("metadata", asJSON(&p.Metadata)),
			fixed("requested", moneyRef{&p.Requested}),
			mutable("provider_ref", &p.ProviderRef),
			mutable("provider_refs", asJSON(&p.ProviderRefs)),
			mutable("status", &p.Status),
			mutable("review", &p.Review),
			mutable("amount", moneyRef{&p.Amount}),
			mutable("fee", moneyRef{&p.Fee}),
			mutable("debited", moneyRef{&p.Debited}),
			mutable("rate", &p.Rate),
			mutable("returned_at", timeRef{&p.ReturnedAt}),
			mutable("decline", asJSON(&p.Decline)),
			mutable("network", asJSON(&p.Network)),
			mutable("provider_time", timeRef{&p.ProviderTime}),
			mutable("provider_data", asJSON(&p.ProviderData)),
			mutable("needs_review", &p.NeedsReview),
			mutable("review_reason", &p.ReviewReason),
			mutable("unresolved_operation", &p.UnresolvedOperation),
			mutable("private_state", sealedState(r.sealer, "payouts", &p.ID, &p.PrivateState)),
			mutable("state_version", stateVersion{&p.PrivateState}),
			mutable("next_look_at", timeRef{&p.NextLookAt}),
			fixed("created_at", timeRef{&p.CreatedAt}),
			mutable("updated_at", timeRef{&p.UpdatedAt}),
			mutable("version", &p.Version),
		}
	}}
}

// Payout returns the payout with the id.
func (r *Reader) Payout(ctx context.Context, id string) (Payout, error) {
	return one(ctx, r, r.payouts(), "WHERE id = $1", id)
}

// Payouts returns the payouts that f selects, newest first; with LookBefore set, the longest due first.
func (r *Reader) Payouts(ctx context.Context, f PayoutFilter) ([]Payout, error) {
	var c conditions
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	equal(&c, "provider_ref", f.ProviderRef)
	equal(&c, "provider_key", f.ProviderKey)
	in(&c, "status", f.Statuses)
	if f.NeedsReview != nil {
		c.add(boolText("needs_review", *f.NeedsReview))
	}
	order := c.page("created_at", f.BeforeTime, f.BeforeID, f.LookBefore)
	rest := c.rest(order, f.Limit)
	return list(ctx, r, r.payouts(), rest, c.args...)
}

// InsertPayout stores a new payout; its Version becomes 1.
func (t *Tx) InsertPayout(p *Payout) error {
	return t.insertVersioned("payouts", t.payouts().fields(p), &p.Version)
}

// UpdatePayout writes what can change where the stored version is p.Version: what the
// provider says of it. What was asked for never changes.
func (t *Tx) UpdatePayout(p *Payout) error {
	return t.update("payouts", t.payouts().fields(p), p.ID, &p.Version)
}
