package payinsim

import (
	"errors"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// command is the body of the scripting calls; Code belongs to status, Frozen to partial.
type command struct {
	ID     string `json:"id"`
	Code   *int   `json:"code,omitempty"`
	Frozen bool   `json:"frozen,omitempty"`
}

// mountScript adds POST /_sim/<move>. Each answers with the invoice as it is after the move.
func (s *Sim) mountScript() {
	for name, do := range map[string]func(string) error{
		"pay": s.Pay, "decline": s.Decline, "freeze": s.Freeze, "hold": s.Freeze, "cancel": s.Cancel,
		"expire": s.Expire, "processing": s.Process, "refund": s.Refund, "chargeback": s.Chargeback,
		"dispute": s.Chargeback, "notify": s.Notify,
	} {
		s.command(name, func(c command) error { return do(c.ID) })
	}
	s.command("partial", func(c command) error { return s.PayPart(c.ID, c.Frozen) })
	s.command("status", func(c command) error {
		if c.Code == nil {
			return errors.New("status: code is missing")
		}
		return s.SetStatus(c.ID, *c.Code)
	})
}

func (s *Sim) command(name string, do func(command) error) {
	simkit.Command(s.mux, name, func(c command) (any, error) {
		if err := do(c); err != nil {
			return nil, err
		}
		return s.Invoice(c.ID)
	})
}
