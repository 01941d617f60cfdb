package payinsim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// foundLimit is the documented length of find-payment's list, listLimit the largest limit of the listing.
const (
	foundLimit = 10
	listLimit  = 1000
)

func findFields() []field {
	return []field{{"email", textField, false}, {"phone", textField, false}, {"account_number", textField, false}}
}

func listFields() []field {
	return []field{{"email", textField, false}, {"phone", textField, false}, {"limit", integerField, true}}
}

type foundPayment struct {
	AccountNumber string  `json:"account_number"`
	Status        int     `json:"status"`
	DoneTime      *string `json:"done_time"`
}

type listedPayment struct {
	ID         any    `json:"id"`
	Status     int    `json:"status"`
	Created    string `json:"created"`
	LastUpdate string `json:"last_update"`
}

// findPayment plays POST /payment-in/find-payment. Several criteria must all match; how the provider joins them is not
// documented.
func (s *Sim) findPayment(_ *http.Request, f form) (any, error) {
	var found []foundPayment
	for _, inv := range s.newestFirst(f) {
		item := foundPayment{AccountNumber: inv.PrettyID, Status: inv.Status}
		if !inv.DoneAt.IsZero() {
			done := providerTime(inv.DoneAt)
			item.DoneTime = &done
		}
		found = append(found, item)
	}
	if len(found) == 0 {
		return nil, refusal("Payment with such parameters not found")
	}
	return found[:min(len(found), foundLimit)], nil
}

// listPayments plays POST /payment-in/get-last-payments-for-user.
func (s *Sim) listPayments(_ *http.Request, f form) (any, error) {
	listed := []listedPayment{}
	for _, inv := range s.newestFirst(f) {
		listed = append(listed, listedPayment{s.id(inv.ListID), inv.Status, providerTime(inv.CreatedAt), providerTime(inv.UpdatedAt)})
	}
	return s.listing(f, listed)
}

// listing cuts the payments of a user, newest first, to the limit asked for. The text promises that order and the sample
// shows the other; for a user without payments nothing is documented, see [Quirks].
func (s *Sim) listing(f form, newestFirst []listedPayment) (any, error) {
	limit, err := strconv.Atoi(f.text("limit"))
	if err != nil || limit < 1 || limit > listLimit {
		return nil, refusal("incorrect value of limit")
	}
	if f.text("email") == "" && f.text("phone") == "" {
		return nil, refusal("parameter email or phone is required")
	}
	if len(newestFirst) == 0 && s.config.Quirks.NothingAsRefusal {
		return nil, refusal("Payment with such parameters not found")
	}
	out := newestFirst[:min(len(newestFirst), limit)]
	if s.config.Quirks.OldestFirst {
		slices.Reverse(out)
	}
	return out, nil
}

// newestFirst returns snapshots of the invoices that match every search parameter given; without one, none.
func (s *Sim) newestFirst(f form) []Invoice {
	email, phone, number := f.text("email"), f.text("phone"), f.text("account_number")
	if email == "" && phone == "" && number == "" {
		return nil
	}
	matches := func(inv *Invoice) bool {
		payer, _ := s.payer(inv.PayerID)
		return payer.matches(email, phone) && (number == "" || number == inv.PrettyID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	candidates := s.invoices
	if number != "" {
		candidates = nil
		if inv, found := s.byID[number]; found {
			candidates = []*Invoice{inv}
		}
	}
	var found []Invoice
	for _, inv := range slices.Backward(candidates) {
		if matches(inv) {
			found = append(found, *inv)
		}
	}
	return found
}

// providerTime writes a time as in the samples: a space, microseconds only when there are any, an offset of two digits.
func providerTime(t time.Time) string {
	return t.In(time.FixedZone("", 6*60*60)).Format("2006-01-02 15:04:05.999999-07")
}
