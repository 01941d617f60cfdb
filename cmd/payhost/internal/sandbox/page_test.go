package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// visitor is a browser at the page of a running sandbox, and a merchant whose callbacks arrive in hooks.
type visitor struct {
	box    *Sandbox
	client *http.Client
	hookAt string
	hooks  chan string
}

func visit(t *testing.T) *visitor {
	t.Helper()
	box, err := Start(t.Context(), Config{Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	hooks := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Sign") != "" {
			hooks <- string(body)
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		box.Close()
		receiver.Close()
	})
	return &visitor{box, client, receiver.URL, hooks}
}

func (v *visitor) do(t *testing.T, r *http.Request) (int, string, *http.Response) {
	t.Helper()
	res, err := v.client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body), res
}

func (v *visitor) page(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.box.IndexURL, nil)
	require.NoError(t, err)
	status, body, _ := v.do(t, r)
	require.Equal(t, http.StatusOK, status)
	return body
}

// press sends a form as the page's own would be sent; header pairs replace what the browser says about it.
func (v *visitor) press(t *testing.T, form url.Values, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.box.IndexURL+"/press", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", v.box.IndexURL)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	status, body, _ := v.do(t, r)
	return status, body
}

// invoice creates one at monobank and returns its id.
func (v *visitor) invoice(t *testing.T, description string) string {
	t.Helper()
	body := `{"amount":4250,"webHookUrl":"` + v.hookAt + `","merchantPaymInfo":{"reference":"r-1","destination":"` + description + `"}}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.box.MonobankURL+"/api/merchant/invoice/create", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Token", monobankToken)
	status, out, _ := v.do(t, r)
	require.Equal(t, http.StatusOK, status, out)
	return v.box.monobank.Invoices()[0].InvoiceID
}

func TestPageShowsAnInvoiceAndPressesPay(t *testing.T) {
	v := visit(t)
	require.Contains(t, v.page(t), "Nothing yet")
	id := v.invoice(t, "tea")
	page := v.page(t)
	require.Contains(t, page, "/pay/"+id)
	require.Contains(t, page, "42.50 UAH")
	require.Contains(t, page, `name="move" value="pay"><input type="hidden" name="id" value="`+id+`"`)
	require.NotContains(t, page, `value="capture"`, "nothing to capture yet")

	status, page := v.press(t, url.Values{"sim": {"monobank"}, "move": {"pay"}, "id": {id}})
	require.Equal(t, http.StatusOK, status, "redirected to the page")
	require.Contains(t, page, `id="notice">monobank: Pay: `+id)
	require.Contains(t, page, `<span class="state">success</span>`)
	select {
	case hook := <-v.hooks:
		require.Contains(t, hook, `"status":"success"`)
	case <-time.After(10 * time.Second):
		t.Fatal("no callback")
	}
	require.NoError(t, v.box.monobank.Kit().Callbacks.Idle(t.Context()))
	page = v.page(t)
	require.NotContains(t, page, `id="notice"`, "said once")
	require.Contains(t, page, v.hookAt)
	require.Contains(t, page, "invoice/create")
	require.NotContains(t, page, `value="pay"><input type="hidden" name="id" value="`+id+`"`)
	require.Contains(t, page, `name="move" value="reverse"`)
}

func TestPageEscapesWhatOthersWrote(t *testing.T) {
	v := visit(t)
	v.invoice(t, `<script>alert(1)</script>\" onmouseover=\"x`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.box.IndexURL, nil)
	require.NoError(t, err)
	_, page, res := v.do(t, r)
	require.Contains(t, page, "&lt;script&gt;alert(1)")
	require.NotContains(t, page, "<script>alert")
	require.NotContains(t, page, `" onmouseover="x`)
	require.Equal(t, 1, strings.Count(page, "<script"))
	policy := res.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	_, _, again := v.do(t, r.Clone(t.Context()))
	require.NotEqual(t, policy, again.Header.Get("Content-Security-Policy"), "a nonce is used once")

	_, page = v.press(t, url.Values{"sim": {"monobank"}, "move": {"pay"}, "id": {"<img src=x>"}})
	require.NotContains(t, page, "<img")
	require.Contains(t, page, "unknown invoice")
}

