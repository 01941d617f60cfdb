package monobanksim

import (
	"errors"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// command is the body of the scripting calls. ErrCode and FailureReason belong to decline, Status to status, Fail to
// refunds and 3ds, ExtRef to refunds, where it narrows the command to one refund.
type command struct {
	ID            string `json:"id"`
	ErrCode       string `json:"err_code,omitempty"`
	FailureReason string `json:"failure_reason,omitempty"`
	Status        string `json:"status,omitempty"`
	Fail          bool   `json:"fail,omitempty"`
	ExtRef        string `json:"ext_ref,omitempty"`
}

// chargeCommand is the body of POST /_sim/charges, see [Sim.ScriptCharges].
type chargeCommand struct {
	Outcome ChargeOutcome `json:"outcome"`
	ErrCode string        `json:"err_code,omitempty"`
	Times   int           `json:"times,omitempty"`
}

type timesCommand struct {
	Times int `json:"times,omitempty"`
}

type cardCommand struct {
	WalletID string `json:"wallet_id"`
}

// mountScript adds POST /_sim/<move>. Each answers with the invoice as it is after the move; rotate-key takes no id and
// answers with the new key.
func (s *Sim) mountScript() {
	for name, do := range map[string]func(string) error{
		"pay": s.Pay, "hold": s.Hold, "processing": s.Process, "expire": s.Expire, "reverse": s.Reverse,
		"notify": s.Notify, "capture": s.FinishCapture,
	} {
		s.command(name, func(c command) error { return do(c.ID) })
	}
	s.command("decline", func(c command) error { return s.Decline(c.ID, c.ErrCode, c.FailureReason) })
	s.command("refunds", func(c command) error {
		if c.ExtRef != "" {
			return s.FinishRefund(c.ID, c.ExtRef, !c.Fail)
		}
		return s.FinishRefunds(c.ID, !c.Fail)
	})
	s.command("3ds", func(c command) error { return s.PassTDS(c.ID, !c.Fail) })
	s.command("status", func(c command) error {
		if c.Status == "" {
			return errors.New("status: status is missing")
		}
		return s.SetStatus(c.ID, c.Status)
	})
	simkit.Command(s.mux, "charges", func(c chargeCommand) (any, error) {
		return nil, s.ScriptCharges(c.Outcome, c.ErrCode, c.Times)
	})
	simkit.Command(s.mux, "fail-refunds", func(c timesCommand) (any, error) {
		s.FailRefunds(c.Times)
		return nil, nil
	})
	simkit.Command(s.mux, "save-card", func(c cardCommand) (any, error) {
		return map[string]string{"card_token": s.SaveCard(c.WalletID)}, nil
	})
	simkit.Command(s.mux, "rotate-key", func(struct{}) (any, error) {
		if err := s.RotateKey(); err != nil {
			return nil, err
		}
		key, err := s.PublicKey()
		return map[string]string{"key": key}, err
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
