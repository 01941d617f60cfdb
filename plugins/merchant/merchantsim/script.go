package merchantsim

import (
	"cmp"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// step is the body of the commands that move one invoice. Members that a
// command does not use are ignored by it.
type step struct {
	// ID is the gateway's id or the merchant's internalId.
	ID string `json:"id"`
	// Amount is in major units of the store's currency.
	Amount string `json:"amount"`
	// Reason is a DisputeReason.
	Reason string `json:"reason"`
	// Option and Method choose a variant.
	Option string `json:"option"`
	Method string `json:"method"`
	// Status is how a deal ends.
	Status DealStatus `json:"status"`
}

// script registers POST /_sim/…, the Go methods for people and other programs:
// pay, pay-partial, recalculate, confirm-transfer, complete, cancel, expire,
// end-deal, dispute, start-deal and notify take {"id": …} and answer with the
// invoice; no-requisites, array-answers, error-shape and amount-raise set a
// quirk. What all simulators share (faults, requests, callbacks, invoices) is
// added by [simkit.Kit.Mount]. Payouts take complete, cancel, expire, dispute and
// notify.
func (s *Sim) script() {
	s.kit.Mount(s.mux, func() any { return s.list(directionIn, directionOut) })
	move := func(name string, do func(step) error) {
		simkit.Command(s.mux, name, func(in step) (any, error) {
			if err := do(in); err != nil {
				return nil, err
			}
			return s.Invoice(in.ID)
		})
	}
	move("pay", func(in step) error {
		if in.Amount != "" {
			return s.PayAmount(in.ID, in.Amount)
		}
		return s.Pay(in.ID)
	})
	move("pay-partial", func(in step) error { return s.payPartial(in.ID, in.Amount) })
	move("recalculate", func(in step) error { return s.Recalculate(in.ID, in.Amount) })
	move("confirm-transfer", func(in step) error { return s.ConfirmTransfer(in.ID) })
	move("complete", func(in step) error { return s.Complete(in.ID, in.Amount) })
	move("cancel", func(in step) error { return s.Cancel(in.ID) })
	move("expire", func(in step) error { return s.Expire(in.ID) })
	move("end-deal", func(in step) error { return s.EndDeal(in.ID, cmp.Or(in.Status, DealExpired)) })
	move("dispute", func(in step) error { return s.Dispute(in.ID, in.Reason, in.Amount) })
	move("notify", func(in step) error { return s.Notify(in.ID) })
	move("start-deal", func(in step) error {
		_, err := s.StartDeal(in.ID, in.Option, in.Method)
		return err
	})
	s.scriptQuirks()
}

// scriptQuirks registers the commands that concern no single invoice.
func (s *Sim) scriptQuirks() {
	type noRequisites struct {
		Mode  NoRequisites `json:"mode"`
		Times int          `json:"times"`
	}
	simkit.Command(s.mux, "no-requisites", func(in noRequisites) (any, error) {
		return nil, s.SetNoRequisites(cmp.Or(in.Mode, NoRequisitesEmpty), in.Times)
	})
	type arrayAnswers struct {
		On bool `json:"on"`
	}
	simkit.Command(s.mux, "array-answers", func(in arrayAnswers) (any, error) {
		s.SetArrayAnswers(in.On)
		return nil, nil
	})
	type errorShape struct {
		Shape ErrorShape `json:"shape"`
	}
	simkit.Command(s.mux, "error-shape", func(in errorShape) (any, error) {
		return nil, s.SetErrorShape(in.Shape)
	})
	type amountRaise struct {
		By string `json:"by"`
	}
	simkit.Command(s.mux, "amount-raise", func(in amountRaise) (any, error) {
		return nil, s.SetAmountRaise(in.By)
	})
}

// payPartial pays less than the amount due, half of it when no amount is given.
func (s *Sim) payPartial(id, amount string) error {
	i, err := s.Invoice(id)
	if err != nil {
		return err
	}
	if amount == "" {
		return s.PayAmount(id, s.half(i))
	}
	paid, err := s.scriptAmount(amount)
	if err != nil {
		return err
	}
	if !paid.LessThan(i.Due) {
		return ErrInput
	}
	return s.PayAmount(id, amount)
}
