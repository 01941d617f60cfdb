package payin

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
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

// codeText is a status code as the literal text of a JSON number or string, so
// that a code nobody expects is an unknown code and not an unreadable answer.
type codeText string

// UnmarshalJSON accepts a string or a number.
func (c *codeText) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*c = codeText(strings.TrimSpace(s))
		return err
	}
	if b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return errors.New("a code must be a string or a number")
	}
	*c = codeText(b)
	return nil
}

// shown is the code for people and logs.
func (c codeText) shown() string { return clip(httpx.Scrub(string(c))) }

// readOne reads an object that may also come as a list of one; an empty list,
// which is how PHP writes an empty map, is nothing found.
func readOne[T any](raw json.RawMessage) (one T, found bool, err error) {
	if len(raw) > 0 && raw[0] == '{' {
		return one, true, json.Unmarshal(raw, &one)
	}
	var list []T
	switch err := json.Unmarshal(raw, &list); {
	case err != nil:
		return one, false, err
	case list == nil || len(list) > 1:
		return one, false, errors.New("it is not one object")
	case len(list) == 0:
		return one, false, nil
	}
	return list[0], true, nil
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
