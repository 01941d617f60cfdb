package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// filler gives every field of a record a value of its own, so that a column that is lost, swapped or read into the
// wrong field shows.
type filler struct {
	n int
	// nested counts the structures that are stored as JSON inside a column; JSON within them comes back compact.
	nested int
}

// fill sets every exported field below v but those of the skipped types.
func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, f.n*1000, time.UTC)))
		return
	case pay.Money:
		c, _ := pay.LookupCurrency("UAH")
		m, _ := pay.FromMinor(int64(f.n), c)
		v.Set(reflect.ValueOf(m))
		return
	case json.RawMessage:
		space := " " // must survive
		if f.nested > 0 {
			space = ""
		}
		v.SetBytes(fmt.Appendf(nil, `{"n":%s%d}`, space, f.n))
		return
	case pay.Report: // not stored: records have columns for what is kept of it
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("v%d", f.n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(fmt.Appendf(nil, "\x00\xff%d", f.n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key)
		f.fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.nested++
		f.fill(v.Elem())
		f.nested--
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default: // stays zero, which zeroFields reports
	}
}

// filled returns a record with every field set.
func filled[T any]() T {
	var v T
	(&filler{}).fill(reflect.ValueOf(&v).Elem())
	return v
}

// zeroFields names the fields below v that are zero, as paths.
func zeroFields(v reflect.Value, path string) []string {
	switch v.Interface().(type) {
	case pay.Report:
		return nil
	case time.Time, pay.Money:
		if v.IsZero() {
			return []string{path}
		}
		return nil
	}
	if v.Kind() != reflect.Struct {
		if v.IsZero() {
			return []string{path}
		}
		return nil
	}
	var zero []string
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			zero = append(zero, zeroFields(v.Field(i), path+"."+f.Name)...)
		}
	}
	return zero
}
