package simkit_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func newRecorder(t *testing.T, k *simkit.Kit, op string, next http.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	k.Handle(op, next).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+op, nil))
	return rec
}

// surface is the control surface of a kit with one operation.
type surface struct {
	kit *simkit.Kit
	mux *http.ServeMux
}

func newSurface(t *testing.T, c simkit.Config) surface {
	t.Helper()
	s := surface{newKit(t, c), http.NewServeMux()}
	s.mux.Handle("/create", s.kit.Handle("create", func(http.ResponseWriter, *http.Request) {}))
	s.kit.Mount(s.mux, func() any { return nil })
	s.kit.MountBoard(s.mux, simkit.Board{
		Moves: []simkit.Move{{Name: "pay", Label: "Pay", Of: "invoice", States: []string{"new"}}, {Name: "rotate-key", Label: "Rotate"}},
		Objects: func() []simkit.Object {
			return []simkit.Object{{Of: "invoice", ID: "1", State: "new", Moves: []string{"pay"}}}
		},
	})
	return s
}

func (s surface) do(t *testing.T, method, path, body string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.mux.ServeHTTP(rec, r)
	out, err := io.ReadAll(rec.Body)
	require.NoError(t, err)
	return rec.Code, string(out)
}

func TestControlOfConditionsAndClock(t *testing.T) {
	s := newSurface(t, simkit.Config{})
	for _, step := range []struct {
		path, in string
		status   int
		out      string
	}{
		{"clock", `{"freeze":true}`, 200, `"frozen":true`},
		{"clock", `{"set":"2026-06-01T12:00:00Z"}`, 200, `"now":"2026-06-01T12:00:00Z","real":false`},
		{"clock", `{"advance":"24h"}`, 200, `"now":"2026-06-02T12:00:00Z"`},
		{"clock", `{"advance":"-1h"}`, 400, `forward`},
		{"clock", `{"advance":"soon"}`, 400, `duration`},
		{"clock", `{"advance":"1h","real":true}`, 400, `one of`},
		{"clock", `{}`, 400, `one of`},
		{"clock", `{"run":true}`, 200, `"frozen":false`},
		{"clock", `{"real":true}`, 200, `"real":true`},
		{"latency", `{"min":"100ms"}`, 200, `[{"op":"*","min":"100ms","max":"100ms"}]`},
		{"latency", `{"op":"create","min":"1s","max":"2s","seed":3}`, 200, `{"op":"create","min":"1s","max":"2s","seed":3}`},
		{"latency", `{"op":"create","min":"3s","max":"2s"}`, 400, `max`},
		{"latency", `{"min":"0s"}`, 200, `[{"op":"create"`},
		{"limits", `{"op":"create","limit":5,"window":"1s"}`, 200, `[{"op":"create","limit":5,"window":"1s"}]`},
		{"limits", `{"op":"create"}`, 200, `[]`},
		{"maintenance", `{"on":true,"status":500,"retry_after":"2m"}`, 200, `{"on":true,"status":500,"retry_after":"2m0s"}`},
		{"maintenance", `{"on":true,"status":200}`, 400, `400 to 599`},
		{"maintenance", `{"on":false}`, 200, `{"on":false}`},
		{"storm", `{"copies":2}`, 200, `{"queued":0}`},
		{"storm", `{"copies":-1}`, 400, `copies`},
	} {
		status, out := s.do(t, http.MethodPost, "/_sim/"+step.path, step.in)
		require.Equal(t, step.status, status, "%s %s: %s", step.path, step.in, out)
		require.Contains(t, out, step.out, "%s %s", step.path, step.in)
	}
	for _, path := range []string{"clock", "latency", "limits", "maintenance"} {
		status, out := s.do(t, http.MethodGet, "/_sim/"+path, "")
		require.Equal(t, http.StatusOK, status)
		require.True(t, json.Valid([]byte(out)), out)
	}
}

