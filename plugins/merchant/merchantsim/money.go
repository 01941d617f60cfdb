package merchantsim

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"
)

// usdt is the currency of merchant balances, with its eight decimal places.
const (
	usdt         = "USDT"
	usdtDecimals = 8
)

// moneyDTO is the gateway's money in answers: amount in major units, subunit
// the number of decimal places (not an amount in minor units).
type moneyDTO struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Subunit  int32  `json:"subunit"`
}

// money renders an amount with exactly the decimal places of its currency.
func money(amount decimal.Decimal, currency string, places int32) *moneyDTO {
	return &moneyDTO{Amount: amount.StringFixed(places), Currency: currency, Subunit: places}
}

// errAmount is the one failure of parseAmount; callers word their own refusal.
var errAmount = errors.New("not a positive decimal amount in major units")

// amountSyntax reports whether text is spelled like a request amount: digits,
// optionally a point and digits. No sign, exponent, spaces or thousands
// separators. Its bounded length keeps a hostile amount from costing time.
func amountSyntax(text string) bool {
	whole, fraction, pointed := strings.Cut(text, ".")
	return digits(whole, 15) && (!pointed || digits(fraction, usdtDecimals))
}

// digits reports whether text is one to most ASCII digits.
func digits(text string, most int) bool {
	if text == "" || len(text) > most {
		return false
	}
	return strings.Trim(text, "0123456789") == ""
}

// parseAmount reads a decimal string in major units with at most places
// decimals. "1000" and "1000.00" are the same amount; zero is not an amount.
func parseAmount(text string, places int32) (decimal.Decimal, error) {
	if !amountSyntax(text) {
		return decimal.Decimal{}, errAmount
	}
	amount, err := decimal.NewFromString(text)
	if err != nil || !amount.IsPositive() || !amount.Equal(amount.Truncate(places)) {
		return decimal.Decimal{}, errAmount
	}
	return amount, nil
}

// split is what becomes of a fiat amount: the USDT the trader gives for it, the
// gateway's fee and what is left for the merchant.
type split struct {
	maker, fee, payout decimal.Decimal
}

// splitFiat follows the arithmetic of the documented samples: the maker sum is
// fiat / rate cut off after eight decimals, the fee a percentage of that sum
// rounded up to eight decimals, the payout the difference.
func splitFiat(fiat, rate, feePercent decimal.Decimal) split {
	// QuoRem cuts off exactly; Div would round and could give one unit too much.
	maker, _ := fiat.QuoRem(rate, usdtDecimals)
	fee := maker.Mul(feePercent).Shift(-2).RoundUp(usdtDecimals)
	return split{maker: maker, fee: fee, payout: maker.Sub(fee)}
}
