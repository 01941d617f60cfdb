package payinsim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// shop receives callbacks and answers with the texts of a script, then with acceptance.
type shop struct {
	url    string
	mu     sync.Mutex
	script []string
	bodies []string
}

func newShop(t *testing.T, script ...string) *shop {
	t.Helper()
	s := &shop{script: script}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.bodies = append(s.bodies, string(body))
		answer := `{"result": true}`
		if len(s.script) > 0 {
			answer, s.script = s.script[0], s.script[1:]
		}
		if answer == "500" {
			w.WriteHeader(http.StatusInternalServerError)
			answer = `{"result": true}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func TestCallbackIsSignedAndRepeated(t *testing.T) {
	tests := map[string]struct {
		script   []string
		attempts int
	}{
		"accepted at once": {nil, 1},
		"500 is repeated":  {[]string{"500"}, 2},
		"no JSON":          {[]string{"OK", `{"result":true}`}, 2},
		"not true":         {[]string{`{"result":"true"}`, `{"result":1}`}, 3},
		"given up":         {[]string{"", "", "", ""}, 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			receiver := newShop(t, tt.script...)
			w := newWorld(t, func(c *Config) { c.CallbackURL = receiver.url })
			inv := w.create(t, nil)
			require.NoError(t, w.sim.Pay(inv.PaymentInID))
			require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
			require.Len(t, receiver.bodies, tt.attempts)
			for _, body := range receiver.bodies {
				require.Equal(t, receiver.bodies[0], body, "repeats are equal bytes")
			}
			var got map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(receiver.bodies[0]), &got))
			require.Equal(t, inv.PaymentInID, string(got["payment_in_id"]), "a number")
			require.Equal(t, "1", string(got["payment_in_status"]))
			want := hashOf(testKey, []param{{"timestamp", string(got["timestamp"])}, {"payment_in_status", "1"}, {"payment_in_id", inv.PaymentInID}})
			require.Equal(t, `"`+want+`"`, string(got["hash"]))
			require.Len(t, got, 5)
		})
	}
}

func TestCallbackOnlyForPaidTopups(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, func(c *Config) { c.CallbackURL = receiver.url })
	plain := w.create(t, func(f map[string]string) { f["is_sos_topup"] = "0" })
	require.NoError(t, w.sim.Pay(plain.PrettyID))
	require.ErrorIs(t, w.sim.Notify(plain.PrettyID), ErrImpossible)
	topup := w.create(t, nil)
	require.NoError(t, w.sim.Decline(topup.PrettyID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Empty(t, receiver.bodies)

	require.NoError(t, w.sim.Notify(topup.PrettyID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Contains(t, receiver.bodies[0], `"payment_in_status":3`)

	w.sim.SetCallbackURL("")
	require.NoError(t, w.sim.Pay(topup.PrettyID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, receiver.bodies, 1)
}

func TestRepeatsSignedAnew(t *testing.T) {
	receiver := newShop(t, "500")
	w := newWorld(t, func(c *Config) {
		c.CallbackURL = receiver.url
		c.SignRepeatsAnew = true
	})
	require.NoError(t, w.sim.Pay(w.create(t, nil).PrettyID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, receiver.bodies, 2)
	require.NotEqual(t, receiver.bodies[0], receiver.bodies[1], "the tracker at least differs")
}

func TestMoves(t *testing.T) {
	w := newWorld(t, nil)
	part := func(frozen bool) func(string) error {
		return func(id string) error { return w.sim.PayPart(id, frozen) }
	}
	s := w.sim
	tests := map[string]struct {
		steps []func(string) error
		want  int
		fails bool // the last step is impossible
	}{
		"pay, refund":            {[]func(string) error{s.Pay, s.Refund}, StatusRefunded, false},
		"pay, chargeback":        {[]func(string) error{s.Pay, s.Chargeback}, StatusChargedBack, false},
		"freeze, pay":            {[]func(string) error{s.Freeze, s.Pay}, StatusPaid, false},
		"process, decline":       {[]func(string) error{s.Process, s.Decline}, StatusFailed, false},
		"expired, paid late":     {[]func(string) error{s.Expire, s.Pay}, StatusPaid, false},
		"part held, credited":    {[]func(string) error{part(true), part(false)}, StatusPartialPaid, false},
		"pay twice":              {[]func(string) error{s.Pay, s.Pay}, StatusPaid, true},
		"paid cannot expire":     {[]func(string) error{s.Pay, s.Expire}, StatusPaid, true},
		"new cannot be refund":   {[]func(string) error{s.Refund}, StatusNew, true},
		"refunded is the end":    {[]func(string) error{s.Pay, s.Refund, s.Pay}, StatusRefunded, true},
		"canceled cannot expire": {[]func(string) error{s.Cancel, s.Expire}, StatusCanceled, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id := w.create(t, nil).PrettyID
			for i, step := range tt.steps {
				err := step(id)
				if tt.fails && i == len(tt.steps)-1 {
					require.ErrorIs(t, err, ErrImpossible)
				} else {
					require.NoError(t, err)
				}
			}
			inv, err := s.Invoice(id)
			require.NoError(t, err)
			require.Equal(t, tt.want, inv.Status)
		})
	}
	require.ErrorIs(t, s.Pay("1"), ErrNotFound)
	require.ErrorIs(t, s.SetStatus("1", 1), ErrNotFound)
	require.ErrorIs(t, s.Notify("1"), ErrNotFound)
}

func TestScriptOverHTTP(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, in string
		status   int
		out      string
	}{
		{"pay", `{"id":"ID"}`, 200, `"status":1,`},
		{"decline", `{"id":"ID"}`, 200, `"status":3,`},
		{"freeze", `{"id":"ID"}`, 200, `"status":4,`},
		{"hold", `{"id":"ID"}`, 200, `"status":4,`},
		{"cancel", `{"id":"ID"}`, 200, `"status":2,`},
		{"expire", `{"id":"ID"}`, 200, `"status":6,`},
		{"processing", `{"id":"ID"}`, 200, `"status":11,`},
		{"partial", `{"id":"ID"}`, 200, `"status":14,`},
		{"partial", `{"id":"ID","frozen":true}`, 200, `"status":13,`},
		{"status", `{"id":"ID","code":12}`, 200, `"status":12,`},
		{"status", `{"id":"ID"}`, 400, `code is missing`},
		{"refund", `{"id":"ID"}`, 409, `impossible`},
		{"dispute", `{"id":"ID"}`, 409, `impossible`},
		{"pay", `{"id":"x"}`, 404, `unknown invoice`},
		{"pay", `{"ID_":"x"}`, 400, `unknown field`},
	} {
		id := w.create(t, nil).PaymentInID
		in := strings.ReplaceAll(tt.in, `"ID"`, `"`+id+`"`)
		status, out, _ := w.send(t, http.MethodPost, "/_sim/"+tt.name, "application/json", strings.NewReader(in))
		require.Equal(t, tt.status, status, "%s: %s", tt.name, out)
		require.Contains(t, out, tt.out)
	}
	_, out, _ := w.send(t, http.MethodGet, "/_sim/invoices", "", nil)
	var list []Invoice
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 15)
}

func TestPayPage(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		do, next string
		status   int
	}{
		{"success", "https://shop.example/ok", StatusPaid},
		{"error", "https://shop.example/fail", StatusFailed},
		{"freeze", "PAGE", StatusFrozen},
		{"processing", "PAGE", StatusProcessing},
		{"expire", "PAGE", StatusExpired},
	} {
		inv := w.create(t, nil)
		link, err := url.Parse(inv.PayLink)
		require.NoError(t, err)
		status, page, _ := w.send(t, http.MethodGet, link.Path, "", nil)
		require.Equal(t, 200, status)
		for _, want := range []string{"Payin-payout", "10.50 RUB", "Пополнение ~ *", inv.PrettyID, fmt.Sprintf(`value="%s"`, tt.do), `action="` + link.Path + `"`} {
			require.Contains(t, page, want)
		}
		form := func(do string) (int, string, http.Header) {
			return w.send(t, http.MethodPost, link.Path, "application/x-www-form-urlencoded", strings.NewReader("do="+do))
		}
		status, _, header := form(tt.do)
		require.Equal(t, http.StatusSeeOther, status)
		require.Equal(t, strings.ReplaceAll(tt.next, "PAGE", link.Path), header.Get("Location"))
		after, err := w.sim.Invoice(inv.PrettyID)
		require.NoError(t, err)
		require.Equal(t, tt.status, after.Status)
		status, page, _ = w.send(t, http.MethodGet, link.Path, "", nil)
		require.Equal(t, 200, status)
		require.Contains(t, page, statusText(tt.status))

		status, _, _ = form("nonsense")
		require.Equal(t, 400, status)
		if tt.do == "success" {
			require.Contains(t, page, `href="https://shop.example/ok"`)
			status, page, _ = form("error")
			require.Equal(t, http.StatusConflict, status)
			require.Contains(t, page, "cannot go from")
		}
	}
	status, _, _ := w.send(t, http.MethodGet, "/api/pay/1", "", nil)
	require.Equal(t, 404, status)
	status, _, _ = w.send(t, http.MethodPost, "/api/pay/1", "application/x-www-form-urlencoded", strings.NewReader("do=success"))
	require.Equal(t, 404, status)
}

func TestLostAnswerStillCreates(t *testing.T) {
	w := newWorld(t, nil)
	require.NoError(t, w.sim.Kit().Faults.Add(Fault{Op: OpCreate, Kind: "cut_after"}))
	resp, err := w.client.PostForm(w.url+createPath, signed(validCreate()))
	if err == nil {
		resp.Body.Close()
	}
	require.Error(t, err)
	require.Len(t, w.sim.Invoices(), 1)
	require.True(t, w.sim.Kit().Requests.Of(OpCreate)[0].Acted)
}

func TestManyAtOnce(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, func(c *Config) { c.CallbackURL = receiver.url })
	values := signed(validCreate())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			resp, err := w.client.PostForm(w.url+createPath, values)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			for _, inv := range w.sim.Invoices() {
				_ = w.sim.Pay(inv.PrettyID) // one of the goroutines wins
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, w.sim.Invoices(), 20)
	require.Len(t, receiver.bodies, 20, "each invoice is paid once")
}