func TestReset(t *testing.T) {
	s := newSurface(t, simkit.Config{})
	m := newMerchant(t)
	s.kit.Clock.Freeze()
	require.NoError(t, s.kit.Faults.Add(simkit.Fault{Op: "create", Kind: simkit.FaultHTML}))
	require.NoError(t, s.kit.Callbacks.Script(simkit.CallbackHeld, 0))
	require.NoError(t, s.kit.Maintenance.Begin(simkit.Outage{}))
	require.NoError(t, s.kit.Limits.Set(simkit.RateLimit{Op: "create", Window: 1}))
	require.NoError(t, s.kit.Latency.Set(simkit.Slowness{Op: "create", Max: 1}))
	s.kit.Callbacks.Send(m.callback("a", "a"))
	s.do(t, http.MethodPost, "/create", "")
	status, _ := s.do(t, http.MethodPost, "/_sim/reset", "")
	require.Equal(t, http.StatusOK, status)

	require.Empty(t, s.kit.Faults.Pending())
	require.Empty(t, s.kit.Callbacks.Held())
	require.Empty(t, s.kit.Requests.All())
	require.Empty(t, s.kit.Limits.Lines())
	require.Empty(t, s.kit.Latency.Lines())
	_, on := s.kit.Maintenance.Now()
	require.False(t, on)
	require.True(t, s.kit.Clock.State().Real)
	s.kit.Callbacks.Send(m.callback("a", "b"))
	require.NoError(t, s.kit.Callbacks.Idle(t.Context()))
	require.Equal(t, []string{"b"}, m.got())
}

func TestStormIsSeeded(t *testing.T) {
	order := func(seed uint64) []string {
		m := newMerchant(t)
		k := newKit(t, simkit.Config{})
		require.NoError(t, k.Callbacks.Script(simkit.CallbackHeld, 0))
		for _, body := range []string{"a", "b", "c"} {
			k.Callbacks.Send(m.callback(body, body))
		}
		n, err := k.Callbacks.Storm(simkit.Storm{Copies: 4, Seed: seed})
		require.NoError(t, err)
		require.Equal(t, 12, n)
		require.NoError(t, k.Callbacks.Idle(t.Context()))
		require.Empty(t, k.Callbacks.Held())
		n, err = k.Callbacks.Storm(simkit.Storm{Copies: 1, Replay: true})
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.NoError(t, k.Callbacks.Idle(t.Context()))
		return m.got()[:12]
	}
	one := order(1)
	require.Equal(t, one, order(1))
	require.NotEqual(t, one, order(2))
	require.ElementsMatch(t, strings.Split("aaaabbbbcccc", ""), one)
	require.NotEqual(t, strings.Split("abcabcabcabc", ""), one)
}

func TestMovesAndObjects(t *testing.T) {
	s := newSurface(t, simkit.Config{})
	_, out := s.do(t, http.MethodGet, "/_sim/moves", "")
	var moves []simkit.Move
	require.NoError(t, json.Unmarshal([]byte(out), &moves))
	require.Equal(t, simkit.Move{Name: "pay", Label: "Pay", Of: "invoice", States: []string{"new"}, Command: "pay"}, moves[0])
	require.Equal(t, "provider", moves[1].Group)
	names := map[string]simkit.Move{}
	for _, m := range moves {
		require.NotContains(t, names, m.Name)
		names[m.Name] = m
	}
	require.Equal(t, []string{"*", "create"}, names["fault-add"].Fields[0].Options)
	for _, m := range moves[2:] {
		status, out := s.do(t, http.MethodPost, "/_sim/"+m.Command, bodyOf(t, m))
		require.Contains(t, []int{200, 400}, status, "%s: %s", m.Name, out)
		require.NotContains(t, out, "unknown field", m.Name)
	}
	_, out = s.do(t, http.MethodGet, "/_sim/objects", "")
	require.Contains(t, out, `"of":"invoice","id":"1","state":"new"`)
	require.Equal(t, []string{"pay"}, simkit.PossibleMoves(moves, "invoice", "new", nil))
	require.Empty(t, simkit.PossibleMoves(moves, "invoice", "paid", nil))
	require.Empty(t, simkit.PossibleMoves(moves, "invoice", "new", func(simkit.Move) bool { return false }))
}

