package plugin

import (
	"strings"
	"unicode/utf8"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// repairs mend what a host would refuse the whole message for, because an answer after a payment must not get lost over a
// letter: bytes that are not UTF-8 in a text are replaced, raw evidence is cut. There is a warning for each field that was changed.
//
// Which fields there are is in checks.pb.go, which is generated from the contract.
type repairs []string

func (r *repairs) text(s *string, name string) {
	if utf8.ValidString(*s) {
		return
	}
	*s = replaceInvalid(*s)
	*r = append(*r, name+" was not valid UTF-8")
}

func (r *repairs) texts(m map[string]string, name string) {
	repairKeys(r, m, name)
	for k, v := range m {
		if !utf8.ValidString(v) {
			m[k] = replaceInvalid(v)
			*r = append(*r, name+" was not valid UTF-8")
		}
	}
}

func repairKeys[V any](r *repairs, m map[string]V, name string) {
	var broken []string
	for k := range m {
		if !utf8.ValidString(k) {
			broken = append(broken, k)
		}
	}
	for _, k := range broken {
		v := m[k]
		delete(m, k)
		m[replaceInvalid(k)] = v
		*r = append(*r, name+" was not valid UTF-8")
	}
}

func (r *repairs) raw(e *pluginv1.Evidence) {
	if len(e.GetRaw()) > pay.MaxRawSize {
		e.Raw = e.GetRaw()[:pay.MaxRawSize]
		*r = append(*r, "evidence.raw was cut to 64 KiB")
	}
}

func replaceInvalid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
