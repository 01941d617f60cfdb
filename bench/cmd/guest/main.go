//go:build wasip1

// Command guest is the echo provider as a WebAssembly module: the create call with its messages, encoded, in and out.
package main

import (
	"unsafe"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

func main() {}

// buffers keep what the host reads and writes alive; an instance has one call at a time.
var buffers struct { //nolint:gochecknoglobals // the memory that both sides share
	in, out []byte
	answer  *pluginv1.CreateInvoiceResponse
}

// reserve returns where the host may put n bytes.
//
//go:wasmexport reserve
func reserve(n uint32) uint32 {
	if uint32(cap(buffers.in)) < n {
		buffers.in = make([]byte, n)
	}
	buffers.in = buffers.in[:n]
	return address(buffers.in)
}

// prepare takes the reserved bytes as the answer to every create, as the other peers do.
//
//go:wasmexport prepare
func prepare() uint32 {
	buffers.answer = &pluginv1.CreateInvoiceResponse{}
	if proto.Unmarshal(buffers.in, buffers.answer) != nil {
		return 0
	}
	return 1
}

// create decodes the reserved bytes as a request and returns the address and size of its encoded answer.
//
//go:wasmexport create
func create() uint64 {
	var req pluginv1.CreateInvoiceRequest
	if proto.Unmarshal(buffers.in, &req) != nil {
		return 0
	}
	var err error
	if buffers.out, err = (proto.MarshalOptions{}).MarshalAppend(buffers.out[:0], buffers.answer); err != nil {
		return 0
	}
	return uint64(address(buffers.out))<<32 | uint64(len(buffers.out))
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
