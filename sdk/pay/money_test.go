package pay_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/sdk/pay"
)

func TestParseMoney(t *testing.T) {
	good := map[string][3]string{
		"plain":      {"100", "UAH", "100.00"},
		"decimals":   {"0.01", "UAH", "0.01"},
		"more zeros": {"1.500", "UAH", "1.50"},
		"no minor":   {"5000", "JPY", "5000"},
		"three":      {"1.234", "KWD", "1.234"},
		"negative":   {"-3.20", "EUR", "-3.20"},
		"large":      {"9007199254740993.01", "UAH", "9007199254740993.01"},
	}
	for name, c := range good {
		t.Run(name, func(t *testing.T) {
			m, err := pay.ParseMoney(c[0], c[1])
			require.NoError(t, err)
			require.Equal(t, c[2], m.Value())
			require.Equal(t, c[2]+" "+c[1], m.String())
		})
	}
	bad := []struct{ value, code, says string }{
		{"1.001", "UAH", "more decimal digits"},
		{"0.5", "JPY", "more decimal digits"},
		{"1e400", "UAH", "not a decimal number"},
		{"1e2", "UAH", "not a decimal number"},
		{"NaN", "UAH", "not a decimal number"},
		{"Infinity", "UAH", "not a decimal number"},
		{"+1", "UAH", "not a decimal number"},
		{"1,00", "UAH", "not a decimal number"},
		{" 1", "UAH", "not a decimal number"},
		{"", "UAH", "not a decimal number"},
		{"-", "UAH", "not a decimal number"},
		{".5", "UAH", "not a decimal number"},
		{"5.", "UAH", "not a decimal number"},
		{"١", "UAH", "not a decimal number"},
		{strings.Repeat("9", 31), "UAH", "more than 30 digits"},
		{"1", "uah", "not an active ISO 4217 code"},
		{"1", "XXX", "not an active ISO 4217 code"},
	}
	for _, c := range bad {
		_, err := pay.ParseMoney(c.value, c.code)
		require.ErrorContains(t, err, c.says, "%q %s", c.value, c.code)
	}
}

func TestNewMoneyRefusesWhatItWouldHaveToRound(t *testing.T) {
	uah, _ := pay.LookupCurrency("UAH")
	for _, d := range []decimal.Decimal{
		decimal.New(1, -3), decimal.New(1, 1000), decimal.New(1, -1000), decimal.New(math.MaxInt64, 30),
	} {
		_, err := pay.NewMoney(d, uah)
		require.Error(t, err)
	}
	m, err := pay.NewMoney(decimal.New(1000, -3), uah)
	require.NoError(t, err, "trailing zeros are no digits")
	require.Equal(t, "1.00", m.Value())
}

func TestMinorUnits(t *testing.T) {
	uah, _ := pay.LookupCurrency("UAH")
	m, err := pay.FromMinor(4200, uah)
	require.NoError(t, err)
	require.Equal(t, "42.00", m.Value())
	minor, err := m.Minor()
	require.NoError(t, err)
	require.EqualValues(t, 4200, minor)

	big, err := pay.ParseMoney("92233720368547758.08", "UAH")
	require.NoError(t, err)
	_, err = big.Minor()
	require.ErrorContains(t, err, "does not fit")
	_, err = pay.Money{}.Minor()
	require.ErrorContains(t, err, "no amount")
}

func TestMoneyArithmeticKeepsCurrenciesApart(t *testing.T) {
	a, _ := pay.ParseMoney("10.00", "UAH")
	b, _ := pay.ParseMoney("2.50", "UAH")
	e, _ := pay.ParseMoney("2.50", "EUR")
	sum, err := a.Add(b)
	require.NoError(t, err)
	require.Equal(t, "12.50", sum.Value())
	diff, err := b.Sub(a)
	require.NoError(t, err)
	require.Equal(t, "-7.50", diff.Value())
	order, err := a.Cmp(b)
	require.NoError(t, err)
	require.Equal(t, 1, order)
	_, err = a.Add(e)
	require.Error(t, err)
	_, err = a.Sub(e)
	require.Error(t, err)
	_, err = a.Cmp(e)
	require.Error(t, err)
	require.False(t, b.Equal(e))
	require.True(t, pay.Money{}.Equal(pay.Money{}))
}

