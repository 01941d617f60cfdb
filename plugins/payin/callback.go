package payin

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a callback; the documented ones have none.
const maxDepth = 16

// callback is a parsed notification: what it says and what its hash covers.
type callback struct {
	// values holds the top-level strings and numbers as literal text.
	values map[string]string
	// signed are all fields but hash and tracker, known to us or not.
	signed []field
	// hash and tracker are the two fields outside the signature.
	hash, tracker string
}

// parseCallback reads the JSON object of a notification. Numbers keep the text
// they have in the JSON, because a float would turn large ones into exponents
// and break the hash. A repeated key is refused: PHP would keep only the last
// one, and a parser that disagrees with the signer must not guess.
func parseCallback(body []byte) (callback, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return callback{}, errors.New("the body is not JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return callback{}, errors.New("the body is not a JSON object")
	}
	c := callback{values: map[string]string{}}
	seen := map[string]bool{}
	for dec.More() {
		key, text, encoded, err := readMember(dec)
		if err != nil {
			return callback{}, err
		}
		if seen[key] {
			return callback{}, errors.New("the body repeats a field")
		}
		seen[key] = true
		switch key {
		case "hash":
			c.hash = text
		case "tracker":
			c.tracker = text
		default:
			c.values[key] = text
			c.signed = append(c.signed, field{key: key, encoded: encoded})
		}
	}
	return c, nil
}

// readMember reads one top-level member: its text if it is a string or a
// number, and its contribution to the signed string.
func readMember(dec *json.Decoder) (key, text, encoded string, err error) {
	t, err := dec.Token()
	if err != nil {
		return "", "", "", err
	}
	key, ok := t.(string)
	if !ok {
		return "", "", "", errors.New("the body is not a JSON object")
	}
	text, encoded, err = readValue(dec, escape(key), 1)
	return key, text, encoded, err
}

// readValue reads a value and encodes it under name, which is already escaped,
// by the rules of http_build_query: true is 1, false is 0, null and empty lists
// are left out, nested keys stay in their order.
func readValue(dec *json.Decoder, name string, depth int) (text, encoded string, err error) {
	if depth > maxDepth {
		return "", "", errors.New("the body is nested too deeply")
	}
	t, err := dec.Token()
	if err != nil {
		return "", "", err
	}
	switch v := t.(type) {
	case string:
		return v, name + "=" + escape(v), nil
	case json.Number:
		return v.String(), name + "=" + escape(v.String()), nil
	case bool:
		if v {
			return "", name + "=1", nil
		}
		return "", name + "=0", nil
	case json.Delim:
		encoded, err = readNested(dec, v == '{', name, depth)
		return "", encoded, err
	}
	return "", "", nil
}

func readNested(dec *json.Decoder, object bool, name string, depth int) (string, error) {
	var all []byte
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		key := strconv.Itoa(i)
		if object {
			t, err := dec.Token()
			if err != nil {
				return "", err
			}
			key, _ = t.(string)
		}
		if seen[key] {
			return "", errors.New("the body repeats a field")
		}
		seen[key] = true
		_, encoded, err := readValue(dec, name+"%5B"+escape(key)+"%5D", depth+1)
		if err != nil {
			return "", err
		}
		if encoded != "" {
			if len(all) > 0 {
				all = append(all, '&')
			}
			all = append(all, encoded...)
		}
	}
	_, err := dec.Token()
	return string(all), err
}
