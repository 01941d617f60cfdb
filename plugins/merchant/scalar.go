package merchant

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// idText is an id, which the samples write as a text and brands may write as an
// integer. It keeps every digit of a number.
type idText string

// UnmarshalJSON reads a text or an integer; null is absence.
func (t *idText) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*t = idText(s)
		return err
	}
	switch s := string(b); {
	case s == "null":
	case strings.Trim(s, "0123456789") == "":
		*t = idText(s)
	default:
		return errors.New("an id that is neither text nor integer")
	}
	return nil
}

// scalarText is a value that informs: a text, or a number as it was written.
// Anything else is absence.
type scalarText string

// UnmarshalJSON reads a text or a number.
func (t *scalarText) UnmarshalJSON(b []byte) error {
	*t = ""
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = scalarText(s)
	case json.Unmarshal(b, &n) == nil:
		*t = scalarText(n)
	}
	return nil
}

// list is a member that is a list, as far as its length goes; anything else is empty.
type list int

// UnmarshalJSON counts the elements of a list.
func (l *list) UnmarshalJSON(b []byte) error {
	var items []json.RawMessage
	*l = 0
	if json.Unmarshal(b, &items) == nil {
		*l = list(len(items))
	}
	return nil
}

// maxName bounds names for people and ids of others, in bytes.
const maxName = 200

// clip bounds a word of the gateway's.
func clip(s string) string { return clipTo(s, 64) }

// clipTo cuts s to at most n bytes, between characters.
func clipTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
