package papersim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"
)

// impossible says that the invoice does not exist or cannot make the move.
type impossible string

func (e impossible) Error() string { return string(e) }

const errImpossible = impossible("impossible move")

// uahPerEUR is the one exchange rate of the simulator.
const uahPerEUR = "48.5"

// Created returns how many invoices exist.
func (s *Sim) Created() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.invoices)
}

// Amount returns an invoice's amount as it was received, in major units, and its currency.
func (s *Sim) Amount(id string) (value, currency string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(id)
	if i == nil {
		return "", "", fmt.Errorf("invoice %q: %w", id, errImpossible)
	}
	digits, _ := exponent(i.Amount.Currency)
	return i.Amount.Value.StringFixed(digits), i.Amount.Currency, nil
}

// Documents returns what was uploaded.
func (s *Sim) Documents() []Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Document{}, s.documents...)
}

// Webhooks returns how many addresses are registered for webhooks.
func (s *Sim) Webhooks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.webhooks)
}

// ExpireTokens ends the life of every access token; the refresh token stays good.
func (s *Sim) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// DropRefreshToken makes the refresh token worthless, as a provider does after months.
func (s *Sim) DropRefreshToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh = ""
}

// OfferToken makes the next answer carry a fresh access token in its header, beside which the present one stays good.
func (s *Sim) OfferToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offer = true
}

// SendPayout sends a payout, which cannot be called back any more then.
func (s *Sim) SendPayout(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.payouts {
		if m.ID == id && m.State == "running" {
			m.State = "sent"
			s.book("payout", m.ID, m.ExternalID, m.Amount, m.Fee)
			return nil
		}
	}
	return fmt.Errorf("payout %q: %w", id, errImpossible)
}

// Pay pays what is left of an invoice in its own currency.
func (s *Sim) Pay(id string) error { return s.PayPart(id, "", "") }

// PayPart pays a part: value in major units of currency, which is the invoice's, or UAH for an invoice in EUR. An empty value
// means all that is left. An invoice that allows no parts takes the whole amount only.
func (s *Sim) PayPart(id, value, currency string) error {
	return s.step(id, func(i *invoice) error {
		if i.State != "waiting" && i.State != "part_paid" && i.State != "authenticating" {
			return errImpossible
		}
		p := payment{ID: s.id("pay"), State: "done", Card: "444403******1902", At: s.config.Now().UTC()}
		if err := price(&p, i, value, currency); err != nil {
			return err
		}
		if !i.parts && p.Asked.Value.LessThan(i.Amount.Value) {
			return errImpossible
		}
		i.Payments = append(i.Payments, p)
		i.Paid.Value = i.Paid.Value.Add(p.Asked.Value)
		i.State, i.Form = "part_paid", nil
		if i.Paid.Value.GreaterThanOrEqual(i.Amount.Value) {
			i.State = "paid"
		}
		s.book("payment", i.ID, i.ExternalID, *p.Received, *p.Fee)
		return nil
	})
}

// price fills in what was asked, received, kept and left, each in its own currency.
func price(p *payment, i *invoice, value, currency string) error {
	p.Asked = money{i.Amount.Value.Sub(i.Paid.Value), i.Amount.Currency}
	received := p.Asked
	if value != "" {
		d, err := decimal.NewFromString(value)
		if err != nil {
			return err
		}
		received = money{d, currency}
		p.Asked.Value = d
	}
	if currency != "" && currency != i.Amount.Currency {
		if currency != "UAH" || i.Amount.Currency != "EUR" {
			return errImpossible
		}
		p.Rate = uahPerEUR
		p.Asked.Value = received.Value.DivRound(decimal.RequireFromString(uahPerEUR), 8).Truncate(2)
	}
	digits, _ := exponent(received.Currency)
	fee := received.Value.Mul(decimal.New(2, -2)).Truncate(digits)
	p.Received = &received
	p.Fee = &money{fee, received.Currency}
	p.Net = &money{received.Value.Sub(fee), received.Currency}
	return nil
}

// Decline rejects the invoice for good.
func (s *Sim) Decline(id string) error {
	return s.step(id, func(i *invoice) error {
		i.State = "rejected"
		i.Payments = append(i.Payments, payment{
			ID: s.id("pay"), State: "rejected", Asked: i.Amount, Reject: "insufficient_funds", At: s.config.Now().UTC(),
		})
		return nil
	})
}

// Surprise gives the invoice a state that is not documented.
func (s *Sim) Surprise(id string) error {
	return s.step(id, func(i *invoice) error { i.State = "levitating"; return nil })
}

func (s *Sim) step(id string, do func(*invoice) error) error {
	body, hooks, err := func() ([]byte, []webhook, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		i := s.find(id)
		if i == nil {
			return nil, nil, fmt.Errorf("invoice %q: %w", id, errImpossible)
		}
		if err := do(i); err != nil {
			return nil, nil, fmt.Errorf("invoice %q: %w", id, err)
		}
		s.touch(i)
		body, err := json.Marshal(map[string]any{"event": s.id("ev"), "type": "invoice", "invoice": i})
		return body, append([]webhook{}, s.webhooks...), err
	}()
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if err := s.send(h, body); err != nil {
			return err
		}
	}
	return nil
}

// send delivers one webhook and does not repeat it. Its signature covers the time and the body.
func (s *Sim) send(h webhook, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, h.URL, bytes.NewReader(body)) //nolint:noctx // bounded by the client's timeout
	if err != nil {
		return err
	}
	at := strconv.FormatInt(s.config.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Paper-Time", at)
	req.Header.Set("X-Paper-Signature", hex.EncodeToString(mac.Sum(nil)))
	res, err := s.hooks.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (s *Sim) register(r *http.Request) (any, *refusal) {
	var in struct {
		URL string `json:"url"`
	}
	if refused := read(r, &in); refused != nil {
		return nil, refused
	}
	// One address per merchant: a second registration replaces the first.
	h := webhook{s.id("wh"), in.URL, random(WebhookSecretPrefix)}
	s.webhooks = []webhook{h}
	return map[string]string{"id": h.ID, "secret": h.Secret}, nil
}

func (s *Sim) move(i *invoice, state string) {
	i.State = state
	s.touch(i)
}

func (s *Sim) touch(i *invoice) {
	i.Version++
	i.ChangedAt = s.config.Now().UTC()
}

func (s *Sim) book(kind, object, external string, gross, fee money) {
	s.ledger = append(s.ledger, entry{s.id("tx"), kind, object, external, gross, fee, s.config.Now().UTC()})
}
