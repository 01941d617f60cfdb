package pluginv1

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Times and durations have the same form: seconds in field 1, nanoseconds in field 2.
const (
	secondsTag = uint64(1<<3 | protowire.VarintType)
	nanosTag   = uint64(2<<3 | protowire.VarintType)
)

func sizeMoment(seconds int64, nanos int32) (n int) {
	if seconds != 0 {
		n += 1 + sizeVarint(uint64(seconds))
	}
	if nanos != 0 {
		n += 1 + sizeVarint(uint64(nanos))
	}
	return n
}

func writeMoment(b []byte, i int, tag uint64, seconds int64, nanos int32, unknown []byte) int {
	end := i
	i = writeRaw(b, i, unknown)
	if nanos != 0 {
		i = writeVarint(b, i, nanosTag, uint64(nanos))
	}
	if seconds != 0 {
		i = writeVarint(b, i, secondsTag, uint64(seconds))
	}
	return writeHead(b, i, tag, end-i)
}

// decodeMoment reports false where b holds anything that a moment does not have, which the general runtime then reads.
func decodeMoment(b []byte, seconds *int64, nanos *int32) bool {
	for i := 0; i < len(b); {
		tag, at := readTag(b, i)
		if at < 0 || tag != secondsTag && tag != nanosTag {
			return false
		}
		v, next := readVarint(b, at)
		if next < 0 {
			return false
		}
		if tag == secondsTag {
			*seconds = int64(v)
		} else {
			*nanos = int32(v)
		}
		i = next
	}
	return true
}

// unknownOf is nearly always empty: no peer has more fields here than ourselves.
func unknownOf(m protoreflect.ProtoMessage) []byte { return m.ProtoReflect().GetUnknown() }

func mergeMoment(b []byte, m proto.Message) error {
	return proto.UnmarshalOptions{Merge: true}.Unmarshal(b, m)
}

func sizeTimestamp(t *timestamppb.Timestamp) int {
	return sizeMoment(t.GetSeconds(), t.GetNanos()) + len(unknownOf(t))
}

func writeTimestamp(b []byte, i int, tag uint64, t *timestamppb.Timestamp) int {
	return writeMoment(b, i, tag, t.GetSeconds(), t.GetNanos(), unknownOf(t))
}

func decodeTimestamp(t *timestamppb.Timestamp, b []byte) error {
	seconds, nanos := t.Seconds, t.Nanos
	if !decodeMoment(b, &seconds, &nanos) {
		return mergeMoment(b, t)
	}
	t.Seconds, t.Nanos = seconds, nanos
	return nil
}

func sizeDuration(d *durationpb.Duration) int {
	return sizeMoment(d.GetSeconds(), d.GetNanos()) + len(unknownOf(d))
}

func writeDuration(b []byte, i int, tag uint64, d *durationpb.Duration) int {
	return writeMoment(b, i, tag, d.GetSeconds(), d.GetNanos(), unknownOf(d))
}

func decodeDuration(d *durationpb.Duration, b []byte) error {
	seconds, nanos := d.Seconds, d.Nanos
	if !decodeMoment(b, &seconds, &nanos) {
		return mergeMoment(b, d)
	}
	d.Seconds, d.Nanos = seconds, nanos
	return nil
}