func TestOtherPagesCannotPress(t *testing.T) {
	v := visit(t)
	id := v.invoice(t, "tea")
	form := url.Values{"sim": {"monobank"}, "move": {"pay"}, "id": {id}}
	for _, header := range [][]string{{"Origin", "http://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		status, _ := v.press(t, form, header...)
		require.Equal(t, http.StatusForbidden, status, header)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.box.IndexURL, nil)
	require.NoError(t, err)
	r.Host = "rebound.example:80"
	status, _, _ := v.do(t, r)
	require.Equal(t, http.StatusMisdirectedRequest, status)
	r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, v.box.IndexURL+"/press", nil)
	require.NoError(t, err)
	status, _, _ = v.do(t, r)
	require.Equal(t, http.StatusMethodNotAllowed, status)
	require.Equal(t, "created", v.box.monobank.Invoices()[0].Status)
}

func TestPageControlsClockFaultsAndConditions(t *testing.T) {
	v := visit(t)
	id := v.invoice(t, "tea")
	_, page := v.press(t, url.Values{"sim": {"*"}, "move": {"clock-advance"}, "f.advance": {"25h"}})
	require.Equal(t, 3, strings.Count(page, `<span class="warn">moved</span>`))
	require.Contains(t, page, `<span class="state">expired</span>`)

	_, page = v.press(t, url.Values{"sim": {"monobank"}, "move": {"fault-add"}, "f.op": {"invoice/status"}, "f.kind": {"status"}, "f.times": {"2"}, "f.status": {"500"}, "f.delay": {""}})
	require.Contains(t, page, "fault invoice/status status &times;2 500")
	_, page = v.press(t, url.Values{"sim": {"payin"}, "move": {"maintenance-on"}, "f.status": {"503"}, "f.retry_after": {"30s"}})
	require.Contains(t, page, `<span class="warn">maintenance</span>`)
	_, page = v.press(t, url.Values{"sim": {"merchant"}, "move": {"limits"}, "f.op": {"*"}, "f.limit": {"5"}, "f.window": {"1s"}})
	require.Contains(t, page, "limit * 5 in 1s")
	_, page = v.press(t, url.Values{"sim": {"merchant"}, "move": {"array-answers"}, "f.on": {"1"}})
	require.Contains(t, page, "merchant: Answers as lists")
	_, page = v.press(t, url.Values{"sim": {"*"}, "move": {"reset"}})
	require.NotContains(t, page, `class="warn"`)

	for want, form := range map[string]url.Values{
		"there is no such move": {"sim": {"payin"}, "move": {"explode"}},
		"names no object":       {"sim": {"monobank"}, "move": {"pay"}},
		"is no number":          {"sim": {"merchant"}, "move": {"limits"}, "f.limit": {"many"}},
		"cannot go from":        {"sim": {"monobank"}, "move": {"reverse"}, "id": {id}},
	} {
		_, page = v.press(t, form)
		require.Contains(t, page, want)
	}
	status, _ := v.press(t, url.Values{"sim": {"stripe"}})
	require.Equal(t, http.StatusBadRequest, status)
}

// Every button of the page names a move that its simulator knows, with the fields the move has.
func TestEveryMoveHasItsForm(t *testing.T) {
	v := visit(t)
	page := v.page(t)
	for _, p := range v.box.providers {
		var moves []move
		require.NoError(t, p.get(t.Context(), "moves", &moves))
		require.NotEmpty(t, moves)
		for _, m := range moves {
			if m.Of == "" {
				require.Contains(t, page, `name="sim" value="`+p.Name+`"><input type="hidden" name="move" value="`+m.Name+`"`)
			}
		}
	}
}
