package merchant

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// Check reads the store's payment options, a harmless signed call that proves
// api_key, secret and the address. The gateway has no sandbox and shows no id of
// the store, so mode and account reference stay empty.
func (a *account) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "payment-options")
	if err != nil {
		return pay.AccountInfo{}, err
	}
	var list []struct {
		Code     string `json:"code"`
		Name     string `json:"name"`
		Currency string `json:"currency"`
	}
	if json.Unmarshal(res.Body, &list) != nil {
		return pay.AccountInfo{}, res.Garbled("it is no list of payment options")
	}
	info := pay.AccountInfo{Report: pay.Report{Evidence: res.Evidence}}
	for _, option := range list {
		if option.Code == "" {
			continue
		}
		info.Methods = append(info.Methods, pay.Method{Code: clip(option.Code), Title: clip(option.Name)})
		if _, known := pay.LookupCurrency(option.Currency); known && !slices.Contains(info.Currencies, option.Currency) {
			info.Currencies = append(info.Currencies, option.Currency)
		}
	}
	slices.Sort(info.Currencies)
	return info, nil
}
