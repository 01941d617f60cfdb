package merchantsim

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// SetNoRequisites scripts what the next searches for requisites find: a create
// with startDeal, a start-deal or a choice on the pay page. The mode holds for
// the given number of searches, or until it is set again when times is 0.
func (s *Sim) SetNoRequisites(mode NoRequisites, times int) error {
	switch mode {
	case NoRequisitesOff, NoRequisitesEmpty, NoRequisitesRefuse:
	default:
		return fmt.Errorf("merchantsim: no-requisites mode %q: %w", mode, ErrInput)
	}
	if times < 0 {
		return fmt.Errorf("merchantsim: no-requisites for %d times: %w", times, ErrInput)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noRequisites, s.noRequisitesLeft = mode, times
	return nil
}

// SetArrayAnswers makes create, get and start-deal answer with a list of one
// invoice instead of the invoice, as most pages of the documentation say and no
// sample shows.
func (s *Sim) SetArrayAnswers(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrays = on
}

// SetErrorShape changes [Config.ErrorShape] while the simulator runs.
func (s *Sim) SetErrorShape(shape ErrorShape) error {
	switch shape {
	case ErrorArray, ErrorObject, ErrorText:
	default:
		return fmt.Errorf("merchantsim: error shape %q: %w", shape, ErrInput)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shape = shape
	return nil
}

// SetAmountRaise makes the gateway raise the amount of every deal from now on
// to make it unique, by an amount such as "0.37" and never above the maxAmount
// of the invoice. Invoices without maxAmount are never raised. "0" ends it.
func (s *Sim) SetAmountRaise(by string) error {
	var raise decimal.Decimal
	if by != "0" {
		var err error
		if raise, err = s.scriptAmount(by); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raise = raise
	return nil
}
