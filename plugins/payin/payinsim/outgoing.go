package payinsim

import (
	"fmt"
	"net/http"
	"slices"
)

// OpListOutgoing names the listing of outgoing payments, for faults and for the request log.
const OpListOutgoing = "list-outgoing"

func outgoingFields() []field { return []field{{"account_number", textField, true}} }

// foundOutgoing is an object where the provider's table promises a list. The values of system_status are not documented.
type foundOutgoing struct {
	AccountNumber  string  `json:"account_number"`
	ClientStatus   int     `json:"client_status"`
	SystemStatus   int     `json:"system_status"`
	LastUpdateTime *string `json:"last_update_time"`
}

// findOutgoing plays POST /payment-out/find-payment.
func (s *Sim) findOutgoing(_ *http.Request, f form) (any, error) {
	wanted := f.text("account_number")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.movements {
		if m.PaymentOutID != wanted {
			continue
		}
		out := foundOutgoing{AccountNumber: wanted, ClientStatus: outgoingStatus(m), SystemStatus: m.Status}
		if m.UpdatedAt.After(m.CreatedAt) || m.Status != StatusNew {
			at := providerTime(m.UpdatedAt)
			out.LastUpdateTime = &at
		}
		if s.config.Quirks.OutgoingAsList {
			return []foundOutgoing{out}, nil
		}
		return out, nil
	}
	return nil, refusal(fmt.Sprintf("Payment with account number %s not found", wanted))
}

// listOutgoing plays POST /payment-out/get-last-payments-for-user: what left the balance of the user.
func (s *Sim) listOutgoing(_ *http.Request, f form) (any, error) {
	email, phone := f.text("email"), f.text("phone")
	listed := []listedPayment{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.movements) {
		if payer, _ := s.payer(m.From); (email != "" || phone != "") && payer.matches(email, phone) {
			listed = append(listed, listedPayment{s.id(m.ListID), outgoingStatus(m), providerTime(m.CreatedAt), providerTime(m.UpdatedAt)})
		}
	}
	return s.listing(f, listed)
}

// outgoingStatus is the code of §6.3 for a movement: in trouble means "wrong situation, contact support".
func outgoingStatus(m *Movement) int {
	if m.Outgoing != nil {
		return *m.Outgoing
	}
	switch m.Status {
	case MovementPaid:
		return StatusPaid
	case MovementInsufficient:
		return StatusFailed
	case MovementTrouble:
		return StatusTrouble
	}
	return StatusNew
}
