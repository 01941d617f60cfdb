package monobanksim

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	defaultValidity = 24 * 60 * 60
	maxValidity     = 30 * 24 * 60 * 60 // a larger one is cut without a word
	currencyUAH     = 980
)

// createRequest has the members of the newest documents, and tipsEmployeeId of older ones, which is taken for an employee
// that exists.
type createRequest struct {
	amount          *int64
	ccy             int32
	paymInfo        json.RawMessage
	redirectURL     string
	successURL      string
	failURL         string
	webHookURL      string
	validity        *int64
	paymentType     string
	qrID            string
	code            string
	saveCard        *saveCardData
	agentFeePercent json.Number
	displayType     string
	withAppURL      bool
	tipsEmployeeID  string
}

type saveCardData struct {
	saveCard *bool
	walletID string
}

// UnmarshalJSON refuses members the bank does not document.
func (d *saveCardData) UnmarshalJSON(data []byte) error {
	return decodeExact(data, map[string]any{"saveCard": &d.saveCard, "walletId": &d.walletID})
}

func parseCreate(body []byte) (createRequest, error) {
	q := createRequest{ccy: currencyUAH, paymentType: TypeDebit}
	return q, decodeExact(body, map[string]any{
		"amount": &q.amount, "ccy": &q.ccy, "merchantPaymInfo": &q.paymInfo, "redirectUrl": &q.redirectURL,
		"successUrl": &q.successURL, "failUrl": &q.failURL, "webHookUrl": &q.webHookURL, "validity": &q.validity,
		"paymentType": &q.paymentType, "qrId": &q.qrID, "code": &q.code, "saveCardData": &q.saveCard,
		"agentFeePercent": (*exactNumber)(&q.agentFeePercent), "displayType": &q.displayType, "withAppUrl": &q.withAppURL,
		"tipsEmployeeId": &q.tipsEmployeeID,
	})
}

type createAnswer struct {
	InvoiceID string `json:"invoiceId"`
	PageURL   string `json:"pageUrl"`
	AppURL    string `json:"appUrl,omitempty"`
}

// create plays POST /api/merchant/invoice/create. Two equal requests make two invoices: the bank has no idempotency.
func (s *Sim) create(r *http.Request, body []byte) (any, *apiError) {
	q, err := parseCreate(body)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	if failed := s.checkCreate(q); failed != nil {
		return nil, failed
	}
	info, err := parsePaymInfo(q.paymInfo)
	if err != nil {
		return nil, badPaymInfo("%v", err)
	}
	if failed := s.checkBasket(info, *q.amount); failed != nil {
		return nil, failed
	}
	now := s.config.Now().UTC().Truncate(time.Second)
	validity := int64(defaultValidity)
	if q.validity != nil {
		validity = min(*q.validity, maxValidity)
	}
	inv := &Invoice{
		InvoiceID: newInvoiceID(now), Status: StatusCreated, Amount: *q.amount, Currency: q.ccy, PaymentType: q.paymentType,
		Reference: info.reference, Destination: info.destination, Comment: info.comment, Metadata: info.metadata,
		RedirectURL: q.redirectURL, SuccessURL: q.successURL, FailURL: q.failURL, WebHookURL: q.webHookURL,
		CreatedAt: now, ModifiedAt: now, ExpiresAt: now.Add(time.Duration(validity) * time.Second),
		CMS: r.Header.Get("X-Cms"), CMSVersion: r.Header.Get("X-Cms-Version"),
		Code: q.code, TipsEmployeeID: q.tipsEmployeeID, AgentFeePercent: string(q.agentFeePercent),
	}
	if q.saveCard != nil && *q.saveCard.saveCard {
		inv.SaveCard, inv.WalletID = true, q.saveCard.walletID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.code != "" && !s.hasSubmerchant(q.code) {
		return nil, badRequest("code: no such submerchant")
	}
	if q.tipsEmployeeID != "" && !s.hasEmployee(q.tipsEmployeeID) {
		return nil, badRequest("tipsEmployeeId: no such employee")
	}
	if q.qrID != "" {
		if failed := s.checkDesk(q.qrID); failed != nil {
			return nil, failed
		}
		s.putOnDesk(q.qrID, inv)
	}
	base := s.base(r.Host)
	inv.PageURL = base + "/pay/" + inv.InvoiceID
	if q.withAppURL && q.paymentType != TypeVerification && q.qrID == "" {
		inv.AppURL = base + "/or/" + inv.InvoiceID
	}
	s.invoices = append(s.invoices, inv)
	s.byID[inv.InvoiceID] = inv
	s.did(OpCreate, inv, inv.Reference, inv.Amount)
	return createAnswer{inv.InvoiceID, inv.PageURL, inv.AppURL}, nil
}

func (s *Sim) checkCreate(q createRequest) *apiError {
	if q.amount == nil {
		return badRequest("amount is required")
	}
	if !slices.Contains(s.config.Currencies, q.ccy) {
		return badRequest("ccy %d is not available", q.ccy)
	}
	if failed := s.checkPaymentType(q); failed != nil {
		return failed
	}
	if q.validity != nil && *q.validity <= 0 {
		return badRequest("validity must be positive")
	}
	if q.displayType != "" && q.displayType != "iframe" {
		return badRequest("unknown displayType %q", q.displayType)
	}
	if (q.successURL != "" || q.failURL != "") && !s.config.AllowReturnURLs {
		return badRequest("successUrl and failUrl are not enabled for this merchant")
	}
	for _, address := range []string{q.redirectURL, q.successURL, q.failURL, q.webHookURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return badRequest("%q is not an absolute http address", address)
		}
	}
	return nil
}

func (s *Sim) checkPaymentType(q createRequest) *apiError {
	if q.saveCard != nil {
		if !s.config.AllowSaveCard {
			return badRequest("saveCardData is not enabled for this merchant")
		}
		if q.saveCard.saveCard == nil {
			return badRequest("saveCardData.saveCard is required")
		}
	}
	switch q.paymentType {
	case TypeDebit:
	case TypeHold:
		if q.ccy != currencyUAH {
			return badRequest("hold needs ccy 980")
		}
	case TypeVerification:
		if q.saveCard == nil || !*q.saveCard.saveCard {
			return badRequest("verification needs saveCardData.saveCard true")
		}
		if *q.amount != 0 {
			return badRequest("verification needs amount 0")
		}
		return nil
	default:
		return badRequest("unknown paymentType %q", q.paymentType)
	}
	if *q.amount <= 0 {
		return badRequest("amount must be positive")
	}
	return nil
}

func newInvoiceID(now time.Time) string {
	return now.Format("060102") + randomFrom("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 14)
}

// randomFrom returns n random characters of the alphabet; the slight bias of the modulus does not matter for ids.
func randomFrom(alphabet string, n int) string {
	out := make([]byte, n)
	// crypto/rand.Read never returns an error; it ends the program instead.
	_, _ = rand.Read(out)
	for i, b := range out {
		out[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(out)
}
