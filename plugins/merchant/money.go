package merchant

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/payhost/payhost/sdk/pay"
)

// amountDTO is the gateway's MoneyDTO: an amount in major units, a currency and
// subunit, which is the number of decimals and not an amount.
type amountDTO struct {
	Amount   json.RawMessage `json:"amount"`
	Currency string          `json:"currency"`
	Subunit  *int            `json:"subunit"`
}

// money reads an amount exactly. It fails when the number of decimals that the
// gateway states is not the one we know for the currency: then one of us means
// another unit, and no amount is better than a wrong one. A nil amount is unset.
func (d *amountDTO) money() (pay.Money, error) {
	if d == nil {
		return pay.Money{}, nil
	}
	if d.Subunit == nil {
		return pay.Money{}, errors.New("an amount without subunit")
	}
	currency, known := lookupCurrency(d.Currency)
	if !known {
		currency = pay.Currency{Code: d.Currency, Exponent: *d.Subunit}
	}
	if err := currency.Validate(); err != nil {
		return pay.Money{}, err
	}
	if currency.Exponent != *d.Subunit {
		return pay.Money{}, fmt.Errorf("%s with %d decimals, expected %d", currency.Code, *d.Subunit, currency.Exponent)
	}
	text := string(d.Amount)
	if len(text) > 0 && text[0] == '"' {
		if err := json.Unmarshal(d.Amount, &text); err != nil {
			return pay.Money{}, errors.New("an amount that is no text")
		}
	}
	return pay.ParseMoneyIn(text, currency)
}

// lookupCurrency returns a currency of the manifest: one of ISO 4217, or USDT.
func lookupCurrency(code string) (pay.Currency, bool) {
	if code == usdt().Code {
		return usdt(), true
	}
	return pay.LookupCurrency(code)
}
