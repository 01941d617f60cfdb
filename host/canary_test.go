package host_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
)

// planted are the canaries of one run: each in a field of its own kind, so that a leak names its source.
//
// Not planted, because they are the caller's own words about an order and are shown, stored and published by design: reference,
// description, reason, metadata, items, correlation_id, idempotency keys, customer.id, payer.locale and payer.country, the ids of
// accounts, and what a provider calls an object (provider_ref, masked card numbers).
func planted() map[string]string {
	return map[string]string{
		"payin secret": "canary-payin-secret-81c2", "previous secret": "canary-previous-9f00", "merchant key": "canary-merchant-key-77aa",
		"merchant secret": "canary-merchant-secret-5b1e", "monobank token": "canary-monobank-token-0d4f", "api token": "canary-api-token-5c5c5c5c",
		"e-mail": "canary.payer@example.com", "phone": "+380501234567", "name": "Canary Payerenko",
		"ip": "203.0.113.77", "browser": "CanaryBrowser/7.7",
		"card": "5555555555554444", "grouped card": "5555 5555 5555 4444", "holder": "Holderyna Canarenko", "payout e-mail": "canary.receiver@example.com",
		"action password": "canary-action-password-31", "action e-mail": "canary.action@example.com", "action phone": "+79131234567",
		"action name":  "canary-username-2211",
		"webhook body": "canary-webhook-body-aa17", "webhook header": "canary-webhook-header-bb28", "webhook query": "canary-webhook-query-cc39",
		"refused field": "canary-refused-value-e1e1",
	}
}

// echoing stands between the adapters and a simulator. While it echoes, its refusals repeat the whole request, as careless providers' do.
type echoing struct {
	sim    http.Handler
	status atomic.Int64 // 0: the simulator answers

	mu     sync.Mutex
	tokens map[string]bool // notification tokens seen in requests
}

func (e *echoing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		NotificationToken string `json:"notificationToken"`
	}
	if json.Unmarshal(body, &sent) == nil && sent.NotificationToken != "" {
		e.mu.Lock()
		e.tokens[sent.NotificationToken] = true
		e.mu.Unlock()
	}
	status := int(e.status.Load())
	if status == 0 {
		e.sim.ServeHTTP(w, r)
		return
	}
	said := fmt.Sprintf("cannot do %s %s with %s", r.Method, r.URL, body)
	if plain, err := neturl.QueryUnescape(string(body)); err == nil {
		said += " that is " + plain
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		said += fmt.Sprintf(" %s: %s", name, r.Header[name])
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": false, "user_msg": said, "message": said, "error": said, "errors": []string{said}, "errCode": "BAD_REQUEST", "errText": said, "tracker": " x",
	})
}

// aviary is a host with the three adapters, everything it says collected.
type aviary struct {
	*hosttest.Host
	t       *testing.T
	canary  map[string]string
	logs    safeBuffer
	echoes  map[string]*echoing
	front   *front
	rest    *httptest.Server
	answers bytes.Buffer
	sims    struct {
		payin    *payinsim.Sim
		merchant *merchantsim.Sim
		monobank *monobanksim.Sim
	}
}

