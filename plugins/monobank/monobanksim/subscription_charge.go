package monobanksim

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// chargeDue makes the charges whose time has come, each at its own time. The bank's plan after a failed charge is not
// documented: here the next one comes after the interval. The caller holds mu.
func (s *Sim) chargeDue() {
	now := s.config.Now()
	for _, b := range s.own.subscriptions {
		for count := len(b.Charges); b.Status == SubscriptionActive && !b.NextAt.IsZero() && !b.NextAt.After(now); count++ {
			next := SubscriptionCharge{Status: ChargeDone}
			if len(s.own.subCharges) > 0 {
				next, s.own.subCharges = s.own.subCharges[0], s.own.subCharges[1:]
			}
			next.Amount, next.InvoiceID, next.At = b.Amount, newInvoiceID(b.NextAt), b.NextAt
			b.Charges = append(b.Charges, next)
			b.NextAt = after(b.StartAt, b.Interval, count+1)
			s.chargeLater(b)
			// A callback that cannot be written is not sent; the charge stands all the same.
			_ = s.reportCharge(b, next)
		}
	}
}

// after is the time of the n-th charge after the first. A month later than the 31st is the last day of a shorter month.
func after(start time.Time, interval string, n int) time.Time {
	number, unit := splitInterval(interval)
	switch unit {
	case 'd':
		return start.AddDate(0, 0, n*number)
	case 'w':
		return start.AddDate(0, 0, 7*n*number)
	case 'y':
		number *= 12
	}
	first := start.AddDate(0, 0, 1-start.Day()).AddDate(0, n*number, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(start.Day(), last)-1)
}

// splitInterval reads a number and d, w, m or y; the number is 0 where there is none.
func splitInterval(interval string) (number int, unit byte) {
	if len(interval) < 2 || interval[0] < '1' || interval[0] > '9' {
		return 0, 0
	}
	unit = interval[len(interval)-1]
	number, err := strconv.Atoi(interval[:len(interval)-1])
	if err != nil || number > 9999 || !slices.Contains([]byte("dwmy"), unit) {
		return 0, 0
	}
	return number, unit
}

// reportStatus sends the object of subscription/status to statusUrl. The bank's bodies are not documented: this one and
// [Sim.reportCharge]'s are what a client in use expects, and nothing may be concluded from them. The caller holds mu.
func (s *Sim) reportStatus(b *Subscription) error {
	return s.report(b, b.Status, b.StatusURL, s.subscriptionView(b))
}

// reportCharge sends an object like an invoice, with both ids, to chargeUrl. The caller holds mu.
func (s *Sim) reportCharge(b *Subscription, c SubscriptionCharge) error {
	at := wireTime(c.At)
	status := c.Status
	switch c.Status {
	case ChargeNew:
		status = StatusCreated
	case ChargeRefused:
		status = StatusFailure
	}
	return s.report(b, cmp.Or(c.Status, "charge"), b.ChargeURL, map[string]any{
		"subscriptionId": b.SubscriptionID, "invoiceId": c.InvoiceID, "status": status, "amount": c.Amount, "ccy": b.Currency,
		"createdDate": at, "modifiedDate": wireTime(s.config.Now()),
	})
}

func (s *Sim) report(b *Subscription, event, url string, body any) error {
	if url == "" {
		return nil
	}
	raw, err := simkit.EncodeJSON(body)
	if err != nil {
		return err
	}
	s.kit.Callbacks.Send(simkit.Callback{Lane: b.SubscriptionID, Event: event, URL: url, Prepare: s.signed(raw)})
	return nil
}
