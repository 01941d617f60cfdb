package monobanksim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Statuses of a fiscal receipt.
const (
	CheckNew     = "new"
	CheckProcess = "process"
	CheckDone    = "done"
	CheckFailed  = "failed"
)

// document is the smallest text a PDF reader takes for its own, in base64.
func document(title string) string {
	return base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n% " + title + "\n%%EOF\n"))
}

// receipt plays GET /api/merchant/invoice/receipt. An unpaid invoice is refused with the general code, as a client author
// reports. With email the bank sends the receipt there as well; [Sim.Effects] shows that, with the invoice only.
func (s *Sim) receipt(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "invoiceId", "email")
	if failed != nil {
		return nil, failed
	}
	email, mail := query["email"]
	if query["invoiceId"] == "" || mail && !strings.Contains(email, "@") {
		return nil, badRequest("invoiceId is required, and email must be an address")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(query["invoiceId"])
	if err != nil {
		return nil, notFound("1004", "invoice not found")
	}
	if inv.Status != StatusSuccess && inv.Status != StatusReversed {
		return nil, badRequest("the invoice is not paid")
	}
	if mail {
		s.did(OpReceipt, inv, "", 0)
	}
	return map[string]string{"file": document("receipt of " + inv.InvoiceID)}, nil
}

type fiscalCheck struct {
	ID                string `json:"id"`
	Type              string `json:"type"`
	Status            string `json:"status"`
	StatusDescription string `json:"statusDescription,omitempty"`
	TaxURL            string `json:"taxUrl,omitempty"`
	File              string `json:"file,omitempty"`
	Source            string `json:"fiscalizationSource"`
}

// fiscalChecks plays GET /api/merchant/invoice/fiscal-checks: with a fiscal link one receipt of the sale and one of each
// return, without one an empty list.
func (s *Sim) fiscalChecks(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "invoiceId")
	if failed != nil {
		return nil, failed
	}
	if query["invoiceId"] == "" {
		return nil, badRequest("invoiceId is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(query["invoiceId"])
	if err != nil {
		return nil, notFound("1004", "invoice not found")
	}
	list := []fiscalCheck{}
	if !s.config.FiscalLink || inv.Captured == 0 {
		return map[string]any{"checks": list}, nil
	}
	list = append(list, s.fiscalCheck(inv, "sale", 0))
	for i, refund := range inv.Refunds {
		if refund.Status == RefundSuccess {
			list = append(list, s.fiscalCheck(inv, "return", i+1))
		}
	}
	return map[string]any{"checks": list}, nil
}

func (s *Sim) fiscalCheck(inv *Invoice, kind string, place int) fiscalCheck {
	c := fiscalCheck{
		ID: fmt.Sprintf("%s-%d", inv.InvoiceID, place), Type: kind, Status: CheckDone, Source: "monopay",
		TaxURL: "https://tax.example/" + inv.InvoiceID, File: document(kind),
	}
	if inv.checkStatus != "" && inv.checkStatus != CheckDone {
		c.Status, c.StatusDescription, c.TaxURL, c.File = inv.checkStatus, inv.checkReason, "", ""
	}
	return c
}

// SetFiscalChecks gives all fiscal receipts of the invoice a status, one of the Check constants, and a description of it.
// They are done until then.
func (s *Sim) SetFiscalChecks(id, status, description string) error {
	if !slices.Contains([]string{CheckNew, CheckProcess, CheckDone, CheckFailed}, status) {
		return fmt.Errorf("monobanksim: fiscal receipts have no status %q: %w", status, ErrImpossible)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	inv.checkStatus, inv.checkReason = status, description
	return nil
}
