package pluginv1

import (
	"errors"
	"math/bits"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// The functions of this file are the parts that the generated methods SizeWire, WriteWire and DecodeWire of wire.pb.go are made
// of. Together they accept exactly the bytes that proto.Unmarshal accepts, and give the same messages; only the order of map
// entries in what they write is as undefined as there. sdk/plugin holds the tests that show it.

var (
	errMalformed = errors.New("proto: cannot parse invalid wire-format data")
	errUTF8      = errors.New("proto: a text is not valid UTF-8")
)

func sizeVarint(v uint64) int { return int(9*uint32(bits.Len64(v))+64) / 64 }

// sizeLen is the size of n bytes with their length before them.
func sizeLen(n int) int { return sizeVarint(uint64(n)) + n }

func sizePacked(list []int64) (n int) {
	for _, v := range list {
		n += sizeVarint(uint64(v))
	}
	return n
}

func putVarint(b []byte, i int, v uint64) int {
	if v < 0x80 {
		b[i-1] = byte(v)
		return i - 1
	}
	i -= sizeVarint(v)
	at := i
	for v >= 0x80 {
		b[at] = byte(v) | 0x80
		v >>= 7
		at++
	}
	b[at] = byte(v)
	return i
}

// writeHead writes the tag and the length of what begins at b[i].
func writeHead(b []byte, i int, tag uint64, length int) int {
	return putVarint(b, putVarint(b, i, uint64(length)), tag)
}

func writeRaw[T ~string | ~[]byte](b []byte, i int, v T) int {
	i -= len(v)
	copy(b[i:], v)
	return i
}

func writeBytes[T ~string | ~[]byte](b []byte, i int, tag uint64, v T) int {
	return writeHead(b, writeRaw(b, i, v), tag, len(v))
}

func writeVarint(b []byte, i int, tag, v uint64) int { return putVarint(b, putVarint(b, i, v), tag) }

func writePacked(b []byte, i int, tag uint64, list []int64) int {
	end := i
	for _, v := range slices.Backward(list) {
		i = putVarint(b, i, uint64(v))
	}
	return writeHead(b, i, tag, end-i)
}

// readVarint returns the number at b[i] and where the next thing begins, which is negative for malformed bytes.
func readVarint(b []byte, i int) (v uint64, next int) {
	if i < len(b) && b[i] < 0x80 {
		return uint64(b[i]), i + 1
	}
	v, n := protowire.ConsumeVarint(b[i:])
	if n < 0 {
		return 0, -1
	}
	return v, i + n
}

// readTag returns the tag at b[i]. Whether its wire type exists is left to [skipValue].
func readTag(b []byte, i int) (tag uint64, next int) {
	tag, next = readVarint(b, i)
	if n := tag >> 3; next < 0 || n < uint64(protowire.MinValidNumber) || n > uint64(protowire.MaxValidNumber) {
		return 0, -1
	}
	return tag, next
}

// readLen returns the bounds of the bytes whose length stands at b[i].
func readLen(b []byte, i int) (from, next int) {
	n, from := readVarint(b, i)
	if from < 0 || n > uint64(len(b)-from) {
		return 0, -1
	}
	return from, from + int(n)
}

// skipValue returns where the value of an unknown field ends. Groups inside groups are limited by protowire.
func skipValue(b []byte, i int, tag uint64) int {
	num, typ := protowire.DecodeTag(tag)
	n := protowire.ConsumeFieldValue(num, typ, b[i:])
	if n < 0 {
		return -1
	}
	return i + n
}

func appendUnknown(unknown []byte, tag uint64, value []byte) []byte {
	return append(protowire.AppendVarint(unknown, tag), value...)
}

// part is the text of b[from:next], where s is the text of all of b or empty.
func part(s string, from, next int) string {
	if s == "" {
		return ""
	}
	return s[from:next]
}

// text is b[from:next] as a text, cut from s where that is given.
func text(b []byte, s string, from, next int) (string, error) {
	if !utf8.Valid(b[from:next]) {
		return "", errUTF8
	}
	if s == "" {
		return string(b[from:next]), nil
	}
	return s[from:next], nil
}

func decodePacked(list []int64, b []byte) ([]int64, error) {
	for i := 0; i < len(b); {
		v, next := readVarint(b, i)
		if next < 0 {
			return nil, errMalformed
		}
		list, i = append(list, int64(v)), next
	}
	return list, nil
}
