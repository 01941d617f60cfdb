package merchantsim

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// statusWithdrawal is the status of the gateway's sample; no page says what the number means.
const statusWithdrawal = 2

// Withdrawal is a snapshot of one withdrawal from the merchant's account.
type Withdrawal struct {
	// ID is the gateway's id.
	ID string
	// Sum is what was asked for and Fee the flat fee. With FeeInside the fee was taken from Sum, otherwise it came
	// on top of it.
	Sum, Fee  decimal.Decimal
	FeeInside bool
	// Address is where the money went.
	Address string
	// CreatedAt is when it was ordered.
	CreatedAt time.Time
}

// spent is what the withdrawal took from the account.
func (w Withdrawal) spent() decimal.Decimal {
	if w.FeeInside {
		return w.Sum
	}
	return w.Sum.Add(w.Fee)
}

// Withdrawals returns a snapshot of every withdrawal in order of creation.
func (s *Sim) Withdrawals() []Withdrawal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.withdrawals)
}

// withdrawalDTO is the WithdrawalDTO, with the two members that only the sample has.
type withdrawalDTO struct {
	ID        string    `json:"id"`
	AccountID string    `json:"accountId"`
	Status    int       `json:"status"`
	CreatedAt string    `json:"createdAt"`
	UpdatedAt string    `json:"updatedAt"`
	Sum       *moneyDTO `json:"sum"`
	Fee       *moneyDTO `json:"fee"`
	Address   string    `json:"address"`
	TxID      *string   `json:"txId"`
}

// withdraw serves 4.10. The spelling substractFeeFromAmount is the gateway's.
func (s *Sim) withdraw(_ *http.Request, body []byte) (any, *refusal) {
	f := &fields{}
	if json.Unmarshal(body, &f.raw) != nil || f.raw == nil {
		return nil, refuse(http.StatusBadRequest, textMalformed)
	}
	account, text := f.required("accountId"), f.required("amount")
	w := Withdrawal{
		ID: newID(), Sum: f.amount("amount", text, usdtDecimals), Fee: decimal.RequireFromString(withdrawalFee),
		Address: f.required("address"), FeeInside: f.flag("substractFeeFromAmount"), CreatedAt: s.cfg.Now(),
	}
	code := f.required("code2FA")
	f.oneOf("accountId", account, textInvalid, func(id string) bool { return id == s.accountID })
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.refused != nil:
		return nil, f.refused
	case s.cfg.Code2FA == "":
		return nil, refuse(http.StatusBadRequest, text2FA)
	case subtle.ConstantTimeCompare([]byte(code), []byte(s.cfg.Code2FA)) != 1:
		return nil, refuseField("code2FA", textInvalid)
	case w.FeeInside && !w.Sum.GreaterThan(w.Fee), s.account().available.LessThan(w.spent()):
		return nil, refuse(http.StatusBadRequest, textNoFunds)
	}
	s.withdrawals = append(s.withdrawals, w)
	return withdrawalDTO{
		ID: w.ID, AccountID: s.accountID, Status: statusWithdrawal, CreatedAt: stamp(w.CreatedAt), UpdatedAt: stamp(w.CreatedAt),
		Sum: money(w.Sum, usdt, usdtDecimals), Fee: money(w.Fee, usdt, usdtDecimals), Address: w.Address,
	}, nil
}
