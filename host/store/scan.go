package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
)

// scanned stores a column in the variable that dest points to. It knows the few types that records have and refuses the rest.
func scanned(dest any, value driver.Value) error {
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(value)
	case *int64:
		return scanInteger(value, func(n int64) { *d = n })
	case *int:
		return scanInteger(value, func(n int64) { *d = int(n) })
	case *bool:
		yes, err := driver.Bool.ConvertValue(value)
		if err != nil || value == nil {
			return fmt.Errorf("want a truth value, the column holds %T", value)
		}
		*d = yes.(bool)
		return nil
	case *[]byte:
		var err error
		*d, err = textOf(value)
		return err
	}
	v := reflect.ValueOf(dest)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.String {
		return fmt.Errorf("cannot read a column into %T", dest)
	}
	switch text := value.(type) {
	case string:
		v.Elem().SetString(text)
	case []byte:
		v.Elem().SetString(string(text))
	default:
		return fmt.Errorf("want text, the column holds %T", value)
	}
	return nil
}

func scanInteger(value driver.Value, set func(int64)) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("want an integer, the column holds %T", value)
	}
	set(n)
	return nil
}
