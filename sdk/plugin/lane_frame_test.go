package plugin

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// handRead reads a CarryRequest with the lane's own reader.
func handRead(b []byte) (*pluginv1.CarryRequest, error) {
	out := &pluginv1.CarryRequest{}
	err := readCalls(b, func(f laneCallFrame) error {
		out.Calls = append(out.Calls, &pluginv1.LaneCall{Id: int64(f.id), Method: string(f.method), TimeoutNanos: int64(f.timeout), Request: f.request})
		return nil
	}, func(id uint64) error {
		out.Cancels = append(out.Cancels, int64(id))
		return nil
	})
	return out, err
}

func handReadAnswers(b []byte) (*pluginv1.CarryResponse, error) {
	out := &pluginv1.CarryResponse{}
	err := readAnswers(b, func(f laneAnswerFrame) error {
		out.Answers = append(out.Answers, &pluginv1.LaneAnswer{
			Id: int64(f.id), Response: f.response, More: f.more, Code: f.code, Message: string(f.message),
		})
		return nil
	})
	return out, err
}

// What the lane writes is what lane.proto says, and it reads what any implementation of lane.proto writes.
func TestLaneFramesAreTheContract(t *testing.T) {
	var b []byte
	b = appendCall(b, laneCallFrame{id: 1, timeout: time.Second, request: []byte("abc")}, "CreateInvoice")
	b = appendCall(b, laneCallFrame{id: 1 << 60}, "")
	b = appendCancel(appendCancel(b, 7), 1<<40)
	want := &pluginv1.CarryRequest{
		Calls: []*pluginv1.LaneCall{
			{Id: 1, Method: "CreateInvoice", TimeoutNanos: int64(time.Second), Request: []byte("abc")}, {Id: 1 << 60},
		},
		Cancels: []int64{7, 1 << 40},
	}
	got := &pluginv1.CarryRequest{}
	require.NoError(t, proto.Unmarshal(b, got))
	require.True(t, proto.Equal(want, got), "%v", got)
	encoded, err := proto.Marshal(want)
	require.NoError(t, err)
	got, err = handRead(encoded)
	require.NoError(t, err)
	require.True(t, proto.Equal(want, got), "%v", got)

	b = appendAnswer(nil, laneAnswerFrame{id: 3, response: []byte("part"), more: true})
	b = appendAnswer(b, laneAnswerFrame{id: 4, code: 12, message: []byte("no")})
	answers := &pluginv1.CarryResponse{Answers: []*pluginv1.LaneAnswer{
		{Id: 3, Response: []byte("part"), More: true}, {Id: 4, Code: 12, Message: "no"},
	}}
	gotAnswers := &pluginv1.CarryResponse{}
	require.NoError(t, proto.Unmarshal(b, gotAnswers))
	require.True(t, proto.Equal(answers, gotAnswers), "%v", gotAnswers)
	encoded, err = proto.Marshal(answers)
	require.NoError(t, err)
	gotAnswers, err = handReadAnswers(encoded)
	require.NoError(t, err)
	require.True(t, proto.Equal(answers, gotAnswers), "%v", gotAnswers)
}

// The lane's reader takes exactly what the generated code takes, and reads the same in it.
func FuzzLaneFrames(f *testing.F) {
	f.Add(appendCall(appendCancel(nil, 5), laneCallFrame{id: 9, timeout: 3, request: []byte{1, 2}}, "GetInvoice"))
	f.Add(appendAnswer(appendAnswer(nil, laneAnswerFrame{id: 1, response: []byte("x"), more: true}), laneAnswerFrame{id: 1, code: 4, message: []byte("m")}))
	f.Add(protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 77))
	f.Add(protowire.AppendString(protowire.AppendTag(nil, greaseField, protowire.BytesType), "ignore me"))
	f.Add([]byte{0x0a, 0x03, 0x12, 0x01, 0xff})
	f.Add([]byte{0x0b, 0x0b, 0x0c, 0x0c})
	f.Fuzz(func(t *testing.T, b []byte) {
		requests := &pluginv1.CarryRequest{}
		wantErr := proto.Unmarshal(b, requests)
		got, err := handRead(b)
		require.Equal(t, wantErr == nil, err == nil, "%v, and here %v", wantErr, err)
		if err == nil {
			clearUnknown(requests.ProtoReflect())
			require.True(t, proto.Equal(requests, got), "%v, and here %v", requests, got)
		}
		answers := &pluginv1.CarryResponse{}
		wantErr = proto.Unmarshal(b, answers)
		gotAnswers, err := handReadAnswers(b)
		require.Equal(t, wantErr == nil, err == nil, "%v, and here %v", wantErr, err)
		if err == nil {
			clearUnknown(answers.ProtoReflect())
			require.True(t, proto.Equal(answers, gotAnswers), "%v, and here %v", answers, gotAnswers)
		}
	})
}

// clearUnknown drops what only a newer version of the contract could read.
func clearUnknown(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.IsList() && fd.Message() != nil {
			for i := range v.List().Len() {
				clearUnknown(v.List().Get(i).Message())
			}
		}
		return true
	})
}