// A code that only a manifest declares survives JSON and SQL with its exponent.
func TestMoneyRoundTrips(t *testing.T) {
	usdt := pay.Currency{Code: "USDT", Exponent: 8}
	rapid.Check(t, func(t *rapid.T) {
		c := usdt
		if code := rapid.SampledFrom(append(pay.CurrencyCodes(), "USDT")).Draw(t, "code"); code != "USDT" {
			c, _ = pay.LookupCurrency(code)
		}
		m, err := pay.FromMinor(rapid.Int64().Draw(t, "minor"), c)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON, fromSQL pay.Money
		if err := json.Unmarshal(raw, &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := fromSQL.Scan(m.SQL()); err != nil {
			t.Fatal(err)
		}
		if !fromJSON.Equal(m) || !fromSQL.Equal(m) {
			t.Fatalf("%s became %s and %s", m, fromJSON, fromSQL)
		}
		if back, err := fromJSON.Minor(); err != nil {
			t.Fatal(err)
		} else if want, _ := m.Minor(); back != want {
			t.Fatalf("%d became %d", want, back)
		}
	})
	var none pay.Money
	require.NoError(t, json.Unmarshal([]byte("null"), &none))
	require.False(t, none.IsSet())
	require.Nil(t, none.SQL())
	raw, err := json.Marshal(none)
	require.NoError(t, err)
	require.Equal(t, "null", string(raw))
	require.Error(t, none.Scan(12))
	require.Error(t, none.Scan("12"))
}

func TestCurrencyTable(t *testing.T) {
	numeric := map[int]string{}
	for _, code := range pay.CurrencyCodes() {
		c, ok := pay.LookupCurrency(code)
		require.True(t, ok, code)
		require.NoError(t, c.Validate())
		require.Equal(t, code, c.Code)
		require.Empty(t, numeric[c.Numeric], "numeric code %d twice", c.Numeric)
		numeric[c.Numeric] = code
		back, ok := pay.LookupNumericCurrency(c.Numeric)
		require.True(t, ok)
		require.Equal(t, c, back)
	}
	for code, exponent := range map[string]int{"UAH": 2, "RUB": 2, "JPY": 0, "BHD": 3, "CLF": 4, "UYW": 4, "ISK": 0, "TND": 3, "VND": 0} {
		c, _ := pay.LookupCurrency(code)
		require.Equal(t, exponent, c.Exponent, code)
	}
	_, ok := pay.LookupNumericCurrency(999)
	require.False(t, ok)
	require.Error(t, pay.Currency{Code: "UAH", Exponent: 3}.Validate())
	require.Error(t, pay.Currency{Code: "usdt", Exponent: 8}.Validate())
	require.Error(t, pay.Currency{Code: "USDT", Exponent: 19}.Validate())
}

func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"100.00", "1e400", "NaN", "-0", "0.0000000001", "99999999999999999999999999999999", "1.", "..", "\x00"} {
		f.Add(seed, "UAH")
	}
	f.Fuzz(func(t *testing.T, value, code string) {
		m, err := pay.ParseMoney(value, code)
		if err != nil {
			return
		}
		again, err := pay.ParseMoney(m.Value(), m.Code())
		if err != nil || !again.Equal(m) {
			t.Fatalf("%q %s: canonical form %s does not read back: %v", value, code, m, err)
		}
	})
}

func FuzzMoneyJSON(f *testing.F) {
	f.Add([]byte(`{"value":"100.00","currency":"UAH"}`))
	f.Add([]byte(`{"value":"1.00000000","currency":"USDT"}`))
	f.Add([]byte(`{"value":1e400,"currency":"UAH"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m pay.Money
		if json.Unmarshal(raw, &m) != nil {
			return
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var again pay.Money
		if err := json.Unmarshal(out, &again); err != nil || !again.Equal(m) {
			t.Fatalf("%s became %s: %v", m, again, err)
		}
	})
}

func ExampleParseMoney() {
	m, _ := pay.ParseMoney("100", "UAH")
	minor, _ := m.Minor()
	fmt.Println(m, minor)
	_, err := pay.ParseMoney("0.001", "UAH")
	fmt.Println(err)
	// Output:
	// 100.00 UAH 10000
	// amount 0.001 has more decimal digits than UAH has (2)
}
