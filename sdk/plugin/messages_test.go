package plugin

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// contractMessages are all messages of the contract, always in the same order.
func contractMessages(t testing.TB) []protoreflect.MessageType {
	t.Helper()
	var types []protoreflect.MessageType
	for _, file := range []protoreflect.FileDescriptor{
		pluginv1.File_payhost_plugin_v1_account_proto, pluginv1.File_payhost_plugin_v1_action_proto, pluginv1.File_payhost_plugin_v1_call_proto,
		pluginv1.File_payhost_plugin_v1_invoice_proto, pluginv1.File_payhost_plugin_v1_ledger_proto, pluginv1.File_payhost_plugin_v1_manifest_proto,
		pluginv1.File_payhost_plugin_v1_money_proto, pluginv1.File_payhost_plugin_v1_order_proto, pluginv1.File_payhost_plugin_v1_payout_proto,
		pluginv1.File_payhost_plugin_v1_plugin_proto, pluginv1.File_payhost_plugin_v1_refund_proto, pluginv1.File_payhost_plugin_v1_runtime_proto,
		pluginv1.File_payhost_plugin_v1_webhook_proto,
	} {
		for i := range file.Messages().Len() {
			typ, err := protoregistry.GlobalTypes.FindMessageByName(file.Messages().Get(i).FullName())
			if err != nil {
				t.Fatal(err)
			}
			types = append(types, typ)
		}
	}
	return types
}

// writer makes random messages.
type writer struct {
	*rand.Rand
	// hostile also makes values that must be refused: texts that are not UTF-8 or too long, amounts and times that are none.
	hostile bool
}

func (w writer) message(typ protoreflect.MessageType) proto.Message {
	m := typ.New()
	w.fill(m, 3)
	return m.Interface()
}

func (w writer) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if w.IntN(3) == 0 || fd.Message() != nil && !fd.IsMap() && depth == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			for range w.IntN(3) {
				value := m.NewField(fd).Map().NewValue()
				if fd.MapValue().Message() != nil {
					w.fill(value.Message(), depth-1)
				} else {
					value = w.value(fd.MapValue())
				}
				m.Mutable(fd).Map().Set(protoreflect.ValueOfString(w.text()).MapKey(), value)
			}
		case fd.IsList():
			for range w.IntN(4) {
				list := m.Mutable(fd).List()
				if fd.Message() != nil {
					w.fill(list.AppendMutable().Message(), depth-1)
				} else {
					list.Append(w.value(fd))
				}
			}
		case fd.Message() != nil:
			w.fill(m.Mutable(fd).Message(), depth-1)
		default:
			m.Set(fd, w.value(fd))
		}
	}
	if !w.hostile {
		w.settle(m.Interface())
	}
	if w.IntN(8) == 0 {
		unknown := protowire.AppendTag(nil, protowire.Number(20_000+w.IntN(5)), protowire.BytesType)
		m.SetUnknown(protowire.AppendString(unknown, w.text()))
	}
}

// settle makes an amount of what was filled at random.
func (w writer) settle(m proto.Message) {
	if money, ok := m.(*pluginv1.Money); ok {
		money.Value, money.Currency, money.Exponent = "17.25", "UAH", 2
	}
}

func (w writer) value(fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(w.text())
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(w.text()))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(w.IntN(2) == 0)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(w.number()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(w.number())
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(w.number()))
	default:
		panic("a kind that the contract does not use: " + fd.Kind().String())
	}
}

func (w writer) number() int64 {
	return []int64{0, 1, 127, 128, 16_383, 16_384, -1, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, w.Int64()}[w.IntN(12)]
}

func (w writer) text() string {
	texts := []string{"", "a", "UAH", "10.00", "рахунок", strings.Repeat("x", 127), strings.Repeat("ї", 64), strings.Repeat("z", 40)}
	if w.hostile && w.IntN(12) == 0 {
		return "not \xff UTF-8"
	}
	return texts[w.IntN(len(texts))]
}
