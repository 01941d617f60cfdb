package papersim

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

const maxBody = 20 << 20

func (s *Sim) routes() {
	s.mux.HandleFunc("POST /oauth/token", s.token)
	s.handle("GET /v2/account", func(*http.Request) (any, *refusal) {
		return map[string]string{"id": "acct-" + s.config.ClientID, "name": "Paper merchant", "mode": "sandbox"}, nil
	})
	s.handle("POST /v2/webhooks", s.register)
	s.handle("DELETE /v2/webhooks/{id}", func(r *http.Request) (any, *refusal) {
		for i, h := range s.webhooks {
			if h.ID == r.PathValue("id") {
				s.webhooks = slices.Delete(s.webhooks, i, i+1)
				return struct{}{}, nil
			}
		}
		return refuse(http.StatusNotFound, "not_found", "no such registration")
	})
	s.handle("POST /v2/invoices", s.create)
	s.handle("GET /v2/invoices", func(r *http.Request) (any, *refusal) {
		for _, i := range s.invoices {
			if i.ExternalID == r.FormValue("external_id") {
				return i, nil
			}
		}
		return refuse(http.StatusNotFound, "not_found", "no invoice with this external id")
	})
	s.handle("GET /v2/invoices/{id}", s.onInvoice(func(i *invoice, _ *http.Request) (any, *refusal) { return i, nil }))
	s.handle("POST /v2/invoices/{id}/cancel", s.onInvoice(s.cancel))
	s.handle("POST /v2/invoices/{id}/authentication", s.onInvoice(s.authenticate))
	s.handle("POST /v2/invoices/{id}/documents", s.onInvoice(s.upload))
	s.handle("POST /v2/invoices/{id}/refunds", s.onInvoice(s.refund))
	s.handle("GET /v2/refunds", func(r *http.Request) (any, *refusal) { return pick(s.refunds, "", r.FormValue("external_id")) })
	s.handle("GET /v2/refunds/{id}", func(r *http.Request) (any, *refusal) { return pick(s.refunds, r.PathValue("id"), "") })
	s.handle("POST /v2/payouts", s.payout)
	s.handle("GET /v2/payouts", func(r *http.Request) (any, *refusal) { return pick(s.payouts, "", r.FormValue("external_id")) })
	s.handle("POST /v2/payouts/{id}/cancel", s.cancelPayout)
	s.handle("GET /v2/payouts/{id}", func(r *http.Request) (any, *refusal) { return pick(s.payouts, r.PathValue("id"), "") })
	s.handle("GET /v2/balances", s.balances)
	s.handle("GET /v2/transactions", s.transactions)
}

// token gives tokens out. A refresh token is used up by its use.
func (s *Sim) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.FormValue("client_id") != s.config.ClientID || r.FormValue("client_secret") != s.config.ClientSecret {
		answer(w, http.StatusUnauthorized, refusal{Code: "invalid_client", Message: "unknown client"})
		return
	}
	switch r.FormValue("grant_type") {
	case "client_credentials":
	case "refresh_token":
		if s.refresh == "" || r.FormValue("refresh_token") != s.refresh {
			answer(w, http.StatusBadRequest, refusal{Code: "invalid_grant", Message: "the refresh token was used or has run out"})
			return
		}
	default:
		answer(w, http.StatusBadRequest, refusal{Code: "unsupported_grant_type", Message: "unsupported grant type"})
		return
	}
	access := random(AccessTokenPrefix)
	s.refresh = random(RefreshTokenPrefix)
	s.access[access] = s.config.Now().Add(s.config.TokenLife)
	answer(w, http.StatusOK, map[string]any{
		"access_token": access, "refresh_token": s.refresh, "token_type": "bearer", "expires_in": int(s.config.TokenLife.Seconds()),
	})
}

// read decodes a body strictly: a misspelled member is refused.
func read(r *http.Request, into any) *refusal {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return &refusal{http.StatusBadRequest, "body", "the body is not of the documented form"}
	}
	return nil
}

func exponent(currency string) (int32, bool) {
	e, ok := map[string]int32{"EUR": 2, "UAH": 2, "JPY": 0, "KWD": 3}[currency]
	return e, ok
}

func checkAmount(m money) *refusal {
	digits, ok := exponent(m.Currency)
	switch {
	case !ok:
		return &refusal{http.StatusBadRequest, "currency", "the currency is not supported"}
	case !m.Value.IsPositive(), !m.Value.Equal(m.Value.Truncate(digits)):
		return &refusal{http.StatusBadRequest, "amount", "the amount is not positive or has too many digits"}
	}
	return nil
}

