package monobanksim

import (
	"crypto/subtle"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

const tokenHeader = "X-Token"

// apiError is the body of every refusal (providers/monobank.md §13).
type apiError struct {
	status  int
	ErrCode string `json:"errCode"`
	ErrText string `json:"errText"`
}

// Error makes the refusal an error.
func (e *apiError) Error() string { return e.ErrCode + ": " + e.ErrText }

func badRequest(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "BAD_REQUEST", fmt.Sprintf(format, args...)}
}

func badPaymInfo(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "INVALID_MERCHANT_PAYM_INFO", fmt.Sprintf(format, args...)}
}

func notFound(code, text string) *apiError { return &apiError{http.StatusNotFound, code, text} }

func writeFailure(w http.ResponseWriter, e *apiError) { simkit.WriteJSON(w, e.status, e) }

// faultBody gives scripted statuses the bank's error shape.
func faultBody(status int) string {
	e := apiError{ErrCode: "INTERNAL_ERROR", ErrText: http.StatusText(status)}
	switch status {
	case http.StatusTooManyRequests:
		e.ErrCode, e.ErrText = "TMR", "too many requests"
	case http.StatusForbidden:
		e.ErrCode = "FORBIDDEN"
	case http.StatusNotFound:
		e.ErrCode = "NOT_FOUND"
	case http.StatusBadRequest:
		e.ErrCode = "BAD_REQUEST"
	}
	body, err := simkit.EncodeJSON(e)
	if err != nil {
		return ""
	}
	return string(body)
}

// operation is one method of the bank; its name is the path below /api/merchant/.
type operation struct {
	name   string
	method string
	// do returns the answer's body; nil means an empty one.
	do func(s *Sim, r *http.Request, body []byte) (any, *apiError)
}

// operations lists the methods. A method of the bank is added here.
func operations() []operation {
	return []operation{
		{OpCreate, http.MethodPost, (*Sim).create},
		{OpStatus, http.MethodGet, (*Sim).status},
		{OpCancel, http.MethodPost, (*Sim).cancel},
		{OpFinalize, http.MethodPost, (*Sim).finalize},
		{OpRemove, http.MethodPost, (*Sim).remove},
		{OpPubkey, http.MethodGet, (*Sim).pubkey},
		{OpWallet, http.MethodGet, (*Sim).wallet},
		{OpDeleteCard, http.MethodDelete, (*Sim).deleteCard},
		{OpCharge, http.MethodPost, (*Sim).charge},
		{OpStatement, http.MethodGet, (*Sim).statement},
		{OpDetails, http.MethodGet, (*Sim).details},
		{OpQRList, http.MethodGet, (*Sim).qrList},
		{OpQRDetails, http.MethodGet, (*Sim).qrDetails},
		{OpQRReset, http.MethodPost, (*Sim).qrReset},
		{OpSubmerchants, http.MethodGet, (*Sim).submerchantList},
		{OpSplitReceivers, http.MethodGet, (*Sim).splitReceiverList},
		{OpEmployees, http.MethodGet, (*Sim).employeeList},
		{OpSubCreate, http.MethodPost, (*Sim).subCreate},
		{OpSubStatus, http.MethodGet, (*Sim).subStatus},
		{OpSubList, http.MethodGet, (*Sim).subList},
		{OpSubPayments, http.MethodGet, (*Sim).subPayments},
		{OpSubEdit, http.MethodPost, (*Sim).subEdit},
		{OpSubRemove, http.MethodPost, (*Sim).subRemove},
		{OpReceipt, http.MethodGet, (*Sim).receipt},
		{OpFiscalChecks, http.MethodGet, (*Sim).fiscalChecks},
	}
}

func (s *Sim) serve(op operation, w http.ResponseWriter, r *http.Request) {
	answer, failed := s.act(op, r)
	switch {
	case failed != nil:
		writeFailure(w, failed)
	case answer == nil:
		w.WriteHeader(http.StatusOK)
	default:
		simkit.WriteJSON(w, http.StatusOK, answer)
	}
}

func (s *Sim) act(op operation, r *http.Request) (any, *apiError) {
	if r.Method != op.method {
		return nil, &apiError{http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "use " + op.method}
	}
	token := r.Header.Get(tokenHeader)
	if token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(s.config.Token)) != 1 {
		return nil, &apiError{http.StatusForbidden, "FORBIDDEN", "forbidden"}
	}
	if op.method != http.MethodPost {
		return op.do(s, r, nil)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, badRequest("Content-Type must be application/json")
	}
	if r.URL.RawQuery != "" {
		return nil, badRequest("parameters belong into the body")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest("body: %v", err)
	}
	return op.do(s, r, body)
}

// details plays GET /api/merchant/details.
func (s *Sim) details(*http.Request, []byte) (any, *apiError) {
	return struct {
		MerchantID   string `json:"merchantId"`
		MerchantName string `json:"merchantName"`
		EDRPOU       string `json:"edrpou"`
	}{s.config.MerchantID, s.config.MerchantName, s.config.EDRPOU}, nil
}

// pubkey plays GET /api/merchant/pubkey.
func (s *Sim) pubkey(*http.Request, []byte) (any, *apiError) {
	encoded, err := s.PublicKey()
	if err != nil {
		return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches++
	return map[string]string{"key": encoded}, nil
}
