package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// json returns a value of the file as JSON. Numbers keep the digits they were written with: an amount or an id must not
// pass through a float.
func (d *decoder) json(n ast.Node, path string) (json.RawMessage, bool) {
	before := len(d.problems)
	var out bytes.Buffer
	d.writeJSON(&out, n, path)
	return out.Bytes(), len(d.problems) == before
}

func (d *decoder) writeJSON(out *bytes.Buffer, n ast.Node, path string) {
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > maxDepth {
		d.add(n, path, "is nested too deeply")
		return
	}
	if !d.plain(n, path) {
		return
	}
	if _, known := d.at[path]; !known {
		d.at[path] = place(n)
	}
	if isNull(n) {
		out.WriteString("null")
		return
	}
	if entries, ok := entriesOf(n); ok {
		d.writeObject(out, entries, path)
		return
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		out.WriteByte('[')
		for i, value := range n.Values {
			if i > 0 {
				out.WriteByte(',')
			}
			d.writeJSON(out, value, item(path, i))
		}
		out.WriteByte(']')
	case *ast.StringNode:
		// The parser takes integers beyond 64 bits for text; they are numbers all the same.
		if n.Token.Type == token.StringType && digitsOnly(n.Value) {
			d.writeNumber(out, n, n.Value, path)
			return
		}
		writeText(out, n.Value)
	case *ast.LiteralNode:
		writeText(out, n.Value.Value)
	case *ast.BoolNode:
		fmt.Fprint(out, n.Value)
	case *ast.IntegerNode:
		d.writeNumber(out, n, fmt.Sprint(n.Value), path)
	case *ast.FloatNode:
		d.writeNumber(out, n, n.Token.Value, path)
	default:
		d.add(n, path, "cannot be given here")
	}
}

func (d *decoder) writeObject(out *bytes.Buffer, entries []*ast.MappingValueNode, path string) {
	out.WriteByte('{')
	first := true
	for _, e := range entries {
		key, ok := d.key(e, path)
		if !ok {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		writeText(out, key)
		out.WriteByte(':')
		d.at[child(path, key)] = place(e.Key)
		d.writeJSON(out, e.Value, child(path, key))
	}
	out.WriteByte('}')
}

// writeNumber writes digits that mean the same in YAML and JSON, and refuses others.
func (d *decoder) writeNumber(out *bytes.Buffer, n ast.Node, digits, path string) {
	var number json.Number
	if json.Unmarshal([]byte(digits), &number) != nil {
		d.add(n, path, "must be a number as JSON has them, for example 10 or 0.25; or put it in quotes to make it text")
		return
	}
	out.WriteString(digits)
}

// digitsOnly reports whether s is an integer as it would be written without quotes.
func digitsOnly(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func writeText(out *bytes.Buffer, s string) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // text and a buffer cannot fail
	out.Truncate(out.Len() - 1)
}

// unreadable finds bytes that must not reach the parser.
func unreadable(content []byte) (Problem, bool) {
	line, column := 1, 1
	for rest := content; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size <= 1:
			return Problem{Line: line, Column: column, Message: "is not UTF-8"}, true
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return Problem{Line: line, Column: column, Message: "has a control character"}, true
		case r == '\n':
			line, column = line+1, 0
		}
		column++
		rest = rest[size:]
	}
	return Problem{}, false
}