func openAviary(t *testing.T, dir string, inProcess bool) *aviary {
	t.Helper()
	a := &aviary{t: t, canary: planted(), echoes: map[string]*echoing{}, front: newFront(t)}
	c := a.canary
	a.sims.payin = payinsim.New(payinsim.Config{UserID: 7026, ServiceID: 12, Key: c["payin secret"], RetryDelays: []time.Duration{time.Millisecond}})
	a.sims.merchant = merchantsim.New(merchantsim.Config{APIKey: c["merchant key"], Secret: c["merchant secret"], RetryDelays: []time.Duration{time.Millisecond}})
	a.sims.monobank = monobanksim.New(monobanksim.Config{Token: c["monobank token"], RetryDelays: []time.Duration{time.Millisecond}, AllowSaveCard: true})
	base := map[string]string{}
	for name, sim := range map[string]interface {
		http.Handler
		SetPublicURL(string)
		Close()
	}{"payin": a.sims.payin, "merchant": a.sims.merchant, "monobank": a.sims.monobank} {
		a.echoes[name] = &echoing{sim: sim, tokens: map[string]bool{}}
		server := httptest.NewServer(a.echoes[name])
		base[name] = server.URL
		sim.SetPublicURL(server.URL)
		t.Cleanup(func() { sim.Close(); server.Close() })
	}
	a.sims.payin.SetCallbackURL(a.front.URL + "/pay/webhooks/payin-main/topup")
	require.NoError(t, a.sims.payin.SetBalance(7026, "643", "100000.00"))
	config := func(format string, args ...any) json.RawMessage { return json.RawMessage(fmt.Sprintf(format, args...)) }
	a.Host = hosttest.Start(t, func(cfg *host.Config) {
		cfg.Store = openStore(t, filepath.Join(dir, "payhost.db"))
		cfg.Logger, cfg.PublicURL, cfg.KeepDumpable = a.logs.logger(), a.front.URL+"/pay", true
		cfg.Record = host.Record{Dir: filepath.Join(dir, "recordings"), Accounts: []string{"payin-main", "p2p-main", "mono-main"}}
		if inProcess {
			cfg.Providers = map[string]pay.Provider{"payin": payin.New("1"), "merchant": merchant.New("1"), "monobank": monobank.New("1")}
		} else {
			cfg.Providers = nil
			for _, name := range []string{"payin", "merchant", "monobank"} {
				cfg.Plugins = append(cfg.Plugins, host.Plugin{Name: name, Path: thisBinary(t)})
			}
		}
		cfg.Accounts = []host.Account{
			{ID: "payin-main", Provider: "payin", Config: config(`{"user_id":7026,"service_id":12,"secret":%q,"previous_secrets":[%q],"base_url":%q}`,
				c["payin secret"], c["previous secret"], base["payin"])},
			{ID: "p2p-main", Provider: "merchant", Config: config(`{"api_key":%q,"secret":%q,"base_url":%q}`,
				c["merchant key"], c["merchant secret"], base["merchant"])},
			{ID: "mono-main", Provider: "monobank", Config: config(`{"token":%q,"base_url":%q}`, c["monobank token"], base["monobank"])},
		}
	})
	a.front.mu.Lock()
	a.front.target = http.StripPrefix("/pay", a.Webhooks())
	a.front.mu.Unlock()
	handler, err := rest.New(a.Host.Host, rest.Config{Logger: a.logs.logger(), Tokens: []rest.Token{{
		Name: "canary", Token: c["api token"], Scopes: []string{rest.ScopeAPI, rest.ScopePayout, rest.ScopeAccounts, rest.ScopePlugins},
	}}})
	require.NoError(t, err)
	a.rest = httptest.NewServer(handler)
	t.Cleanup(a.rest.Close)
	return a
}

