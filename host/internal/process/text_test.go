package process

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestHandshakeLine(t *testing.T) {
	for line, want := range map[string]string{
		"1|1|unix|/tmp/x|grpc|":                   "1|1|unix|/tmp/x|grpc\n",
		"1|1|unix|/tmp/x":                         "1|1|unix|/tmp/x\n",
		"  1|12|unix|/tmp/x|grpc|cert|true \r":    "1|12|unix|/tmp/x|grpc\n",
		"1|2|3":                                   "",
		"a|1|unix|/tmp/x|grpc":                    "",
		"1||unix|/tmp/x|grpc":                     "",
		"1|1||/tmp/x|grpc":                        "",
		"1|1|unix||grpc":                          "",
		"1|1|unix|/tmp/\x1b[2J|grpc":              "",
		"-1|1|unix|/tmp/x|grpc":                   "",
		"1|1|unix|" + strings.Repeat("x", 2000):   "",
		"99999999999999999999|1|unix|/tmp/x|grpc": "",
	} {
		got, ok := handshakeLine([]byte(line))
		require.Equal(t, want, string(got), line)
		require.Equal(t, want != "", ok, line)
	}
}

func TestOnceReader(t *testing.T) {
	r := newOnceReader()
	r.deliver([]byte("first\n"))
	r.deliver([]byte("second\n"))
	r.end()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "first\n", string(b))
}

func TestScanLines(t *testing.T) {
	long := strings.Repeat("l", maxLine*3)
	var got []string
	scanLines(strings.NewReader("a\r\n\n"+long+"\nb\n"+long), func(line []byte, truncated bool) {
		require.Equal(t, len(line) == maxLine, truncated)
		got = append(got, string(line))
	})
	require.Equal(t, []string{"a", "", long[:maxLine], "b", long[:maxLine]}, got)
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{emit: func(line []byte, truncated bool) {
		require.Equal(t, len(line) == maxLine, truncated)
		got = append(got, string(line))
	}}
	long := strings.Repeat("l", maxLine+1)
	for _, part := range []string{"on", "e\ntwo\r\n", long, long, "\nthree"} {
		n, err := w.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	w.flush()
	w.flush()
	require.Equal(t, []string{"one", "two", long[:maxLine], "three"}, got)
}

func TestParseLogLine(t *testing.T) {
	for line, want := range map[string]string{
		`{"@level":"info","@message":"m","b":1,"a":"x","@module":"p"}`: "[INFO] m module=p a=x b=1",
		`{"time":"t","level":"WARN","msg":"slog's own"}`:               "[WARN] slog's own plugin_time=t",
		`{"@message":1}`:                         "[DEBUG] 1",
		`{"@level":"trace"}`:                     "[DEBUG-4] ",
		`{"id":12345678901234567890}`:            "[DEBUG]  id=12345678901234567890",
		`{"@message":"cut`:                       `[DEBUG] {"@message":"cut`,
		`{"a":1} trailing`:                       `[DEBUG] {"a":1} trailing`,
		`[1,2]`:                                  "[DEBUG] [1,2]",
		`[ERROR] boom`:                           "[ERROR] boom",
		`[x] y`:                                  "[DEBUG] [x] y",
		`plain`:                                  "[DEBUG] plain",
		`{"config":{"password":"p w"},"x":null}`: `[DEBUG]  config={"password":***} x=null`,
	} {
		require.Equal(t, want, parseLogLine([]byte(line), scrubber{}).String(), line)
	}
}

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		"token=abc next":                   "token=*** next",
		`{"api_key":"a b","n":1}`:          `{"api_key":***,"n":1}`,
		"Authorization: Bearer abcdef.ghi": "Authorization: ***",
		"sent bearer abcdefghij":           "sent bearer ***",
		"card 4111 1111 1111 1111!":        "card ***!",
		"order 1234567890123":              "order 1234567890123",
		"X-Sign: MEUCIQ==":                 "X-Sign: ***",
		"nothing to hide":                  "nothing to hide",
		`password='x y' ok`:                "password=*** ok",
	} {
		require.Equal(t, want, scrubber{}.text(in))
	}
	own := scrubber{extra: func(s string) string { return strings.ReplaceAll(s, "known", "###") }}
	require.Equal(t, "[DEBUG] ### k=###", parseLogLine([]byte(`{"@message":"known","k":"known"}`), own).String())
}

func TestLogSinkKeepsTheNewestLines(t *testing.T) {
	l := newLogSink(slog.New(slog.DiscardHandler), scrubber{})
	for i := range tailLines + 50 {
		l.take("", []byte(strings.Repeat("n", i)), false)
	}
	l.close(patienceForLogs)
	last := l.last(3)
	require.Len(t, last, 3)
	require.Equal(t, "[DEBUG] "+strings.Repeat("n", tailLines+49), last[2])
	require.Len(t, l.last(tailLines), tailLines)
}

const patienceForLogs = logWait * 20

func FuzzHandshakeLine(f *testing.F) {
	for _, seed := range []string{"1|1|unix|/tmp/plugin-dir1/plugin2|grpc|", "1|2|3", "|||||", "1|1|tcp|127.0.0.1:1|grpc|cert|true", "\x00\xff", " 1|1|a|b\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		got, ok := handshakeLine(line)
		require.Equal(t, before, line, "the input is not changed")
		if !ok {
			require.Nil(t, got)
			return
		}
		require.Equal(t, 1, bytes.Count(got, []byte{'\n'}))
		require.True(t, bytes.HasSuffix(got, []byte{'\n'}))
		fields := strings.Split(strings.TrimSpace(string(got)), "|")
		require.GreaterOrEqual(t, len(fields), 4)
		require.LessOrEqual(t, len(fields), 5, "no certificate reaches go-plugin")
	})
}

func FuzzStderrLine(f *testing.F) {
	for _, seed := range []string{
		`{"@message": 1}`, `{"@level":[],"@timestamp":{},"@message":null}`, `{"@message":"ok","@level":"info","plugin":"x"}`,
		"[WARN] x", "[", "]", "{", "\x1b[31m", "token=", `{"a":{"b":[1e999]}}`, "panic: x", `{"":"","@":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		parsed := parseLogLine(line, scrubber{})
		texts := []string{parsed.message}
		for _, a := range parsed.attrs {
			require.NotContains(t, []string{"plugin", "pid", "stream"}, a.Key)
			texts = append(texts, a.Key, a.Value.String())
		}
		require.LessOrEqual(t, len(parsed.attrs), maxAttrs+1)
		for _, text := range texts {
			require.True(t, utf8.ValidString(text))
			require.Equal(t, cleanText(text), text, "nothing unprintable gets through")
		}
	})
}
