package monobanksim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Statuses of an invoice.
const (
	StatusCreated    = "created"
	StatusProcessing = "processing"
	StatusHold       = "hold"
	StatusSuccess    = "success"
	StatusFailure    = "failure"
	StatusReversed   = "reversed"
	StatusExpired    = "expired"
)

// moves lists which statuses may follow which; the bank publishes no diagram (providers/monobank.md §3.2). After a
// failure the payer may try again on the page.
func moves(from string) []string {
	switch from {
	case StatusCreated:
		return []string{StatusProcessing, StatusHold, StatusSuccess, StatusFailure, StatusExpired}
	case StatusProcessing:
		return []string{StatusHold, StatusSuccess, StatusFailure}
	case StatusFailure:
		return []string{StatusProcessing, StatusHold, StatusSuccess}
	case StatusHold:
		return []string{StatusSuccess, StatusReversed}
	case StatusSuccess:
		return []string{StatusReversed}
	}
	return nil
}

// Pay makes the payment succeed; on a held invoice it captures the whole hold. An invoice of type hold must be held
// first. Errors of the scripting methods wrap [ErrNotFound] or [ErrImpossible]. Every move but expiry sends a webhook.
func (s *Sim) Pay(id string) error {
	return s.script(id, StatusSuccess, func(inv *Invoice) { inv.Captured = inv.Amount })
}

// Decline makes the payment fail with an error code of the bank's table, such as "59" for insufficient funds. An empty
// code means "59", an empty reason a text that fits the code.
func (s *Sim) Decline(id, errCode, reason string) error {
	errCode = cmp.Or(errCode, "59")
	return s.script(id, StatusFailure, func(inv *Invoice) {
		inv.ErrCode, inv.FailureReason = errCode, cmp.Or(reason, declineText(errCode))
	})
}

// Hold blocks the money of an invoice of type hold.
func (s *Sim) Hold(id string) error { return s.script(id, StatusHold, nil) }

// Process starts a payment whose outcome is not known yet, such as 3-D Secure.
func (s *Sim) Process(id string) error { return s.script(id, StatusProcessing, nil) }

// Expire ends the validity of an unpaid invoice. No webhook is sent; the bank sends none.
func (s *Sim) Expire(id string) error { return s.script(id, StatusExpired, nil) }

// Reverse returns the money of a paid invoice, or releases a hold, from the bank's side.
func (s *Sim) Reverse(id string) error {
	return s.script(id, StatusReversed, func(inv *Invoice) { inv.Captured = inv.refunded(RefundSuccess) })
}

// SetStatus writes any status, also one that the bank does not have or that cannot follow, and sends its webhook, so
// that a test can see how an adapter takes surprises.
func (s *Sim) SetStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if status == StatusSuccess && inv.Captured == 0 {
		inv.Captured = inv.Amount
	}
	return s.set(inv, status)
}

// Notify sends a webhook with the invoice's present state again.
func (s *Sim) Notify(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if inv.WebHookURL == "" {
		return fmt.Errorf("monobanksim: invoice %s has no webHookUrl: %w", id, ErrImpossible)
	}
	return s.sendWebhook(inv)
}

func (s *Sim) script(id, to string, change func(*Invoice)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if !possible(inv, to) {
		return fmt.Errorf("monobanksim: %s invoice %s cannot go from %s to %s: %w", inv.PaymentType, id, inv.Status, to,
			ErrImpossible)
	}
	if change != nil {
		change(inv)
	}
	return s.set(inv, to)
}

// possible adds to the table of moves what depends on the invoice: only hold invoices are held, they succeed only by
// capture, and a removed invoice cannot be paid.
func possible(inv *Invoice, to string) bool {
	if !slices.Contains(moves(inv.Status), to) || inv.Removed && to != StatusExpired {
		return false
	}
	if inv.InitiationKind != "" && inv.Status == StatusFailure {
		return false // A charge has no page to try again on.
	}
	switch to {
	case StatusHold:
		return inv.PaymentType == TypeHold
	case StatusSuccess:
		return inv.PaymentType != TypeHold || inv.Status == StatusHold
	}
	return true
}

// set writes the status and sends the webhook. The caller holds mu.
func (s *Sim) set(inv *Invoice, status string) error {
	if inv.card == nil || inv.Status == StatusFailure {
		again := newCard(inv.Amount) // a new attempt is another transaction
		if inv.card != nil && inv.InitiationKind != "" {
			again.MaskedPan, again.PaymentSystem, again.PaymentMethod = inv.card.MaskedPan, inv.card.PaymentSystem, inv.card.PaymentMethod
		}
		inv.card = again
	}
	if status != StatusFailure {
		inv.ErrCode, inv.FailureReason = "", ""
	}
	inv.Status = status
	inv.operated(s.config.Now().UTC().Truncate(time.Second))
	s.keepCard(inv)
	s.releaseLater(inv)
	return s.changed(inv)
}

// changed notes the time of a change and sends the webhook. The caller holds mu.
func (s *Sim) changed(inv *Invoice) error {
	inv.ModifiedAt = s.config.Now().UTC().Truncate(time.Second)
	if inv.Status == StatusExpired || inv.WebHookURL == "" {
		return nil
	}
	return s.sendWebhook(inv)
}

// declineText is the localized reason of common codes; it is for people and must drive no logic.
func declineText(code string) string {
	switch code {
	case "59":
		return "Недостатньо коштів"
	case "51":
		return "Термін дії картки минув"
	case tdsFailed:
		return "Не пройдено 3-D Secure"
	case "80", "81":
		return "Невірний CVV"
	case "8002":
		return "Платіж скасовано платником"
	}
	return "Платіж відхилено"
}