// call makes one REST call, keeps the answer and decodes it.
func (a *aviary) call(method, path string, body map[string]any) (status int, out map[string]any) {
	a.t.Helper()
	var raw []byte
	if body != nil {
		var err error
		raw, err = json.Marshal(body)
		require.NoError(a.t, err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.rest.URL+path, bytes.NewReader(raw))
	require.NoError(a.t, err)
	req.Header.Set("Authorization", "Bearer "+a.canary["api token"])
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", fmt.Sprintf("key-%d", a.answers.Len()))
	}
	res, err := a.rest.Client().Do(req)
	require.NoError(a.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	if strings.HasSuffix(path, "/find_user") && res.StatusCode == http.StatusOK {
		answer = nil // the contact of a user is what this action is asked for; nothing stores it
	}
	fmt.Fprintf(&a.answers, "%s %s: %d %s %s\n", method, path, res.StatusCode, res.Header, answer)
	_ = json.Unmarshal(answer, &out) // an empty answer says nothing
	return res.StatusCode, out
}

func (a *aviary) customer(id string) map[string]any {
	return map[string]any{"id": id, "email": a.canary["e-mail"], "phone": a.canary["phone"], "name": a.canary["name"]}
}

// invoice is a create request with every field that the provider takes.
func (a *aviary) invoice(account string, more map[string]any) map[string]any {
	amount := map[string]any{"value": "1500.50", "currency": "RUB"}
	if account == "mono-main" {
		amount["currency"] = "UAH"
	}
	out := map[string]any{
		"account": account, "amount": amount, "reference": "order-1", "description": "Order 1", "customer": a.customer("6034"),
		"payer":       map[string]any{"locale": "uk", "country": "UA", "ip": a.canary["ip"], "user_agent": a.canary["browser"]},
		"return_urls": map[string]any{"default": "https://shop.example/back"}, "metadata": map[string]string{"order": "1"}, "correlation_id": "corr-1",
	}
	maps.Copy(out, more)
	return out
}

// fly does everything that takes a field, soundly and with a provider that echoes.
func (a *aviary) fly() {
	t := a.t
	payout := map[string]any{
		"account": "p2p-main", "amount": map[string]any{"value": "1500.00", "currency": "RUB"},
		"destination": map[string]any{"type": "card", "value": a.canary["grouped card"], "holder": a.canary["holder"]},
		"customer":    map[string]any{"id": "6034", "email": a.canary["payout e-mail"], "name": a.canary["name"]}, "description": "Reward",
	}
	register := map[string]any{"input": map[string]any{
		"ul": false, "email": a.canary["action e-mail"], "phone": a.canary["action phone"], "username": a.canary["action name"],
		"password": a.canary["action password"], "resident": true,
	}}
	find := map[string]any{"input": map[string]any{"email": a.canary["action e-mail"]}}
	creates := map[string]map[string]any{
		"payin-main": a.invoice("payin-main", nil),
		"p2p-main":   a.invoice("p2p-main", map[string]any{"provider_options": map[string]any{"start_deal": true, "payment_option": "TO_CARD"}}),
		"mono-main":  a.invoice("mono-main", map[string]any{"save_credential": true}),
	}
	paths := []string{}
	pays := map[string]func(string) error{"payin-main": a.sims.payin.Pay, "p2p-main": a.sims.merchant.Pay, "mono-main": a.sims.monobank.Pay}
	for _, account := range slices.Sorted(maps.Keys(creates)) {
		status, made := a.call("POST", "/v1/invoices", creates[account])
		require.Equal(t, http.StatusCreated, status, "%s %v", account, made)
		id := made["id"].(string)
		require.NoError(t, pays[account](made["provider_ref"].(string)))
		awaitStatus(t, a.Host, id, pay.StatusPaid)
		for _, path := range []string{"", "/timeline", "/refunds", "/events"} {
			paths = append(paths, "/v1/invoices/"+id+path)
		}
		a.call("POST", "/v1/accounts/"+account+"/check", nil)
		if account == "mono-main" {
			status, refund := a.call("POST", "/v1/invoices/"+id+"/refunds", map[string]any{"amount": "10.00", "reason": "returned"})
			require.Less(t, status, 300, "%v", refund)
		}
	}
	status, sent := a.call("POST", "/v1/payouts", payout)
	require.Less(t, status, 300, "%v", sent)
	paths = append(paths, "/v1/payouts/"+sent["id"].(string))
	status, _ = a.call("POST", "/v1/accounts/payin-main/actions/register_user", register)
	require.Less(t, status, 300)
	a.call("POST", "/v1/accounts/payin-main/actions/find_user", find)

	// A saved card is charged, in the name of the customer.
	credentials, err := a.Store.Credentials(t.Context(), host.DefaultTenant, "6034")
	require.NoError(t, err)
	require.Len(t, credentials, 1)
	a.canary["card token"] = credentials[0].Token
	charge := a.invoice("mono-main", map[string]any{"source": map[string]any{"type": "credential", "id": credentials[0].ID}, "initiated_by": "merchant"})
	status, charged := a.call("POST", "/v1/invoices", charge)
	require.Less(t, status, 300, "%v", charged)

	// Refused by the host: values must not come back in the problem.
	for _, wrong := range []map[string]any{
		a.invoice("mono-main", map[string]any{"capture": a.canary["refused field"]}),
		a.invoice("mono-main", map[string]any{"customer": map[string]any{"id": "x", "email": a.canary["refused field"] + "\x01"}}),
		a.invoice("mono-main", map[string]any{a.canary["refused field"]: 1})["customer"].(map[string]any),
		a.invoice("p2p-main", map[string]any{"provider_options": map[string]any{"start_deal": a.canary["refused field"]}}),
		a.invoice("mono-main", map[string]any{"amount": map[string]any{"value": a.canary["card"] + "x", "currency": "UAH"}}),
	} {
		status, _ := a.call("POST", "/v1/invoices", wrong)
		require.GreaterOrEqual(t, status, 400)
	}
	// A provider that echoes what it was sent, in refusals and in answers that say nothing.
	for _, echo := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusInternalServerError, http.StatusOK} {
		for _, e := range a.echoes {
			e.status.Store(int64(echo))
		}
		for _, account := range slices.Sorted(maps.Keys(creates)) {
			a.call("POST", "/v1/invoices", creates[account])
		}
		a.call("POST", "/v1/invoices", charge)
		a.call("POST", "/v1/payouts", payout)
		a.call("POST", "/v1/accounts/payin-main/actions/register_user", register)
		a.call("POST", "/v1/accounts/payin-main/actions/find_user", find)
		for _, path := range paths {
			if strings.Count(path, "/") == 3 {
				a.call("POST", path+"/refresh", nil)
			}
		}
	}
	for _, e := range a.echoes {
		e.status.Store(0)
	}
	// Webhooks that nobody can verify.
	for _, account := range []string{"payin-main/topup", "p2p-main", "mono-main", "nobody"} {
		body := fmt.Sprintf(`{"phone":%q,"email":%q,"card":%q,"any":%q,"invoiceId":"x","status":"success"}`,
			a.canary["phone"], a.canary["e-mail"], a.canary["card"], a.canary["webhook body"])
		target := a.front.URL + "/pay/webhooks/" + account + "?q=" + a.canary["webhook query"]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("X-Canary", a.canary["webhook header"])
		req.Header.Set("X-Sign", base64.StdEncoding.EncodeToString([]byte(a.canary["webhook header"])))
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		answer, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		a.answers.Write(answer)
	}
	processed(t, a.Host)
	paths = append(paths, "/v1/events", "/v1/webhooks", "/v1/invoices", "/v1/operations", "/v1/refunds", "/v1/payouts",
		"/v1/accounts", "/v1/accounts/mono-main", "/v1/disputes", "/v1/plugins")
	_, listed := a.call("GET", "/v1/operations", nil)
	operations, _ := listed["operations"].([]any)
	for _, op := range operations {
		paths = append(paths, "/v1/operations/"+op.(map[string]any)["id"].(string))
	}
	require.NotEmpty(t, operations)
	for _, path := range paths {
		status, _ := a.call("GET", path, nil)
		require.Equal(t, http.StatusOK, status, path)
	}
	for _, e := range a.echoes {
		e.mu.Lock()
		for token := range e.tokens {
			a.canary["notification token"] = token
		}
		e.mu.Unlock()
	}
	require.NotEmpty(t, a.canary["notification token"])
}

