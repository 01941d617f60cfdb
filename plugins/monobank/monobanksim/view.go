package monobanksim

import (
	"slices"
	"strconv"
	"time"
)

// statusView is the answer of invoice/status and the body of webhooks. Members stand in the order seen in real
// deliveries (providers/monobank.md §12.5).
type statusView struct {
	InvoiceID     string       `json:"invoiceId"`
	Status        string       `json:"status"`
	FailureReason string       `json:"failureReason,omitempty"`
	ErrCode       string       `json:"errCode,omitempty"`
	PayMethod     string       `json:"payMethod,omitempty"`
	Amount        int64        `json:"amount"`
	Currency      int32        `json:"ccy"`
	FinalAmount   *int64       `json:"finalAmount,omitempty"`
	CreatedDate   string       `json:"createdDate"`
	ModifiedDate  string       `json:"modifiedDate"`
	Reference     string       `json:"reference,omitempty"`
	Destination   string       `json:"destination,omitempty"`
	CancelList    []cancelView `json:"cancelList,omitempty"`
	PaymentInfo   *card        `json:"paymentInfo,omitempty"`
	WalletData    *walletView  `json:"walletData,omitempty"`
	TipsInfo      *tipsView    `json:"tipsInfo,omitempty"`
}

// tipsView has no amount where nobody gave tips.
type tipsView struct {
	EmployeeID string `json:"employeeId"`
	Amount     int64  `json:"amount,omitempty"`
}

type cancelView struct {
	Status       string `json:"status"`
	Amount       int64  `json:"amount"`
	Currency     int32  `json:"ccy"`
	CreatedDate  string `json:"createdDate"`
	ModifiedDate string `json:"modifiedDate"`
	ApprovalCode string `json:"approvalCode,omitempty"`
	RRN          string `json:"rrn,omitempty"`
	ExtRef       string `json:"extRef,omitempty"`
}

// card is paymentInfo.
type card struct {
	RRN           string `json:"rrn,omitempty"`
	ApprovalCode  string `json:"approvalCode,omitempty"`
	TranID        string `json:"tranId"`
	Terminal      string `json:"terminal"`
	Bank          string `json:"bank"`
	PaymentSystem string `json:"paymentSystem"`
	Country       string `json:"country"`
	Fee           int64  `json:"fee,omitempty"`
	PaymentMethod string `json:"paymentMethod"`
	MaskedPan     string `json:"maskedPan"`
}

type walletView struct {
	CardToken string `json:"cardToken"`
	WalletID  string `json:"walletId"`
	Status    string `json:"status"`
}

const digits = "0123456789"

// newCard makes the payment details of one attempt. Real masked numbers show six or eight leading digits; which of the
// two comes is left to chance, so that nobody relies on one.
func newCard(amount int64) *card {
	c := &card{
		RRN: randomFrom(digits, 12), ApprovalCode: randomFrom(digits, 6), TranID: randomFrom(digits, 13),
		Terminal: "MI001088", Bank: "Універсал Банк", PaymentSystem: "visa", Country: "804",
		Fee: amount/1000*13 + amount%1000*13/1000, PaymentMethod: "pan",
	}
	c.MaskedPan = "444403******" + randomFrom(digits, 4)
	if slices.Contains([]byte("02468"), c.RRN[0]) {
		c.PaymentSystem, c.MaskedPan = "mastercard", "53754114****"+randomFrom(digits, 4)
	}
	return c
}

// view is the invoice as the merchant sees it. The caller holds mu.
func (s *Sim) view(inv *Invoice) statusView {
	v := statusView{
		InvoiceID: inv.InvoiceID, Status: inv.Status, FailureReason: inv.FailureReason, ErrCode: inv.ErrCode,
		Amount: inv.Amount, Currency: inv.Currency, Reference: inv.Reference, Destination: inv.Destination,
		CreatedDate: wireTime(inv.CreatedAt), ModifiedDate: wireTime(inv.ModifiedAt),
	}
	switch inv.Status {
	case StatusSuccess, StatusReversed:
		final := inv.Captured + inv.Tips - inv.refunded(RefundSuccess)
		v.FinalAmount, v.PaymentInfo = &final, inv.card
	case StatusProcessing, StatusFailure:
		v.PaymentInfo = inv.card
	}
	if v.PaymentInfo != nil {
		v.PayMethod = v.PaymentInfo.PaymentMethod
	}
	if inv.SaveCard && inv.Status == StatusSuccess {
		v.WalletData = &walletView{cardToken(inv), walletOf(inv), "created"}
	}
	if inv.TipsEmployeeID != "" && inv.Status == StatusSuccess {
		v.TipsInfo = &tipsView{inv.TipsEmployeeID, inv.Tips}
	}
	for _, r := range inv.Refunds {
		v.CancelList = append(v.CancelList, cancelView{r.Status, r.Amount, inv.Currency, wireTime(r.CreatedAt),
			wireTime(r.ModifiedAt), r.approvalCode, r.rrn, r.ExtRef})
	}
	return v
}

// wireTime writes whole seconds in UTC.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// major writes minor units for a person, such as 42.00.
func major(minor int64) string {
	return strconv.FormatInt(minor/100, 10) + "." + strconv.FormatInt(minor%100+100, 10)[1:]
}
