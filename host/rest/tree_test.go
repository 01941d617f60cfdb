package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// FuzzTree reads bodies in both ways: what a json.Decoder says token by token is what a tree says.
func FuzzTree(f *testing.F) {
	for _, body := range []string{
		`{}`, ` [ ] `, `null`, `"a"`, `true`, `-1.5e+3`, `{"a":{"b":[1,{"c":null}],"d":"\u00e9\n"},"e":false}`, "\t{ \"a\" :\r\n[ 1 , 2 ] } ",
		`{"a":1,"a":2}`, `{"a":[{"b":1,"b":2}]}`, `{"a":1,"\u0061":2}`, `{"":{"":1}}`, `{"` + strings.Repeat("k", 100) + `":{"x":1,"x":2}}`,
		strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat("[", 65) + strings.Repeat("]", 65),
		strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), `{"a":1,"a":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + "}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parse(raw)
		if err != nil && !strings.Contains(err.Error(), "stands twice") && !strings.Contains(err.Error(), "nested deeper") {
			return // refused before a tree is read
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		want, wantErr := readValue(dec, "", 0)
		require.Equal(t, wantErr, err)
		require.Equal(t, want, got)
	})
}

func readValue(dec *json.Decoder, path string, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, requestProblem(http.StatusBadRequest, "the body is not valid JSON: %v", err)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth >= maxDepth {
		return nil, requestProblem(http.StatusBadRequest, "the body is nested deeper than %d levels", maxDepth)
	}
	if delim == '{' {
		return readObject(dec, path, depth)
	}
	list := []any{}
	for dec.More() {
		v, err := readValue(dec, join(path, fmt.Sprint(len(list))), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err = dec.Token()
	return list, err
}

func readObject(dec *json.Decoder, path string, depth int) (any, error) {
	o := &object{values: map[string]any{}}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, requestProblem(http.StatusBadRequest, "the body is not valid JSON: %v", err)
		}
		key, ok := token.(string)
		if !ok {
			return nil, requestProblem(http.StatusBadRequest, "the body is not valid JSON: a key is no string")
		}
		if _, twice := o.values[key]; twice {
			p := requestProblem(http.StatusBadRequest, "the key %s stands twice", join(path, key))
			p.Errors = []pay.FieldError{{Path: join(path, key), Message: "stands twice"}}
			return nil, p
		}
		v, err := readValue(dec, join(path, key), depth+1)
		if err != nil {
			return nil, err
		}
		o.keys = append(o.keys, key)
		o.values[key] = v
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return o, nil
}
