package merchant

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/payhost/payhost/sdk/pay"
)

// ledger is the gateway's AccountDTO, as far as it is used.
type ledger struct {
	ID     string     `json:"id"`
	Sum    *amountDTO `json:"sum"`
	Frozen *amountDTO `json:"frozenSum"`
}

// ReadBalances reads the merchant's accounts, usually one in USDT. Whether sum
// includes what is frozen is not documented; it is told as available, and the
// frozen part beside it. Accounts of one currency are told apart by their id.
func (a *account) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	if req.Owner != "" {
		return pay.Balances{}, pay.Unsupported("owner: the gateway has balances of the merchant only")
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "accounts")
	if err != nil {
		return pay.Balances{}, err
	}
	var list []ledger
	if json.Unmarshal(res.Body, &list) != nil {
		return pay.Balances{}, res.Garbled("it is no list of accounts")
	}
	out := pay.Balances{Report: pay.Report{Evidence: res.Evidence}}
	seen := map[string]int{}
	for _, l := range list {
		available, err := l.Sum.money()
		if err != nil || !available.IsSet() {
			return pay.Balances{}, res.Garbled("an account without an amount that can be believed")
		}
		frozen, err := l.Frozen.money()
		if err != nil || frozen.IsSet() && frozen.Code() != available.Code() {
			return pay.Balances{}, res.Garbled("an account whose frozen amount cannot be believed")
		}
		seen[available.Code()]++
		out.Balances = append(out.Balances, pay.Balance{Name: clip(l.ID), Available: available, Reserved: frozen})
	}
	for i, b := range out.Balances {
		if seen[b.Available.Code()] == 1 {
			out.Balances[i].Name = ""
		}
	}
	return out, nil
}
