package merchantsim

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// NoRequisites is what the gateway does when no trader is free.
type NoRequisites string

const (
	// NoRequisitesOff finds requisites for every allowed variant.
	NoRequisitesOff NoRequisites = "off"
	// NoRequisitesEmpty answers 200 with an invoice whose deals list is empty.
	NoRequisitesEmpty NoRequisites = "empty"
	// NoRequisitesRefuse answers 400 PAYMENT_METHOD_NOT_AVAILABLE; a create that
	// is refused leaves no invoice.
	NoRequisitesRefuse NoRequisites = "refuse"
)

// Every method below that takes an id accepts the gateway's id or the
// merchant's internalId, then meaning the newest invoice that has it. It
// returns an error that wraps ErrNotFound, ErrState or ErrInput.

// Invoices returns a snapshot of every invoice a payer pays, in order of
// creation, so that a test can assert exactly how many were created.
func (s *Sim) Invoices() []Invoice { return s.list(directionIn) }

// Payouts returns a snapshot of every payout in order of creation.
func (s *Sim) Payouts() []Invoice { return s.list(directionOut) }

// list returns the invoices of some directions.
func (s *Sim) list(directions ...string) []Invoice {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	out := make([]Invoice, 0, len(s.order))
	for _, i := range s.order {
		if slices.Contains(directions, i.Type) {
			s.settle(i, now)
			out = append(out, i.snapshot())
		}
	}
	return out
}

// Invoice returns a snapshot of one invoice.
func (s *Sim) Invoice(id string) (Invoice, error) {
	return s.on(id, func(*invoice, time.Time) error { return nil })
}

// Pay lets the payer send exactly the amount due: invoice paid, deal completed.
// It also works on an expired or cancelled invoice, as money arrives late too.
func (s *Sim) Pay(id string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error { return s.pay(i, i.Due, now) })
	return err
}

// PayAmount is Pay with another amount than the one due, less or more, in major
// units such as "950.00".
func (s *Sim) PayAmount(id, amount string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		paid, err := s.scriptAmount(amount)
		if err != nil {
			return err
		}
		return s.pay(i, paid, now)
	})
	return err
}

// pay refuses what is not payable and books the rest.
func (s *Sim) pay(i *invoice, amount decimal.Decimal, now time.Time) error {
	if i.Type != directionIn || i.Status == StatusPaid || i.Status == StatusDispute {
		return stateError(i, "pay")
	}
	s.receive(i, amount, now)
	return nil
}

// Recalculate corrects the amount of a paid invoice, which is announced as paid
// once more.
func (s *Sim) Recalculate(id, amount string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		paid, err := s.scriptAmount(amount)
		if err != nil {
			return err
		}
		if i.Status != StatusPaid {
			return stateError(i, "recalculate")
		}
		s.receive(i, paid, now)
		return nil
	})
	return err
}

// ConfirmTransfer lets the payer say that the transfer was sent: the deal is
// transfer_confirmed, the invoice stays new, nothing is announced.
func (s *Sim) ConfirmTransfer(id string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		d := i.activeDeal()
		if i.Status != StatusNew || d == nil || d.Status != DealWaiting {
			return stateError(i, "confirm the transfer of")
		}
		s.confirm(i, d, now)
		return nil
	})
	return err
}

// Complete lets the trader, or the support team in a dispute, confirm the
// money. An empty amount means the amount claimed in the dispute if there is
// one, else the amount due.
func (s *Sim) Complete(id, amount string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		d := i.deal()
		if d == nil || (i.Status != StatusNew && i.Status != StatusDispute) {
			return stateError(i, "complete")
		}
		paid := i.Due
		if !d.DisputeAmount.IsZero() {
			paid = d.DisputeAmount
		}
		if amount != "" {
			var err error
			if paid, err = s.scriptAmount(amount); err != nil {
				return err
			}
		}
		s.receive(i, paid, now)
		return nil
	})
	return err
}

// Cancel lets the payer or the gateway call a new or disputed invoice off.
func (s *Sim) Cancel(id string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		if i.Status != StatusNew && i.Status != StatusDispute {
			return stateError(i, "cancel")
		}
		s.cancel(i, now)
		return nil
	})
	return err
}

