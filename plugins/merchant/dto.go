package merchant

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

// invoice is the gateway's InvoiceDTO, as far as it is used, in all its
// spellings: answers have deals, callbacks have deal; the answer of cancel has
// expiredAt where all others have expireAt.
type invoice struct {
	ID         idText     `json:"id"`
	InternalID idText     `json:"internalId"`
	Type       string     `json:"type"`
	Status     string     `json:"status"`
	Sum        *amountDTO `json:"sum"`
	// Received is the actual amount in the payer's currency: what must be sent
	// while a deal is active, what came once the invoice is paid.
	Received *amountDTO `json:"receivedSumFromTaker"`
	// Gross, Fee and Net are usually in USDT.
	Gross     *amountDTO   `json:"receivedSumFromMaker"`
	Fee       *amountDTO   `json:"serviceFeeSum"`
	Net       *amountDTO   `json:"payoutSum"`
	ExpireAt  stamp        `json:"expireAt"`
	ExpiredAt stamp        `json:"expiredAt"`
	UpdatedAt stamp        `json:"updatedAt"`
	URL       string       `json:"invoiceUrl"`
	Deals     *[]deal      `json:"deals"`
	Deal      object[deal] `json:"deal"`
}

// deal is the gateway's DealDTO.
type deal struct {
	ID         idText             `json:"id"`
	IsActive   bool               `json:"isActive"`
	Status     string             `json:"status"`
	Method     string             `json:"paymentMethod"`
	Option     string             `json:"paymentOption"`
	BankName   string             `json:"paymentMethodName"`
	Requisites object[requisites] `json:"requisites"`
	Deadline   stamp              `json:"canceledAt"`
	Reason     *string            `json:"disputeReason"`
	ReasonData object[reasonData] `json:"disputeReasonData"`
	Result     *string            `json:"disputeResult"`
	Payment    object[payment]    `json:"payment"`
	Rate       scalarText         `json:"rate"`
	QRCodeLink *string            `json:"qrCodeLink"`
	// Attachments are links to the payer's proofs.
	Attachments list `json:"attachments"`
}

// requisites are where the payer, or the trader of a payout, sends money.
// Personal data of the receiver.
type requisites struct {
	Requisites string `json:"requisites"`
	Holder     string `json:"holder,omitempty"`
}

type payment struct {
	Date stamp `json:"date"`
}

type reasonData struct {
	Amount scalarText `json:"amount"`
}

// object is a member that is an object when set and null or an empty array when
// not, as PHP writes empty maps.
type object[T any] struct{ value *T }

// UnmarshalJSON reads an object; anything else is absence.
func (o *object[T]) UnmarshalJSON(b []byte) error {
	o.value = nil
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return err
	}
	o.value = v
	return nil
}

// stamp is a time with a numeric offset. One that cannot be read is zero: times
// only order and inform.
type stamp struct{ time.Time }

// UnmarshalJSON reads RFC 3339.
func (s *stamp) UnmarshalJSON(b []byte) error {
	s.Time = time.Time{}
	var text string
	if json.Unmarshal(b, &text) == nil {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			s.Time = t.UTC()
		}
	}
	return nil
}

// errSeveral says that an answer which should be about one invoice is about several.
var errSeveral = errors.New("it lists several invoices")

// The two directions of the gateway's invoices: a payer pays the first kind, the
// second are payouts.
const (
	directionIn  = "in"
	directionOut = "out"
)

// decodeInvoice reads an answer about one invoice that a payer pays.
func decodeInvoice(body []byte) (invoice, error) { return decodeDirected(body, directionIn) }

// decodeDirected reads an answer about one invoice of a direction: the object of
// the samples, or the array with one object of the text. Anything else is
// unexpected.
func decodeDirected(body []byte, direction string) (invoice, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(body, &list) != nil {
			return invoice{}, errors.New("it is not JSON")
		}
		switch len(list) {
		case 0:
			// Not documented as absence, so it is none.
			return invoice{}, errors.New("it is an empty list")
		case 1:
		default:
			return invoice{}, errSeveral
		}
		body = list[0]
	}
	var out invoice
	if len(body) == 0 || body[0] != '{' || json.Unmarshal(body, &out) != nil {
		return invoice{}, errors.New("it is no invoice")
	}
	if !isToken(out.id()) || out.Status == "" {
		return invoice{}, errors.New("it is an invoice without an id or a status")
	}
	if out.Type != "" && out.Type != direction {
		return invoice{}, errors.New("it is an invoice of another direction")
	}
	return out, nil
}

// deals returns the deals of an answer or the one of a callback.
func (i invoice) deals() []deal {
	if i.Deals != nil {
		return *i.Deals
	}
	if i.Deal.value != nil {
		return []deal{*i.Deal.value}
	}
	return nil
}

// activeDeal returns the deal the payer can pay now.
func (i invoice) activeDeal() (deal, bool) {
	for _, d := range i.deals() {
		if d.IsActive {
			return d, true
		}
	}
	return deal{}, false
}

// dealByID returns a deal of the invoice.
func (i invoice) dealByID(id string) (deal, bool) {
	for _, d := range i.deals() {
		if string(d.ID) == id {
			return d, true
		}
	}
	return deal{}, false
}

func (i invoice) id() string         { return string(i.ID) }
func (i invoice) internalID() string { return string(i.InternalID) }

// disputed reports whether the deal is or was under dispute.
func (d deal) disputed() bool {
	return text(d.Reason) != "" || text(d.Result) != "" || d.Status == "dispute"
}

func (i invoice) expiresAt() time.Time {
	if !i.ExpireAt.IsZero() {
		return i.ExpireAt.Time
	}
	return i.ExpiredAt.Time
}

// rate returns the exchange rate as the gateway wrote it.
func (d deal) rate() string { return string(d.Rate) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
