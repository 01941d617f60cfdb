package merchantsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

const withdrawals = "/api/merchant/withdrawals"

// withdrawal is a valid request; changes replace members, nil removes one.
func (g *gateway) withdrawal(changes map[string]any) answer {
	g.t.Helper()
	body := map[string]any{"accountId": g.sim.accountID, "amount": "100.5", "address": "TXaddress", "code2FA": "123456"}
	maps.Copy(body, changes)
	raw, err := json.Marshal(body)
	require.NoError(g.t, err)
	return g.call(http.MethodPost, withdrawals, string(raw))
}

func TestWithdrawal(t *testing.T) {
	g := start(t, Config{Code2FA: "123456"})
	got := g.withdrawal(nil).object(t)
	require.Equal(t, map[string]any{"amount": "100.50000000", "currency": "USDT", "subunit": 8.0}, got["sum"])
	require.Equal(t, map[string]any{"amount": "2.00000000", "currency": "USDT", "subunit": 8.0}, got["fee"])
	require.Equal(t, 2.0, got["status"])
	require.Equal(t, g.sim.accountID, got["accountId"])
	require.Nil(t, got["txId"])
	available, _ := g.sim.Balance()
	require.Equal(t, "9897.5", available.String(), "the fee comes on top")

	require.Equal(t, http.StatusOK, g.withdrawal(map[string]any{"amount": "100", "substractFeeFromAmount": true}).status)
	available, _ = g.sim.Balance()
	require.Equal(t, "9797.5", available.String(), "the fee is inside")
	require.Len(t, g.sim.Withdrawals(), 2)
	require.Equal(t, "TXaddress", g.sim.Withdrawals()[0].Address)
}

func TestWithdrawalRefusals(t *testing.T) {
	g := start(t, Config{Code2FA: "123456", Balance: decimal.NewFromInt(100)})
	for _, name := range []string{"accountId", "amount", "address", "code2FA"} {
		g.withdrawal(map[string]any{name: ""}).refused(t, 400, "this value should not be blank", name)
		g.withdrawal(map[string]any{name: 7}).refused(t, 400, "This value should be of type string", name)
	}
	g.withdrawal(map[string]any{"accountId": "another"}).refused(t, 400, "This value is not valid", "accountId")
	g.withdrawal(map[string]any{"code2FA": "654321", "amount": "1"}).refused(t, 400, "This value is not valid", "code2FA")
	g.withdrawal(map[string]any{"substractFeeFromAmount": "true"}).refused(t, 400, "This value should be of type boolean", "substractFeeFromAmount")
	g.withdrawal(map[string]any{"amount": "98.00000001"}).refused(t, 400, "Insufficient funds", "")
	g.withdrawal(map[string]any{"amount": "2", "substractFeeFromAmount": true}).refused(t, 400, "Insufficient funds", "")
	g.call(http.MethodPost, withdrawals, "").refused(t, 415, "Content-Type should be application/json", "")
	require.Empty(t, g.sim.Withdrawals())
	require.Equal(t, http.StatusOK, g.withdrawal(map[string]any{"amount": "98"}).status)

	without := start(t, Config{})
	without.withdrawal(nil).refused(t, 400, "2FA should be enabled for this operation", "")
}

func TestRates(t *testing.T) {
	g := start(t, Config{})
	require.JSONEq(t, `{"in":{"pair":"USDT/RUB","rate":"99.23"},"out":{"pair":"USDT/RUB","rate":"99.23"}}`,
		g.call(http.MethodGet, "/api/merchant/currency-rates/current", "").body)
}
