package monobanksim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Statuses of a refund.
const (
	RefundProcessing = "processing"
	RefundSuccess    = "success"
	RefundFailure    = "failure"
)

// invoiceCall is the body of cancel, finalize and remove; each of them names the members it takes.
type invoiceCall struct {
	invoiceID string
	amount    *int64
	extRef    string
	items     []fiscalItem
}

// parseCall decodes a call, requires invoiceId and returns the invoice. The caller holds mu.
func (s *Sim) parseCall(body []byte, members ...string) (invoiceCall, *Invoice, *apiError) {
	var c invoiceCall
	all := map[string]any{"invoiceId": &c.invoiceID, "amount": &c.amount, "extRef": &c.extRef, "items": &c.items}
	taken := map[string]any{"invoiceId": all["invoiceId"]}
	for _, name := range members {
		taken[name] = all[name]
	}
	if err := decodeExact(body, taken); err != nil {
		return c, nil, badRequest("%v", err)
	}
	if c.invoiceID == "" {
		return c, nil, badRequest("invoiceId is required")
	}
	inv, err := s.find(c.invoiceID)
	if err != nil {
		return c, nil, notFound("1004", "invoice not found")
	}
	return c, inv, nil
}

type refundAnswer struct {
	Status       string `json:"status"`
	CreatedDate  string `json:"createdDate"`
	ModifiedDate string `json:"modifiedDate"`
}

// cancel plays POST /api/merchant/invoice/cancel: a refund of a paid invoice, or the release of a hold. extRef is an
// echo and no idempotency key: the same call twice refunds twice.
func (s *Sim) cancel(_ *http.Request, body []byte) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, inv, failed := s.parseCall(body, "amount", "extRef", "items")
	if failed != nil {
		return nil, failed
	}
	if inv.Status == StatusHold {
		return s.release(inv, c)
	}
	if failed := s.checkItems(c, true); failed != nil {
		return nil, failed
	}
	left := inv.Captured - inv.refunded(RefundSuccess) - inv.refunded(RefundProcessing)
	switch inv.Status {
	case StatusSuccess:
	case StatusReversed:
		left = 0
	default:
		return nil, &apiError{http.StatusInternalServerError, "CANCEL_NOT_AVAILABLE", "nothing to refund"}
	}
	amount := left
	if c.amount != nil {
		amount = *c.amount
	}
	if amount <= 0 || amount > left {
		return nil, &apiError{http.StatusBadRequest, "WRONG_CANCEL_AMOUNT", "wrong amount or already cancelled"}
	}
	now := s.config.Now().UTC().Truncate(time.Second)
	if s.refusals > 0 {
		s.refusals--
		inv.Refunds = append(inv.Refunds, Refund{Status: RefundFailure, Amount: amount, ExtRef: c.extRef, CreatedAt: now, ModifiedAt: now})
		inv.ModifiedAt = now
		return refundAnswer{RefundFailure, wireTime(now), wireTime(now)}, nil
	}
	s.did(OpCancel, inv, c.extRef, amount)
	inv.Refunds = append(inv.Refunds, Refund{Status: RefundProcessing, Amount: amount, ExtRef: c.extRef,
		CreatedAt: now, ModifiedAt: now, rrn: randomFrom(digits, 12), approvalCode: randomFrom(digits, 6)})
	if !s.config.PendingRefunds {
		if err := s.finishRefunds(inv, RefundSuccess, ""); err != nil {
			return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
		}
	}
	return refundAnswer{inv.Refunds[len(inv.Refunds)-1].Status, wireTime(now), wireTime(now)}, nil
}

// release gives a hold back as a whole. The bank's documents say nothing about it; a shop in production does this and
// sees "reversed". The caller holds mu.
func (s *Sim) release(inv *Invoice, c invoiceCall) (any, *apiError) {
	if c.amount != nil && *c.amount != inv.Amount {
		return nil, &apiError{http.StatusBadRequest, "WRONG_CANCEL_AMOUNT", "a hold is released as a whole"}
	}
	if inv.Capturing > 0 {
		return nil, &apiError{http.StatusInternalServerError, "CANCEL_NOT_AVAILABLE", "the hold is being finalized"}
	}
	s.did(OpCancel, inv, c.extRef, inv.Amount)
	if err := s.set(inv, StatusReversed); err != nil {
		return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
	}
	now := wireTime(inv.ModifiedAt)
	return refundAnswer{RefundSuccess, now, now}, nil
}

