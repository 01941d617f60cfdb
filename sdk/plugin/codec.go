package plugin

import (
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// sharedText is the largest message, in bytes, whose texts are all cut from one string: that spares an allocation for each of
// them, and whoever keeps one of the texts keeps no more than this.
const sharedText = 4 << 10

// wireMessage is a message of the contract, which has generated code for the wire.
type wireMessage interface {
	Reset()
	SizeWire() int
	WriteWire(b []byte, i int) int
	DecodeWire(b []byte, s string, lender *pluginv1.Arena) error
}

// codec is plain protobuf, encoded and decoded by generated code instead of by reflection. The other side cannot tell, in
// whatever language it is written: it accepts and refuses the same bytes as gRPC's own codec, whose name it has.
//
// Messages that are not of the contract, such as go-plugin's own, are left to that codec.
type codec struct {
	general encoding.CodecV2
	// lender lends the messages inside a decoded message. Nil makes new ones.
	lender *pluginv1.Arena
}

// newCodec returns a codec for one side of one connection or more.
func newCodec() codec { return codec{general: encoding.GetCodecV2(grpcproto.Name)} }

// Name implements [encoding.CodecV2].
func (codec) Name() string { return grpcproto.Name }

// Marshal implements [encoding.CodecV2]. That texts are UTF-8 was checked or repaired before, by [inspect] and [finish]; the receiver
// refuses any that are not.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if lent, ok := v.(*lentMessages); ok {
		defer lent.giveBack()
		v = lent.message
	}
	m, ok := v.(wireMessage)
	if !ok {
		return c.general.Marshal(v)
	}
	size := m.SizeWire()
	if mem.IsBelowBufferPoolingThreshold(size) {
		b := make([]byte, size)
		m.WriteWire(b, size)
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	pool := mem.DefaultBufferPool()
	b := pool.Get(size)
	m.WriteWire(*b, size)
	return mem.BufferSlice{mem.NewBuffer(b, pool)}, nil
}

// Unmarshal implements [encoding.CodecV2]. Nothing in the message refers to data afterwards.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if lent, ok := v.(*lentMessages); ok {
		v, c.lender = lent.message, &lent.Arena
	}
	m, ok := v.(wireMessage)
	if !ok {
		return c.general.Unmarshal(data, v)
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	return decodeWire(buffer.ReadOnlyData(), m, c.lender)
}

// decodeWire reads b as the message m, whose parts are lent by lender or new. Nothing in m refers to b afterwards.
func decodeWire(b []byte, m wireMessage, lender *pluginv1.Arena) error {
	s := ""
	if len(b) <= sharedText {
		s = string(b)
	}
	m.Reset()
	return m.DecodeWire(b, s, lender)
}

// copy makes to what from says, by way of the wire.
func (c codec) copy(from, to any) error {
	data, err := c.Marshal(from)
	if err != nil {
		return err
	}
	defer data.Free()
	return c.Unmarshal(data, to)
}
