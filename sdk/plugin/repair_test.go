package plugin

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// mend repairs a message by protobuf reflection: the same as [repair], which finds its fields in generated code.
func mend(m protoreflect.Message) (changed []string) {
	if e, ok := m.Interface().(*pluginv1.Evidence); ok && len(e.GetRaw()) > pay.MaxRawSize {
		e.Raw = e.GetRaw()[:pay.MaxRawSize]
		changed = append(changed, "evidence.raw was cut to 64 KiB")
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		warning := string(fd.Name()) + " was not valid UTF-8"
		isBad := func(v protoreflect.Value) bool {
			s, ok := v.Interface().(string)
			return ok && !utf8.ValidString(s)
		}
		mended := func(v protoreflect.Value) protoreflect.Value {
			return protoreflect.ValueOfString(replaceInvalid(v.String()))
		}
		switch {
		case fd.IsMap():
			entries := v.Map()
			type entry struct{ key, value protoreflect.Value }
			var fixed []entry
			entries.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				e := entry{k.Value(), v}
				if fd.MapValue().Message() != nil {
					changed = append(changed, mend(v.Message())...)
				}
				if isBad(e.key) {
					e.key, changed = mended(e.key), append(changed, warning)
				}
				if isBad(e.value) {
					e.value, changed = mended(e.value), append(changed, warning)
				}
				if e.key.String() != k.String() || isBad(v) {
					entries.Clear(k)
					fixed = append(fixed, e)
				}
				return true
			})
			for _, e := range fixed {
				entries.Set(e.key.MapKey(), e.value)
			}
		case fd.IsList():
			for i := range v.List().Len() {
				if item := v.List().Get(i); fd.Message() != nil {
					changed = append(changed, mend(item.Message())...)
				} else if isBad(item) {
					v.List().Set(i, mended(item))
					changed = append(changed, warning)
				}
			}
		case fd.Message() != nil:
			changed = append(changed, mend(v.Message())...)
		case isBad(v):
			m.Set(fd, mended(v))
			changed = append(changed, warning)
		}
		return true
	})
	return changed
}

func TestRepairAgreesWithReflection(t *testing.T) {
	w := writer{Rand: rand.New(rand.NewPCG(11, 12)), hostile: true}
	var repaired int
	for _, typ := range contractMessages(t) {
		for range 100 {
			m := w.message(typ)
			if e, ok := m.(*pluginv1.Evidence); ok && w.IntN(2) == 0 {
				e.Raw = make([]byte, pay.MaxRawSize+1)
			}
			want := proto.Clone(m)
			wantChanged, changed := mend(want.ProtoReflect()), repair(m)
			slices.Sort(wantChanged)
			slices.Sort(changed)
			require.Equal(t, wantChanged, []string(changed), "%v", m)
			require.True(t, proto.Equal(want, m), "%v\n%v", want, m)
			repaired += len(changed)
			_, err := proto.Marshal(m)
			require.NoError(t, err, "something is left that is not UTF-8")
		}
	}
	require.Greater(t, repaired, 1000)
}
