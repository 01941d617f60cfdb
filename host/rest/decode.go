package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep the JSON of a request may be nested.
const maxDepth = 64

// decode reads a JSON body into a T.
//
// It is stricter than encoding/json, because what is dropped or guessed in a payment request costs money: invalid UTF-8,
// duplicate keys, data after the value and nesting beyond maxDepth are refused as syntax (400); unknown fields, names in another
// case, missing fields and wrong types as field errors (422), all of them at once.
func decode[T any](raw []byte) (T, error) {
	var body T
	tree, err := parse(raw)
	if err != nil {
		return body, err
	}
	var found fieldErrors
	found.check(tree, reflect.TypeFor[T](), "")
	if err := found.err(); err != nil {
		return body, err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return body, requestProblem(http.StatusBadRequest, "the body cannot be read: %v", err)
	}
	return body, nil
}

// parse reads exactly one JSON value: objects become *object, numbers [json.Number].
func parse(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, requestProblem(http.StatusBadRequest, "the body is not valid UTF-8")
	}
	// This pass finds every error of syntax with its place, also after the value.
	if err := json.Unmarshal(raw, new(json.RawMessage)); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && len(bytes.TrimSpace(raw)) > 0 {
			return nil, requestProblem(http.StatusBadRequest, "the body is not valid JSON: %v, at byte %d", syntax, syntax.Offset)
		}
		return nil, requestProblem(http.StatusBadRequest, "the body is empty; want a JSON object")
	}
	if hasLoneSurrogate(raw) {
		return nil, requestProblem(http.StatusBadRequest, `the body has half a character: a \uD800 to \uDFFF without its pair`)
	}
	return (&tree{raw: raw}).value(0)
}

// hasLoneSurrogate finds escapes that encoding/json would replace without a word. The text is valid JSON.
func hasLoneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++ // what follows a backslash is never the start of an escape
		first := escaped(raw[i-1:])
		if !utf16.IsSurrogate(first) {
			continue
		}
		if utf16.DecodeRune(first, escaped(raw[i+5:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escaped reads an escape such as \u00e9 at the start of raw; 0 when there is none.
func escaped(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

// join appends a key to a path such as "items.0"; both come from the caller, so they are cut.
func join(path, key string) string {
	if r := []rune(key); len(r) > 64 {
		key = string(r[:64]) + "…"
	}
	return strings.TrimPrefix(path+"."+key, ".")
}
