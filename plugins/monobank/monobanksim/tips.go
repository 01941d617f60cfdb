package monobanksim

import (
	"fmt"
	"slices"
)

// PayWithTips makes the payment succeed as [Sim.Pay] does, with tips in minor units for the invoice's employee on top of
// its amount. Whether finalAmount counts tips is not documented; here it does.
func (s *Sim) PayWithTips(id string, tips int64) error {
	s.mu.Lock()
	inv, err := s.find(id)
	if err == nil && (inv.TipsEmployeeID == "" || tips <= 0) {
		err = fmt.Errorf("monobanksim: invoice %s takes no tips of %d: %w", id, tips, ErrImpossible)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.script(id, StatusSuccess, func(inv *Invoice) { inv.Captured, inv.Tips = inv.Amount, tips })
}

// hasEmployee reports whether an employee exists. The caller holds mu.
func (s *Sim) hasEmployee(id string) bool {
	return slices.ContainsFunc(s.own.employees, func(e Employee) bool { return e.ID == id })
}
