package payinsim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Invoice is a snapshot of one top-up invoice.
type Invoice struct {
	// PaymentInID is the 14-digit payment id as text; the wire has it as a number.
	PaymentInID string `json:"payment_in_id"`
	// PrettyID is the invoice number such as "006034-000166", the account_number of searches.
	PrettyID string `json:"pretty_id"`
	// ListID is the id in the listing of a user's payments, from another id space.
	ListID int64 `json:"list_id"`
	// PayerID is the invoiced user, InnerID the number within this user's invoices.
	PayerID int64 `json:"payer_id"`
	InnerID int64 `json:"inner_id"`
	// Summ, CurrencyID and Descr are as sent by the merchant.
	Summ       string `json:"summ"`
	CurrencyID string `json:"currency_id"`
	Descr      string `json:"descr"`
	// IDPref is the preselected payment type, empty when not sent.
	IDPref string `json:"id_pref,omitempty"`
	// SuccessURL and FailURL are where the payer's browser returns, empty when not sent.
	SuccessURL string `json:"success_url,omitempty"`
	FailURL    string `json:"fail_url,omitempty"`
	// SOSTopup says whether the merchant asked for the top-up callback.
	SOSTopup bool `json:"is_sos_topup"`
	// PayLink is the address of the pay page.
	PayLink string `json:"pay_link"`
	// Status is the code of the provider's table for incoming payments.
	Status int `json:"status"`
	// CreatedAt and UpdatedAt are by the simulator's clock; DoneAt is the payment's time, zero before.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	DoneAt    time.Time `json:"done_at,omitzero"`

	// credited says that the payer's balance holds the money.
	credited  bool
	expiresAt time.Time
}

func createFields() []field {
	return []field{
		{"payer_id", integerField, true},
		{"summ", amountField, true},
		{"currency_id", currencyField, true},
		{"descr", textField, true},
		{"id_pref", integerField, false},
		{"success_url", addressField, false},
		{"fail_url", addressField, false},
		{"is_sos_topup", flagField, false},
	}
}

type created struct {
	PayLink string `json:"pay_link"`
	// The provider's tables call the three ids strings, its samples show numbers; see [Quirks.IDsAsText].
	PaymentInID          any    `json:"payment_in_id"`
	PaymentInInnerID     any    `json:"payment_in_inner_id"`
	PaymentInInnerIDUser any    `json:"payment_in_inner_id_user"`
	PrettyID             string `json:"pretty_id"`
}

// create plays POST /payment-in/create-invoice. Two equal requests make two invoices: the method has no idempotency.
func (s *Sim) create(r *http.Request, f form) (any, error) {
	if !slices.Contains(s.config.Currencies, f.text("currency_id")) {
		return nil, refusal("currency is not available")
	}
	payerID, err := strconv.ParseInt(f.text("payer_id"), 10, 64)
	if err != nil {
		return nil, err
	}
	if _, exists := s.payer(payerID); !exists || payerID == 0 {
		return nil, refusal("payer not found")
	}
	now := s.config.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.newPaymentID()
	number := s.nextNumber(payerID)
	s.listID++
	inv := &Invoice{
		PaymentInID: strconv.FormatInt(id, 10),
		PrettyID:    number,
		ListID:      s.listID,
		PayerID:     payerID,
		InnerID:     s.sequence[payerID],
		Summ:        f.text("summ"),
		CurrencyID:  f.text("currency_id"),
		Descr:       f.text("descr"),
		IDPref:      f.text("id_pref"),
		SuccessURL:  f.text("success_url"),
		FailURL:     f.text("fail_url"),
		SOSTopup:    f.text("is_sos_topup") == "1",
		PayLink:     fmt.Sprintf("%s/api/pay/%d#/index", s.base(r), id),
		CreatedAt:   now,
		UpdatedAt:   now,
	}
	s.invoices = append(s.invoices, inv)
	s.byID[inv.PaymentInID], s.byID[inv.PrettyID] = inv, inv
	s.expireLater(inv)
	return created{inv.PayLink, s.id(id), s.id(inv.InnerID), s.id(payerID), inv.PrettyID}, nil
}

// newPaymentID returns an unused id of 14 digits, as in the samples. The caller holds mu.
func (s *Sim) newPaymentID() int64 {
	for {
		id := 64_000_000_000_000 + randomBelow(1_000_000_000_000)
		if _, taken := s.byID[strconv.FormatInt(id, 10)]; !taken {
			return id
		}
	}
}

// find looks an invoice up by payment_in_id or pretty_id. The caller holds mu.
func (s *Sim) find(id string) (*Invoice, error) {
	inv, found := s.byID[id]
	if !found {
		return nil, fmt.Errorf("payinsim: invoice %q: %w", id, ErrNotFound)
	}
	return inv, nil
}