// Expire ends a new or disputed invoice as not paid in time, before its time.
func (s *Sim) Expire(id string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		if i.Status != StatusNew && i.Status != StatusDispute {
			return stateError(i, "expire")
		}
		s.expire(i, now)
		return nil
	})
	return err
}

// EndDeal ends the active deal of a new invoice as [DealExpired] or
// [DealCanceled]. The invoice stays new, so nothing is announced.
func (s *Sim) EndDeal(id string, status DealStatus) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		if status != DealExpired && status != DealCanceled {
			return fmt.Errorf("merchantsim: a deal cannot be ended as %q: %w", status, ErrInput)
		}
		d := i.activeDeal()
		if i.Status != StatusNew || d == nil {
			return stateError(i, "end the deal of")
		}
		d.end(status)
		i.UpdatedAt = now
		return nil
	})
	return err
}

// disputeReasons returns the documented DisputeReason values.
func disputeReasons() []string {
	return []string{"unknown", "has_payment", "no_payment", "invalid_sum", "invalid_requisites"}
}

// Dispute opens a dispute on an invoice that has a deal and is not cancelled. An
// empty reason means has_payment; invalid_sum needs the amount claimed, other
// reasons take none.
func (s *Sim) Dispute(id, reason, amount string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		if reason == "" {
			reason = "has_payment"
		}
		if !slices.Contains(disputeReasons(), reason) || (reason == "invalid_sum") == (amount == "") {
			return fmt.Errorf("merchantsim: dispute reason %q with amount %q: %w", reason, amount, ErrInput)
		}
		var claimed decimal.Decimal
		if amount != "" {
			var err error
			if claimed, err = s.scriptAmount(amount); err != nil {
				return err
			}
		}
		d := i.deal()
		if d == nil || i.Status == StatusCanceled || i.Status == StatusDispute {
			return stateError(i, "dispute")
		}
		s.dispute(i, d, reason, claimed, now)
		return nil
	})
	return err
}

// StartDeal lets the payer choose a variant on the gateway's page; an empty
// option or method means any. It reports whether requisites were free.
func (s *Sim) StartDeal(id, option, method string) (bool, error) {
	free := false
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		if (option != "" && !s.hasOption(option)) || (method != "" && !s.hasMethod(method)) {
			return fmt.Errorf("merchantsim: variant %q %q: %w", option, method, ErrInput)
		}
		begun, refused := s.begin(i, option, method, now)
		if refused != nil && *refused.message == textNotStartable {
			return stateError(i, "start a deal of")
		}
		free = begun
		return nil
	})
	return free, err
}

// Notify announces the present status of an invoice once more.
func (s *Sim) Notify(id string) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		s.notify(i, now)
		return nil
	})
	return err
}

// on runs a step on one invoice under the lock, after time has had its effect
// on it, and returns the invoice as it is then.
func (s *Sim) on(id string, step func(*invoice, time.Time) error) (Invoice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	i := s.find(id, now)
	if same := s.byInternal[id]; i == nil && len(same) > 0 {
		i = same[len(same)-1]
		s.settle(i, now)
	}
	if i == nil {
		return Invoice{}, fmt.Errorf("merchantsim: %q: %w", id, ErrNotFound)
	}
	if err := step(i, now); err != nil {
		return Invoice{}, err
	}
	return i.snapshot(), nil
}

// scriptAmount parses an amount given to a scripting method.
func (s *Sim) scriptAmount(text string) (decimal.Decimal, error) {
	out, err := parseAmount(text, s.cfg.Subunit)
	if err != nil {
		return out, fmt.Errorf("merchantsim: amount %q: %w: %w", text, err, ErrInput)
	}
	return out, nil
}

// stateError words a step that the state of the invoice does not allow.
func stateError(i *invoice, step string) error {
	deal := "no deal"
	if d := i.deal(); d != nil {
		deal = "deal " + string(d.Status)
	}
	return fmt.Errorf("merchantsim: cannot %s an invoice that is %s with %s: %w", step, i.Status, deal, ErrState)
}
