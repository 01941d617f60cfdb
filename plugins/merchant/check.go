package merchant

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// Check reads the store's payment options, a harmless signed call that proves
// api_key, secret and the address, and its banks. The currencies are those of
// the options, the methods the codes that payment_method takes. The gateway has
// no sandbox and shows no id of the store, so mode and account reference stay
// empty.
func (a *account) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "payment-options")
	if err != nil {
		return pay.AccountInfo{}, err
	}
	options, err := readListed(res, "payment options")
	if err != nil {
		return pay.AccountInfo{}, err
	}
	info := pay.AccountInfo{Report: pay.Report{Evidence: res.Evidence}}
	if len(options) == 0 {
		info.Report.Warnings = append(info.Report.Warnings, "the gateway lists no payment option of the store")
	}
	for _, option := range options {
		if _, known := pay.LookupCurrency(option.Currency); known && !slices.Contains(info.Currencies, option.Currency) {
			info.Currencies = append(info.Currencies, option.Currency)
		}
	}
	slices.Sort(info.Currencies)
	if res, err = a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "payment-methods"); err == nil {
		options, err = readListed(res, "payment methods")
	}
	switch {
	case errors.Is(err, pay.KindAuth):
		return pay.AccountInfo{}, err
	case err != nil:
		// The credentials are proved; a list that is missing narrows nothing.
		info.Report.Warnings = append(info.Report.Warnings, "the banks of the store cannot be read now")
	default:
		for _, method := range options {
			info.Methods = append(info.Methods, pay.Method{Code: method.Code, Title: method.Name})
		}
	}
	return info, nil
}
