package pay

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/shopspring/decimal"
)

// maxAmountDigits bounds the digits of an amount, so that a hostile text such
// as "1e999999999" costs nothing to refuse.
const maxAmountDigits = 30

// Currency says in which units an amount is counted: a code and the number of
// decimal digits its amounts have.
//
// Codes are those of ISO 4217 ([LookupCurrency]) or codes a [Manifest] declares
// for itself, for example USDT with eight digits. The zero Currency is not a
// currency.
type Currency struct {
	// Code is the alphabetic code in upper case, for example "UAH".
	Code string `json:"code"`
	// Exponent is the number of decimal digits of the major unit, 0 to 18.
	Exponent int `json:"exponent"`
	// Numeric is the ISO 4217 numeric code, for example 980. It is zero for a
	// code that only a manifest declares.
	Numeric int `json:"numeric,omitzero"`
}

// IsZero reports whether c is no currency at all.
func (c Currency) IsZero() bool { return c.Code == "" }

// Validate checks the form of c: a code of 3 to 10 upper-case letters and digits, an exponent of
// 0 to 18. A code of ISO 4217 must have the exponent of ISO 4217.
func (c Currency) Validate() error {
	if iso, ok := LookupCurrency(c.Code); ok && iso.Exponent == c.Exponent {
		return nil
	}
	if len(c.Code) < 3 || len(c.Code) > 10 || strings.Trim(c.Code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return fmt.Errorf("currency code %q: want 3 to 10 upper-case letters or digits", clip(c.Code))
	}
	if c.Exponent < 0 || c.Exponent > 18 {
		return fmt.Errorf("currency %s: exponent %d is outside 0 to 18", c.Code, c.Exponent)
	}
	if iso, ok := LookupCurrency(c.Code); ok && iso.Exponent != c.Exponent {
		return fmt.Errorf("currency %s: exponent %d contradicts ISO 4217, which has %d", c.Code, c.Exponent, iso.Exponent)
	}
	return nil
}

// Money is an exact amount in the major unit of one currency.
//
// A Money is immutable and safe to copy; its zero value is "no amount stated",
// which is different from an amount of zero. Money never holds more digits than
// its currency has and never passes through a float.
type Money struct {
	amount   decimal.Decimal
	currency Currency
}

// NewMoney returns amount in currency c. It refuses an amount with more
// significant decimal digits than the currency has: nothing is ever rounded.
func NewMoney(amount decimal.Decimal, c Currency) (Money, error) {
	if err := c.Validate(); err != nil {
		return Money{}, err
	}
	if amount.NumDigits()+int(max(amount.Exponent(), 0)) > maxAmountDigits {
		return Money{}, fmt.Errorf("amount has more than %d digits", maxAmountDigits)
	}
	if amount.Exponent() < -maxAmountDigits {
		return Money{}, fmt.Errorf("amount has more decimal digits than %s has (%d)", c.Code, c.Exponent)
	}
	fixed := amount.Truncate(int32(c.Exponent))
	if !fixed.Equal(amount) {
		return Money{}, fmt.Errorf("amount %s has more decimal digits than %s has (%d)", amount.String(), c.Code, c.Exponent)
	}
	// Counted in canonical form, so that every amount that was made can be read back.
	if fixed.NumDigits()+int(fixed.Exponent())+c.Exponent > maxAmountDigits {
		return Money{}, fmt.Errorf("amount has more than %d digits with the decimals of %s", maxAmountDigits, c.Code)
	}
	return Money{amount: fixed, currency: c}, nil
}

// ParseMoney reads an amount in major units, for example "100.00", and a code
// of ISO 4217. For a code that a manifest declares use [ParseMoneyIn].
func ParseMoney(value, code string) (Money, error) {
	c, ok := LookupCurrency(code)
	if !ok {
		return Money{}, fmt.Errorf("currency %q is not an active ISO 4217 code", clip(code))
	}
	return ParseMoneyIn(value, c)
}

