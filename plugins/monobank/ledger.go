package monobank

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// ledgerRow is one operation of the statement as the ledger needs it. What has no amount or currency that can be read
// leaves the amounts unset.
type ledgerRow struct {
	InvoiceID    text           `json:"invoiceId"`
	Status       text           `json:"status"`
	Date         text           `json:"date"`
	Amount       minor          `json:"amount"`
	Ccy          minor          `json:"ccy"`
	ProfitAmount minor          `json:"profitAmount"`
	RRN          text           `json:"rrn"`
	Reference    text           `json:"reference"`
	CancelList   []ledgerCancel `json:"cancelList"`

	at time.Time // Date in whole seconds
}

// ledgerCancel is a refund in the statement: without extRef and status.
type ledgerCancel struct {
	Amount minor `json:"amount"`
	Ccy    minor `json:"ccy"`
	Date   text  `json:"date"`
	RRN    text  `json:"rrn"`
}

// order tells rows of one second apart.
func (r ledgerRow) order() string {
	return strings.Join([]string{string(r.InvoiceID), string(r.Status), string(r.RRN)}, "/")
}

func (r ledgerRow) compare(o ledgerRow) int {
	return cmp.Or(r.at.Compare(o.at), strings.Compare(r.order(), o.order()))
}

func (r ledgerRow) before(o ledgerRow) bool { return r.compare(o) < 0 }

// transactions are the payment of the row and its refunds, oldest first, and what a person should know about them.
func (r ledgerRow) transactions() (lines []pay.Transaction, warnings []string) {
	id := string(r.InvoiceID)
	payment := pay.Transaction{
		ProviderID: id, Kind: pay.TransactionPayment, InvoiceRef: id, Reference: string(r.Reference), OccurredAt: r.at,
	}
	currency, known := pay.LookupNumericCurrency(int(r.Ccy.units))
	if !r.Ccy.set || !known {
		warnings = append(warnings, "the statement shows operations in a currency that is not known")
	}
	payment.Gross = ledgerMoney(r.Amount, currency, known)
	switch r.Status {
	case wordSuccess:
		payment.Status = string(pay.StatusPaid)
		payment.Fee, payment.Net = r.profit(payment.Gross)
		return append([]pay.Transaction{payment}, r.refunds()...), warnings
	case wordHold:
		payment.Status = string(pay.StatusAuthorized)
		if r.released() {
			payment.Status = string(pay.StatusCanceled)
		}
	case wordProcessing:
		payment.Status = string(pay.StatusProcessing)
	case wordFailure:
		// The page lets the payer try again: a failed attempt may stand beside the payment.
		payment.ProviderID = fmt.Sprintf("%s/failed/%d", id, r.at.Unix())
		payment.Status = string(pay.StatusFailed)
	default:
		warnings = append(warnings, fmt.Sprintf("the statement shows the unknown status %q", httpx.Scrub(string(r.Status))))
	}
	return []pay.Transaction{payment}, warnings
}

// profit is what the merchant gets and what is missing from it. Whether profitAmount counts refunds is not documented,
// so of a payment with refunds nothing is concluded.
func (r ledgerRow) profit(gross pay.Money) (fee, net pay.Money) {
	net = ledgerMoney(r.ProfitAmount, gross.Currency(), gross.IsSet())
	if len(r.CancelList) > 0 || !net.IsSet() {
		return pay.Money{}, pay.Money{}
	}
	fee, err := gross.Sub(net)
	if err != nil || fee.Sign() < 0 {
		return pay.Money{}, net
	}
	return fee, net
}

// released reports whether the whole hold was given back. What the statement shows then is not documented; a refund it
// cannot be, as nothing was taken.
func (r ledgerRow) released() bool {
	left := r.Amount.units
	for _, c := range r.CancelList {
		if c.Amount.units > 0 && c.Amount.units >= left {
			return true
		}
		left -= max(c.Amount.units, 0)
	}
	return false
}

// refunds are the lines of cancelList. It has neither ids nor references nor states: what is listed was done.
func (r ledgerRow) refunds() []pay.Transaction {
	list := slices.Clone(r.CancelList)
	slices.SortStableFunc(list, func(x, y ledgerCancel) int {
		return cmp.Or(readTime(x.Date).Compare(readTime(y.Date)), cmp.Compare(x.Amount.units, y.Amount.units), cmp.Compare(x.RRN, y.RRN))
	})
	var out []pay.Transaction
	same := map[int64]int{}
	for _, c := range list {
		at := readTime(c.Date)
		same[at.Unix()]++
		ccy := c.Ccy
		if !ccy.set {
			ccy = r.Ccy
		}
		currency, known := pay.LookupNumericCurrency(int(ccy.units))
		out = append(out, pay.Transaction{
			ProviderID: fmt.Sprintf("%s/refund/%d/%d", r.InvoiceID, at.Unix(), same[at.Unix()]), Kind: pay.TransactionRefund,
			InvoiceRef: string(r.InvoiceID), Reference: string(r.Reference), Status: string(pay.RefundSucceeded),
			Gross: ledgerMoney(c.Amount, currency, known), OccurredAt: at,
		})
	}
	return out
}

// ledgerMoney is m, or unset where it cannot be an amount.
func ledgerMoney(m minor, currency pay.Currency, known bool) pay.Money {
	if !m.set || !known || m.units < 0 {
		return pay.Money{}
	}
	out, err := pay.FromMinor(m.units, currency)
	if err != nil {
		return pay.Money{}
	}
	return out
}