// FinishRefunds ends every refund of the invoice that is in processing, with success or failure. The invoice becomes
// reversed when all of its money went back.
func (s *Sim) FinishRefunds(id string, success bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if inv.refunded(RefundProcessing) == 0 {
		return fmt.Errorf("monobanksim: invoice %s has no refund in processing: %w", id, ErrImpossible)
	}
	return s.finishRefunds(inv, ended(success), "")
}

// FinishRefund ends the refunds in processing that have this extRef, and leaves the others.
func (s *Sim) FinishRefund(id, extRef string, success bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(inv.Refunds, func(r Refund) bool { return r.ExtRef == extRef && r.Status == RefundProcessing }) {
		return fmt.Errorf("monobanksim: invoice %s has no refund %q in processing: %w", id, extRef, ErrImpossible)
	}
	return s.finishRefunds(inv, ended(success), extRef)
}

// FailRefunds lets the next times refunds (0 means one) fail in the answer of the call: HTTP 200 with status failure.
func (s *Sim) FailRefunds(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals += max(times, 1)
}

func ended(success bool) string {
	if success {
		return RefundSuccess
	}
	return RefundFailure
}

// finishRefunds ends the refunds in processing; an extRef narrows it to those that have it.
func (s *Sim) finishRefunds(inv *Invoice, status, extRef string) error {
	now := s.config.Now().UTC().Truncate(time.Second)
	for i := range inv.Refunds {
		if inv.Refunds[i].Status == RefundProcessing && (extRef == "" || inv.Refunds[i].ExtRef == extRef) {
			inv.Refunds[i].Status, inv.Refunds[i].ModifiedAt = status, now
		}
	}
	if inv.Captured > 0 && inv.refunded(RefundSuccess) == inv.Captured {
		return s.set(inv, StatusReversed)
	}
	// The bank does not say whether a partial refund sends a webhook; the simulator, taking the harsher reading, sends
	// none.
	inv.ModifiedAt = now
	return nil
}

// finalize plays POST /api/merchant/invoice/finalize: one capture of a hold, the rest is released. O2412 requires
// amount.
func (s *Sim) finalize(_ *http.Request, body []byte) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, inv, failed := s.parseCall(body, "amount", "items")
	if failed != nil {
		return nil, failed
	}
	if c.amount == nil {
		return nil, badRequest("amount is required")
	}
	if inv.Status != StatusHold || inv.Capturing > 0 || *c.amount <= 0 || *c.amount > inv.Amount {
		return nil, badRequest("no hold, or amount is not within it")
	}
	if failed := s.checkItems(c, *c.amount != inv.Amount); failed != nil {
		return nil, failed
	}
	s.did(OpFinalize, inv, "", *c.amount)
	inv.Capturing = *c.amount
	if !s.config.PendingCaptures {
		if err := s.finishCapture(inv); err != nil {
			return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
		}
	}
	return map[string]string{"status": "success"}, nil
}

// FinishCapture carries out an accepted finalize that was left pending.
func (s *Sim) FinishCapture(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if inv.Capturing == 0 {
		return fmt.Errorf("monobanksim: invoice %s has no capture under way: %w", id, ErrImpossible)
	}
	return s.finishCapture(inv)
}

func (s *Sim) finishCapture(inv *Invoice) error {
	inv.Captured, inv.Capturing = inv.Capturing, 0
	return s.set(inv, StatusSuccess)
}

// remove plays POST /api/merchant/invoice/remove. What invoice/status shows afterwards is not documented; here it goes
// on showing created until the validity ends, so that an adapter must remember the 200 itself. No webhook is sent.
func (s *Sim) remove(_ *http.Request, body []byte) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, inv, failed := s.parseCall(body)
	if failed != nil {
		return nil, failed
	}
	if inv.Status != StatusCreated {
		return nil, &apiError{http.StatusBadRequest, "INVOICE_ALREADY_USED", "invoice already used"}
	}
	if !inv.Removed {
		s.did(OpRemove, inv, "", 0) // The second remove finds it gone and does nothing.
	}
	inv.Removed = true
	return nil, nil
}