// ParseMoneyIn reads an amount in major units of currency c. The text is an
// optional minus sign, digits, and optionally a dot and more digits; exponents,
// signs of plus, group separators, NaN and infinities are refused.
func ParseMoneyIn(value string, c Currency) (Money, error) {
	if m, ok := parseShort(value, c); ok {
		return m, nil
	}
	if err := checkDigits(value); err != nil {
		return Money{}, err
	}
	d, err := decimal.NewFromString(value)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q is not a decimal number", clip(value))
	}
	return NewMoney(d, c)
}

// parseShort reads the amounts that are met every day, those whose smallest units fit in an int64, without a big number. Where
// it says nothing, the long way decides; where it says something, the long way would have said the same.
func parseShort(value string, c Currency) (Money, bool) {
	digits := strings.TrimPrefix(value, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	if whole == "" || dotted && frac == "" || len(frac) > c.Exponent || len(whole)+c.Exponent > 18 || c.Validate() != nil {
		return Money{}, false
	}
	var units int64
	for _, part := range [...]string{whole, frac} {
		for i := range len(part) {
			d := part[i] - '0'
			if d > 9 {
				return Money{}, false
			}
			units = units*10 + int64(d)
		}
	}
	if len(digits) < len(value) {
		units = -units
	}
	return Money{amount: decimal.New(units, -int32(len(frac))), currency: c}, true
}

func checkDigits(value string) error {
	digits := strings.TrimPrefix(value, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	switch {
	case whole == "" || dotted && frac == "":
		return fmt.Errorf("amount %q is not a decimal number such as \"100.00\"", clip(value))
	case strings.Trim(whole+frac, "0123456789") != "":
		return fmt.Errorf("amount %q is not a decimal number such as \"100.00\"", clip(value))
	case len(whole)+len(frac) > maxAmountDigits:
		return fmt.Errorf("amount has more than %d digits", maxAmountDigits)
	}
	return nil
}

// FromMinor returns units of the smallest unit of c, for example 4200 of UAH is
// 42.00.
func FromMinor(units int64, c Currency) (Money, error) {
	return NewMoney(decimal.New(units, -int32(c.Exponent)), c)
}

// ZeroOf returns an amount of zero in currency c.
func ZeroOf(c Currency) Money { return Money{currency: c} }

// Minor returns the amount in the smallest unit of its currency. It fails when
// the number does not fit in an int64 or m states no amount.
func (m Money) Minor() (int64, error) {
	if !m.IsSet() {
		return 0, fmt.Errorf("no amount stated")
	}
	units := m.amount.Shift(int32(m.currency.Exponent))
	if units.GreaterThan(decimal.NewFromInt(math.MaxInt64)) || units.LessThan(decimal.NewFromInt(math.MinInt64)) {
		return 0, fmt.Errorf("amount %s does not fit in 64 bits of minor units", m.Value())
	}
	return units.IntPart(), nil
}

// IsSet reports whether m states an amount. The zero Money does not.
func (m Money) IsSet() bool { return !m.currency.IsZero() }

// Currency returns the currency of m.
func (m Money) Currency() Currency { return m.currency }

// Code returns the currency code of m, for example "UAH".
func (m Money) Code() string { return m.currency.Code }

// Decimal returns the exact amount in major units.
func (m Money) Decimal() decimal.Decimal { return m.amount }

// Value returns the canonical digits of m: exactly as many decimals as the
// currency has. "100" and "100.00" UAH both have the value "100.00".
func (m Money) Value() string {
	if short, ok := m.shortValue(); ok {
		return short
	}
	return m.amount.StringFixed(int32(m.currency.Exponent))
}

// shortValue writes the amounts that are met every day without a big number, as [parseShort] reads them.
func (m Money) shortValue() (string, bool) {
	decimals, given := m.currency.Exponent, -int(m.amount.Exponent())
	if given < 0 || given > decimals || m.amount.NumDigits()+decimals-given > 18 {
		return "", false
	}
	units := m.amount.CoefficientInt64()
	for range decimals - given {
		units *= 10
	}
	var room [24]byte
	at := len(room)
	rest := max(units, -units)
	for n := 0; rest > 0 || n <= decimals; n++ {
		if n == decimals && n > 0 {
			at--
			room[at] = '.'
		}
		at--
		room[at] = byte('0' + rest%10)
		rest /= 10
	}
	if units < 0 {
		at--
		room[at] = '-'
	}
	return string(room[at:]), true
}

// String returns the value and the code, for example "100.00 UAH".
func (m Money) String() string {
	if !m.IsSet() {
		return "no amount"
	}
	return m.Value() + " " + m.currency.Code
}

// IsZero reports whether the amount is zero. It is also true of the zero Money;
// see [Money.IsSet].
func (m Money) IsZero() bool { return m.amount.IsZero() }

// Sign returns -1, 0 or 1.
func (m Money) Sign() int { return m.amount.Sign() }

// Equal reports whether both amounts and currencies are the same. Two unset
// amounts are equal.
func (m Money) Equal(o Money) bool {
	return m.currency.Code == o.currency.Code && m.currency.Exponent == o.currency.Exponent && m.amount.Equal(o.amount)
}

// Cmp compares two amounts of one currency. It fails when the currencies
// differ, because such amounts have no order.
func (m Money) Cmp(o Money) (int, error) {
	if m.currency.Code != o.currency.Code {
		return 0, fmt.Errorf("cannot compare %s with %s", m.currency.Code, o.currency.Code)
	}
	return m.amount.Cmp(o.amount), nil
}

// Add returns m + o. It fails when the currencies differ.
func (m Money) Add(o Money) (Money, error) {
	if m.currency.Code != o.currency.Code {
		return Money{}, fmt.Errorf("cannot add %s to %s", o.currency.Code, m.currency.Code)
	}
	return NewMoney(m.amount.Add(o.amount), m.currency)
}

// Sub returns m - o. It fails when the currencies differ.
func (m Money) Sub(o Money) (Money, error) {
	if m.currency.Code != o.currency.Code {
		return Money{}, fmt.Errorf("cannot subtract %s from %s", o.currency.Code, m.currency.Code)
	}
	return NewMoney(m.amount.Sub(o.amount), m.currency)
}

type moneyJSON struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

// MarshalJSON writes {"value":"100.00","currency":"UAH"}, and null for a Money
// that states no amount.
func (m Money) MarshalJSON() ([]byte, error) {
	if !m.IsSet() {
		return []byte("null"), nil
	}
	if !plainCode(m.currency.Code) {
		return json.Marshal(moneyJSON{Value: m.Value(), Currency: m.Code()})
	}
	out := append(make([]byte, 0, 56), `{"value":"`...)
	out = append(append(out, m.Value()...), `","currency":"`...)
	return append(append(out, m.currency.Code...), `"}`...), nil
}

// plainCode reports whether a currency code needs no escapes in JSON.
func plainCode(code string) bool {
	for i := range len(code) {
		if b := code[i]; (b < 'A' || b > 'Z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// UnmarshalJSON reads what [Money.MarshalJSON] wrote. A code outside ISO 4217
// takes its exponent from the number of decimals, which is exact because
// canonical digits always have all of them.
func (m *Money) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = Money{}
		return nil
	}
	var j moneyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("money: want an object with \"value\" and \"currency\"")
	}
	parsed, err := parseCanonical(j.Value, j.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

func parseCanonical(value, code string) (Money, error) {
	if c, ok := LookupCurrency(code); ok {
		return ParseMoneyIn(value, c)
	}
	_, frac, _ := strings.Cut(value, ".")
	return ParseMoneyIn(value, Currency{Code: code, Exponent: len(frac)})
}

// Scan reads the text form of [Money.String] from a database column; NULL and
// the empty text are no amount.
func (m *Money) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case nil:
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("money: cannot read a column of type %T", src)
	}
	if text == "" {
		*m = Money{}
		return nil
	}
	value, code, ok := strings.Cut(text, " ")
	if !ok {
		return fmt.Errorf("money: column holds %q, want \"100.00 UAH\"", clip(text))
	}
	parsed, err := parseCanonical(value, code)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// SQL returns the driver value of m for a database column:
// its [Money.String], or NULL when no amount is stated.
func (m Money) SQL() driver.Value {
	if !m.IsSet() {
		return nil
	}
	return m.String()
}

func clip(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if len(digits) > 12 {
		return "…" // it may be a card number in the wrong field
	}
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
