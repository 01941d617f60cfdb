package merchantsim

import (
	"encoding/json"
	"net/url"

	"github.com/shopspring/decimal"
)

// fields reads the members of a JSON request one after another and keeps the
// first refusal: the gateway's answers name one field at a time. Unknown
// members are ignored, because one sample carries a member that no table has.
type fields struct {
	raw     map[string]json.RawMessage
	prefix  string // "matchingSettings." inside that object, else ""
	refused *refusal
}

// blame keeps the first refusal.
func (f *fields) blame(name, message string) {
	if f.refused == nil {
		f.refused = refuseField(f.prefix+name, message)
	}
}

// present returns the raw member, or false when it is absent or null.
func (f *fields) present(name string) (json.RawMessage, bool) {
	raw, ok := f.raw[name]
	return raw, ok && string(raw) != "null"
}

// text reads an optional string; absent, null and "" are the same. A number is
// refused: amounts are strings.
func (f *fields) text(name string) string {
	raw, ok := f.present(name)
	if !ok {
		return ""
	}
	var out string
	if json.Unmarshal(raw, &out) != nil {
		f.blame(name, textOfType+"string")
	}
	return out
}

// required reads a string that must not be blank.
func (f *fields) required(name string) string {
	out := f.text(name)
	if out == "" {
		f.blame(name, textBlank)
	}
	return out
}

// flag reads an optional boolean; "true" and 1 are refused.
func (f *fields) flag(name string) bool {
	raw, ok := f.present(name)
	if !ok {
		return false
	}
	var out bool
	if json.Unmarshal(raw, &out) != nil {
		f.blame(name, textOfType+"boolean")
	}
	return out
}

// object reads an optional object and hands its members to read.
func (f *fields) object(name string, read func(*fields)) {
	raw, ok := f.present(name)
	if !ok {
		return
	}
	inner := &fields{prefix: f.prefix + name + "."}
	if json.Unmarshal(raw, &inner.raw) != nil {
		f.blame(name, textOfType+"object")
		return
	}
	read(inner)
	if f.refused == nil {
		f.refused = inner.refused
	}
}

// amount parses the text of an amount already read; "" is zero.
func (f *fields) amount(name, text string, places int32) decimal.Decimal {
	if text == "" {
		return decimal.Decimal{}
	}
	out, err := parseAmount(text, places)
	if err != nil {
		f.blame(name, textInvalid)
	}
	return out
}

// web checks the text of an optional absolute http or https URL.
func (f *fields) web(name, text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		f.blame(name, textInvalidURL)
	}
	return text
}

// oneOf checks an optional text against a list.
func (f *fields) oneOf(name, text, message string, allowed func(string) bool) string {
	if text != "" && !allowed(text) {
		f.blame(name, message)
	}
	return text
}
