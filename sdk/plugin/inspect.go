package plugin

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// limits bound what one message may hold. Zero means no limit.
type limits struct {
	text, bytes, json, output, list int
	// decoded says that the texts have come over a wire, where what is not UTF-8 was refused.
	decoded bool
}

// answerLimits are what a host accepts from a plugin. The size of the whole message is bounded by gRPC; these keep a single
// value from becoming a database row, a log line or a page that nobody expected.
func answerLimits() limits {
	return limits{decoded: true, text: 16 << 10, bytes: max(pay.MaxStateSize, pay.MaxRawSize), json: 512 << 10, output: pay.MaxActionOutput, list: 10_000}
}

// inspect checks every value of m, so that the conversions cannot fail: amounts and times are valid, texts are UTF-8, nothing
// exceeds lim. The error names the field and repeats nothing of its value but an amount.
//
// Which fields there are is in checks.pb.go, which is generated from the contract; what is checked of one value is below.
func inspect(m proto.Message, lim limits) error {
	fault, known := lim.check(m)
	switch {
	case !known:
		return &fieldFault{path: string(m.ProtoReflect().Descriptor().Name()), problem: "is no message of the contract"}
	case fault != nil:
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

func (f *fieldFault) at(i int) *fieldFault { return f.under("[" + strconv.Itoa(i) + "]") }

func (l *limits) checkText(s string) *fieldFault {
	if s == "" || l.decoded && len(s) <= l.text {
		return nil
	}
	return l.readText(s)
}

func (l *limits) readText(s string) *fieldFault {
	if l.text > 0 && len(s) > l.text {
		return tooLong(len(s), l.text)
	}
	if !utf8.ValidString(s) {
		return &fieldFault{problem: "is not valid UTF-8"}
	}
	return nil
}

func (l *limits) checkCount(n int) *fieldFault {
	if l.list > 0 && n > l.list {
		return &fieldFault{problem: fmt.Sprintf("has %d entries, more than the %d allowed", n, l.list)}
	}
	return nil
}

func checkBytes(b []byte, limit int) *fieldFault {
	if limit > 0 && len(b) > limit {
		return tooLong(len(b), limit)
	}
	return nil
}

func checkAmount(m *pluginv1.Money) *fieldFault {
	if isPlainAmount(m) {
		return nil
	}
	if _, err := parseMoney(m); err != nil {
		return &fieldFault{problem: "is not an exact amount: " + err.Error()}
	}
	return nil
}

func checkTime(t *timestamppb.Timestamp) *fieldFault {
	if t.CheckValid() != nil {
		return &fieldFault{problem: "is not a valid time"}
	}
	return nil
}

func checkDuration(d *durationpb.Duration) *fieldFault {
	if d.CheckValid() != nil {
		return &fieldFault{problem: "is not a valid duration"}
	}
	return nil
}

func tooLong(n, limit int) *fieldFault {
	return &fieldFault{problem: fmt.Sprintf("has %d bytes, more than the %d allowed", n, limit)}
}
