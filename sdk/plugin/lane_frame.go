package plugin

import (
	"errors"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// These functions write and read CarryRequest and CarryResponse of lane.proto. They are written by hand because a batch is put
// together from requests that are encoded already, and read without copying them out.

// laneCallFrame is one LaneCall. Its bytes belong to the batch.
type laneCallFrame struct {
	id      uint64
	method  []byte
	timeout time.Duration
	request []byte
}

// laneAnswerFrame is one LaneAnswer. Its bytes belong to the batch.
type laneAnswerFrame struct {
	id       uint64
	response []byte
	more     bool
	code     uint32
	message  []byte
}

// errLaneFrame says that the other side's bytes are no message of the lane.
var errLaneFrame = errors.New("a message of the lane cannot be read")

const (
	tagCalls   = 1<<3 | byte(protowire.BytesType)
	tagCancels = 2<<3 | byte(protowire.BytesType)
	tagAnswers = 1<<3 | byte(protowire.BytesType)
)

// Fields of LaneCall and LaneAnswer.
const (
	fieldID       = 1
	fieldMethod   = 2
	fieldTimeout  = 3
	fieldRequest  = 4
	fieldResponse = 2
	fieldMore     = 3
	fieldCode     = 4
	fieldMessage  = 5
)

// appendCall writes one call behind b.
func appendCall(b []byte, f laneCallFrame, method string) []byte {
	size := sizeVarint(f.id) + sizeBytes(len(method)) + sizeBytes(len(f.request))
	if f.timeout != 0 {
		size += sizeVarint(uint64(f.timeout))
	}
	b = protowire.AppendVarint(append(b, tagCalls), uint64(size))
	b = appendVarint(b, fieldID, f.id)
	b = protowire.AppendVarint(append(b, fieldMethod<<3|byte(protowire.BytesType)), uint64(len(method)))
	b = append(b, method...)
	if f.timeout != 0 {
		b = appendVarint(b, fieldTimeout, uint64(f.timeout))
	}
	return appendBytes(b, fieldRequest, f.request)
}

// appendCancel writes one cancel behind b.
func appendCancel(b []byte, id uint64) []byte {
	b = protowire.AppendVarint(append(b, tagCancels), uint64(protowire.SizeVarint(id)))
	return protowire.AppendVarint(b, id)
}

// appendAnswer writes one answer, or a part of one, behind b.
func appendAnswer(b []byte, f laneAnswerFrame) []byte {
	size := sizeVarint(f.id) + sizeBytes(len(f.response))
	if f.more {
		size += 2
	}
	if f.code != 0 {
		size += sizeVarint(uint64(f.code)) + sizeBytes(len(f.message))
	}
	b = protowire.AppendVarint(append(b, tagAnswers), uint64(size))
	b = appendBytes(appendVarint(b, fieldID, f.id), fieldResponse, f.response)
	if f.more {
		b = appendVarint(b, fieldMore, 1)
	}
	if f.code != 0 {
		b = appendBytes(appendVarint(b, fieldCode, uint64(f.code)), fieldMessage, f.message)
	}
	return b
}

// All field numbers of the lane are below 16, so that a tag is one byte.

func sizeVarint(v uint64) int { return 1 + protowire.SizeVarint(v) }

func sizeBytes(n int) int { return 1 + protowire.SizeBytes(n) }

func appendVarint(b []byte, field byte, v uint64) []byte {
	return protowire.AppendVarint(append(b, field<<3|byte(protowire.VarintType)), v)
}

func appendBytes(b []byte, field byte, v []byte) []byte {
	return protowire.AppendBytes(append(b, field<<3|byte(protowire.BytesType)), v)
}

// readCalls reads a CarryRequest. It stops at the first error of a callback.
func readCalls(b []byte, call func(laneCallFrame) error, cancel func(id uint64) error) error {
	return eachField(b, func(f laneField) error {
		switch {
		case f.number == 1 && f.kind == protowire.BytesType:
			frame, err := readCall(f.bytes)
			if err != nil {
				return err
			}
			return call(frame)
		case f.number == 2 && f.kind == protowire.VarintType:
			return cancel(f.varint)
		case f.number == 2 && f.kind == protowire.BytesType:
			for ids := f.bytes; len(ids) > 0; {
				id, n := protowire.ConsumeVarint(ids)
				if n < 0 {
					return errLaneFrame
				}
				if err := cancel(id); err != nil {
					return err
				}
				ids = ids[n:]
			}
		}
		return nil
	})
}

// readAnswers reads a CarryResponse. It stops at the first error of the callback.
func readAnswers(b []byte, answer func(laneAnswerFrame) error) error {
	return eachField(b, func(f laneField) error {
		if f.number != 1 || f.kind != protowire.BytesType {
			return nil
		}
		frame, err := readAnswer(f.bytes)
		if err != nil {
			return err
		}
		return answer(frame)
	})
}

func readCall(b []byte) (laneCallFrame, error) {
	var out laneCallFrame
	err := eachField(b, func(f laneField) error {
		switch {
		case f.number == fieldID && f.kind == protowire.VarintType:
			out.id = f.varint
		case f.number == fieldMethod && f.kind == protowire.BytesType:
			out.method = f.bytes
		case f.number == fieldTimeout && f.kind == protowire.VarintType:
			out.timeout = time.Duration(f.varint)
		case f.number == fieldRequest && f.kind == protowire.BytesType:
			out.request = f.bytes
		}
		if !utf8.Valid(out.method) {
			return errLaneFrame
		}
		return nil
	})
	return out, err
}

func readAnswer(b []byte) (laneAnswerFrame, error) {
	var out laneAnswerFrame
	err := eachField(b, func(f laneField) error {
		switch {
		case f.number == fieldID && f.kind == protowire.VarintType:
			out.id = f.varint
		case f.number == fieldResponse && f.kind == protowire.BytesType:
			out.response = f.bytes
		case f.number == fieldMore && f.kind == protowire.VarintType:
			out.more = f.varint != 0
		case f.number == fieldCode && f.kind == protowire.VarintType:
			out.code = uint32(f.varint)
		case f.number == fieldMessage && f.kind == protowire.BytesType:
			out.message = f.bytes
			if !utf8.Valid(f.bytes) {
				return errLaneFrame
			}
		}
		return nil
	})
	return out, err
}

// laneField is one field of a message: a number in varint or a slice of the message in bytes, by kind.
type laneField struct {
	number protowire.Number
	kind   protowire.Type
	varint uint64
	bytes  []byte
}

// eachField reads the fields of a message in their order. Fields of other kinds are passed over, as unknown ones are.
func eachField(b []byte, each func(laneField) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || number > protowire.MaxValidNumber {
			return errLaneFrame
		}
		b = b[n:]
		f := laneField{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return errLaneFrame
		}
		b = b[n:]
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}
