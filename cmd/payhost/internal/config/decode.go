package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxDepth bounds nesting, so that no file can exhaust the stack.
const maxDepth = 64

type position struct{ line, column int }

// decoder turns the syntax tree into Go values. Unlike the library's own decoder it goes on after a problem, knows the
// path of the field and never repeats a value.
type decoder struct {
	file     string
	at       map[string]position
	problems Problems
	depth    int
}

// custom is a type that accepts several forms.
type custom interface {
	decodeNode(d *decoder, n ast.Node, path string)
}

func (d *decoder) add(n ast.Node, path, format string, args ...any) {
	pos := place(n)
	d.problems = append(d.problems, Problem{
		File: d.file, Line: pos.line, Column: pos.column, Path: path, Message: fmt.Sprintf(format, args...),
	})
}

func place(n ast.Node) position {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return position{}
	}
	p := n.GetToken().Position
	return position{p.Line, p.Column}
}

// decodeFile reads the one document of a file.
func (d *decoder) decodeFile(content []byte, into *Config) {
	if problem, bad := unreadable(content); bad {
		problem.File = d.file
		d.problems = append(d.problems, problem)
		return
	}
	tree, err := parser.ParseBytes(content, 0)
	if err != nil {
		d.problems = append(d.problems, d.syntax(err))
		return
	}
	var body ast.Node
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			d.add(doc.Body, "", "a second document in one file is not supported")
			return
		}
		body = doc.Body
	}
	if body == nil {
		d.problems = append(d.problems, Problem{File: d.file, Message: "the file is empty; see payhost.example.yaml"})
		return
	}
	d.decode(body, reflect.ValueOf(into).Elem(), "")
}

// syntax words an error of the parser without the lines around it: a secret may stand there.
func (d *decoder) syntax(err error) Problem {
	p := Problem{File: d.file, Message: "is not valid YAML"}
	var at yaml.Error
	if !errors.As(err, &at) {
		return p
	}
	p.Message = strings.TrimSpace(yaml.FormatError(err, false, false))
	if token := at.GetToken(); token != nil && token.Position != nil {
		p.Line, p.Column = token.Position.Line, token.Position.Column
		p.Message = strings.TrimPrefix(p.Message, fmt.Sprintf("[%d:%d] ", p.Line, p.Column))
	}
	return p
}

// decode fills v from n. It has the one list of what may stand where.
func (d *decoder) decode(n ast.Node, v reflect.Value, path string) {
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > maxDepth {
		d.add(n, path, "is nested too deeply")
		return
	}
	if !d.plain(n, path) {
		return
	}
	if pos := place(n); pos.line > 0 {
		if _, known := d.at[path]; !known {
			d.at[path] = pos
		}
	}
	if isNull(n) { // "key:" with nothing behind it is the same as no key
		return
	}
	if c, ok := reflect.TypeAssert[custom](v.Addr()); ok {
		c.decodeNode(d, n, path)
		return
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		if raw, ok := d.json(n, path); ok {
			v.SetBytes(raw)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	case reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			d.add(n, path, "must be a list, not %s", kindOf(n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
		for i, value := range list.Values {
			d.decode(value, v.Index(i), item(path, i))
		}
	case reflect.String:
		if text, ok := d.text(n, path); ok {
			v.SetString(text)
		}
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.add(n, path, "must be true or false, not %s", kindOf(n))
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			d.add(n, path, "must be a whole number, not %s", kindOf(n))
			return
		}
		number, err := strconv.ParseInt(fmt.Sprint(i.Value), 10, 32)
		if err != nil {
			d.add(n, path, "is too large")
			return
		}
		v.SetInt(number)
	default:
		d.add(n, path, "cannot be given here")
	}
}

func (d *decoder) decodeStruct(n ast.Node, v reflect.Value, path string) {
	entries, ok := entriesOf(n)
	if !ok {
		d.add(n, path, "must be an object, not %s", kindOf(n))
		return
	}
	fields := map[string]int{}
	names := []string{}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	for _, e := range entries {
		key, ok := d.key(e, path)
		if !ok {
			continue
		}
		i, known := fields[key]
		if !known {
			slices.Sort(names)
			d.add(e.Key, child(path, shorten(key)), "is not a known key; known are %s", strings.Join(names, ", "))
			continue
		}
		d.at[child(path, key)] = place(e.Key)
		d.decode(e.Value, v.Field(i), child(path, key))
	}
}

func (d *decoder) decodeMap(n ast.Node, v reflect.Value, path string) {
	entries, ok := entriesOf(n)
	if !ok {
		d.add(n, path, "must be an object, not %s", kindOf(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range entries {
		key, ok := d.key(e, path)
		if !ok {
			continue
		}
		d.at[child(path, key)] = place(e.Key)
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(e.Value, value, child(path, key))
		v.SetMapIndex(reflect.ValueOf(key), value)
	}
}

// key returns the name an entry has.
func (d *decoder) key(e *ast.MappingValueNode, path string) (string, bool) {
	key, ok := e.Key.(*ast.StringNode)
	if !ok {
		d.add(e.Key, path, "has a key that is not text; put it in quotes")
		return "", false
	}
	return key.Value, true
}

func (d *decoder) text(n ast.Node, path string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	d.add(n, path, "must be text, not %s; put it in quotes", kindOf(n))
	return "", false
}

// plain refuses the parts of YAML that make a file hard to read and to check.
func (d *decoder) plain(n ast.Node, path string) bool {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		d.add(n, path, "anchors and aliases are not supported; write the value out")
		return false
	case *ast.TagNode:
		d.add(n, path, "tags are not supported")
		return false
	}
	return true
}

func entriesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return null || n == nil
}

// kindOf names the kind of a value, never the value.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "an object"
	case *ast.SequenceNode:
		return "a list"
	}
	return "something else"
}
