package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// levelTrace is hclog's trace level, one step below slog's debug.
const levelTrace = slog.LevelDebug - 4

// maxAttrs bounds the attributes taken from one line of a plugin.
const maxAttrs = 64

// logLine is one line of a plugin's output as it will be logged.
type logLine struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// parseLogLine understands hclog's JSON (what go-plugin and the SDK write), slog's JSON, and lines with a level in brackets.
// It accepts every input: values of unexpected types become text, and what is not an object is a plain line at debug level.
// go-plugin's own parser panics the host on such values (H1).
func parseLogLine(line []byte, s scrubber) logLine {
	if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && trimmed[0] == '{' {
		if parsed, ok := parseJSONLine(trimmed, s); ok {
			return parsed
		}
	}
	text := cleanText(string(line))
	level, rest := slog.LevelDebug, text
	if prefix, after, ok := strings.Cut(text, "]"); ok && strings.HasPrefix(prefix, "[") {
		if l, known := levelByName(prefix[1:]); known {
			level, rest = l, strings.TrimSpace(after)
		}
	}
	return logLine{level: level, message: s.text(rest)}
}

func parseJSONLine(line []byte, s scrubber) (logLine, bool) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber() // keeps large ids exact
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil || raw == nil || dec.More() {
		return logLine{}, false
	}
	out := logLine{level: slog.LevelDebug}
	if v, ok := take(raw, "@level", "level"); ok {
		if l, known := levelByName(plain(v)); known {
			out.level = l
		}
	}
	if v, ok := take(raw, "@message", "msg", "message"); ok {
		out.message = s.text(cleanText(plain(v)))
	}
	if v, ok := take(raw, "@timestamp", "time"); ok {
		raw["plugin_time"] = v
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if len(out.attrs) == maxAttrs {
			out.attrs = append(out.attrs, slog.Int("attrs_dropped", len(raw)-maxAttrs))
			break
		}
		value := s.value(key, raw[key])
		name := cleanText(strings.TrimPrefix(key, "@"))
		switch name {
		case "plugin", "pid", "stream", "attrs_dropped", slog.TimeKey, slog.LevelKey, slog.MessageKey, slog.SourceKey, "":
			name += "_" // a plugin must not pass for the host or for another plugin
		}
		out.attrs = append(out.attrs, slog.String(name, value))
	}
	return out, true
}

// String renders the line for the crash report.
func (l logLine) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] %s", l.level, l.message)
	for _, a := range l.attrs {
		fmt.Fprintf(&b, " %s=%s", a.Key, a.Value)
	}
	return b.String()
}

// take removes and returns the first of the keys that is present.
func take(m map[string]any, keys ...string) (any, bool) {
	for _, key := range keys {
		if v, ok := m[key]; ok {
			delete(m, key)
			return v, true
		}
	}
	return nil, false
}

func levelByName(name string) (slog.Level, bool) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "TRACE":
		return levelTrace, true
	case "DEBUG":
		return slog.LevelDebug, true
	case "INFO":
		return slog.LevelInfo, true
	case "WARN", "WARNING":
		return slog.LevelWarn, true
	case "ERROR":
		return slog.LevelError, true
	}
	return 0, false
}

// plain turns any decoded JSON value into text.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "null"
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return string(text)
}
