package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

// maxCanonicalDepth is how deep JSON may be nested, as in encoding/json.
const maxCanonicalDepth = 10000

var errTooDeep = errors.New("the JSON is nested too deeply")

// canonicalJSON orders keys and removes spaces; numbers keep their digits. What it makes is what encoding/json would make of the
// decoded value, byte for byte: fingerprints over it are stored and compared with those of later versions.
func canonicalJSON(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var first json.RawMessage // what follows the first value does not count
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&first); err != nil {
		return nil, err
	}
	return canonicalOf(first)
}

// canonicalOf is canonicalJSON of text that is known to be one JSON value. Decoding and encoding it costs several times as much.
func canonicalOf(valid []byte) ([]byte, error) {
	c := canonical{in: valid, out: make([]byte, 0, len(valid))}
	err := c.value(0)
	return c.out, err
}

// canonical rewrites in, of which at bytes are done, to out.
type canonical struct {
	in      []byte
	at      int
	out     []byte
	scratch []byte
	members []canonicalMember // of all objects that are open
}

// canonicalMember is one member of an object: its decoded key, and where its whole text lies in out.
type canonicalMember struct {
	key      []byte
	from, to int
}

func (c *canonical) peek() byte {
	for c.in[c.at] <= ' ' {
		c.at++
	}
	return c.in[c.at]
}

func (c *canonical) value(depth int) error {
	switch c.peek() {
	case '{':
		return c.object(depth + 1)
	case '[':
		return c.array(depth + 1)
	case '"':
		_, err := c.text()
		return err
	}
	from := c.at // a number or a literal
	for c.at < len(c.in) && c.in[c.at] > ' ' && c.in[c.at] != ',' && c.in[c.at] != ']' && c.in[c.at] != '}' {
		c.at++
	}
	c.out = append(c.out, c.in[from:c.at]...)
	return nil
}

func (c *canonical) array(depth int) error {
	if depth > maxCanonicalDepth {
		return errTooDeep
	}
	c.at++
	c.out = append(c.out, '[')
	for c.peek() != ']' {
		if c.in[c.at] == ',' {
			c.at++
			c.out = append(c.out, ',')
		}
		if err := c.value(depth); err != nil {
			return err
		}
	}
	c.at++
	c.out = append(c.out, ']')
	return nil
}

// object writes the members in the order they come and puts them into that of their keys afterwards.
func (c *canonical) object(depth int) error {
	if depth > maxCanonicalDepth {
		return errTooDeep
	}
	c.at++
	c.out = append(c.out, '{')
	first, start := len(c.members), len(c.out)
	sorted := true
	for c.peek() != '}' {
		if c.in[c.at] == ',' {
			c.at++
			c.out = append(c.out, ',')
			c.peek()
		}
		from := len(c.out)
		key, err := c.text()
		if err != nil {
			return err
		}
		c.peek()
		c.at++
		c.out = append(c.out, ':')
		if err := c.value(depth); err != nil {
			return err
		}
		if n := len(c.members); n > first && bytes.Compare(c.members[n-1].key, key) >= 0 {
			sorted = false
		}
		c.members = append(c.members, canonicalMember{key, from, len(c.out)})
	}
	c.at++
	if !sorted {
		c.sort(start, c.members[first:])
	}
	c.out = append(c.out, '}')
	c.members = c.members[:first]
	return nil
}

// sort writes members again that stand in out from start on.
func (c *canonical) sort(start int, members []canonicalMember) {
	slices.SortStableFunc(members, func(a, b canonicalMember) int { return bytes.Compare(a.key, b.key) })
	c.scratch = append(c.scratch[:0], c.out[start:]...)
	c.out = c.out[:start]
	for i, m := range members {
		if i+1 < len(members) && bytes.Equal(m.key, members[i+1].key) {
			continue // the last one of a name counts
		}
		if len(c.out) > start {
			c.out = append(c.out, ',')
		}
		c.out = append(c.out, c.scratch[m.from-start:m.to-start]...)
	}
}

// text writes a text and returns what it says.
func (c *canonical) text() ([]byte, error) {
	from := c.at
	for c.at++; c.in[c.at] != '"'; c.at++ {
		if c.in[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	quoted := c.in[from:c.at]
	if plainText(quoted) {
		c.out = append(c.out, quoted...)
		return quoted[1 : len(quoted)-1], nil
	}
	var decoded string
	if err := json.Unmarshal(quoted, &decoded); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(decoded)
	c.out = append(c.out, encoded...)
	return []byte(decoded), err
}

// plainText reports whether encoding/json writes a text, quotes included, as it stands.
func plainText(text []byte) bool {
	ascii := true
	for _, b := range text {
		switch {
		case b == '\\', b == '<', b == '>', b == '&':
			return false
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	// The line and paragraph separators are escaped for the sake of JavaScript.
	return ascii || utf8.Valid(text) && !bytes.Contains(text, []byte("\u2028")) && !bytes.Contains(text, []byte("\u2029"))
}