// bodyOf fills a move's fields with what stands in them at first, or with the first option.
func bodyOf(t *testing.T, m simkit.Move) string {
	t.Helper()
	in := map[string]any{}
	maps.Copy(in, m.Fixed)
	for _, f := range m.Fields {
		switch {
		case f.Kind == simkit.FieldNumber && f.Value != "":
			in[f.Name] = json.Number(f.Value)
		case len(f.Options) > 0:
			in[f.Name] = f.Options[0]
		case f.Value != "":
			in[f.Name] = f.Value
		}
	}
	out, err := json.Marshal(in)
	require.NoError(t, err)
	return string(out)
}

func TestForeignPagesAreRefused(t *testing.T) {
	s := newSurface(t, simkit.Config{})
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}} {
		status, _ := s.do(t, http.MethodPost, "/_sim/maintenance", `{"on":true}`, header...)
		require.Equal(t, http.StatusForbidden, status)
		status, _ = s.do(t, http.MethodDelete, "/_sim/faults", "", header...)
		require.Equal(t, http.StatusForbidden, status)
	}
	_, on := s.kit.Maintenance.Now()
	require.False(t, on)
	status, _ := s.do(t, http.MethodPost, "/_sim/maintenance", `{"on":true}`, "Sec-Fetch-Site", "same-origin")
	require.Equal(t, http.StatusOK, status)
}

func TestLogsAreShownWithoutSecrets(t *testing.T) {
	const canary = "s3cr3t-canary"
	const card = "4111111111111111"
	s := newSurface(t, simkit.Config{SecretHeaders: []string{"X-Key"}, SecretFields: []string{"merchantTag"}})
	m := newMerchant(t)
	bodies := []string{
		`{"id":7,"notificationToken":"` + canary + `","nested":{"api_key" : "` + canary + `"},"note":"kept \"` + card + `\""}`,
		`{"cvv":` + "123" + `,"token":"` + canary + `\"` + canary + `"}`,
		`{"secret":"` + canary, // cut off
		`merchant_tag=` + canary + `&sum=5&PAN=` + card,
		"--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + canary + "\r\n--x--\r\n",
		"4111 1111 1111 1111 2026",
	}
	for _, body := range bodies {
		s.do(t, http.MethodPost, "/create?card_token="+canary+"&q="+url.QueryEscape(card), body, "X-Key", canary, "X-Notification-Token", canary)
	}
	cb := m.callback("a", bodies[0])
	cb.Header = http.Header{"X-Notification-Token": {canary}}
	s.kit.Callbacks.Send(cb)
	require.NoError(t, s.kit.Callbacks.Idle(t.Context()))
	for _, path := range []string{"/_sim/requests", "/_sim/callbacks"} {
		_, out := s.do(t, http.MethodGet, path, "")
		require.NotContains(t, out, canary, path)
		require.NotContains(t, out, card, path)
		require.NotContains(t, out, "1111 1111", path)
		require.Contains(t, out, "411111******1111", path)
		require.Contains(t, out, "kept", path)
		require.Contains(t, out, "[hidden]", path)
	}
	_, out := s.do(t, http.MethodGet, "/_sim/requests", "")
	require.Contains(t, out, "sum=5")
	require.NotContains(t, out, ":123")
	require.Contains(t, s.kit.Requests.All()[0].Body, canary, "a test in Go still sees what was sent")
}

func TestIDsAreNoCardNumbers(t *testing.T) {
	s := newSurface(t, simkit.Config{})
	ids := []string{"64000000000008", "1591040000", "0123456789012345", "4111111111111112", "41111111111111111111", "6f9619ff-8b86-d011-b42d-00c04fc964ff"}
	s.do(t, http.MethodPost, "/create", strings.Join(ids, ","))
	_, out := s.do(t, http.MethodGet, "/_sim/requests", "")
	require.Contains(t, out, strings.Join(ids, ","))
}
