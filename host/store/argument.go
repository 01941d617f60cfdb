package store

import (
	"database/sql/driver"
	"fmt"
	"reflect"
)

// argument is what the writer's connection takes for an argument: itself, what it points to, or what a [driver.Valuer] says. The
// frequent types do not become interface values, each of which is an allocation.
func argument(arg any) (Value, error) {
	switch v := arg.(type) {
	case nil:
		return Value{}, nil
	case *string:
		return textValue(*v), nil
	case string:
		return textValue(v), nil
	case *int64:
		return intValue(*v), nil
	case int64:
		return intValue(v), nil
	case *int:
		return intValue(int64(*v)), nil
	case *bool:
		return boolValue(*v), nil
	case bool:
		return boolValue(v), nil
	case []byte:
		return blobValue(v), nil
	case timeRef:
		if v.t.IsZero() {
			return Value{}, nil
		}
		return intValue(v.t.UnixMicro()), nil
	case blobRef:
		if len(*v.v) == 0 {
			return Value{}, nil
		}
		return blobValue(*v.v), nil
	case rawRef:
		if len(*v.v) == 0 {
			return Value{}, nil
		}
		text := blobValue(*v.v)
		text.Kind = TextValue
		return text, nil
	}
	if _, ok := arg.(driver.Valuer); !ok {
		if text, ok := namedText(arg); ok {
			return textValue(text), nil
		}
	}
	value, err := bound(arg)
	if err != nil {
		return Value{}, err
	}
	switch v := value.(type) {
	case nil, string, int64, bool, []byte:
		return argument(v)
	}
	return Value{}, fmt.Errorf("store: an argument is a %T", value)
}

// bound is the value of an argument: itself, what it points to, or what a [driver.Valuer] says.
func bound(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case nil, string, int64, bool, []byte:
		return v, nil
	case *string:
		return *v, nil
	case *int64:
		return *v, nil
	case *int:
		return int64(*v), nil
	case *bool:
		return *v, nil
	case driver.Valuer:
		return v.Value()
	}
	if text, ok := namedText(arg); ok {
		return text, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(arg)
}

// namedText is the text that a pointer to a named text type, such as a status, points to.
func namedText(arg any) (string, bool) {
	v := reflect.ValueOf(arg)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.String {
		return "", false
	}
	return v.Elem().String(), true
}
