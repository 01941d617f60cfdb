package plugin

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// walk checks a message by protobuf reflection: the same judgement as [inspect], which finds its fields in generated code.
type walk struct{ limits }

func (w walk) message(m protoreflect.Message) *fieldFault {
	var fault *fieldFault
	switch v := m.Interface().(type) {
	case *pluginv1.Money:
		fault = checkAmount(v)
	case *timestamppb.Timestamp:
		fault = checkTime(v)
	case *durationpb.Duration:
		fault = checkDuration(v)
	}
	fields := m.Descriptor().Fields()
	for i := 0; i < fields.Len() && fault == nil; i++ {
		if fd := fields.Get(i); m.Has(fd) {
			fault = w.field(fd, m.Get(fd)).under(string(fd.Name()))
		}
	}
	return fault
}

func (w walk) field(fd protoreflect.FieldDescriptor, v protoreflect.Value) *fieldFault {
	switch {
	case fd.IsMap():
		if w.list > 0 && v.Map().Len() > w.list {
			return w.checkCount(v.Map().Len())
		}
		var fault *fieldFault
		v.Map().Range(func(k protoreflect.MapKey, item protoreflect.Value) bool {
			if fault = w.value(fd.MapKey(), k.Value()); fault == nil {
				fault = w.value(fd.MapValue(), item)
			}
			return fault == nil
		})
		return fault.under("[]")
	case fd.IsList():
		list := v.List()
		if w.list > 0 && list.Len() > w.list {
			return w.checkCount(list.Len())
		}
		for i := range list.Len() {
			if fault := w.value(fd, list.Get(i)); fault != nil {
				return fault.under(fmt.Sprintf("[%d]", i))
			}
		}
		return nil
	}
	return w.value(fd, v)
}

func (w walk) value(fd protoreflect.FieldDescriptor, v protoreflect.Value) *fieldFault {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return w.message(v.Message())
	case protoreflect.StringKind:
		if n := len(v.String()); w.text > 0 && n > w.text {
			return tooLong(n, w.text)
		}
		if !utf8.ValidString(v.String()) {
			return &fieldFault{problem: "is not valid UTF-8"}
		}
	case protoreflect.BytesKind:
		limit := w.bytes
		entry, inEntry := fd.Parent().(protoreflect.MessageDescriptor)
		switch {
		case fd.FullName() == "payhost.plugin.v1.ActionResult.output_json":
			limit = w.output
		case strings.HasSuffix(string(fd.Name()), "_json"), inEntry && entry.IsMapEntry() && strings.HasSuffix(string(entry.Name()), "JsonEntry"):
			limit = w.json
		}
		return checkBytes(v.Bytes(), limit)
	default:
	}
	return nil
}

// compare fails unless both ways of checking give the same answer.
func compare(t *testing.T, m proto.Message, lim limits) (faulty bool) {
	t.Helper()
	want := walk{lim}.message(m.ProtoReflect())
	got := inspect(m, lim)
	if want == nil {
		require.NoError(t, got, "%v", m)
		return false
	}
	require.EqualError(t, got, want.Error(), "%v", m)
	return true
}

