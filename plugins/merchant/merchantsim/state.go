package merchantsim

import (
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// The two directions of an invoice: to the merchant, and from it.
const (
	directionIn  = "in"
	directionOut = "out"
)

// manualDelay is how long a person needs to find MANUAL_SBP_QR requisites; one
// known client waits 25 seconds before it reads the invoice again.
const manualDelay = 20 * time.Second

// Everything in this file is called with Sim.mu held.

// move gives the invoice a status and announces it. Calling it again with the
// status the invoice has is a repeated announcement, as after a recalculation.
func (s *Sim) move(i *invoice, status Status, now time.Time) {
	i.Status = status
	i.UpdatedAt = now
	s.stopTimer(i)
	s.notify(i, now)
}

// settle applies what time alone has done to the invoice since it was last
// looked at: requisites that became ready, a deal past its deadline, an
// invoice past its hour. A deal that expires leaves its invoice new, and since
// only changes of the invoice are announced, there is no callback for it.
func (s *Sim) settle(i *invoice, now time.Time) {
	if d := i.activeDeal(); d != nil {
		if d.Requisites == nil && !now.Before(d.readyAt) {
			d.Requisites, d.QRCodeLink = d.issued, d.link
		}
		if d.Status == DealWaiting && !now.Before(d.Deadline) {
			d.end(DealExpired)
			i.UpdatedAt = d.Deadline
		}
	}
	if i.Status == StatusNew && !now.Before(i.ExpireAt) {
		s.expire(i, now)
	}
}

// expire ends an invoice that nobody paid in time.
func (s *Sim) expire(i *invoice, now time.Time) {
	if d := i.activeDeal(); d != nil {
		resolve(i, d, "TTL_EXPIRED")
		d.end(DealExpired)
	}
	s.move(i, StatusExpired, now)
}

// cancel calls an unpaid or disputed invoice off.
func (s *Sim) cancel(i *invoice, now time.Time) {
	if d := i.activeDeal(); d != nil {
		resolve(i, d, "UNKNOWN")
		d.end(DealCanceled)
	}
	s.move(i, StatusCanceled, now)
}

// receive books the transfer of an amount: invoice paid, deal completed. The
// deal may be over already, because money also arrives late; an invoice without
// any deal gets one, as a payer on the gateway's page would have started it.
func (s *Sim) receive(i *invoice, amount decimal.Decimal, now time.Time) {
	if i.deal() == nil {
		s.beginDeal(i, s.anyVariant(i.PaymentOption, i.PaymentMethod), now)
	}
	d := i.deal()
	if amount.Equal(i.Due) {
		resolve(i, d, "ACCEPTED")
	} else {
		resolve(i, d, "AMOUNT_CHANGED")
	}
	i.Received = amount
	if d.PaidAt.IsZero() {
		d.PaidAt = now
	}
	d.end(DealCompleted)
	s.move(i, StatusPaid, now)
}

// resolve notes the result of a dispute, if the invoice is under one.
func resolve(i *invoice, d *Deal, result string) {
	if i.Status == StatusDispute {
		d.DisputeResult = result
	}
}

// confirm notes that the payer says the transfer was sent. The invoice stays
// new and nothing is announced, but the sums appear, as in the sample.
func (s *Sim) confirm(i *invoice, d *Deal, now time.Time) {
	i.Received = i.Due
	d.Status = DealConfirmed
	d.PaidAt = now
	i.UpdatedAt = now
}

// dispute puts the invoice and its deal under dispute.
func (s *Sim) dispute(i *invoice, d *Deal, reason string, amount decimal.Decimal, now time.Time) {
	d.Status = DealDispute
	d.Active = true
	d.DisputeReason, d.DisputeAmount, d.DisputeResult = reason, amount, ""
	s.move(i, StatusDispute, now)
}

// beginDeal opens a deal for a variant. With maxAmount given and a raise
// scripted, the amount to pay is raised now, never above maxAmount, and shows
// as receivedSumFromTaker before anything was paid.
func (s *Sim) beginDeal(i *invoice, v Variant, now time.Time) {
	s.dealCount++
	if !i.MaxAmount.IsZero() && s.raise.IsPositive() {
		i.Due = decimal.Min(i.Sum.Add(s.raise), i.MaxAmount)
		i.Received = i.Due
	}
	d := Deal{
		ID: newID(), Status: DealWaiting, Active: true,
		Option: v.Option, Method: v.Method, MethodName: v.MethodName,
		Deadline: now.Add(s.cfg.DealTTL),
	}
	if d.Deadline.After(i.ExpireAt) {
		d.Deadline = i.ExpireAt
	}
	d.issued, d.link = issueRequisites(v.Option, i.CrossBorderType, s.dealCount, i.Due)
	d.readyAt = now
	if v.Option == optionManualQR {
		d.readyAt = now.Add(manualDelay)
	} else {
		d.Requisites, d.QRCodeLink = d.issued, d.link
	}
	i.Deals = append(i.Deals, d)
	i.UpdatedAt = now
}

// anyVariant returns the first variant with the option and method, either of
// which may be "" for any, or the first one at all, or none as the zero value.
func (s *Sim) anyVariant(option, method string) Variant {
	for _, v := range s.cfg.Variants {
		if v.fits(option, method) {
			return v
		}
	}
	if len(s.cfg.Variants) > 0 {
		return s.cfg.Variants[0]
	}
	return Variant{}
}

// fits reports whether a request for option and method, "" meaning any, may be
// served with the variant.
func (v Variant) fits(option, method string) bool {
	return (option == "" || option == v.Option) && (method == "" || method == v.Method)
}

// pick looks for free requisites. It returns nil without a refusal when there
// are none and the gateway says so with an empty deals list.
func (s *Sim) pick(option, method string) (*Variant, *refusal) {
	mode := s.takeNoRequisites()
	if mode == NoRequisitesOff {
		for _, v := range s.cfg.Variants {
			if v.fits(option, method) {
				return &v, nil
			}
		}
	}
	if mode == NoRequisitesRefuse {
		return nil, refuse(http.StatusBadRequest, textNoRequisites)
	}
	return nil, nil
}

// takeNoRequisites returns the mode for one search for requisites and counts
// down a mode that was scripted for a number of searches.
func (s *Sim) takeNoRequisites() NoRequisites {
	mode := s.noRequisites
	if s.noRequisitesLeft > 0 {
		if s.noRequisitesLeft--; s.noRequisitesLeft == 0 {
			s.noRequisites = NoRequisitesOff
		}
	}
	return mode
}

// notify queues the callback about the invoice as it is at this moment.
func (s *Sim) notify(i *invoice, now time.Time) {
	body, err := encode(s.renderNotification(i, now))
	if err != nil {
		// The DTO has only strings, numbers and lists, which always encode.
		s.cfg.Logger.Error("callback not encoded", "invoice", i.ID, "error", err)
		return
	}
	s.kit.Callbacks.Send(simkit.Callback{
		Lane: i.ID, Event: string(i.Status), URL: i.NotificationURL, Body: body,
		Header: map[string][]string{
			"Content-Type":     {"application/json"},
			headerNotification: {i.NotificationToken},
		},
	})
}
