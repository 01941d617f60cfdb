package monobanksim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Payment types.
const (
	TypeDebit        = "debit"
	TypeHold         = "hold"
	TypeVerification = "verification"
)

// Invoice is a snapshot of one invoice.
type Invoice struct {
	// InvoiceID is the bank's id.
	InvoiceID string `json:"invoice_id"`
	// Status is one of the Status constants; FailureReason and ErrCode tell why a payment failed.
	Status        string `json:"status"`
	FailureReason string `json:"failure_reason,omitempty"`
	ErrCode       string `json:"err_code,omitempty"`
	// Amount is what was asked for, Captured what was taken; both in minor units.
	Amount   int64 `json:"amount"`
	Captured int64 `json:"captured"`
	// Currency is the ISO 4217 numeric code.
	Currency int32 `json:"ccy"`
	// PaymentType is debit, hold or verification.
	PaymentType string `json:"payment_type"`
	// Reference, Destination, Comment and Metadata are from merchantPaymInfo.
	Reference   string            `json:"reference,omitempty"`
	Destination string            `json:"destination,omitempty"`
	Comment     string            `json:"comment,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	// RedirectURL, SuccessURL and FailURL are where the payer's browser returns, WebHookURL where webhooks go.
	RedirectURL string `json:"redirect_url,omitempty"`
	SuccessURL  string `json:"success_url,omitempty"`
	FailURL     string `json:"fail_url,omitempty"`
	WebHookURL  string `json:"webhook_url,omitempty"`
	// Code is the terminal of the submerchant the invoice belongs to; empty for the merchant's own.
	Code string `json:"code,omitempty"`
	// TipsEmployeeID is who receives tips, Tips how much the payer gave, see [Sim.PayWithTips].
	TipsEmployeeID string `json:"tips_employee_id,omitempty"`
	Tips           int64  `json:"tips,omitempty"`
	// AgentFeePercent is the agent's own fee, digit by digit as it was sent.
	AgentFeePercent string `json:"agent_fee_percent,omitempty"`
	// SaveCard says that the card is tokenized after payment, into WalletID.
	SaveCard bool   `json:"save_card,omitempty"`
	WalletID string `json:"wallet_id,omitempty"`
	// PageURL and AppURL are the addresses given to the merchant.
	PageURL string `json:"page_url"`
	AppURL  string `json:"app_url,omitempty"`
	// CMS and CMSVersion are the request's X-Cms and X-Cms-Version.
	CMS        string `json:"cms,omitempty"`
	CMSVersion string `json:"cms_version,omitempty"`
	// Removed says that the merchant took the unpaid invoice back.
	Removed bool `json:"removed,omitempty"`
	// InitiationKind says who initiated a charge, merchant or client; it is empty for an invoice with a page.
	InitiationKind string `json:"initiation_kind,omitempty"`
	// AwaitsTDS says that the charge waits for its payer at the 3-D Secure page.
	AwaitsTDS bool `json:"awaits_tds,omitempty"`
	// Capturing is the amount of an accepted finalize that was not carried out yet.
	Capturing int64 `json:"capturing,omitempty"`
	// Refunds are the refund requests in order.
	Refunds []Refund `json:"refunds,omitempty"`
	// CreatedAt, ModifiedAt and ExpiresAt have a resolution of one second, as on the wire.
	CreatedAt  time.Time `json:"created_at"`
	ModifiedAt time.Time `json:"modified_at"`
	ExpiresAt  time.Time `json:"expires_at"`

	card       *card     // of the latest payment attempt, replaced as a whole
	operatedAt time.Time // when the first payment attempt began, for the statement

	checkStatus, checkReason string // of its fiscal receipts; empty means done
}

// Refund is one refund request.
type Refund struct {
	// Status is processing, success or failure.
	Status string `json:"status"`
	// Amount is in minor units.
	Amount int64 `json:"amount"`
	// ExtRef is the merchant's reference of the request.
	ExtRef string `json:"ext_ref,omitempty"`
	// CreatedAt and ModifiedAt have a resolution of one second.
	CreatedAt  time.Time `json:"created_at"`
	ModifiedAt time.Time `json:"modified_at"`

	rrn, approvalCode string
}

func (inv *Invoice) snapshot() Invoice {
	out := *inv
	out.Refunds = slices.Clone(inv.Refunds)
	return out
}

// refunded adds up the refunds with this status.
func (inv *Invoice) refunded(status string) int64 {
	var total int64
	for _, r := range inv.Refunds {
		if r.Status == status {
			total += r.Amount
		}
	}
	return total
}

// Invoices returns snapshots of all invoices in order of creation, so that a test can count what was really created.
func (s *Sim) Invoices() []Invoice {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Invoice, 0, len(s.invoices))
	for _, inv := range s.invoices {
		s.age(inv)
		out = append(out, inv.snapshot())
	}
	return out
}

// Invoice returns a snapshot of the invoice with this id.
func (s *Sim) Invoice(id string) (Invoice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return Invoice{}, err
	}
	return inv.snapshot(), nil
}

// find returns the invoice as it is by now. The caller holds mu.
func (s *Sim) find(id string) (*Invoice, error) {
	inv, found := s.byID[id]
	if !found {
		return nil, fmt.Errorf("monobanksim: invoice %q: %w", id, ErrNotFound)
	}
	s.age(inv)
	return inv, nil
}

// age lets an unpaid invoice expire when its validity has passed. The caller holds mu.
func (s *Sim) age(inv *Invoice) {
	if inv.Status == StatusCreated && !s.config.Now().Before(inv.ExpiresAt) {
		inv.Status, inv.ModifiedAt = StatusExpired, inv.ExpiresAt
	}
}

// status plays GET /api/merchant/invoice/status. invoiceId is its only key; there is no search by reference.
func (s *Sim) status(r *http.Request, _ []byte) (any, *apiError) {
	query := r.URL.Query()
	for name, values := range query {
		if name != "invoiceId" || len(values) != 1 {
			return nil, badRequest("unexpected or repeated parameter %q", name)
		}
	}
	if query.Get("invoiceId") == "" {
		return nil, badRequest("invoiceId is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(query.Get("invoiceId"))
	if err != nil {
		return nil, notFound("1004", "invoice not found")
	}
	return s.view(inv), nil
}
