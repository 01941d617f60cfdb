package rest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// maxFieldErrors bounds the list in one answer.
const maxFieldErrors = 100

// fieldErrors collects what is wrong with a body.
type fieldErrors struct{ list []pay.FieldError }

func (f *fieldErrors) add(path, format string, args ...any) {
	if path == "" {
		path = "body"
	}
	if len(f.list) < maxFieldErrors {
		f.list = append(f.list, pay.FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

func (f *fieldErrors) err() error {
	if len(f.list) == 0 {
		return nil
	}
	message := f.list[0].Path + ": " + f.list[0].Message
	if more := len(f.list) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return newProblem(&pay.Error{Kind: pay.KindInvalidRequest, Executed: pay.ExecutedNo, Message: message, Fields: f.list})
}

// check compares a parsed value with the Go type it shall become.
func (f *fieldErrors) check(v any, t reflect.Type, path string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		if _, ok := v.(*object); !ok {
			f.add(path, "must be an object, not %s", nameOf(v))
		}
		f.checkText(v, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		f.checkStruct(v, t, path)
	case reflect.Map:
		o, ok := v.(*object)
		if !ok {
			f.add(path, "must be an object, not %s", nameOf(v))
			return
		}
		for _, key := range o.keys {
			f.checkText(key, path)
			f.check(o.values[key], t.Elem(), join(path, key))
		}
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			f.add(path, "must be an array, not %s", nameOf(v))
			return
		}
		for i, item := range list {
			f.check(item, t.Elem(), join(path, fmt.Sprint(i)))
		}
	case reflect.String:
		f.checkString(v, path)
	case reflect.Bool:
		if _, ok := v.(bool); !ok {
			f.add(path, "must be true or false, not %s", nameOf(v))
		}
	case reflect.Int:
		f.checkWhole(v, path)
	default:
		f.add(path, "cannot be given here")
	}
}

// checkWhole accepts what an int can hold, written without fraction or exponent.
func (f *fieldErrors) checkWhole(v any, path string) {
	n, ok := v.(json.Number)
	if !ok {
		f.add(path, "must be a whole number, not %s", nameOf(v))
		return
	}
	if _, err := strconv.Atoi(n.String()); err != nil {
		f.add(path, "must be a whole number")
	}
}

func (f *fieldErrors) checkStruct(v any, t reflect.Type, path string) {
	o, ok := v.(*object)
	if !ok {
		f.add(path, "must be an object, not %s", nameOf(v))
		return
	}
	known := []string{}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		known = append(known, name)
		value, given := o.values[name]
		switch {
		case given && value != nil:
			f.check(value, field.Type, join(path, name))
		case options == "": // neither omitempty nor omitzero
			f.add(join(path, name), "is required")
		}
	}
	for _, key := range o.keys {
		if !slices.Contains(known, key) {
			f.add(join(path, key), "is not a known field here")
		}
	}
}

func (f *fieldErrors) checkString(v any, path string) {
	switch v.(type) {
	case string:
		f.checkText(v, path)
	case json.Number:
		if isDecimal(path) {
			f.add(path, `must be a JSON string such as "100.00", because JSON numbers lose digits`)
			return
		}
		f.add(path, "must be a string, not a number")
	default:
		f.add(path, "must be a string, not %s", nameOf(v))
	}
}

// checkText refuses NUL anywhere below v: databases do, and by then it would be too late.
func (f *fieldErrors) checkText(v any, path string) {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			f.add(path, "holds a NUL character")
		}
	case []any:
		for i, item := range v {
			f.checkText(item, join(path, fmt.Sprint(i)))
		}
	case *object:
		for _, key := range v.keys {
			f.checkText(key, path)
			f.checkText(v.values[key], join(path, key))
		}
	}
}

// isDecimal reports whether a field holds a decimal number as text.
func isDecimal(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "amount", "value", "max", "quantity", "unit_price", "total":
		return true
	}
	return false
}

func nameOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	default:
		return "an object"
	}
}
