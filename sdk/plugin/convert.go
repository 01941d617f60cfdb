package plugin

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// The functions named to… and from… translate one type each between package pay and the wire, without judging anything:
// every value survives both ways, also one that this version does not know. What comes from the other side has passed
// [inspect] before, which is why none of them fails; what a value means is decided in settle.go.
//
// What a to… function makes is lent by the arena it is given, for the length of a call, or new where that is nil. What a from…
// function makes never refers to a message, only to texts, bytes, maps and lists that were in it.
//
// TestConversionsAreComplete fills every field of every type and fails on any that is lost.

func toTime(l *pluginv1.Arena, t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	out := l.Timestamp()
	out.Seconds, out.Nanos = t.Unix(), int32(t.Nanosecond())
	return out
}

func fromTime(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

func toDuration(l *pluginv1.Arena, d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	out := l.Duration()
	out.Seconds, out.Nanos = int64(d/time.Second), int32(d%time.Second)
	return out
}

func fromDuration(d *durationpb.Duration) time.Duration { return d.AsDuration() }

// fromJSON makes an absent document nil, which is how package pay says it.
func fromJSON(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	return b
}

func toMoney(l *pluginv1.Arena, m pay.Money) *pluginv1.Money {
	if !m.IsSet() {
		return nil
	}
	c := m.Currency()
	out := l.Money()
	*out = pluginv1.Money{Value: m.Value(), Currency: c.Code, Exponent: uint32(c.Exponent), Numeric: uint32(c.Numeric)}
	return out
}

func fromMoney(m *pluginv1.Money) pay.Money {
	if m == nil {
		return pay.Money{}
	}
	money, err := parseMoney(m)
	if err != nil {
		// Unreachable behind inspect, and "not stated" is the one reading that moves nothing.
		return pay.Money{}
	}
	return money
}

// parseMoney reads an amount exactly. A code of ISO 4217 must come with its own exponent; its numeric code is looked up, so
// that a plugin that leaves it out does no harm.
func parseMoney(m *pluginv1.Money) (pay.Money, error) {
	if iso, ok := pay.LookupCurrency(m.GetCurrency()); ok && iso.Exponent == int(m.GetExponent()) {
		return pay.ParseMoneyIn(m.GetValue(), iso)
	}
	return pay.ParseMoneyIn(m.GetValue(), pay.Currency{
		Code: m.GetCurrency(), Exponent: int(m.GetExponent()), Numeric: int(m.GetNumeric()),
	})
}

func toCurrency(l *pluginv1.Arena, c pay.Currency) *pluginv1.Currency {
	out := l.Currency()
	*out = pluginv1.Currency{Code: c.Code, Exponent: uint32(c.Exponent), Numeric: uint32(c.Numeric)}
	return out
}

func fromCurrency(c *pluginv1.Currency) pay.Currency {
	return pay.Currency{Code: c.GetCode(), Exponent: int(c.GetExponent()), Numeric: int(c.GetNumeric())}
}

// each converts a list; nil stays nil.
func each[A, B any](list []A, convert func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

// lendEach is each for messages that are lent.
func lendEach[A, B any](l *pluginv1.Arena, list []A, convert func(*pluginv1.Arena, A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = convert(l, v)
	}
	return out
}

// texts converts between lists of string types; nil stays nil.
func texts[B, A ~string](list []A) []B {
	return each(list, func(a A) B { return B(a) })
}

// toNames keeps the difference between "not stated" and "none".
func toNames[A ~string](l *pluginv1.Arena, list []A) *pluginv1.Names {
	if list == nil {
		return nil
	}
	out := l.Names()
	*out = pluginv1.Names{Names: texts[string](list)}
	return out
}

func fromNames[B ~string](n *pluginv1.Names) []B {
	if n == nil {
		return nil
	}
	return append([]B{}, texts[B](n.GetNames())...)
}
