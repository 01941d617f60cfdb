package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/payhost/payhost/sdk/pay"
)

// object is a JSON object with its keys in the order they were written.
type object struct {
	keys   []string
	values map[string]any
}

// tree reads a body that is known to be one JSON value in valid UTF-8: objects become *object, arrays []any, numbers [json.Number].
// A [json.Decoder], asked token by token, would make a value of each delimiter as well.
type tree struct {
	raw []byte
	at  int
	// path is where the value stands that is being read; it is put together for problems only.
	path []string
}

// next skips spaces and returns the byte where something begins.
func (t *tree) next() byte {
	for t.raw[t.at] <= ' ' {
		t.at++
	}
	return t.raw[t.at]
}

// value refuses what is nested deeper than maxDepth, of which depth levels are open.
func (t *tree) value(depth int) (any, error) {
	switch b := t.next(); b {
	case '{', '[':
		if depth >= maxDepth {
			return nil, requestProblem(http.StatusBadRequest, "the body is nested deeper than %d levels", maxDepth)
		}
		t.at++
		if b == '{' {
			return t.object(depth)
		}
		return t.array(depth)
	case '"':
		return t.text()
	case 't':
		t.at += len("true")
		return true, nil
	case 'f':
		t.at += len("false")
		return false, nil
	case 'n':
		t.at += len("null")
		return nil, nil
	}
	from := t.at
	for t.at < len(t.raw) && bytes.IndexByte([]byte("+-.0123456789eE"), t.raw[t.at]) >= 0 {
		t.at++
	}
	return json.Number(t.raw[from:t.at]), nil
}

func (t *tree) array(depth int) (any, error) {
	list := []any{}
	for t.next() != ']' {
		if t.raw[t.at] == ',' {
			t.at++
		}
		t.path = append(t.path, strconv.Itoa(len(list)))
		v, err := t.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t.path = t.path[:len(t.path)-1]
		list = append(list, v)
	}
	t.at++
	return list, nil
}

func (t *tree) object(depth int) (any, error) {
	o := &object{values: map[string]any{}}
	for t.next() != '}' {
		if t.raw[t.at] == ',' {
			t.at++
			t.next()
		}
		key, err := t.text()
		if err != nil {
			return nil, err
		}
		t.path = append(t.path, key)
		if _, twice := o.values[key]; twice {
			p := requestProblem(http.StatusBadRequest, "the key %s stands twice", t.where())
			p.Errors = []pay.FieldError{{Path: t.where(), Message: "stands twice"}}
			return nil, p
		}
		t.next()
		t.at++ // the colon
		v, err := t.value(depth + 1)
		if err != nil {
			return nil, err
		}
		t.path = t.path[:len(t.path)-1]
		o.keys = append(o.keys, key)
		o.values[key] = v
	}
	t.at++
	return o, nil
}

func (t *tree) text() (string, error) {
	from, plain := t.at, true
	for t.at++; t.raw[t.at] != '"'; t.at++ {
		if t.raw[t.at] == '\\' {
			plain = false
			t.at++
		}
	}
	t.at++
	quoted := t.raw[from:t.at]
	if plain {
		return string(quoted[1 : len(quoted)-1]), nil
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return "", requestProblem(http.StatusBadRequest, "the body is not valid JSON: %v", err)
	}
	return text, nil
}

func (t *tree) where() string {
	path := ""
	for _, key := range t.path {
		path = join(path, key)
	}
	return path
}
