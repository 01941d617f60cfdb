package pluginv1

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"
)

// The key and the value of a map entry are fields 1 and 2 of a message of their own, and both are byte strings here.
const (
	keyTag   = uint64(1<<3 | protowire.BytesType)
	valueTag = uint64(2<<3 | protowire.BytesType)
)

// decodeEntry returns the key of the entry b and gives every value it holds to value, in order: the last counts, and messages
// are merged.
func decodeEntry(b []byte, s string, value func(from, next int) error) (key string, err error) {
	for i := 0; i < len(b); {
		tag, at := readTag(b, i)
		if at < 0 {
			return "", errMalformed
		}
		if tag != keyTag && tag != valueTag {
			if i = skipValue(b, at, tag); i < 0 {
				return "", errMalformed
			}
			continue
		}
		from, next := readLen(b, at)
		if next < 0 {
			return "", errMalformed
		}
		if tag == keyTag {
			key, err = text(b, s, from, next)
		} else {
			err = value(from, next)
		}
		if err != nil {
			return "", err
		}
		i = next
	}
	return key, nil
}

func decodeTextEntry(m map[string]string, b []byte, s string) error {
	var v string
	key, err := decodeEntry(b, s, func(from, next int) (err error) {
		v, err = text(b, s, from, next)
		return err
	})
	if err == nil {
		m[key] = v
	}
	return err
}

func decodeBytesEntry(m map[string][]byte, b []byte, s string) error {
	v := []byte{}
	key, err := decodeEntry(b, s, func(from, next int) error {
		v = append([]byte{}, b[from:next]...)
		return nil
	})
	if err == nil {
		m[key] = v
	}
	return err
}

func decodeDurationEntry(m map[string]*durationpb.Duration, b []byte, s string) error {
	v := new(durationpb.Duration)
	key, err := decodeEntry(b, s, func(from, next int) error { return decodeDuration(v, b[from:next]) })
	if err == nil {
		m[key] = v
	}
	return err
}

// decodable is a pointer to a message with a generated decoder.
type decodable[T any] interface {
	*T
	DecodeWire(b []byte, s string, a *Arena) error
}

func decodeMessageEntry[T any, P decodable[T]](m map[string]P, b []byte, s string, a *Arena) error {
	v := P(new(T))
	key, err := decodeEntry(b, s, func(from, next int) error { return v.DecodeWire(b[from:next], part(s, from, next), a) })
	if err == nil {
		m[key] = v
	}
	return err
}
