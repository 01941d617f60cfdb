package plugintest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// texts collects every text in v, except what the host seals: private state and raw evidence.
func texts(v any) string {
	var b strings.Builder
	collect(&b, reflect.ValueOf(v), 0)
	return b.String()
}

func collect(b *strings.Builder, v reflect.Value, depth int) {
	if depth > 20 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		b.WriteString(v.String() + "\n")
	case reflect.Pointer, reflect.Interface:
		collect(b, v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			b.WriteString(string(v.Bytes()) + "\n")
			return
		}
		for i := range v.Len() {
			collect(b, v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(b, key, depth+1)
			collect(b, v.MapIndex(key), depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[pay.State]() {
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && (v.Type() != reflect.TypeFor[pay.Evidence]() || field.Name != "Raw") {
				collect(b, v.Field(i), depth+1)
			}
		}
	default:
	}
}

// errorTexts collects what an error says, along its whole chain.
func errorTexts(err error) string {
	if err == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n%+v\n", err, err)
	if e, ok := errors.AsType[*pay.Error](err); ok {
		shown := *e
		shown.Err = nil
		b.WriteString(texts(shown))
	}
	return b.String()
}
