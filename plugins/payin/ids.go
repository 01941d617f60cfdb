package payin

import (
	"encoding/json"
	"errors"
	"strings"
)

// idText is an id that the provider documents as a string and sends as an
// integer, or the other way round. It is kept as text, so that no digit is lost
// above 2^53.
type idText string

// UnmarshalJSON accepts a string, an integer or null, which is the empty id.
func (t *idText) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = ""
		return nil
	}
	if b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = idText(strings.TrimSpace(s))
		return nil
	}
	if strings.Trim(string(b), "0123456789") != "" {
		return errors.New("an id must be a string or an integer")
	}
	*t = idText(b)
	return nil
}

// isPrettyID reports whether s has the form of an invoice number, digits-digits.
func isPrettyID(s string) bool {
	user, number, ok := strings.Cut(s, "-")
	return ok && isDigits(user) && isDigits(number)
}

// isDigits reports whether s is 1 to 32 decimal digits.
func isDigits(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "0123456789") == ""
}

// isKey reports whether s is an operation key as the manifest asks for, with
// room for hosts that use longer ones.
func isKey(s string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	return s != "" && len(s) <= 64 && strings.Trim(s, alphabet) == ""
}
