package plugin

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := newCodec().Marshal(m)
	require.NoError(t, err)
	defer data.Free()
	return data.Materialize()
}

// decode reads b in both ways and returns what came of it; they must agree on whether it can be read and on what it says. The bytes
// come in two buffers, and what held them is overwritten before the message is looked at.
func decode(t testing.TB, typ protoreflect.MessageType, b []byte) (proto.Message, error) {
	t.Helper()
	want, got := typ.New().Interface(), typ.New().Interface()
	wantErr := proto.Unmarshal(b, want)
	held := append([]byte{}, b...)
	gotErr := newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(held[:len(b)/2]), mem.SliceBuffer(held[len(b)/2:])}, got)
	clear(held)
	require.Equal(t, wantErr == nil, gotErr == nil, "%s: protobuf says %v, we say %v, of % x", typ.Descriptor().Name(), wantErr, gotErr, b)
	if wantErr == nil && !proto.Equal(want, got) {
		t.Fatalf("%s: read differently: % x\n%v\n%v", typ.Descriptor().Name(), b, want, got)
	}
	return got, gotErr
}

// Both codecs read what the other has written, also fields that neither knows, and count the same bytes.
func TestCodecWritesWhatProtobufReads(t *testing.T) {
	w := writer{Rand: rand.New(rand.NewPCG(1, 2))}
	for _, typ := range contractMessages(t) {
		for range 60 {
			m := w.message(typ)
			theirs, err := proto.Marshal(m)
			require.NoError(t, err)
			ours := encode(t, m)
			require.Len(t, ours, len(theirs))
			for _, b := range [][]byte{theirs, ours} {
				read, err := decode(t, typ, b)
				require.NoError(t, err)
				require.True(t, proto.Equal(m, read), "%v\n%v", m, read)
			}
		}
	}
}

// A message that stands twice on the wire is merged, as protobuf asks for.
func TestCodecMerges(t *testing.T) {
	w := writer{Rand: rand.New(rand.NewPCG(3, 4))}
	for _, typ := range contractMessages(t) {
		for range 30 {
			_, err := decode(t, typ, append(encode(t, w.message(typ)), encode(t, w.message(typ))...))
			require.NoError(t, err)
		}
	}
}

// Damaged bytes, texts that are not UTF-8 among them, are refused by both or read alike by both.
func TestCodecRefusesWhatProtobufRefuses(t *testing.T) {
	w := writer{Rand: rand.New(rand.NewPCG(5, 6)), hostile: true}
	var refused, accepted int
	for _, typ := range contractMessages(t) {
		for range 300 {
			b := encode(t, w.message(typ))
			if len(b) == 0 {
				continue
			}
			for range w.IntN(3) {
				switch at := w.IntN(len(b)); w.IntN(4) {
				case 0:
					b[at] = byte(w.Uint32())
				case 1:
					b[at] ^= 1 << w.IntN(8)
				case 2:
					b = append(b[:at:at], b[min(len(b), at+1):]...)
				default:
					b = append(b[:at:at], append([]byte{byte(w.Uint32()), byte(w.Uint32())}, b[at:]...)...)
				}
				if len(b) == 0 {
					break
				}
			}
			if _, err := decode(t, typ, b); err != nil {
				refused++
			} else {
				accepted++
			}
		}
	}
	require.Greater(t, refused, 1000)
	require.Greater(t, accepted, 1000)
}

// The largest message whose texts share one string and the smallest whose texts do not are read alike.
func TestCodecSharesTheTextsOfSmallMessages(t *testing.T) {
	typ := (*pluginv1.Call)(nil).ProtoReflect().Type()
	for _, size := range []int{sharedText - 8, sharedText - 3, sharedText - 2, sharedText - 1, sharedText} {
		m := &pluginv1.Call{OperationId: string(make([]byte, size)), ProviderKey: "k"}
		read, err := decode(t, typ, encode(t, m))
		require.NoError(t, err)
		require.True(t, proto.Equal(m, read))
	}
}

// FuzzCodec gives both codecs the same bytes as the same message.
func FuzzCodec(f *testing.F) {
	types := contractMessages(f)
	w := writer{Rand: rand.New(rand.NewPCG(7, 8)), hostile: true}
	for i, typ := range types {
		f.Add(uint8(i), encode(f, w.message(typ)))
	}
	f.Add(uint8(0), []byte{0x0b, 0x0b, 0x0c, 0x0c})                                             // groups
	f.Add(uint8(0), []byte{0x8a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1, 'x'}) // a tag in ten bytes
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		typ := types[int(kind)%len(types)]
		m, err := decode(t, typ, b)
		if err != nil {
			return
		}
		again, err := decode(t, typ, encode(t, m))
		if err != nil || !proto.Equal(m, again) {
			t.Fatalf("changed on the second trip: %v\n%v\n%v", err, m, again)
		}
	})
}
