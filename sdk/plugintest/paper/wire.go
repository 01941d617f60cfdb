package paper

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// amount is money on the wire: a decimal text in major units.
type amount struct {
	Value    json.Number `json:"value"`
	Currency string      `json:"currency"`
}

func toAmount(m pay.Money) map[string]string {
	return map[string]string{"value": m.Value(), "currency": m.Code()}
}

// UnmarshalJSON reads the value as a text or a number, digit by digit.
func (a *amount) UnmarshalJSON(b []byte) error {
	var raw struct {
		Value    json.RawMessage `json:"value"`
		Currency string          `json:"currency"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	var text string
	if json.Unmarshal(raw.Value, &text) != nil {
		text = string(raw.Value)
	}
	a.Value, a.Currency = json.Number(text), raw.Currency
	return nil
}

// money returns what the provider stated; nothing when it stated nothing readable.
func (a *amount) money() (pay.Money, bool) {
	if a == nil {
		return pay.Money{}, true
	}
	m, err := pay.ParseMoney(a.Value.String(), a.Currency)
	return m, err == nil
}

type invoiceDTO struct {
	ID         string       `json:"id"`
	ExternalID string       `json:"external_id"`
	State      string       `json:"state"`
	Amount     *amount      `json:"amount"`
	Paid       *amount      `json:"paid"`
	Refunded   *amount      `json:"refunded"`
	Payments   []paymentDTO `json:"payments"`
	Page       string       `json:"page"`
	Form       *struct {
		URL    string            `json:"url"`
		Fields map[string]string `json:"fields"`
	} `json:"form"`
	Version   int64     `json:"version"`
	ChangedAt time.Time `json:"changed_at"`
}

type paymentDTO struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Asked    *amount   `json:"asked"`
	Received *amount   `json:"received"`
	Fee      *amount   `json:"fee"`
	Net      *amount   `json:"net"`
	Rate     string    `json:"rate"`
	Card     string    `json:"card"`
	Reject   string    `json:"reject"`
	At       time.Time `json:"at"`
}

// movementDTO is a refund or a payout.
type movementDTO struct {
	ID         string    `json:"id"`
	ExternalID string    `json:"external_id"`
	State      string    `json:"state"`
	Amount     *amount   `json:"amount"`
	Fee        *amount   `json:"fee"`
	At         time.Time `json:"at"`
}
