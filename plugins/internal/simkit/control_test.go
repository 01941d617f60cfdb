package simkit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func TestControlSurface(t *testing.T) {
	b := newBench(t, simkit.Config{})
	steps := []struct {
		method, path, in string
		status           int
		out              string
	}{
		{"GET", "/_sim/invoices", "", 200, `["one"]`},
		{"GET", "/_sim/requests", "", 200, `[]`},
		{"POST", "/_sim/faults", `{"op":"create","kind":"html"}`, 200, `{"added":1}`},
		{"POST", "/_sim/faults", `[{"op":"create","kind":"delay","delay":"5ms","times":2}]`, 200, `{"added":1}`},
		{"GET", "/_sim/faults", "", 200, `[{"op":"create","kind":"html","times":1},{"op":"create","kind":"delay","times":2,"delay":"5ms"}]`},
		{"POST", "/_sim/faults", `{"op":"create","kind":"boom"}`, 400, `boom`},
		{"POST", "/_sim/faults", `{"op":"create","kind":"html","typo":1}`, 400, `typo`},
		{"POST", "/_sim/faults", `{"op":"create","kind":"delay","delay":"5"}`, 400, `duration`},
		{"POST", "/_sim/faults", `{"op":"create","kind":"html"} x`, 400, `error`},
		{"DELETE", "/_sim/faults", "", 200, `[]`},
		{"POST", "/_sim/callbacks", `{"mode":"held","times":1}`, 200, `{"released":0}`},
		{"POST", "/_sim/callbacks", `{"mode":"sideways"}`, 400, `sideways`},
		{"POST", "/_sim/callbacks", `{}`, 400, `mode or release`},
		{"POST", "/_sim/callbacks", `{"release":true,"order":[7]}`, 400, `7 is not held`},
		{"POST", "/_sim/callbacks", `{"release":true}`, 200, `{"released":0}`},
		{"GET", "/_sim/callbacks", "", 200, `{"attempts":[],"held":[]}`},
	}
	for _, s := range steps {
		status, out, err := b.do(t, s.method, s.path, s.in)
		require.NoError(t, err)
		require.Equal(t, s.status, status, "%s %s: %s", s.method, s.path, out)
		require.Contains(t, out, s.out)
	}
	_, _, err := b.do(t, http.MethodPost, "/create", "in")
	require.NoError(t, err)
	_, out, err := b.do(t, http.MethodGet, "/_sim/requests", "")
	require.NoError(t, err)
	var log []simkit.Request
	require.NoError(t, json.Unmarshal([]byte(out), &log))
	require.Len(t, log, 1)
	require.Equal(t, "create", log[0].Op)
}

func TestCommandErrors(t *testing.T) {
	mux := http.NewServeMux()
	simkit.Command(mux, "pay", func(in struct {
		ID string `json:"id"`
	}) (any, error) {
		switch in.ID {
		case "unknown":
			return nil, fmt.Errorf("pay: %w", simkit.ErrNotFound)
		case "paid":
			return nil, fmt.Errorf("pay: %w", simkit.ErrImpossible)
		}
		return nil, nil
	})
	for in, want := range map[string]int{`{"id":"unknown"}`: 404, `{"id":"paid"}`: 409, `{"id":"x"}`: 200, `{"idd":"x"}`: 400, ``: 200} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_sim/pay", jsonBody(in)))
		require.Equal(t, want, rec.Code, in)
	}
}

func TestPayPageEscapesAndRefusesScriptLinks(t *testing.T) {
	rec := httptest.NewRecorder()
	simkit.WritePayPage(rec, http.StatusOK, simkit.PayPage{
		Provider: "Payin", Amount: "10 RUB", Description: "<script>alert(1)</script>", Status: "new",
		Details:   []simkit.Detail{{Name: "Number", Value: "006034-000001"}},
		Message:   "clicked",
		Buttons:   []simkit.Button{{Label: "Pay", Action: "/pay/1", Fields: []simkit.Detail{{Name: "do", Value: "pay"}}, Inputs: []simkit.Input{{Name: "code", Label: "Code", Value: "59"}}}},
		ReturnURL: "javascript:alert(1)",
	})
	page := rec.Body.String()
	for _, want := range []string{"Payin", "10 RUB", "&lt;script&gt;", "006034-000001", "clicked", `action="/pay/1"`, `name="do" value="pay"`, `name="code" value="59"`} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "<script>")
	require.NotContains(t, page, "javascript:")
	require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
}

func FuzzFaultJSON(f *testing.F) {
	f.Add([]byte(`{"op":"create","kind":"delay","delay":"250ms","times":2,"status":503}`))
	f.Add([]byte(`{"op":"*","kind":"html"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var one, again simkit.Fault
		if json.Unmarshal(data, &one) != nil {
			return
		}
		out, err := json.Marshal(one)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(out, &again))
		require.Equal(t, one, again)
	})
}
