package monobanksim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// SeedPayment is one operation that [Sim.Seed] writes into the bank's books as if it had happened long ago: no call of the
// merchant, no effect, no webhook.
type SeedPayment struct {
	// InvoiceID is the bank's id. Empty means a made-up one. One that exists already gives the statement a second line
	// under it, while invoice/status goes on showing the first.
	InvoiceID string
	// Reference is the merchant's.
	Reference string
	// Amount is what was asked for, in minor units; it must be positive. Captured is what was taken of it; zero means
	// all of it where the status says that something was taken.
	Amount, Captured int64
	// Currency is the ISO 4217 numeric code; zero means 980.
	Currency int32
	// Status is one of the Status constants or, to see how an adapter takes it, anything else. Empty means success. The
	// statement lists neither created nor expired invoices.
	Status string
	// At is when the payment began, and was created. Zero means now. Seconds are the resolution.
	At time.Time
	// Code is the terminal of the submerchant it belongs to.
	Code string
	// Refunds are the refunds of it, oldest first.
	Refunds []SeedRefund
}

// SeedRefund is a refund of a [SeedPayment].
type SeedRefund struct {
	// Amount is in minor units.
	Amount int64
	// ExtRef is the merchant's reference of it.
	ExtRef string
	// Status is one of the Refund constants; empty means success.
	Status string
	// At is when it was made. Zero means a minute after the payment.
	At time.Time
}

// Seed writes the operations into the books and returns their ids in the same order. It writes all or, with the error,
// none.
func (s *Sim) Seed(list []SeedPayment) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := make([]*Invoice, 0, len(list))
	ids := make([]string, 0, len(list))
	for i, p := range list {
		inv, err := s.seeded(p)
		if err != nil {
			return nil, fmt.Errorf("monobanksim: seed %d: %w", i, err)
		}
		made = append(made, inv)
		ids = append(ids, inv.InvoiceID)
	}
	for _, inv := range made {
		s.invoices = append(s.invoices, inv)
		if s.byID[inv.InvoiceID] == nil {
			s.byID[inv.InvoiceID] = inv
		}
	}
	return ids, nil
}

func (s *Sim) seeded(p SeedPayment) (*Invoice, error) {
	if p.Amount <= 0 || p.Captured < 0 || p.Captured > p.Amount {
		return nil, fmt.Errorf("amount %d and captured %d make no payment: %w", p.Amount, p.Captured, ErrImpossible)
	}
	at := p.At
	if at.IsZero() {
		at = s.config.Now()
	}
	at = at.UTC().Truncate(time.Second)
	inv := &Invoice{
		InvoiceID: cmp.Or(p.InvoiceID, newInvoiceID(at)), Status: cmp.Or(p.Status, StatusSuccess), Amount: p.Amount,
		Currency: cmp.Or(p.Currency, currencyUAH), PaymentType: TypeDebit, Reference: p.Reference, Code: p.Code,
		CreatedAt: at, ModifiedAt: at, ExpiresAt: at.Add(defaultValidity * time.Second),
	}
	switch inv.Status {
	case StatusCreated, StatusExpired:
		return inv, nil
	case StatusHold:
		inv.PaymentType = TypeHold
	case StatusProcessing:
	case StatusFailure:
		inv.ErrCode, inv.FailureReason = "59", declineText("59")
	default:
		inv.Captured = cmp.Or(p.Captured, p.Amount)
	}
	inv.card, inv.operatedAt = newCard(inv.Amount), at
	for _, r := range p.Refunds {
		refund := Refund{Status: cmp.Or(r.Status, RefundSuccess), Amount: r.Amount, ExtRef: r.ExtRef,
			rrn: randomFrom(digits, 12), approvalCode: randomFrom(digits, 6)}
		if !slices.Contains([]string{RefundProcessing, RefundSuccess, RefundFailure}, refund.Status) || r.Amount <= 0 {
			return nil, fmt.Errorf("refund of %d with status %q: %w", r.Amount, r.Status, ErrImpossible)
		}
		refund.CreatedAt = at.Add(time.Minute)
		if !r.At.IsZero() {
			refund.CreatedAt = r.At.UTC().Truncate(time.Second)
		}
		refund.ModifiedAt = refund.CreatedAt
		inv.Refunds = append(inv.Refunds, refund)
		if refund.ModifiedAt.After(inv.ModifiedAt) {
			inv.ModifiedAt = refund.ModifiedAt
		}
	}
	return inv, nil
}
