package merchantsim

import (
	"net/http"

	"github.com/shopspring/decimal"
)

// optionCard is the option whose bank can be found from the card's number.
const optionCard = "TO_CARD"

// methodUnknown is the literal that asks the gateway to find the bank.
const methodUnknown = "unknown"

// withdrawalFee is the flat fee of a withdrawal in USDT, which accounts show.
const withdrawalFee = "2"

// readPayee reads where a payout goes. In a payin the object is checked and
// ignored, as paymentRequisites is always null there.
func (s *Sim) readPayee(f *fields, inv *invoice) {
	if inv.Type != directionOut {
		f.object("paymentRequisites", func(r *fields) { r.text("requisites"); r.text("holder") })
		return
	}
	if _, given := f.present("paymentRequisites"); !given {
		f.blame("paymentRequisites", textBlank)
		return
	}
	f.object("paymentRequisites", func(r *fields) {
		inv.Payee = &Requisites{Requisites: r.required("requisites"), Holder: r.text("holder")}
	})
}

// bankByCard reports whether the bank of a payout may be left to the gateway.
func (s *Sim) bankByCard(inv *invoice, method string) bool {
	return inv.Type == directionOut && inv.PaymentOption == optionCard && method == methodUnknown
}

// beginPayout opens the deal of a payout, in which a trader is to pay the payee.
// The caller holds mu.
func (s *Sim) beginPayout(i *invoice) {
	i.Deals = append(i.Deals, Deal{
		ID: newID(), Status: DealNew, Active: true, Option: i.PaymentOption, Method: i.PaymentMethod,
		MethodName: i.PaymentMethod, Requisites: i.Payee, Deadline: i.ExpireAt,
	})
}

// split is [splitFiat] of an invoice's amount. For a payout the merchant sends
// the amount and the fee on top of it; nothing is documented of its sums, so
// they are chosen to keep what all samples of payins show: the payout sum is
// the maker sum less the fee.
func (s *Sim) split(i *invoice, fiat decimal.Decimal) split {
	parts := splitFiat(fiat, s.cfg.Rate, s.cfg.FeePercent)
	if i.Type == directionOut {
		parts.payout = parts.maker
		parts.maker = parts.maker.Add(parts.fee)
	}
	return parts
}

// purse is the merchant's USDT account.
type purse struct {
	available, frozen decimal.Decimal
}

// account computes the account from all invoices and withdrawals, so that it cannot drift from
// them: payouts freeze what they need when they are created, spend it when they
// are paid and give it back when they end otherwise. The caller holds mu.
func (s *Sim) account() purse {
	out := purse{available: s.cfg.Balance}
	for _, i := range s.order {
		switch {
		case i.Type == directionIn && i.Status == StatusPaid:
			out.available = out.available.Add(s.split(i, i.Received).payout)
		case i.Type == directionIn:
		case i.Status == StatusNew || i.Status == StatusDispute:
			needed := s.split(i, i.Sum).maker
			out.available, out.frozen = out.available.Sub(needed), out.frozen.Add(needed)
		case i.Status == StatusPaid:
			out.available = out.available.Sub(s.split(i, i.Received).maker)
		}
	}
	for _, w := range s.withdrawals {
		out.available = out.available.Sub(w.spent())
	}
	return out
}

// Balance returns what the merchant's USDT account holds and what of it is
// frozen by payouts that are under way; the two do not overlap.
func (s *Sim) Balance() (available, frozen decimal.Decimal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for _, i := range s.order {
		s.settle(i, now)
	}
	p := s.account()
	return p.available, p.frozen
}

// accountDTO is the AccountDTO.
type accountDTO struct {
	ID            string    `json:"id"`
	Currency      string    `json:"currency"`
	Sum           *moneyDTO `json:"sum"`
	FrozenSum     *moneyDTO `json:"frozenSum"`
	WithdrawalFee *moneyDTO `json:"withdrawalFee"`
}

// accounts serves 4.9. The gateway's page was not obtained; a list is what the
// one known client expects.
func (s *Sim) accounts(*http.Request, []byte) (any, *refusal) {
	available, frozen := s.Balance()
	return []accountDTO{{
		ID: s.accountID, Currency: usdt, Sum: money(available, usdt, usdtDecimals), FrozenSum: money(frozen, usdt, usdtDecimals),
		WithdrawalFee: money(decimal.RequireFromString(withdrawalFee), usdt, usdtDecimals),
	}}, nil
}

// Effects are what really happened under one internalId, however it was
// answered. A caller that never repeats an effect sees at most one of each.
type Effects struct {
	// Created counts invoices and payouts, Deals the deals that were begun in them.
	Created, Deals int
	// Paid and Canceled count those that ended so.
	Paid, Canceled int
	// Proofs counts the proofs of transfers that were uploaded, Disputes those that came with a proof.
	Proofs, Disputes int
}

// Effects returns the counts for an internalId.
func (s *Sim) Effects(internalID string) Effects {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out Effects
	for _, i := range s.byInternal[internalID] {
		out.Created++
		out.Deals += len(i.Deals)
		for _, d := range i.Deals {
			out.Proofs += len(d.Attachments)
			if d.DisputeAttachment != nil {
				out.Disputes++
			}
		}
		switch i.Status {
		case StatusPaid:
			out.Paid++
		case StatusCanceled:
			out.Canceled++
		case StatusNew, StatusDispute, StatusExpired:
		}
	}
	return out
}
