package monobanksim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/payhost/payhost/plugins/internal/simkit"
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

// chargeDue makes the charges whose time has come, each at its own time. The bank's plan after a failed charge is not
// documented: here the next one comes after the interval. The caller holds mu.
func (s *Sim) chargeDue() {
	now := s.config.Now()
	for _, b := range s.own.subscriptions {
		for count := len(b.Charges); b.Status == SubscriptionActive && !b.NextAt.IsZero() && !b.NextAt.After(now); count++ {
			next := SubscriptionCharge{Status: ChargeDone}
			if len(s.own.subCharges) > 0 {
				next, s.own.subCharges = s.own.subCharges[0], s.own.subCharges[1:]
			}
			next.Amount, next.InvoiceID, next.At = b.Amount, newInvoiceID(b.NextAt), b.NextAt
			b.Charges = append(b.Charges, next)
			b.NextAt = after(b.StartAt, b.Interval, count+1)
			// A callback that cannot be written is not sent; the charge stands all the same.
			_ = s.reportCharge(b, next)
		}
	}
}

// after is the time of the n-th charge after the first. A month later than the 31st is the last day of a shorter month.
func after(start time.Time, interval string, n int) time.Time {
	number, unit := splitInterval(interval)
	switch unit {
	case 'd':
		return start.AddDate(0, 0, n*number)
	case 'w':
		return start.AddDate(0, 0, 7*n*number)
	case 'y':
		number *= 12
	}
	first := start.AddDate(0, 0, 1-start.Day()).AddDate(0, n*number, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(start.Day(), last)-1)
}

// splitInterval reads a number and d, w, m or y; the number is 0 where there is none.
func splitInterval(interval string) (number int, unit byte) {
	if len(interval) < 2 || interval[0] < '1' || interval[0] > '9' {
		return 0, 0
	}
	unit = interval[len(interval)-1]
	number, err := strconv.Atoi(interval[:len(interval)-1])
	if err != nil || number > 9999 || !slices.Contains([]byte("dwmy"), unit) {
		return 0, 0
	}
	return number, unit
}

// reportStatus sends the object of subscription/status to statusUrl. The bank's bodies are not documented: this one and
// [Sim.reportCharge]'s are what a client in use expects, and nothing may be concluded from them. The caller holds mu.
func (s *Sim) reportStatus(b *Subscription) error {
	return s.report(b, b.Status, b.StatusURL, s.subscriptionView(b))
}

// reportCharge sends an object like an invoice, with both ids, to chargeUrl. The caller holds mu.
func (s *Sim) reportCharge(b *Subscription, c SubscriptionCharge) error {
	at := wireTime(c.At)
	status := c.Status
	switch c.Status {
	case ChargeNew:
		status = StatusCreated
	case ChargeRefused:
		status = StatusFailure
	}
	return s.report(b, cmp.Or(c.Status, "charge"), b.ChargeURL, map[string]any{
		"subscriptionId": b.SubscriptionID, "invoiceId": c.InvoiceID, "status": status, "amount": c.Amount, "ccy": b.Currency,
		"createdDate": at, "modifiedDate": wireTime(s.config.Now()),
	})
}

func (s *Sim) report(b *Subscription, event, url string, body any) error {
	if url == "" {
		return nil
	}
	raw, err := simkit.EncodeJSON(body)
	if err != nil {
		return err
	}
	s.kit.Callbacks.Send(simkit.Callback{Lane: b.SubscriptionID, Event: event, URL: url, Prepare: s.signed(raw)})
	return nil
}
