package merchantsim

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Status is the state of an invoice.
type Status string

// The five documented states of an invoice.
const (
	// StatusNew is just created, and also while the payer is paying.
	StatusNew Status = "new"
	// StatusPaid is paid, in full or with another amount.
	StatusPaid Status = "paid"
	// StatusCanceled is cancelled by the merchant, the payer or the gateway.
	StatusCanceled Status = "canceled"
	// StatusDispute is under dispute.
	StatusDispute Status = "dispute"
	// StatusExpired is cancelled because nobody paid in time.
	StatusExpired Status = "expired"
)

// DealStatus is the state of the deal with a trader inside an invoice.
type DealStatus string

// The states of a deal that the simulator produces.
const (
	// DealNew is a payout's deal that no trader has paid yet; it does not occur in
	// a payin.
	DealNew DealStatus = "new"
	// DealWaiting is waiting for the transfer: show the requisites.
	DealWaiting DealStatus = "transfer_waiting"
	// DealConfirmed is "the payer says it was sent"; nobody holds money yet.
	DealConfirmed DealStatus = "transfer_confirmed"
	// DealCompleted is success.
	DealCompleted DealStatus = "completed"
	// DealCanceled is called off.
	DealCanceled DealStatus = "canceled"
	// DealDispute is under dispute.
	DealDispute DealStatus = "dispute"
	// DealExpired is not paid before the deal's deadline.
	DealExpired DealStatus = "expired"
)

// Invoice is a snapshot of one invoice, a copy the caller owns. Amounts are
// exact, in major units of Currency.
type Invoice struct {
	// ID is the gateway's id, a random UUID.
	ID string `json:"id"`
	// InternalID is the merchant's id, "" when not given. The gateway does not
	// document it as unique, and here it is not.
	InternalID string `json:"internalId,omitempty"`
	// UserID is the merchant's id of the payer, "" when not given.
	UserID string `json:"userId,omitempty"`
	// Type is "in" for an invoice a payer pays and "out" for a payout.
	Type string `json:"type"`
	// Payee are the requisites a payout goes to, nil otherwise. Answers show them
	// in the deal; paymentRequisites is null there even in the gateway's sample.
	Payee *Requisites `json:"payee,omitempty"`
	// Status is the state of the invoice.
	Status Status `json:"status"`
	// Currency is the currency of Sum and Received.
	Currency string `json:"currency"`
	// Sum is the amount as requested.
	Sum decimal.Decimal `json:"sum"`
	// MaxAmount is how far the gateway may raise Sum; zero when not given.
	MaxAmount decimal.Decimal `json:"maxAmount"`
	// Due is what the payer has to send: Sum, or more once a deal made the amount
	// unique.
	Due decimal.Decimal `json:"due"`
	// Received is the actual fiat amount: what the payer must send after the
	// gateway made the amount unique, and what arrived after payment. Zero while
	// the gateway has not yet filled it.
	Received decimal.Decimal `json:"received"`
	// PaymentOption is the option requested, "" for any.
	PaymentOption string `json:"paymentOption,omitempty"`
	// PaymentMethod is the bank requested, "" for any.
	PaymentMethod string `json:"paymentMethod,omitempty"`
	// CrossBorderCurrency is the payer's currency in a cross-border request.
	CrossBorderCurrency string `json:"crossBorderCurrency,omitempty"`
	// CrossBorderType is "PHONE", "CARD" or "".
	CrossBorderType string `json:"crossBorderRequisiteType,omitempty"`
	// AllowMatching is as requested; the simulator does no matching.
	AllowMatching bool `json:"allowMatching,omitempty"`
	// Lang is the requested language; the simulator's page is English.
	Lang string `json:"lang,omitempty"`
	// NotificationURL is where callbacks go.
	NotificationURL string `json:"notificationUrl"`
	// NotificationToken is what callbacks carry. The control surface hides it.
	NotificationToken string `json:"-"`
	// SuccessURL is where the page leads after payment, "" when not given.
	SuccessURL string `json:"successUrl,omitempty"`
	// CancelURL is where the page leads otherwise, "" when not given.
	CancelURL string `json:"cancelUrl,omitempty"`
	// CreatedAt is when the invoice was created.
	CreatedAt time.Time `json:"createdAt"`
	// UpdatedAt is when the invoice or its deal last changed.
	UpdatedAt time.Time `json:"updatedAt"`
	// ExpireAt is when an unpaid invoice expires.
	ExpireAt time.Time `json:"expireAt"`
	// Deals lists the deals in the order they began; the last is the current.
	Deals []Deal `json:"deals"`
}

