package plugintest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	tinToken  = "tin-bearer-token"
	tinSecret = "tin-signing-secret"
)

// tinObject is an invoice, a refund or a payout of the tin provider.
type tinObject struct {
	ID       string `json:"id"`
	Key      string `json:"key"`
	Status   string `json:"status"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Refunded string `json:"refunded,omitempty"`
	PayURL   string `json:"pay_url,omitempty"`
	Webhook  string `json:"webhook,omitempty"`
	Invoice  string `json:"invoice,omitempty"`
}

// tinSim plays the tin provider: idempotent by key, signed webhooks, a ledger.
type tinSim struct {
	mux http.ServeMux

	mu       sync.Mutex // guards everything below
	invoices []*tinObject
	refunds  []*tinObject
	payouts  []*tinObject
	ledger   []tinLine
}

type tinLine struct {
	ID      string `json:"id"`
	Invoice string `json:"invoice"`
	Amount  string `json:"amount"`
}

func newTinSim() *tinSim {
	s := &tinSim{}
	s.handle("POST /v1/invoices", func(r *http.Request) (any, int) {
		return s.make(r, &s.invoices, "inv-", "open", "")
	})
	s.handle("GET /v1/invoices", func(r *http.Request) (any, int) { return byKey(s.invoices, r) })
	s.handle("GET /v1/invoices/{id}", func(r *http.Request) (any, int) { return byID(s.invoices, r.PathValue("id")) })
	s.handle("POST /v1/invoices/{id}/cancel", func(r *http.Request) (any, int) {
		found, code := byID(s.invoices, r.PathValue("id"))
		if code == http.StatusOK {
			found.(*tinObject).Status = "canceled"
		}
		return found, code
	})
	s.handle("POST /v1/invoices/{id}/refunds", func(r *http.Request) (any, int) {
		inv, code := byID(s.invoices, r.PathValue("id"))
		if code != http.StatusOK {
			return inv, code
		}
		made, code := s.make(r, &s.refunds, "ref-", "done", r.PathValue("id"))
		if code == http.StatusOK {
			inv.(*tinObject).Refunded = made.(*tinObject).Amount
		}
		return made, code
	})
	s.handle("GET /v1/refunds/{id}", func(r *http.Request) (any, int) { return byID(s.refunds, r.PathValue("id")) })
	s.handle("POST /v1/payouts", func(r *http.Request) (any, int) { return s.make(r, &s.payouts, "po-", "queued", "") })
	s.handle("GET /v1/payouts", func(r *http.Request) (any, int) { return byKey(s.payouts, r) })
	s.handle("GET /v1/payouts/{id}", func(r *http.Request) (any, int) { return byID(s.payouts, r.PathValue("id")) })
	s.handle("POST /v1/payouts/{id}/cancel", func(r *http.Request) (any, int) {
		found, code := byID(s.payouts, r.PathValue("id"))
		if code == http.StatusOK {
			found.(*tinObject).Status = "canceled"
		}
		return found, code
	})
	s.handle("GET /v1/ledger", func(r *http.Request) (any, int) {
		after, _ := strconv.Atoi(r.FormValue("after"))
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		end := min(after+limit, len(s.ledger))
		next := ""
		if end < len(s.ledger) {
			next = strconv.Itoa(end)
		}
		return map[string]any{"lines": s.ledger[after:end], "next": next}, http.StatusOK
	})
	s.handle("GET /v1/me", func(*http.Request) (any, int) { return map[string]string{"name": "Tin"}, http.StatusOK })
	return s
}

func (s *tinSim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *tinSim) handle(pattern string, do func(*http.Request) (any, int)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		answer, code := any(map[string]string{"message": "bad token"}), http.StatusUnauthorized
		if r.Header.Get("Authorization") == "Bearer "+tinToken {
			answer, code = do(r)
		}
		doc, err := json.Marshal(answer)
		if err != nil {
			code = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write(doc)
	})
}

// make adds an object, or returns the one with the same key. The caller holds mu, as for all operations.
func (s *tinSim) make(r *http.Request, list *[]*tinObject, prefix, status, invoice string) (any, int) {
	in := &tinObject{}
	if err := json.NewDecoder(r.Body).Decode(in); err != nil || in.Key == "" || in.Amount == "" {
		return map[string]string{"message": "bad request"}, http.StatusBadRequest
	}
	for _, o := range *list {
		if o.Key == in.Key {
			return o, http.StatusOK
		}
	}
	in.ID, in.Status, in.Invoice = fmt.Sprintf("%s%04d", prefix, len(*list)+1), status, invoice
	in.PayURL = "https://tin.example/pay/" + in.ID
	*list = append(*list, in)
	return in, http.StatusOK
}

func byID(list []*tinObject, id string) (any, int) {
	for _, o := range list {
		if o.ID == id {
			return o, http.StatusOK
		}
	}
	return map[string]string{"message": "no such object"}, http.StatusNotFound
}

func byKey(list []*tinObject, r *http.Request) (any, int) {
	for _, o := range list {
		if o.Key == r.FormValue("key") {
			return o, http.StatusOK
		}
	}
	return map[string]string{"message": "no such object"}, http.StatusNotFound
}

func (s *tinSim) set(id, status string) (tinObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.invoices {
		if o.ID == id && (status != "paid" || o.Status == "open") {
			o.Status = status
			if status == "paid" {
				s.ledger = append(s.ledger, tinLine{fmt.Sprintf("line-%d", len(s.ledger)+1), id, o.Amount})
			}
			return *o, nil
		}
	}
	return tinObject{}, fmt.Errorf("invoice %q cannot become %s", id, status)
}

func (s *tinSim) pay(id string) error {
	o, err := s.set(id, "paid")
	if err != nil {
		return err
	}
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, o.Webhook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Tin-Sign", tinSign(tinSecret, body))
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func tinSign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// tinHarness is the harness of the tin provider with one flaw, or none.
func tinHarness(f flaw) Harness {
	return Harness{
		Provider: newTin(f),
		Start: func(_ testing.TB, _ Site) Simulator {
			s := newTinSim()
			return Simulator{
				Handler: s,
				Created: func() int {
					s.mu.Lock()
					defer s.mu.Unlock()
					return len(s.invoices)
				},
				Pay:      s.pay,
				Decline:  func(id string) error { _, err := s.set(id, "declined"); return err },
				Surprise: func(id string) error { _, err := s.set(id, "levitating"); return err },
				Close:    http.DefaultTransport.(*http.Transport).CloseIdleConnections,
			}
		},
		Config: func(s Site) any {
			return map[string]any{"token": tinToken, "signing_secret": tinSecret, "base_url": s.URL}
		},
		Create: func() pay.CreateInvoice {
			return pay.CreateInvoice{Amount: tinMoney("100.00", "UAH"), Description: "Tea"}
		},
		Payout: func() pay.CreatePayout {
			return pay.CreatePayout{
				Amount: tinMoney("25.10", "UAH"), Destination: pay.Destination{Type: pay.DestinationAccount, Value: "42"},
			}
		},
	}
}

func tinMoney(value, code string) pay.Money {
	m, err := pay.ParseMoney(value, code)
	if err != nil {
		panic(err)
	}
	return m
}
