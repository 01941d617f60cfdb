package payinsim

import (
	"fmt"
	"slices"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Charges returns snapshots of all accepted charges in order of acceptance.
func (s *Sim) Charges() []Movement { return s.movementsOf(KindCharge) }

// Rewards returns snapshots of all accepted rewards in order of acceptance, also of those that share an external_id.
func (s *Sim) Rewards() []Movement { return s.movementsOf(KindReward) }

func (s *Sim) movementsOf(kind MovementKind) []Movement {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Movement{}
	for _, m := range s.movements {
		if m.Kind == kind {
			out = append(out, *m)
		}
	}
	return out
}

// Effects counts how often money was moved under an external_id, over charges and rewards. More than one is the double
// payment that a caller must never cause.
func (s *Sim) Effects(externalID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.movements {
		if m.ExternalID == externalID && m.Moved {
			n++
		}
	}
	return n
}

// Settle decides an undecided or troubled movement by the balance: paid, or insufficient funds. The id of this and the
// next methods is an external_id, meaning the newest movement that has it; errors wrap [ErrNotFound] or [ErrImpossible].
func (s *Sim) Settle(externalID string) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if m.Outgoing != nil || m.Status != StatusNew && m.Status != MovementTrouble {
			return movementError(m, "settled")
		}
		return s.settle(m)
	})
}

// Reject decides an undecided or troubled movement as "insufficient funds" (3), whatever the balance.
func (s *Sim) Reject(externalID string) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if m.Moved || m.Status != StatusNew && m.Status != MovementTrouble {
			return movementError(m, "rejected")
		}
		return s.decide(m, MovementInsufficient)
	})
}

// Trouble announces "error, contact the managers" (4) for an undecided movement. With moved the money went all the same,
// which the callback does not say.
func (s *Sim) Trouble(externalID string, moved bool) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if m.Status != StatusNew {
			return movementError(m, "troubled")
		}
		if moved {
			amount := cents(m.Amount)
			s.credit(m.From, m.CurrencyID, -amount)
			s.credit(m.To, m.CurrencyID, amount)
			m.Moved = true
		}
		return s.decide(m, MovementTrouble)
	})
}

// CancelMovement ends an undecided movement without a callback: its outgoing payment is cancelled (2 of §6.3), which the
// callbacks have no code for.
func (s *Sim) CancelMovement(externalID string) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if m.Status != StatusNew || m.Outgoing != nil {
			return movementError(m, "cancelled")
		}
		s.showOutgoing(m, StatusCanceled)
		return nil
	})
}

// RefundMovement takes a paid movement back: the money returns and its outgoing payment is refunded (8 of §6.3). No
// callback tells.
func (s *Sim) RefundMovement(externalID string) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if !m.Moved || m.Outgoing != nil {
			return movementError(m, "refunded")
		}
		amount := cents(m.Amount)
		s.credit(m.To, m.CurrencyID, -amount)
		s.credit(m.From, m.CurrencyID, amount)
		s.showOutgoing(m, StatusRefunded)
		return nil
	})
}

// SetMovementStatus announces any code, also one that the provider's table does not have; no money moves.
func (s *Sim) SetMovementStatus(externalID string, code int) error {
	return s.onMovement(externalID, func(m *Movement) error { return s.decide(m, code) })
}

// SetOutgoingStatus makes searches show any code for the outgoing payment of a movement; no money moves.
func (s *Sim) SetOutgoingStatus(externalID string, code int) error {
	return s.onMovement(externalID, func(m *Movement) error {
		s.showOutgoing(m, code)
		return nil
	})
}

// showOutgoing sets the code of the outgoing payment. The caller holds mu.
func (s *Sim) showOutgoing(m *Movement, code int) {
	m.Outgoing, m.UpdatedAt = &code, s.config.Now()
}

// NotifyMovement sends the callback of a decided movement once more.
func (s *Sim) NotifyMovement(externalID string) error {
	return s.onMovement(externalID, func(m *Movement) error {
		if m.Status == StatusNew || s.movementURL(m) == "" {
			return movementError(m, "announced")
		}
		return s.announce(m)
	})
}

func (s *Sim) onMovement(externalID string, do func(*Movement) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.movements) {
		if m.ExternalID == externalID {
			return do(m)
		}
	}
	return fmt.Errorf("payinsim: movement %q: %w", externalID, ErrNotFound)
}

func movementError(m *Movement, what string) error {
	return fmt.Errorf("payinsim: %s %s with status %d cannot be %s: %w", m.Kind, m.ExternalID, m.Status, what, ErrImpossible)
}

// movementCommand is the body of POST /_sim/movement.
type movementCommand struct {
	ID string `json:"id"`
	// Do is settle, reject, trouble, notify, cancel, refund, status or outgoing.
	Do string `json:"do"`
	// Moved belongs to trouble, Code to status and outgoing.
	Moved bool `json:"moved,omitempty"`
	Code  *int `json:"code,omitempty"`
}

// balanceCommand is the body of POST /_sim/balance; Currency is 643 when empty.
type balanceCommand struct {
	User     int64  `json:"user"`
	Currency string `json:"currency,omitempty"`
	Amount   string `json:"amount"`
}

// mountMovements adds POST /_sim/movement, which answers with all movements, GET /_sim/movements and POST /_sim/balance.
func (s *Sim) mountMovements() {
	simkit.Command(s.mux, "movement", func(c movementCommand) (any, error) {
		if err := s.moveMovement(c); err != nil {
			return nil, err
		}
		return s.allMovements(), nil
	})
	s.list("movements", s.allMovements)
	simkit.Command(s.mux, "balance", func(c balanceCommand) (any, error) {
		return nil, s.SetBalance(c.User, c.Currency, c.Amount)
	})
}

func (s *Sim) allMovements() any { return append(s.Charges(), s.Rewards()...) }

// moveMovement does what a movementCommand says.
func (s *Sim) moveMovement(c movementCommand) error {
	simple := map[string]func(string) error{
		"settle": s.Settle, "reject": s.Reject, "notify": s.NotifyMovement, "cancel": s.CancelMovement, "refund": s.RefundMovement,
	}
	coded := map[string]func(string, int) error{"status": s.SetMovementStatus, "outgoing": s.SetOutgoingStatus}
	switch {
	case c.Do == "trouble":
		return s.Trouble(c.ID, c.Moved)
	case simple[c.Do] != nil:
		return simple[c.Do](c.ID)
	case coded[c.Do] != nil && c.Code != nil:
		return coded[c.Do](c.ID, *c.Code)
	case coded[c.Do] != nil:
		return fmt.Errorf("movement: %s needs a code", c.Do)
	}
	return fmt.Errorf("movement: do is %q; known are settle, reject, trouble, notify, cancel, refund, status and outgoing", c.Do)
}
