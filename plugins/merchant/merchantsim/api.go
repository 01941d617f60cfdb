package merchantsim

import (
	"encoding/json"
	"io"
	"net/http"
)

// operation is what one endpoint does: an answer to send with 200, or a refusal.
type operation func(r *http.Request, body []byte) (any, *refusal)

// routes registers the API, the pay page and the control surface.
func (s *Sim) routes() {
	handle := func(pattern, op string, do operation) {
		s.mux.Handle(pattern, s.kit.Handle(op, s.signed(do)))
	}
	handle("POST /api/merchant/invoices", "create", jsonOnly(s.create))
	handle("GET /api/merchant/invoices/{id}", "get", s.get)
	handle("POST /api/merchant/invoices/{id}/cancel", "cancel", s.cancelInvoice)
	handle("POST /api/merchant/invoices/{id}/start-deal", "start_deal", jsonOnly(s.startDeal))
	s.mux.Handle("POST /api/merchant/invoices/{id}/confirm-transfer", s.kit.HandleUpload("confirm_transfer", maxUpload, s.signed(s.confirmTransfer)))
	s.mux.Handle("POST /api/merchant/invoices/{id}/dispute", s.kit.HandleUpload("dispute", maxUpload, s.signed(s.openDispute)))
	handle("POST /api/merchant/withdrawals", "withdraw", jsonOnly(s.withdraw))
	handle("GET /api/merchant/accounts", "accounts", s.accounts)
	handle("GET /api/merchant/currency-rates/current", "rates", s.rates)
	handle("GET /api/merchant/payment-options", "payment_options", s.paymentOptions)
	handle("GET /api/merchant/payment-methods", "payment_methods", s.paymentMethods)

	// One pattern for two endpoints, because ServeMux cannot order
	// internal-id/{internalId} and {id}/available-payment-variants.
	byInternal := s.kit.Handle("get_by_internal_id", s.signed(s.getByInternalID))
	variants := s.kit.Handle("variants", s.signed(s.variants))
	unknown := s.kit.Handle("unknown", s.unknown)
	s.mux.HandleFunc("GET /api/merchant/invoices/{id}/{what}", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.PathValue("id") == "internal-id":
			byInternal.ServeHTTP(w, r)
		case r.PathValue("what") == "available-payment-variants":
			variants.ServeHTTP(w, r)
		default:
			unknown.ServeHTTP(w, r)
		}
	})

	s.mux.Handle("GET /api/public/payment-methods/{currency}",
		s.kit.Handle("public_payment_methods", s.open(s.publicPaymentMethods)))
	s.mux.Handle("GET /api/public/invoices/{id}/qr-code", s.kit.Handle("qr_code", s.qrCode))
	s.mux.HandleFunc("GET /pay/{id}", s.showPage)
	s.mux.HandleFunc("POST /pay/{id}/{action}", s.clickPage)
	s.mux.Handle("/", unknown)
	s.script()
}

// signed wraps an operation of the merchant API: authenticity first, as every
// cause of a bad signature must look the same, then the operation.
func (s *Sim) signed(do operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.refuse(w, r, refuse(http.StatusBadRequest, textMalformed))
			return
		}
		if reason := s.refuseAuth(r, body); reason != "" {
			s.cfg.Logger.Info("unauthorized", "method", r.Method, "path", r.URL.Path, "reason", reason)
			s.refuse(w, r, refuse(http.StatusUnauthorized, textUnauthorized))
			return
		}
		s.run(w, r, body, do)
	}
}

// open wraps an operation of the public API, which needs no headers.
func (s *Sim) open(do operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.run(w, r, nil, do) }
}

// jsonOnly refuses a body that is not declared as JSON. The status and text are
// not documented; a client that signs such a body fails with 401 before, since
// only JSON bodies take part in the signature.
func jsonOnly(do operation) operation {
	return func(r *http.Request, body []byte) (any, *refusal) {
		if !isJSON(r) {
			return nil, refuse(http.StatusUnsupportedMediaType, textMediaType)
		}
		return do(r, body)
	}
}

