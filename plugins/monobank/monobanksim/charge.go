package monobanksim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// ChargeOutcome is how a payment with a saved card goes.
type ChargeOutcome string

// The outcomes of a charge.
const (
	// ChargeSuccess takes the money at once, or holds it where paymentType is hold.
	ChargeSuccess ChargeOutcome = "success"
	// ChargeProcessing leaves it open until [Sim.Pay], [Sim.Hold] or [Sim.Decline].
	ChargeProcessing ChargeOutcome = "processing"
	// ChargeTDS sends the payer to the 3-D Secure page at tdsUrl, which decides. Where the payer is absent
	// (initiationKind merchant) nobody can pass it, and the charge fails.
	ChargeTDS ChargeOutcome = "tds"
	// ChargeFailure declines it.
	ChargeFailure ChargeOutcome = "failure"
)

// The kinds of initiation.
const (
	initiationMerchant = "merchant"
	initiationClient   = "client"
)

// chargeScript is the outcome of one coming charge.
type chargeScript struct {
	outcome ChargeOutcome
	errCode string
}

// ScriptCharges gives the next times charges (0 means one) this outcome, after those scripted before; without a script a
// charge succeeds. errCode belongs to failure; empty means "59".
func (s *Sim) ScriptCharges(outcome ChargeOutcome, errCode string, times int) error {
	if !slices.Contains([]ChargeOutcome{ChargeSuccess, ChargeProcessing, ChargeTDS, ChargeFailure}, outcome) {
		return fmt.Errorf("monobanksim: unknown outcome %q of a charge", outcome)
	}
	if times < 0 {
		return errors.New("monobanksim: times must not be negative")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for range max(times, 1) {
		s.charges = append(s.charges, chargeScript{outcome, cmp.Or(errCode, "59")})
	}
	return nil
}

// chargeRequest has the members of O2412; aToken and gToken are not documented and therefore unknown here.
type chargeRequest struct {
	cardToken      string
	amount         *int64
	ccy            *int32
	initiationKind string
	redirectURL    string
	webHookURL     string
	paymentType    string
	info           paymInfo
}

func parseCharge(body []byte) (chargeRequest, *apiError) {
	q := chargeRequest{paymentType: TypeDebit}
	var raw rawObject
	err := decodeExact(body, map[string]any{
		"cardToken": &q.cardToken, "amount": &q.amount, "ccy": &q.ccy, "initiationKind": &q.initiationKind,
		"redirectUrl": &q.redirectURL, "webHookUrl": &q.webHookURL, "paymentType": &q.paymentType, "merchantPaymInfo": &raw,
	})
	if err != nil {
		return q, badRequest("%v", err)
	}
	if q.info, err = parsePaymInfo(raw.data); err != nil {
		return q, badPaymInfo("%v", err)
	}
	return q, nil
}

// rawObject keeps a member for a second look.
type rawObject struct{ data []byte }

// UnmarshalJSON keeps the bytes.
func (r *rawObject) UnmarshalJSON(data []byte) error {
	r.data = slices.Clone(data)
	return nil
}

func (s *Sim) checkCharge(q chargeRequest) *apiError {
	switch {
	case q.cardToken == "":
		return badRequest("cardToken is required")
	case q.amount == nil || *q.amount <= 0:
		return badRequest("amount is required and must be positive")
	case q.ccy == nil:
		return badRequest("ccy is required; it has no default here")
	case !slices.Contains(s.config.Currencies, *q.ccy):
		return badRequest("ccy %d is not available", *q.ccy)
	case q.paymentType != TypeDebit && q.paymentType != TypeHold:
		return badRequest("unknown paymentType %q", q.paymentType)
	case q.paymentType == TypeHold && *q.ccy != currencyUAH:
		return badRequest("hold needs ccy 980")
	case q.initiationKind != initiationMerchant && q.initiationKind != initiationClient:
		return badRequest("initiationKind must be merchant or client")
	case q.initiationKind == initiationClient && q.redirectURL == "":
		// Optional in the documents; clients in use report that it is needed.
		return badRequest("redirectUrl is required when the client initiates")
	}
	for _, address := range []string{q.redirectURL, q.webHookURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return badRequest("%q is not an absolute http address", address)
		}
	}
	return s.checkBasket(q.info, *q.amount)
}

