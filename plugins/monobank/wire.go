package monobank

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// text reads a string where the provider, or a later version of it, may write a
// number or null instead: codes and ids are never worth losing an answer for.
type text string

// UnmarshalJSON accepts strings and numbers; anything else is empty.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) == 0 {
		return nil
	}
	switch c := b[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case c == '-' || c >= '0' && c <= '9':
		*t = text(b)
	}
	return nil
}

// minor reads an amount in minor units. It tells an absent amount from zero and
// never passes through a float.
type minor struct {
	units int64
	set   bool
}

// UnmarshalJSON accepts whole numbers and null.
func (m *minor) UnmarshalJSON(b []byte) error {
	*m = minor{}
	if string(b) == "null" {
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("an amount is not a whole number of minor units")
	}
	*m = minor{units: n, set: true}
	return nil
}

// exact is a decimal number of the caller that is sent digit by digit. It may be
// written as a JSON number or as a string.
type exact struct{ decimal.Decimal }

// UnmarshalJSON refuses exponents: "1e999999999" is short to write and long to send.
func (e *exact) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	d, err := readDecimal(s)
	if err != nil {
		return err
	}
	e.Decimal = d
	return nil
}

// number is the exact text for the wire.
func (e exact) number() json.Number { return json.Number(e.String()) }

func readDecimal(s string) (decimal.Decimal, error) {
	if s == "" || len(s) > 20 || strings.Trim(s, "0123456789.") != "" {
		return decimal.Decimal{}, fmt.Errorf("want a decimal number such as 1.42")
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("want a decimal number such as 1.42")
	}
	return d, nil
}