// run answers with what the operation says.
func (s *Sim) run(w http.ResponseWriter, r *http.Request, body []byte, do operation) {
	answer, refused := do(r, body)
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	s.write(w, http.StatusOK, answer)
}

// refuse answers with a refusal in the configured shape.
func (s *Sim) refuse(w http.ResponseWriter, r *http.Request, refused *refusal) {
	dto := refused.dto()
	message := "null"
	if dto.Message != nil {
		message = *dto.Message
	}
	s.cfg.Logger.Info("refused", "method", r.Method, "path", r.URL.Path,
		"status", refused.status, "message", message, "field", refused.field)
	s.mu.Lock()
	shape := s.shape
	s.mu.Unlock()
	switch shape {
	case ErrorText:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(refused.status)
		// The client may be gone; there is nobody to tell.
		_, _ = io.WriteString(w, message)
	case ErrorObject:
		s.write(w, refused.status, dto)
	default:
		s.write(w, refused.status, []refusalDTO{dto})
	}
}

// write sends an answer as JSON.
func (s *Sim) write(w http.ResponseWriter, status int, answer any) {
	body, err := encode(answer)
	if err != nil {
		http.Error(w, "answer not encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// unknown serves every address and method the gateway does not have.
func (s *Sim) unknown(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, refuseNull()) }

// listed wraps an answer into a list when that quirk is on: the documentation
// speaks of arrays of InvoiceDTO while its samples are objects. The caller
// holds mu.
func (s *Sim) listed(answers ...invoiceDTO) any {
	if s.arrays {
		return answers
	}
	return answers[len(answers)-1]
}

// get serves 4.2, GET /api/merchant/invoices/{id}.
func (s *Sim) get(r *http.Request, _ []byte) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(r.PathValue("id"), s.cfg.Now())
	if i == nil {
		return nil, refuseNull()
	}
	return s.listed(s.renderInvoice(i)), nil
}

// getByInternalID serves 4.3. What the gateway answers when several invoices
// share an internalId is not documented: here it is the newest, or all of them
// while answers are lists, so that a client's check for "exactly one" is tried.
func (s *Sim) getByInternalID(r *http.Request, _ []byte) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byInternal[r.PathValue("what")]
	if len(found) == 0 {
		return nil, refuseNull()
	}
	now := s.cfg.Now()
	answers := make([]invoiceDTO, 0, len(found))
	for _, i := range found {
		s.settle(i, now)
		answers = append(answers, s.renderInvoice(i))
	}
	return s.listed(answers...), nil
}

// cancelInvoice serves 4.4. Only a new invoice can be cancelled; the refusal of
// an expired one is known to be a 400, its text and the other states are not
// documented and are treated alike.
func (s *Sim) cancelInvoice(r *http.Request, _ []byte) (any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	i := s.find(r.PathValue("id"), now)
	if i == nil {
		return nil, refuseNull()
	}
	if i.Status != StatusNew {
		return nil, refuse(http.StatusBadRequest, textNotCancelable)
	}
	s.cancel(i, now)
	return s.renderCanceled(i), nil
}

// startDeal serves 4.6. No free requisites are an empty deals list even when an
// earlier deal of the invoice has ended, since the answer is about the new one.
func (s *Sim) startDeal(r *http.Request, body []byte) (any, *refusal) {
	f := &fields{}
	if json.Unmarshal(body, &f.raw) != nil || f.raw == nil {
		return nil, refuse(http.StatusBadRequest, textMalformed)
	}
	option := f.oneOf("paymentOption", f.text("paymentOption"), textOptionNotAllowed, s.hasOption)
	method := f.oneOf("paymentMethod", f.text("paymentMethod"), textMethodNotAllowed, s.hasMethod)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	i := s.find(r.PathValue("id"), now)
	if i == nil {
		return nil, refuseNull()
	}
	if f.refused != nil {
		return nil, f.refused
	}
	free, refused := s.begin(i, option, method, now)
	if refused != nil {
		return nil, refused
	}
	answer := s.renderInvoice(i)
	if !free {
		answer.Deals = []dealDTO{}
	}
	return s.listed(answer), nil
}

var _ http.Handler = (*Sim)(nil)
