package payin

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Check reads the operator's own balance, the one harmless call that proves
// user_id and secret. The environment is known by the address: the provider's
// two hosts are its two environments; any other host says nothing.
func (a *account) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	got, err := a.post(ctx, "user/api-get-balance", httpx.Reads, textField("balance_user_id", a.userID))
	if err != nil {
		return pay.AccountInfo{}, err
	}
	// The text documents a number, the sample shows a map by currency.
	var balances map[string]json.RawMessage
	var roubles json.Number
	if json.Unmarshal(got.result, &balances) != nil && json.Unmarshal(got.result, &roubles) != nil {
		return pay.AccountInfo{}, got.response.Garbled("the balance is neither a map nor a number")
	}
	return pay.AccountInfo{
		Report:             got.report(),
		Mode:               a.mode(),
		ProviderAccountRef: a.userID,
		Currencies:         slices.Clone(a.currencies),
	}, nil
}

// mode is the environment that stands behind the address.
func (a *account) mode() pay.Mode {
	switch a.base.Hostname() {
	case productionHost:
		return pay.ModeLive
	case testHost:
		return pay.ModeSandbox
	}
	return ""
}