// Deal is a snapshot of one deal of an invoice.
type Deal struct {
	// ID is the deal's id, a random UUID.
	ID string `json:"id"`
	// Status is the state of the deal.
	Status DealStatus `json:"status"`
	// Active is false once the deal is completed, cancelled or expired.
	Active bool `json:"isActive"`
	// Option is the payment option actually handed out.
	Option string `json:"paymentOption"`
	// Method is the bank code actually handed out.
	Method string `json:"paymentMethod"`
	// MethodName is the bank's display name.
	MethodName string `json:"paymentMethodName"`
	// Requisites are nil while a person still looks for them.
	Requisites *Requisites `json:"requisites"`
	// QRCodeLink is the link that goes with the requisites, "" when none.
	QRCodeLink string `json:"qrCodeLink,omitempty"`
	// Deadline is sent as canceledAt, which is filled on active deals too.
	Deadline time.Time `json:"canceledAt"`
	// DisputeReason is "" unless a dispute was opened.
	DisputeReason string `json:"disputeReason,omitempty"`
	// DisputeAmount is the amount claimed with reason invalid_sum, else zero.
	DisputeAmount decimal.Decimal `json:"disputeAmount"`
	// DisputeResult is "" until a dispute is resolved.
	DisputeResult string `json:"disputeResult,omitempty"`
	// Attachments are the proofs of the payer's transfer.
	Attachments []Attachment `json:"attachments,omitempty"`
	// DisputeAttachment is the proof that came with a dispute.
	DisputeAttachment *Attachment `json:"disputeAttachment,omitempty"`
	// PaidAt is when the payer's transfer was confirmed or received; zero before.
	PaidAt time.Time `json:"paidAt,omitzero"`

	// issued and link are what Requisites and QRCodeLink become at readyAt.
	issued  *Requisites
	link    string
	readyAt time.Time
}

// invoice is the simulator's own record; guarded by Sim.mu.
type invoice struct {
	Invoice
	// timer looks at the invoice when its hour is over, so that expiry is
	// announced even when nobody reads the invoice. Stopped once it is not new.
	timer *simkit.Timer
}

// snapshot copies the invoice so that the caller may keep it.
func (i *invoice) snapshot() Invoice {
	out := i.Invoice
	out.Deals = slices.Clone(i.Deals)
	if i.Payee != nil {
		payee := *i.Payee
		out.Payee = &payee
	}
	for n := range out.Deals {
		if r := out.Deals[n].Requisites; r != nil {
			own := *r
			out.Deals[n].Requisites = &own
		}
		out.Deals[n].Attachments = slices.Clone(out.Deals[n].Attachments)
		if f := out.Deals[n].DisputeAttachment; f != nil {
			own := *f
			out.Deals[n].DisputeAttachment = &own
		}
	}
	return out
}

// deal returns the current deal, or nil when none was ever started.
func (i *invoice) deal() *Deal {
	if len(i.Deals) == 0 {
		return nil
	}
	return &i.Deals[len(i.Deals)-1]
}

// activeDeal returns the current deal if it is still going on.
func (i *invoice) activeDeal() *Deal {
	if d := i.deal(); d != nil && d.Active {
		return d
	}
	return nil
}

// end ends the deal with the given state.
func (d *Deal) end(status DealStatus) {
	d.Status = status
	d.Active = false
}
