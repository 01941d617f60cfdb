package monobanksim

import (
	"fmt"
	"slices"
	"time"
)

// Statuses of a subscription. The bank spells the second one with two l.
const (
	SubscriptionActive    = "active"
	SubscriptionCancelled = "cancelled"
)

// Statuses of a charge of a subscription.
const (
	ChargeNew     = "new"
	ChargeDone    = "success"
	ChargeRefused = "failed"
)

// Subscription is a snapshot of one subscription.
type Subscription struct {
	// SubscriptionID is the bank's id, PageURL where the payer subscribes until ExpiresAt.
	SubscriptionID string    `json:"subscription_id"`
	PageURL        string    `json:"page_url"`
	ExpiresAt      time.Time `json:"expires_at"`
	// Status is active, also before anybody subscribed, or cancelled; CancellationDesc says why.
	Status           string `json:"status"`
	CancellationDesc string `json:"cancellation_desc,omitempty"`
	// Amount is in minor units of Currency, an ISO 4217 numeric code. Interval is a number and d, w, m or y.
	Amount   int64  `json:"amount"`
	Currency int32  `json:"ccy"`
	Interval string `json:"interval"`
	// RedirectURL is where the payer's browser returns; ChargeURL and StatusURL are where callbacks go.
	RedirectURL string `json:"redirect_url,omitempty"`
	ChargeURL   string `json:"charge_url,omitempty"`
	StatusURL   string `json:"status_url,omitempty"`
	// Subscribed says that a payer subscribed; CardToken, WalletID and WalletStatus are the card's.
	Subscribed   bool   `json:"subscribed"`
	CardToken    string `json:"card_token,omitempty"`
	WalletID     string `json:"wallet_id"`
	WalletStatus string `json:"wallet_status"`
	// Charges are the charges in order; Refunded is what was given back with the cancellation.
	Charges  []SubscriptionCharge `json:"charges,omitempty"`
	Refunded int64                `json:"refunded,omitempty"`
	// CreatedAt, StartAt, NextAt and EndAt have a resolution of one second; NextAt is zero where no charge is to come.
	CreatedAt time.Time `json:"created_at"`
	StartAt   time.Time `json:"start_at"`
	NextAt    time.Time `json:"next_at,omitzero"`
	EndAt     time.Time `json:"end_at,omitzero"`
}

// SubscriptionCharge is one charge.
type SubscriptionCharge struct {
	// Status is new, success or failed.
	Status string `json:"status"`
	// Amount is in minor units.
	Amount int64 `json:"amount"`
	// InvoiceID is the one that callbacks name. invoice/status does not know it.
	InvoiceID string `json:"invoice_id"`
	// At is when it was made.
	At time.Time `json:"at"`
}

func (b *Subscription) snapshot() Subscription {
	out := *b
	out.Charges = slices.Clone(b.Charges)
	return out
}

// paid is what the charges took, and how many there were.
func (b *Subscription) paid() (sum int64, succeeded, failed int) {
	for _, c := range b.Charges {
		switch c.Status {
		case ChargeDone:
			sum += c.Amount
			succeeded++
		case ChargeRefused:
			failed++
		}
	}
	return sum, succeeded, failed
}

// Subscriptions returns snapshots of all subscriptions in order of creation, as they are by now.
func (s *Sim) Subscriptions() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chargeDue()
	out := make([]Subscription, 0, len(s.own.subscriptions))
	for _, b := range s.own.subscriptions {
		out = append(out, b.snapshot())
	}
	return out
}

// Subscription returns a snapshot of the subscription with this id.
func (s *Sim) Subscription(id string) (Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(id)
	if err != nil {
		return Subscription{}, err
	}
	return b.snapshot(), nil
}

// findSubscription returns the subscription as it is by now. The caller holds mu.
func (s *Sim) findSubscription(id string) (*Subscription, error) {
	s.chargeDue()
	i := slices.IndexFunc(s.own.subscriptions, func(b *Subscription) bool { return b.SubscriptionID == id })
	if i < 0 {
		return nil, fmt.Errorf("monobanksim: subscription %q: %w", id, ErrNotFound)
	}
	return s.own.subscriptions[i], nil
}

// Subscribe lets a payer subscribe on the page: the card is saved and charged for the first time.
func (s *Sim) Subscribe(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(id)
	if err != nil {
		return err
	}
	now := s.config.Now().UTC().Truncate(time.Second)
	if b.Subscribed || b.Status != SubscriptionActive || !now.Before(b.ExpiresAt) {
		return fmt.Errorf("monobanksim: nobody can subscribe to %s any more: %w", id, ErrImpossible)
	}
	b.Subscribed, b.StartAt, b.NextAt = true, now, now
	b.CardToken, b.WalletStatus = "tok_"+b.SubscriptionID, "created"
	if err := s.reportStatus(b); err != nil {
		return err
	}
	s.chargeDue()
	return nil
}

// ScriptSubscriptionCharges gives the next times charges of subscriptions (0 means one) this status, new, success or
// failed, after those scripted before; without a script a charge succeeds. Any other status is played too, so that a test
// can see how an adapter takes a surprise.
func (s *Sim) ScriptSubscriptionCharges(status string, times int) error {
	if status == "" || times < 0 {
		return fmt.Errorf("monobanksim: a status and no negative times are needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for range max(times, 1) {
		s.own.subCharges = append(s.own.subCharges, SubscriptionCharge{Status: status})
	}
	return nil
}

// FinishSubscriptionCharge settles the oldest charge that is new.
func (s *Sim) FinishSubscriptionCharge(id string, success bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(b.Charges, func(c SubscriptionCharge) bool { return c.Status == ChargeNew })
	if i < 0 {
		return fmt.Errorf("monobanksim: subscription %s has no new charge: %w", id, ErrImpossible)
	}
	b.Charges[i].Status = ChargeDone
	if !success {
		b.Charges[i].Status = ChargeRefused
	}
	return s.reportCharge(b, b.Charges[i])
}

// SetSubscriptionStatus writes any status, also one that the bank does not have, and reports it to statusUrl.
func (s *Sim) SetSubscriptionStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.findSubscription(id)
	if err != nil {
		return err
	}
	b.Status = status
	return s.reportStatus(b)
}
