package payinsim

import (
	"fmt"
	"slices"
)

// Status codes of incoming payments (providers/payin.md §6.1).
const (
	StatusNew           = 0
	StatusPaid          = 1
	StatusCanceled      = 2
	StatusFailed        = 3
	StatusFrozen        = 4
	StatusTrouble       = 5
	StatusExpired       = 6
	StatusRefunded      = 8
	StatusChargedBack   = 9
	StatusProcessing    = 11
	StatusPartialFrozen = 13
	StatusPartialPaid   = 14
)

// moves lists which statuses may follow which. The provider publishes no diagram. Money that arrives late revives
// canceled, failed and expired invoices, as bank transfers can.
func moves(from int) []int {
	switch from {
	case StatusNew, StatusProcessing, StatusTrouble:
		return []int{StatusPaid, StatusCanceled, StatusFailed, StatusFrozen, StatusTrouble, StatusExpired,
			StatusProcessing, StatusPartialFrozen, StatusPartialPaid}
	case StatusFrozen, StatusPartialFrozen:
		return []int{StatusPaid, StatusCanceled, StatusFailed, StatusFrozen, StatusTrouble, StatusRefunded,
			StatusPartialPaid}
	case StatusPartialPaid:
		return []int{StatusPaid, StatusFrozen, StatusTrouble, StatusRefunded, StatusChargedBack}
	case StatusPaid:
		return []int{StatusRefunded, StatusChargedBack}
	case StatusCanceled, StatusFailed, StatusExpired:
		return []int{StatusPaid, StatusFrozen}
	}
	return nil
}

func statusText(code int) string {
	switch code {
	case StatusNew:
		return "new"
	case StatusPaid:
		return "paid"
	case StatusCanceled:
		return "cancelled"
	case StatusFailed:
		return "failed"
	case StatusFrozen:
		return "paid, frozen"
	case StatusTrouble:
		return "something went wrong"
	case StatusExpired:
		return "expired"
	case StatusRefunded:
		return "refunded"
	case StatusChargedBack:
		return "charged back"
	case StatusProcessing:
		return "in processing"
	case StatusPartialFrozen:
		return "partly paid, frozen"
	case StatusPartialPaid:
		return "partly paid"
	}
	return fmt.Sprintf("status %d", code)
}

// Pay credits the invoice (status 1) and sends the top-up callback. The id of this and the other scripting methods is
// a payment_in_id or a pretty_id; errors wrap [ErrNotFound] or [ErrImpossible].
func (s *Sim) Pay(id string) error { return s.move(id, StatusPaid) }

// Decline makes the payment fail (3). The provider sends no callback for this or any later move.
func (s *Sim) Decline(id string) error { return s.move(id, StatusFailed) }

// Freeze takes the money and holds it at the provider (4); [Sim.Pay] credits it later.
func (s *Sim) Freeze(id string) error { return s.move(id, StatusFrozen) }

// Cancel cancels the invoice (2), as the payer or the provider can.
func (s *Sim) Cancel(id string) error { return s.move(id, StatusCanceled) }

// Expire lets the invoice's time run out (6).
func (s *Sim) Expire(id string) error { return s.move(id, StatusExpired) }

// Process puts the payment in processing (11).
func (s *Sim) Process(id string) error { return s.move(id, StatusProcessing) }

// PayPart credits a part (14), or holds a part at the provider when frozen is true (13).
func (s *Sim) PayPart(id string, frozen bool) error {
	if frozen {
		return s.move(id, StatusPartialFrozen)
	}
	return s.move(id, StatusPartialPaid)
}

// Refund gives the money back (8).
func (s *Sim) Refund(id string) error { return s.move(id, StatusRefunded) }

// Chargeback takes the money back by the payer's bank (9).
func (s *Sim) Chargeback(id string) error { return s.move(id, StatusChargedBack) }

// SetStatus writes any code, also one that the provider's table does not have or that cannot follow, so that a test can
// see how an adapter takes surprises. Code 1 sends the callback like [Sim.Pay].
func (s *Sim) SetStatus(id string, code int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	return s.set(inv, code)
}

// Notify sends a callback with the invoice's present status, whatever it is and however often it was sent before. It
// fails when the invoice is no top-up of the service or no callback address is set.
func (s *Sim) Notify(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if !inv.SOSTopup || s.callback == "" {
		return fmt.Errorf("payinsim: invoice %s gets no callbacks: %w", inv.PrettyID, ErrImpossible)
	}
	return s.sendCallback(inv)
}

func (s *Sim) move(id string, to int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if inv.Status == to || !slices.Contains(moves(inv.Status), to) {
		return fmt.Errorf("payinsim: invoice %s cannot go from %q to %q: %w", inv.PrettyID, statusText(inv.Status),
			statusText(to), ErrImpossible)
	}
	return s.set(inv, to)
}

// set writes the status and sends the callback of a success. The caller holds mu.
func (s *Sim) set(inv *Invoice, code int) error {
	inv.Status, inv.UpdatedAt = code, s.config.Now()
	s.book(inv, code)
	if code == StatusPaid || code == StatusFrozen {
		inv.DoneAt = inv.UpdatedAt
	}
	if code != StatusPaid || !inv.SOSTopup || s.callback == "" {
		return nil
	}
	return s.sendCallback(inv)
}
