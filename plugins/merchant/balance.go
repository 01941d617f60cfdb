package merchant

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// accountDTO is the gateway's AccountDTO.
type accountDTO struct {
	ID            idText     `json:"id"`
	Sum           *amountDTO `json:"sum"`
	Frozen        *amountDTO `json:"frozenSum"`
	WithdrawalFee *amountDTO `json:"withdrawalFee"`
}

// purse is an account whose amounts are believed.
type purse struct {
	id string
	// frozen and fee are unset where the gateway does not say.
	sum, frozen, fee pay.Money
}

// readPurses reads the merchant's accounts, usually one in USDT. One amount that
// cannot be believed makes all of them unbelievable.
func (a *account) readPurses(ctx context.Context) ([]purse, *httpx.Response, error) {
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "accounts")
	if err != nil {
		return nil, nil, err
	}
	var list []accountDTO
	if json.Unmarshal(res.Body, &list) != nil || list == nil {
		return nil, nil, res.Garbled("it is no list of accounts")
	}
	out := make([]purse, 0, len(list))
	for _, l := range list {
		p := purse{id: clip(string(l.ID))}
		if p.sum, err = l.Sum.money(); err != nil || !p.sum.IsSet() {
			return nil, nil, res.Garbled("an account without an amount that can be believed")
		}
		if p.frozen, err = l.Frozen.money(); err != nil || p.frozen.IsSet() && p.frozen.Code() != p.sum.Code() {
			return nil, nil, res.Garbled("an account whose frozen amount cannot be believed")
		}
		// The fee only informs, and may be in a currency of its own.
		if fee, err := l.WithdrawalFee.money(); err == nil && fee.IsSet() && fee.Code() == p.sum.Code() {
			p.fee = fee
		}
		out = append(out, p)
	}
	return out, res, nil
}

// ReadBalances reads the merchant's accounts. Whether sum includes what is frozen
// is not documented; it is told as available, and the frozen part beside it.
// Accounts of one currency are told apart by their id.
func (a *account) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	if req.Owner != "" {
		return pay.Balances{}, pay.Unsupported("owner: the gateway has balances of the merchant only")
	}
	list, res, err := a.readPurses(ctx)
	if err != nil {
		return pay.Balances{}, err
	}
	out := pay.Balances{Report: pay.Report{Evidence: res.Evidence}}
	seen := map[string]int{}
	for _, p := range list {
		seen[p.sum.Code()]++
	}
	for _, p := range list {
		b := pay.Balance{Available: p.sum, Reserved: p.frozen}
		if seen[p.sum.Code()] > 1 {
			b.Name = p.id
		}
		out.Balances = append(out.Balances, b)
	}
	return out, nil
}

// listAccounts is [account.ReadBalances] with the ids that a withdrawal needs.
func (a *account) listAccounts(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	list, res, err := a.readPurses(ctx)
	if err != nil {
		return pay.ActionResult{}, err
	}
	type one struct {
		ID       string `json:"id"`
		Currency string `json:"currency"`
		Sum      string `json:"sum"`
		Frozen   string `json:"frozen_sum,omitempty"`
		Fee      string `json:"withdrawal_fee,omitempty"`
	}
	accounts := []one{}
	for _, p := range list {
		entry := one{ID: p.id, Currency: p.sum.Code(), Sum: p.sum.Value()}
		if p.frozen.IsSet() {
			entry.Frozen = p.frozen.Value()
		}
		if p.fee.IsSet() {
			entry.Fee = p.fee.Value()
		}
		accounts = append(accounts, entry)
	}
	return answered(res, map[string]any{"accounts": accounts})
}
