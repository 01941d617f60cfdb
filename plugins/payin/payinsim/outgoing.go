package payinsim

import (
	"fmt"
	"net/http"
)

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
		if m.Status != StatusNew {
			at := providerTime(m.UpdatedAt)
			out.LastUpdateTime = &at
		}
		return out, nil
	}
	return nil, refusal(fmt.Sprintf("Payment with account number %s not found", wanted))
}

// outgoingStatus is the code of §6.3 for a movement: in trouble means "wrong situation, contact support".
func outgoingStatus(m *Movement) int {
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

func userFields() []field { return []field{{"email", textField, false}, {"phone", textField, false}} }

type foundUser struct {
	InnerID int64  `json:"inner_id"`
	Email   string `json:"email"`
	Phone   string `json:"phone"`
}

// findUser plays POST /user/get_user_info_via_dev_key: an object, or an empty list with status true when nobody is found.
func (s *Sim) findUser(_ *http.Request, f form) (any, error) {
	email, phone := f.text("email"), f.text("phone")
	if email == "" && phone == "" {
		return nil, refusal("parameter email or phone is required")
	}
	for _, p := range s.config.Payers {
		if (email == "" || email == p.Email) && (phone == "" || phone == p.Phone) {
			return foundUser{p.ID, p.Email, p.Phone}, nil
		}
	}
	return []foundUser{}, nil
}
