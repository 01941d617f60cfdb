package payinsim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

type fieldKind int

const (
	integerField fieldKind = iota
	amountField            // positive, at most two decimals
	currencyField
	textField // not empty
	flagField // 1 or 0
	addressField
	emailField
	phoneField // a plus sign and digits
)

// field is one documented parameter of a method.
type field struct {
	name     string
	kind     fieldKind
	required bool
}

func commonFields() []field {
	return []field{{"user_id", integerField, true}, {"timestamp", integerField, true}, {"hash", textField, true}}
}

// checkFields refuses unknown, missing and ill-typed parameters. The provider documents none of the texts, and whether
// it ignores unknown parameters is not known; refusing them catches an adapter's misspelling.
func checkFields(fields []field, f form) error {
	for _, p := range f {
		if !slices.ContainsFunc(fields, func(d field) bool { return d.name == p.key }) {
			return refusal(fmt.Sprintf("unknown parameter %s", p.key))
		}
	}
	for _, d := range fields {
		value, found := f.get(d.name)
		if !found && d.required {
			return refusal(fmt.Sprintf("parameter %s is required", d.name))
		}
		if found && !d.kind.accepts(value) {
			return refusal(fmt.Sprintf("incorrect value of %s", d.name))
		}
	}
	return nil
}

func (k fieldKind) accepts(value string) bool {
	switch k {
	case integerField:
		return isInteger(value, 18)
	case amountField:
		whole, cents, dotted := strings.Cut(value, ".")
		if dotted && (len(cents) > 2 || !isDigits(cents)) {
			return false
		}
		return isInteger(whole, 12) && strings.ContainsAny(value, "123456789")
	case currencyField:
		return len(value) == 3 && isDigits(value)
	case flagField:
		return value == "1" || value == "0"
	case addressField:
		u, err := url.Parse(value)
		return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
	case emailField:
		name, host, ok := strings.Cut(value, "@")
		return ok && name != "" && host != "" && !strings.ContainsAny(value, " \t\r\n")
	case phoneField:
		digits, plus := strings.CutPrefix(value, "+")
		return plus && isDigits(digits) && len(digits) >= 5 && len(digits) <= 15
	case textField:
	}
	return value != ""
}

// isInteger accepts a number without sign, leading zeros or more than digits digits.
func isInteger(s string, digits int) bool {
	return isDigits(s) && len(s) <= digits && (s[0] != '0' || len(s) == 1)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