// Secrets and personal data planted in every field of every command, in configs, webhooks and what providers say, are found in no log,
// error, answer of the API, event or recording, and in the database and its journal only sealed: with adapters in the host's
// process and in their own.
func TestCanariesAreNowhereInClear(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for name, inProcess := range map[string]bool{"in process": true, "processes": false} {
		t.Run(name, func(t *testing.T) {
			var a *aviary
			dir := t.TempDir()
			places := map[string][]byte{}
			t.Run("fly", func(t *testing.T) {
				a = openAviary(t, dir, inProcess)
				a.fly()
				collect(t, places, "running ", dir)
			})
			collect(t, places, "stopped ", dir)
			places["logs"], places["answers"] = a.logs.bytes(), a.answers.Bytes()
			for _, want := range []string{"logs", "answers", "running payhost.db"} {
				require.NotEmpty(t, places[want], want)
			}
			recorded := 0
			for place, raw := range places {
				if strings.Contains(place, "recordings") {
					recorded++
				}
				for what, canary := range a.canary {
					for form, text := range map[string]string{
						"": canary, " without its sign": strings.TrimPrefix(canary, "+"), " escaped": neturl.QueryEscape(canary),
						" in base64": base64.StdEncoding.EncodeToString([]byte(canary)),
					} {
						if at := bytes.Index(raw, []byte(text)); at >= 0 {
							t.Errorf("%s%s is in %s: …%s…", what, form, place, raw[max(0, at-120):min(len(raw), at+len(text)+40)])
						}
					}
				}
			}
			require.Greater(t, recorded, 20, "the recordings were looked at")
		})
	}
}

// collect reads every file below dir.
func collect(t *testing.T, places map[string][]byte, prefix, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		places[prefix+name], err = os.ReadFile(path)
		return err
	}))
}