type chargeAnswer struct {
	InvoiceID     string `json:"invoiceId"`
	TDSURL        string `json:"tdsUrl,omitempty"`
	Status        string `json:"status"`
	FailureReason string `json:"failureReason,omitempty"`
	Amount        int64  `json:"amount"`
	Currency      int32  `json:"ccy"`
	CreatedDate   string `json:"createdDate"`
	ModifiedDate  string `json:"modifiedDate"`
}

// charge plays POST /api/merchant/wallet/payment. Two equal requests charge twice: reference is an echo. The answer has
// no errCode, and says success of a hold too.
func (s *Sim) charge(r *http.Request, body []byte) (any, *apiError) {
	q, failed := parseCharge(body)
	if failed != nil {
		return nil, failed
	}
	if failed := s.checkCharge(q); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, found := s.findCard(q.cardToken)
	if !found {
		return nil, tokenNotFound()
	}
	now := s.config.Now().UTC().Truncate(time.Second)
	inv := &Invoice{
		InvoiceID: newInvoiceID(now), Status: StatusProcessing, Amount: *q.amount, Currency: *q.ccy, PaymentType: q.paymentType,
		Reference: q.info.reference, Destination: q.info.destination, Comment: q.info.comment, Metadata: q.info.metadata,
		RedirectURL: q.redirectURL, WebHookURL: q.webHookURL, InitiationKind: q.initiationKind,
		CreatedAt: now, ModifiedAt: now, ExpiresAt: now.Add(defaultValidity * time.Second),
		CMS: r.Header.Get("X-Cms"), CMSVersion: r.Header.Get("X-Cms-Version"), card: newCard(*q.amount),
	}
	inv.card.MaskedPan, inv.card.PaymentSystem, inv.card.PaymentMethod = saved.MaskedPan, saved.PaymentSystem, "wallet"
	s.invoices = append(s.invoices, inv)
	s.byID[inv.InvoiceID] = inv
	s.did(OpCharge, inv, inv.Reference, inv.Amount)
	if err := s.settleCharge(inv, s.nextCharge()); err != nil {
		return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
	}
	return s.chargeAnswer(inv, r.Host), nil
}

func (s *Sim) nextCharge() chargeScript {
	if len(s.charges) == 0 {
		return chargeScript{outcome: ChargeSuccess}
	}
	next := s.charges[0]
	s.charges = s.charges[1:]
	return next
}

// settleCharge brings a new charge where its script wants it. The caller holds mu.
func (s *Sim) settleCharge(inv *Invoice, script chargeScript) error {
	switch script.outcome {
	case ChargeProcessing:
		return s.set(inv, StatusProcessing)
	case ChargeTDS:
		if inv.InitiationKind == initiationClient {
			inv.AwaitsTDS = true
			return s.set(inv, StatusProcessing)
		}
		inv.ErrCode, inv.FailureReason = tdsFailed, declineText(tdsFailed)
		return s.set(inv, StatusFailure)
	case ChargeFailure:
		inv.ErrCode, inv.FailureReason = script.errCode, declineText(script.errCode)
		return s.set(inv, StatusFailure)
	case ChargeSuccess:
	}
	return s.finishCharge(inv)
}

// finishCharge takes or holds the money. The caller holds mu.
func (s *Sim) finishCharge(inv *Invoice) error {
	if inv.PaymentType == TypeHold {
		return s.set(inv, StatusHold)
	}
	inv.Captured = inv.Amount
	return s.set(inv, StatusSuccess)
}

func (s *Sim) chargeAnswer(inv *Invoice, host string) chargeAnswer {
	out := chargeAnswer{
		InvoiceID: inv.InvoiceID, Status: inv.Status, FailureReason: inv.FailureReason, Amount: inv.Amount, Currency: inv.Currency,
		CreatedDate: wireTime(inv.CreatedAt), ModifiedDate: wireTime(inv.ModifiedAt),
	}
	if inv.Status == StatusHold {
		out.Status = StatusSuccess // hold is not among the words of this answer
	}
	if inv.AwaitsTDS {
		out.TDSURL = s.base(host) + "/3ds/" + inv.InvoiceID
	}
	return out
}