func (s *Sim) create(r *http.Request) (any, *refusal) {
	var in struct {
		ExternalID  string `json:"external_id"`
		Amount      money  `json:"amount"`
		Description string `json:"description"`
		ReturnURL   string `json:"return_url"`
		ThreeDS     bool   `json:"require_3ds"`
		Parts       bool   `json:"allow_parts"`
	}
	if refused := read(r, &in); refused != nil {
		return nil, refused
	}
	if in.ExternalID == "" || len(in.ExternalID) > 32 {
		return refuse(http.StatusBadRequest, "external_id", "external_id has 1 to 32 characters")
	}
	if refused := checkAmount(in.Amount); refused != nil {
		return nil, refused
	}
	i := &invoice{ID: s.id("pi"), ExternalID: in.ExternalID, State: "waiting", Amount: in.Amount, Version: 1, ChangedAt: s.config.Now().UTC()}
	i.parts = in.Parts
	i.Paid, i.Refunded = money{Currency: in.Amount.Currency}, money{Currency: in.Amount.Currency}
	i.Page = s.config.URL + "/pay/" + i.ID
	if in.ThreeDS {
		i.State = "authenticating"
		i.Form = &form{URL: s.config.URL + "/acs", Fields: map[string]string{"PaReq": "eJxVUttu", "MD": i.ID}}
	}
	s.invoices = append(s.invoices, i)
	return i, nil
}

func (s *Sim) onInvoice(do func(*invoice, *http.Request) (any, *refusal)) func(*http.Request) (any, *refusal) {
	return func(r *http.Request) (any, *refusal) {
		i := s.find(r.PathValue("id"))
		if i == nil {
			return refuse(http.StatusNotFound, "not_found", "no such invoice")
		}
		return do(i, r)
	}
}

func (s *Sim) cancel(i *invoice, _ *http.Request) (any, *refusal) {
	if i.State != "waiting" && i.State != "authenticating" {
		return refuse(http.StatusConflict, "state", "the invoice cannot be canceled any more")
	}
	s.move(i, "canceled")
	return i, nil
}

func (s *Sim) authenticate(i *invoice, r *http.Request) (any, *refusal) {
	var in struct {
		PaRes string `json:"pares"`
	}
	if refused := read(r, &in); refused != nil {
		return nil, refused
	}
	if i.State != "authenticating" || in.PaRes == "" {
		return refuse(http.StatusConflict, "state", "no authentication is awaited")
	}
	i.Form = nil
	s.move(i, "waiting")
	return i, nil
}

func (s *Sim) upload(i *invoice, r *http.Request) (any, *refusal) {
	content, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil || len(content) == 0 {
		return refuse(http.StatusBadRequest, "document", "the document is empty")
	}
	s.documents = append(s.documents, Document{i.ID, r.FormValue("name"), r.Header.Get("Content-Type"), content})
	return map[string]any{"document": s.id("doc"), "size": len(content)}, nil
}

func (s *Sim) balances(*http.Request) (any, *refusal) {
	sums := map[string]decimal.Decimal{"EUR": {}, "UAH": {}}
	for _, e := range s.ledger {
		net := e.Gross.Value.Sub(e.Fee.Value)
		if e.Kind != "payment" {
			net = e.Gross.Value.Add(e.Fee.Value).Neg()
		}
		sums[e.Gross.Currency] = sums[e.Gross.Currency].Add(net)
	}
	var list []map[string]any
	for currency, sum := range sums {
		list = append(list, map[string]any{"name": strings.ToLower(currency), "available": money{sum, currency}})
	}
	return map[string]any{"balances": list}, nil
}

// transactions pages by position; the cursor is opaque to clients.
func (s *Sim) transactions(r *http.Request) (any, *refusal) {
	from := 0
	if c := r.FormValue("cursor"); c != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(c, "c-"))
		if err != nil || n < 0 || n > len(s.ledger) {
			return refuse(http.StatusBadRequest, "cursor", "the cursor is not one of ours")
		}
		from = n
	}
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > 100 {
		return refuse(http.StatusBadRequest, "limit", "limit is 1 to 100")
	}
	to := min(from+limit, len(s.ledger))
	next := ""
	if to < len(s.ledger) {
		next = "c-" + strconv.Itoa(to)
	}
	return map[string]any{"transactions": s.ledger[from:to], "next": next, "complete_until": s.config.Now().UTC()}, nil
}
