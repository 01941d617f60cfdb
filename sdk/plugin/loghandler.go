package plugin

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// timeLayout is hclog's layout of @timestamp. go-plugin takes a line with any other for unstructured text.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// maxLogValue bounds one value of a line; a host cuts lines of 64 KiB.
const maxLogValue = 8 << 10

// levelTrace is hclog's trace level, one step below debug.
const levelTrace = slog.LevelDebug - 4

// logHandler writes records as JSON lines in the form of hclog, which arrive structured in the host. Values of attributes
// whose names look like those of secrets are replaced.
type logHandler struct {
	out    *lockedWriter
	level  slog.Leveler
	module string
	attrs  []slog.Attr // names are complete, with their groups
	group  string      // prefix of further names, ending in a dot
}

type lockedWriter struct {
	mu sync.Mutex // one line at a time
	w  io.Writer
}

func newLogHandler(w io.Writer, module string, level slog.Leveler) *logHandler {
	return &logHandler{out: &lockedWriter{w: w}, module: module, level: level}
}

// Enabled implements [slog.Handler].
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// WithAttrs implements [slog.Handler].
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append([]slog.Attr(nil), h.attrs...)
	for _, a := range attrs {
		next.attrs = appendFlat(next.attrs, h.group, a)
	}
	return &next
}

// WithGroup implements [slog.Handler].
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.group += name + "."
	return &next
}

// Handle implements [slog.Handler].
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := append([]slog.Attr(nil), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		attrs = appendFlat(attrs, h.group, a)
		return true
	})
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	var line bytes.Buffer
	line.WriteByte('{')
	member(&line, "@level", levelName(r.Level))
	member(&line, "@message", r.Message)
	member(&line, "@module", h.module)
	member(&line, "@timestamp", at.Format(timeLayout))
	for _, a := range attrs {
		member(&line, a.Key, logValue(a))
	}
	line.WriteString("}\n")
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(line.Bytes())
	return err
}

func member(line *bytes.Buffer, key string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal("cannot be written: " + err.Error())
	}
	if len(text) > maxLogValue {
		text, _ = json.Marshal(cut(string(text), maxLogValue/2))
	}
	name, _ := json.Marshal(cut(key, 256))
	if line.Len() > 1 {
		line.WriteByte(',')
	}
	line.Write(name)
	line.WriteByte(':')
	line.Write(text)
}

// cut shortens a text without splitting a letter.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// appendFlat resolves an attribute and flattens groups into names with dots. A name that hclog uses itself gets an underscore,
// so that an attribute cannot pass for the message.
func appendFlat(list []slog.Attr, prefix string, a slog.Attr) []slog.Attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range value.Group() {
			list = appendFlat(list, prefix, member)
		}
		return list
	}
	if a.Equal(slog.Attr{}) {
		return list
	}
	name := prefix + a.Key
	if strings.HasPrefix(name, "@") {
		name = "_" + name
	}
	return append(list, slog.Attr{Key: name, Value: value})
}

func logValue(a slog.Attr) any {
	if secretName(a.Key) {
		return "[redacted]"
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return a.Value.String()
	case slog.KindInt64, slog.KindUint64, slog.KindBool, slog.KindFloat64:
		return a.Value.Any()
	case slog.KindDuration:
		return a.Value.Duration().String()
	case slog.KindTime:
		return a.Value.Time().Format(time.RFC3339Nano)
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
	}
	switch v := a.Value.Any().(type) {
	case error:
		return v.Error()
	case encoding.TextMarshaler, fmt.Stringer:
		return fmt.Sprint(v)
	case map[string]string:
		return redactMap(v)
	case map[string][]string:
		return fmt.Sprintf("%d entries", len(v)) // headers and forms hold secrets under names of their own
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	}
	// A structure's own fields cannot be told apart from secrets by this side's names, so only plain lists and numbers pass.
	switch v := a.Value.Any().(type) {
	case nil, []string, []int, []int64:
		return v
	}
	return fmt.Sprintf("%T", a.Value.Any())
}

func redactMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		if secretName(k) {
			v = "[redacted]"
		}
		out[k] = v
	}
	return out
}

// secretName recognises the names under which secrets are usually logged.
func secretName(name string) bool {
	plain := strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(name))
	for _, word := range []string{
		"token", "secret", "password", "passwd", "passphrase", "authorization", "apikey", "privatekey", "signature", "xsign",
		"cookie", "credential", "cvv", "cvc", "pan", "cardnumber",
	} {
		if plain == word || len(word) > 4 && strings.Contains(plain, word) {
			return true
		}
	}
	return strings.HasSuffix(plain, "key") && !strings.HasSuffix(plain, "providerkey") && !strings.HasSuffix(plain, "idempotencykey")
}

func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	case l >= slog.LevelDebug:
		return "debug"
	}
	return "trace"
}
