package monobank

import (
	"encoding/json"
	"errors"
	"time"
)

// The words of the provider for an invoice and for a refund.
const (
	wordCreated    = "created"
	wordProcessing = "processing"
	wordHold       = "hold"
	wordSuccess    = "success"
	wordFailure    = "failure"
	wordReversed   = "reversed"
	wordExpired    = "expired"
)

// invoiceWire is the object of invoice/status and of webhooks. The parts whose
// loss would not change what happened to the money are read apart, so that a
// surprise in one of them cannot hide a payment.
type invoiceWire struct {
	InvoiceID     text            `json:"invoiceId"`
	Status        text            `json:"status"`
	FailureReason text            `json:"failureReason"`
	ErrCode       text            `json:"errCode"`
	Amount        minor           `json:"amount"`
	Ccy           minor           `json:"ccy"`
	FinalAmount   minor           `json:"finalAmount"`
	ModifiedDate  text            `json:"modifiedDate"`
	Reference     text            `json:"reference"`
	PayMethod     text            `json:"payMethod"`
	CancelList    json.RawMessage `json:"cancelList"`
	PaymentInfo   json.RawMessage `json:"paymentInfo"`
	WalletData    json.RawMessage `json:"walletData"`
	TipsInfo      json.RawMessage `json:"tipsInfo"`
}

type cancelWire struct {
	Status       text  `json:"status"`
	CreatedDate  text  `json:"createdDate"`
	ModifiedDate text  `json:"modifiedDate"`
	Amount       minor `json:"amount"`
	Ccy          minor `json:"ccy"`
	ApprovalCode text  `json:"approvalCode"`
	RRN          text  `json:"rrn"`
	ExtRef       text  `json:"extRef"`
}

type paymentWire struct {
	MaskedPan     text  `json:"maskedPan"`
	Terminal      text  `json:"terminal"`
	PaymentSystem text  `json:"paymentSystem"`
	PaymentMethod text  `json:"paymentMethod"`
	ApprovalCode  text  `json:"approvalCode"`
	RRN           text  `json:"rrn"`
	TranID        text  `json:"tranId"`
	Bank          text  `json:"bank"`
	Country       text  `json:"country"`
	Fee           minor `json:"fee"`
	AgentFee      minor `json:"agentFee"`
}

type walletWire struct {
	CardToken text `json:"cardToken"`
	WalletID  text `json:"walletId"`
	Status    text `json:"status"`
}

type tipsWire struct {
	Amount minor `json:"amount"`
}

// news is what the provider said about one invoice, read but not yet
// interpreted: the meaning of some words depends on what the host knows.
type news struct {
	invoiceWire

	cancels  []cancelWire
	payment  *paymentWire
	wallet   *walletWire
	tips     *tipsWire
	warnings []string
	// unreadableRefunds: there is a list of refunds that could not be read.
	unreadableRefunds bool
}

// readNews reads the object. It fails when the id or the status is missing,
// that is, when it is not an invoice at all.
func readNews(body []byte) (news, error) {
	var n news
	if err := json.Unmarshal(body, &n.invoiceWire); err != nil {
		return news{}, errors.New("it is not a JSON object of the documented form")
	}
	if n.InvoiceID == "" || n.Status == "" {
		return news{}, errors.New("it has no invoiceId and status")
	}
	n.unreadableRefunds = !optional(n.CancelList, &n.cancels)
	n.payment = part[paymentWire](&n, "paymentInfo", n.PaymentInfo)
	n.wallet = part[walletWire](&n, "walletData", n.WalletData)
	n.tips = part[tipsWire](&n, "tipsInfo", n.TipsInfo)
	return n, nil
}

// part reads a part that may be missing, null or, with a warning, unreadable.
func part[T any](n *news, name string, raw json.RawMessage) *T {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	v := new(T)
	if !optional(raw, v) {
		n.warnings = append(n.warnings, name+" cannot be read")
		return nil
	}
	return v
}

func optional(raw json.RawMessage, into any) bool {
	return len(raw) == 0 || json.Unmarshal(raw, into) == nil
}

func (n news) invoiceID() string { return string(n.InvoiceID) }

// modified is the ordering key; zero when absent or unreadable. Instants are
// compared, never texts.
func (n news) modified() time.Time { return readTime(n.ModifiedDate) }

func readTime(t text) time.Time {
	at, err := time.Parse(time.RFC3339Nano, string(t))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
