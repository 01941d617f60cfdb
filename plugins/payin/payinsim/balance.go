package payinsim

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// roubles is the numeric code that is meant where the provider has no currency parameter.
const roubles = "643"

// balanceCodes are the codes of the provider's sample. 999 is "no currency" in ISO 4217; the sample has it all the same.
func balanceCodes() []string { return []string{"840", "999", "980", "978", "398", "643", "826"} }

// purse is one balance of one user.
type purse struct {
	user     int64
	currency string
}

func balanceFields() []field { return []field{{"balance_user_id", integerField, true}} }

// getBalance plays POST /user/api-get-balance: a map of texts with eight decimals as in the sample, or the bare number
// of the field table when [Config.BalanceAsNumber] is set.
func (s *Sim) getBalance(_ *http.Request, f form) (any, error) {
	user, err := strconv.ParseInt(f.text("balance_user_id"), 10, 64)
	if err != nil {
		return nil, err
	}
	if _, exists := s.payer(user); !exists && user != s.config.UserID && user != s.owner() {
		return nil, refusal("user not found")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config.BalanceAsNumber {
		return number(s.balance(user, roubles)), nil
	}
	out := map[string]string{}
	for _, code := range balanceCodes() {
		out[code] = decimals(s.balance(user, code)) + "000000"
	}
	return out, nil
}

// SetBalance sets what a user has in a currency (numeric code, 643 when empty) to an amount with at most two decimals.
func (s *Sim) SetBalance(user int64, currency, amount string) error {
	if amount != "0" && !amountField.accepts(amount) {
		return fmt.Errorf("payinsim: balance %q is no amount", amount)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purses[purse{user, cmp.Or(currency, roubles)}] = cents(amount)
	return nil
}

// Balance returns what a user has in a currency (numeric code, 643 when empty), with two decimals.
func (s *Sim) Balance(user int64, currency string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return decimals(s.balance(user, cmp.Or(currency, roubles)))
}

// balance and credit count in hundredths. The caller holds mu.
func (s *Sim) balance(user int64, currency string) int64 { return s.purses[purse{user, currency}] }

func (s *Sim) credit(user int64, currency string, amount int64) {
	s.purses[purse{user, currency}] += amount
}

// book keeps the payer's balance in step with a top-up: credited when paid, taken back by a refund or a chargeback.
// The caller holds mu.
func (s *Sim) book(inv *Invoice, code int) {
	switch {
	case code == StatusPaid && !inv.credited:
		inv.credited = true
		s.credit(inv.PayerID, inv.CurrencyID, cents(inv.Summ))
	case (code == StatusRefunded || code == StatusChargedBack) && inv.credited:
		inv.credited = false
		s.credit(inv.PayerID, inv.CurrencyID, -cents(inv.Summ))
	}
}

// cents reads an amount that a field check has accepted.
func cents(amount string) int64 {
	whole, part, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func decimals(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}

// number is an amount that is sent as a JSON number.
type number int64

// MarshalJSON writes the digits without quotes.
func (n number) MarshalJSON() ([]byte, error) { return []byte(decimals(int64(n))), nil }
