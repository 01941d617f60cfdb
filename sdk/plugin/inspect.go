package plugin

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// limits bound what one message may hold. Zero means no limit.
type limits struct {
	text, bytes, json, output, list int
}

// answerLimits are what a host accepts from a plugin. The size of the whole message is bounded by gRPC; these keep a single
// value from becoming a database row, a log line or a page that nobody expected.
func answerLimits() limits {
	return limits{text: 16 << 10, bytes: max(pay.MaxStateSize, pay.MaxRawSize), json: 512 << 10, output: pay.MaxActionOutput, list: 10_000}
}

// inspect checks every value of m, so that the conversions cannot fail: amounts and times are valid, texts are UTF-8, nothing
// exceeds lim. The error names the field and repeats nothing of its value but an amount.
func inspect(m proto.Message, lim limits) error {
	if fault := lim.message(m.ProtoReflect()); fault != nil {
		return fault
	}
	return nil
}

// fieldFault says what is wrong with one field. The path is built from the inside out, and only when there is a fault.
type fieldFault struct {
	path    string
	problem string
}

// Error implements error.
func (f *fieldFault) Error() string { return f.path + " " + f.problem }

func (f *fieldFault) under(name string) *fieldFault {
	if f == nil {
		return nil
	}
	if f.path != "" && !strings.HasPrefix(f.path, "[") {
		name += "."
	}
	f.path = name + f.path
	return f
}

func (l limits) message(m protoreflect.Message) *fieldFault {
	switch v := m.Interface().(type) {
	case *pluginv1.Money:
		if _, err := parseMoney(v); err != nil {
			return &fieldFault{problem: "is not an exact amount: " + err.Error()}
		}
	case *timestamppb.Timestamp:
		if v.CheckValid() != nil {
			return &fieldFault{problem: "is not a valid time"}
		}
	case *durationpb.Duration:
		if v.CheckValid() != nil {
			return &fieldFault{problem: "is not a valid duration"}
		}
	}
	var fault *fieldFault
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		fault = l.field(fd, v).under(string(fd.Name()))
		return fault == nil
	})
	return fault
}

func (l limits) field(fd protoreflect.FieldDescriptor, v protoreflect.Value) *fieldFault {
	switch {
	case fd.IsMap():
		if l.list > 0 && v.Map().Len() > l.list {
			return tooMany(v.Map().Len(), l.list)
		}
		var fault *fieldFault
		v.Map().Range(func(k protoreflect.MapKey, item protoreflect.Value) bool {
			if fault = l.value(fd.MapKey(), k.Value()); fault == nil {
				fault = l.value(fd.MapValue(), item)
			}
			return fault == nil
		})
		return fault.under("[]")
	case fd.IsList():
		list := v.List()
		if l.list > 0 && list.Len() > l.list {
			return tooMany(list.Len(), l.list)
		}
		for i := range list.Len() {
			if fault := l.value(fd, list.Get(i)); fault != nil {
				return fault.under(fmt.Sprintf("[%d]", i))
			}
		}
		return nil
	}
	return l.value(fd, v)
}

func (l limits) value(fd protoreflect.FieldDescriptor, v protoreflect.Value) *fieldFault {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return l.message(v.Message())
	case protoreflect.StringKind:
		if n := len(v.String()); l.text > 0 && n > l.text {
			return tooLong(n, l.text)
		}
		if !utf8.ValidString(v.String()) {
			return &fieldFault{problem: "is not valid UTF-8"}
		}
	case protoreflect.BytesKind:
		limit := l.bytes
		switch {
		case fd.FullName() == actionOutput:
			limit = l.output
		case isJSON(fd):
			limit = l.json
		}
		if n := len(v.Bytes()); limit > 0 && n > limit {
			return tooLong(n, limit)
		}
	default:
	}
	return nil
}

// actionOutput is the one document that may hold a file, as base64 text.
const actionOutput = "payhost.plugin.v1.ActionResult.output_json"

// isJSON recognises documents by their name; the values of a map are named after the map.
func isJSON(fd protoreflect.FieldDescriptor) bool {
	if parent, ok := fd.Parent().(protoreflect.MessageDescriptor); ok && parent.IsMapEntry() {
		return strings.HasSuffix(string(parent.Name()), "JsonEntry")
	}
	return strings.HasSuffix(string(fd.Name()), "_json")
}

func tooLong(n, limit int) *fieldFault {
	return &fieldFault{problem: fmt.Sprintf("has %d bytes, more than the %d allowed", n, limit)}
}

func tooMany(n, limit int) *fieldFault {
	return &fieldFault{problem: fmt.Sprintf("has %d entries, more than the %d allowed", n, limit)}
}

// scrub repairs what a host would refuse the whole message for, because an answer after a payment must not get lost over a
// letter: bytes that are not UTF-8 in a text are replaced, raw evidence is cut. It returns a warning for each field it changed.
func scrub(m protoreflect.Message) []string {
	var changed []string
	if e, ok := m.Interface().(*pluginv1.Evidence); ok && len(e.GetRaw()) > pay.MaxRawSize {
		e.Raw = e.GetRaw()[:pay.MaxRawSize]
		changed = append(changed, "evidence.raw was cut to 64 KiB")
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(fd.Name())
		switch {
		case fd.IsMap():
			changed = append(changed, scrubMap(fd, v.Map())...)
		case fd.IsList():
			list := v.List()
			for i := range list.Len() {
				item, names := scrubValue(fd, list.Get(i), name)
				if len(names) > 0 && fd.Kind() == protoreflect.StringKind {
					list.Set(i, item)
				}
				changed = append(changed, names...)
			}
		default:
			item, names := scrubValue(fd, v, name)
			if len(names) > 0 && fd.Kind() == protoreflect.StringKind {
				m.Set(fd, item)
			}
			changed = append(changed, names...)
		}
		return true
	})
	return changed
}

func scrubMap(fd protoreflect.FieldDescriptor, entries protoreflect.Map) []string {
	var changed []string
	type entry struct {
		key   protoreflect.MapKey
		value protoreflect.Value
	}
	var fixed []entry
	name := string(fd.Name())
	entries.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		key, keyNames := scrubValue(fd.MapKey(), k.Value(), name)
		item, names := scrubValue(fd.MapValue(), v, name)
		changed = append(append(changed, keyNames...), names...)
		if len(keyNames) > 0 || len(names) > 0 && fd.MapValue().Kind() == protoreflect.StringKind {
			entries.Clear(k)
			fixed = append(fixed, entry{key.MapKey(), item})
		}
		return true
	})
	for _, e := range fixed {
		entries.Set(e.key, e.value)
	}
	return changed
}

func scrubValue(fd protoreflect.FieldDescriptor, v protoreflect.Value, name string) (protoreflect.Value, []string) {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return v, scrub(v.Message())
	case protoreflect.StringKind:
		if !utf8.ValidString(v.String()) {
			return protoreflect.ValueOfString(strings.ToValidUTF8(v.String(), "\uFFFD")), []string{name + " was not valid UTF-8"}
		}
	default:
	}
	return v, nil
}
