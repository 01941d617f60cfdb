package papersim

import (
	"net/http"
	"slices"

	"github.com/shopspring/decimal"
)

func (s *Sim) refund(i *invoice, r *http.Request) (any, *refusal) {
	m, refused := s.movement(r, "rf")
	if refused != nil {
		return nil, refused
	}
	left := i.Paid.Value.Sub(i.Refunded.Value)
	if m.Amount.Currency != i.Amount.Currency || m.Amount.Value.GreaterThan(left) {
		return refuse(http.StatusConflict, "amount", "more than what is left to refund")
	}
	if m.Payment != "" {
		p := slices.IndexFunc(i.Payments, func(p payment) bool { return p.ID == m.Payment && p.State == "done" })
		if p < 0 || m.Amount.Value.GreaterThan(i.Payments[p].Asked.Value.Sub(s.returned(m.Payment))) {
			return refuse(http.StatusConflict, "payment", "no such payment, or more than what is left of it")
		}
	}
	m.Invoice, m.State = i.ID, "done"
	i.Refunded.Value = i.Refunded.Value.Add(m.Amount.Value)
	s.touch(i)
	s.refunds = append(s.refunds, m)
	s.book("refund", m.ID, m.ExternalID, m.Amount, m.Fee)
	return m, nil
}

func (s *Sim) payout(r *http.Request) (any, *refusal) {
	m, refused := s.movement(r, "po")
	if refused != nil {
		return nil, refused
	}
	m.State = "running"
	m.Fee.Value = decimal.New(50, -2)
	s.payouts = append(s.payouts, m)
	return m, nil
}

// cancelPayout calls a payout back until it is sent; see [Sim.SendPayout].
func (s *Sim) cancelPayout(r *http.Request) (any, *refusal) {
	i := slices.IndexFunc(s.payouts, func(m *movement) bool { return m.ID == r.PathValue("id") })
	switch {
	case i < 0:
		return refuse(http.StatusNotFound, "not_found", "no such object")
	case s.payouts[i].State != "running":
		return refuse(http.StatusConflict, "state", "the payout cannot be called back any more")
	}
	s.payouts[i].State, s.payouts[i].Fee.Value = "canceled", decimal.Zero
	return s.payouts[i], nil
}

// returned adds up the refunds of one payment.
func (s *Sim) returned(payment string) decimal.Decimal {
	sum := decimal.Zero
	for _, m := range s.refunds {
		if m.Payment == payment {
			sum = sum.Add(m.Amount.Value)
		}
	}
	return sum
}

func (s *Sim) movement(r *http.Request, prefix string) (*movement, *refusal) {
	var in struct {
		ExternalID string `json:"external_id"`
		Amount     money  `json:"amount"`
		IBAN       string `json:"iban"`
		Payment    string `json:"payment"`
	}
	if refused := read(r, &in); refused != nil {
		return nil, refused
	}
	if refused := checkAmount(in.Amount); refused != nil {
		return nil, refused
	}
	if in.ExternalID == "" || prefix == "po" && in.IBAN == "" {
		return nil, &refusal{http.StatusBadRequest, "body", "external_id or iban is missing"}
	}
	return &movement{ID: s.id(prefix), ExternalID: in.ExternalID, Payment: in.Payment, Amount: in.Amount, Fee: money{Currency: in.Amount.Currency}, At: s.config.Now().UTC()}, nil
}

func pick(list []*movement, id, external string) (any, *refusal) {
	for _, m := range list {
		if id != "" && m.ID == id || external != "" && m.ExternalID == external {
			return m, nil
		}
	}
	return refuse(http.StatusNotFound, "not_found", "no such object")
}
