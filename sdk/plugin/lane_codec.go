package plugin

import (
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// laneBatch is one message of the lane's stream, encoded. gRPC passes it through as it is.
type laneBatch struct {
	data *[]byte
	pool *laneBuffers // data goes back to it when it has been written; nil: nowhere
}

// laneBuffers reuses the buffers of sent batches. It implements [mem.BufferPool].
type laneBuffers struct{ pool sync.Pool }

// Get implements [mem.BufferPool]. The buffer is empty, whatever its length should be: batches are appended to.
func (p *laneBuffers) Get(length int) *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok && cap(*b) >= length {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, length)
	return &b
}

// Put implements [mem.BufferPool].
func (p *laneBuffers) Put(b *[]byte) {
	if cap(*b) <= 4*laneBatchSize {
		p.pool.Put(b)
	}
}

// laneCodec is the codec of both ends: batches of the lane are encoded already, everything else is next's. It has the name of
// the standard codec because its bytes are the same.
type laneCodec struct{ next encoding.CodecV2 }

// Name implements [encoding.CodecV2].
func (laneCodec) Name() string { return "proto" }

// Marshal implements [encoding.CodecV2].
func (c laneCodec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.(*laneBatch); ok {
		if b.pool == nil {
			return mem.BufferSlice{mem.SliceBuffer(*b.data)}, nil
		}
		return mem.BufferSlice{mem.NewBuffer(b.data, b.pool)}, nil
	}
	return c.next.Marshal(v)
}

// Unmarshal implements [encoding.CodecV2]. A batch is copied out of gRPC's buffers once, for all its calls.
func (c laneCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if b, ok := v.(*laneBatch); ok {
		raw := data.Materialize()
		b.data = &raw
		return nil
	}
	return c.next.Unmarshal(data, v)
}

// appendMessage encodes a message of the contract behind b.
func appendMessage(b []byte, m any) ([]byte, error) {
	message, ok := m.(wireMessage)
	if !ok {
		return b, fmt.Errorf("plugin: %T is no message of the contract", m)
	}
	size := message.SizeWire()
	end := len(b) + size
	b = slices.Grow(b, size)[:end]
	message.WriteWire(b, end)
	return b, nil
}

// readMessage decodes a message of the contract, whose parts are lent by lender or new. Nothing in the message refers to b afterwards.
func readMessage(b []byte, m any, lender *pluginv1.Arena) error {
	message, ok := m.(wireMessage)
	if !ok {
		return fmt.Errorf("plugin: %T is no message of the contract", m)
	}
	return decodeWire(b, message, lender)
}
