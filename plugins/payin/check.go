package payin

import (
	"context"
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
	if _, _, err := parseBalances(got.result); err != nil {
		return pay.AccountInfo{}, got.response.Garbled("%v", err)
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
