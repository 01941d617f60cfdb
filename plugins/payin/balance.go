package payin

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// ReadBalances reads the balances of one user of the provider: the owner named
// by the request, else the operator. A balance that has no ISO 4217 currency, or
// more decimals than its currency has, is left out with a warning: nothing is
// rounded.
func (a *account) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	owner := either(req.Owner, a.userID)
	if !isID(owner) {
		return pay.Balances{}, pay.Invalid("owner", "must be a user's id at the provider, a positive integer")
	}
	got, err := a.post(ctx, "user/api-get-balance", httpx.Reads, textField("balance_user_id", owner))
	if err != nil {
		return pay.Balances{}, err
	}
	list, warnings, err := parseBalances(got.result)
	if err != nil {
		return pay.Balances{}, got.response.Garbled("%v", err)
	}
	report := got.report()
	report.Warnings = warnings
	return pay.Balances{Report: report, Balances: list}, nil
}

// parseBalances reads the map of the provider's sample, from numeric currency
// codes to amounts, or the bare number of its table, which is in roubles. PHP
// writes an empty map as an empty list.
func parseBalances(raw json.RawMessage) ([]pay.Balance, []string, error) {
	amounts := map[string]json.RawMessage{}
	switch {
	case len(raw) == 0:
		return nil, nil, errors.New("there is no balance")
	case raw[0] == '{':
		if json.Unmarshal(raw, &amounts) != nil {
			return nil, nil, errors.New("the balance is no map")
		}
	case string(raw) == "[]":
	case raw[0] == '[' || raw[0] == 't' || raw[0] == 'f' || raw[0] == 'n':
		return nil, nil, errors.New("the balance is neither a map nor a number")
	default:
		amounts["643"] = raw
	}
	var list []pay.Balance
	var warnings []string
	for _, code := range slices.Sorted(maps.Keys(amounts)) {
		numeric, err := strconv.Atoi(code)
		if err != nil || len(code) != 3 {
			return nil, nil, errors.New("the balance has a key that is no currency code")
		}
		currency, known := pay.LookupNumericCurrency(numeric)
		if !known {
			warnings = append(warnings, "the balance of code "+code+" is left out: it is no currency of ISO 4217")
			continue
		}
		text := amountText(amounts[code])
		if !isDecimal(text) {
			return nil, nil, errors.New("the balance in " + currency.Code + " is no amount")
		}
		available, err := pay.ParseMoneyIn(text, currency)
		if err != nil {
			warnings = append(warnings, "the balance in "+currency.Code+" is left out: it has more digits than the currency")
			continue
		}
		list = append(list, pay.Balance{Available: available})
	}
	return list, warnings, nil
}

// amountText returns the digits of an amount that is a JSON text or number.
func amountText(raw json.RawMessage) string {
	if len(raw) > 0 && raw[0] == '"' {
		return plainText(raw)
	}
	return string(raw)
}

// isDecimal reports whether s is a plain decimal number such as "-12.50".
func isDecimal(s string) bool {
	whole, part, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return isDigits(whole) && (!dotted || isDigits(part))
}