func TestInspectSeesEveryField(t *testing.T) {
	// Small limits, different for every kind, so that one long value tells them apart.
	lim := limits{text: 50, bytes: 20, json: 30, output: 40, list: 3}
	long := strings.Repeat("x", 45)
	for _, typ := range contractMessages(t) {
		fields := typ.Descriptor().Fields()
		for i := range fields.Len() {
			fd := fields.Get(i)
			check := func(what string, set func(m protoreflect.Message)) {
				m := typ.New()
				set(m)
				faulty := compare(t, m.Interface(), lim)
				require.True(t, faulty, "%s: %s is not refused", fd.FullName(), what)
			}
			bad := func(fd protoreflect.FieldDescriptor, empty protoreflect.Value) (protoreflect.Value, bool) {
				switch {
				case fd.Kind() == protoreflect.StringKind:
					return protoreflect.ValueOfString("\xff"), true
				case fd.Kind() == protoreflect.BytesKind:
					return protoreflect.ValueOfBytes([]byte(long)), true
				case fd.Message() != nil:
					return empty, spoil(empty.Message())
				}
				return empty, false
			}
			switch {
			case fd.IsMap():
				empty := typ.New().NewField(fd).Map().NewValue
				check("a bad key", func(m protoreflect.Message) {
					m.Mutable(fd).Map().Set(protoreflect.ValueOfString("\xff").MapKey(), empty())
				})
				check("a bad value", func(m protoreflect.Message) {
					v, ok := bad(fd.MapValue(), empty())
					require.True(t, ok)
					m.Mutable(fd).Map().Set(protoreflect.ValueOfString("k").MapKey(), v)
				})
				check("too many entries", func(m protoreflect.Message) {
					for n := range lim.list + 1 {
						m.Mutable(fd).Map().Set(protoreflect.ValueOfString(fmt.Sprint(n)).MapKey(), empty())
					}
				})
			case fd.IsList():
				if v, ok := bad(fd, typ.New().NewField(fd).List().NewElement()); ok {
					check("a bad entry", func(m protoreflect.Message) { m.Mutable(fd).List().Append(v) })
				}
				check("too many entries", func(m protoreflect.Message) {
					for range lim.list + 1 {
						m.Mutable(fd).List().Append(m.NewField(fd).List().NewElement())
					}
				})
			default:
				if v, ok := bad(fd, typ.New().NewField(fd)); ok {
					check("a bad value", func(m protoreflect.Message) { m.Set(fd, v) })
				}
			}
		}
	}
}

// spoil puts something that must be refused into a message, as deep as it has to go.
func spoil(m protoreflect.Message) bool {
	fields := m.Descriptor().Fields()
	switch m.Interface().(type) {
	case *pluginv1.Money: // an empty one is no amount
		return true
	case *timestamppb.Timestamp, *durationpb.Duration:
		m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(-2_000_000_000))
		return true
	}
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.IsMap() || fd.IsList():
		case fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOfString("\xff"))
			return true
		case fd.Message() != nil && spoil(m.Mutable(fd).Message()):
			return true
		}
	}
	for i := range fields.Len() {
		if fd := fields.Get(i); fd.IsList() && fd.Message() != nil && spoil(m.Mutable(fd).List().AppendMutable().Message()) {
			return true
		} else if fd.IsList() && fd.Kind() == protoreflect.StringKind {
			m.Mutable(fd).List().Append(protoreflect.ValueOfString("\xff"))
			return true
		}
	}
	return false
}

func TestInspectAgreesWithReflection(t *testing.T) {
	var refused, accepted int
	undecoded := answerLimits() // the texts of answers have been looked at by the codec: TestCodecRefusesWhatProtobufRefuses
	undecoded.decoded = false
	for _, hostile := range []bool{false, true} {
		w := writer{Rand: rand.New(rand.NewPCG(9, 10)), hostile: hostile}
		for _, typ := range contractMessages(t) {
			for range 100 {
				m := w.message(typ)
				for _, lim := range []limits{{}, undecoded, {text: 100, bytes: 80, json: 60, output: 120, list: 2}} {
					// Which of several bad entries of a map is found first is not defined.
					want, got := walk{lim}.message(m.ProtoReflect()), inspect(m, lim)
					require.Equal(t, want == nil, got == nil, "%v\n%v\n%v", m, want, got)
					if want == nil {
						accepted++
					} else {
						refused++
					}
				}
			}
		}
	}
	require.Greater(t, refused, 1000)
	require.Greater(t, accepted, 1000)
}

// A message that is not of the contract was not checked, so it must not pass.
func TestInspectRefusesForeignMessages(t *testing.T) {
	require.ErrorContains(t, inspect(&timestamppb.Timestamp{}, limits{}), "no message of the contract")
}
