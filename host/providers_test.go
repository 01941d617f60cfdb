package host_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
)

// Canaries: if one of them is found where it does not belong, a secret leaked.
const (
	canarySecret = "canary-secret-7f3d9b2e5a"
	canaryToken  = "canary-token-c81f04d6be"
	canaryKey    = "canary-apikey-55aa90ee71"
	canaryEmail  = "canary.payer@example.com"
	canaryPhone  = "+380501234567"
	canaryName   = "Canary Payerenko"
)

// front is the host's public address: it exists before the host, and it can
// keep callbacks to itself.
type front struct {
	*httptest.Server
	mu       sync.Mutex
	target   http.Handler
	capture  bool
	captured []captured
}

type captured struct {
	path   string
	header http.Header
	body   []byte
}

func newFront(t *testing.T) *front {
	f := &front{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		target := f.target
		if f.capture {
			body, _ := io.ReadAll(r.Body)
			f.captured = append(f.captured, captured{r.URL.Path, r.Header.Clone(), body})
			f.mu.Unlock()
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte(`{"result": true}`))
			return
		}
		f.mu.Unlock()
		if target == nil {
			http.Error(w, "not up yet", http.StatusServiceUnavailable)
			return
		}
		target.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *front) keep(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capture = on
}

func (f *front) last() *captured {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.captured) == 0 {
		return nil
	}
	return &f.captured[len(f.captured)-1]
}

// provided is one real plugin process with its simulator.
type provided struct {
	name    string
	account string
	request host.CreateInvoice
	pay     func(ref string) error
	// announce makes the simulator send a genuine callback that speaks of success while its truth stays unpaid, or
	// the nearest to it that the protocol has.
	announce func(ref string) error
	created  func() int
	// refund and dispute happen at the provider, unasked; nil where it has no such thing.
	refund, dispute func(ref string) error
	// payout is where money can be sent; nil where it cannot. sent lets it arrive.
	payout *host.Destination
	sent   func(ref string) error
}

// allProviders starts a host with the three plugins as processes, their simulators, and a front that
// carries the callbacks.
func allProviders(t *testing.T, edit ...func(*host.Config)) (*hosttest.Host, *front, []provided) {
	t.Helper()
	f := newFront(t)
	payinSim := payinsim.New(payinsim.Config{UserID: 7026, ServiceID: 12, HoldMovements: true, Key: canarySecret, RetryDelays: []time.Duration{time.Millisecond}})
	merchantSim := merchantsim.New(merchantsim.Config{
		APIKey: canaryKey, Secret: canarySecret, StoreID: 1, StoreName: "Shop", RetryDelays: []time.Duration{time.Millisecond},
	})
	monobankSim := monobanksim.New(monobanksim.Config{Token: canaryToken, RetryDelays: []time.Duration{time.Millisecond}, AllowSaveCard: true})
	servers := map[string]*httptest.Server{}
	for name, sim := range map[string]interface {
		http.Handler
		SetPublicURL(string)
		Close()
	}{"payin": payinSim, "merchant": merchantSim, "monobank": monobankSim} {
		servers[name] = httptest.NewServer(sim)
		sim.SetPublicURL(servers[name].URL)
		t.Cleanup(func() {
			sim.Close()
			servers[name].Close()
		})
	}
	payinSim.SetCallbackURL(f.URL + "/pay/webhooks/payin-main/topup")
	require.NoError(t, payinSim.SetBalance(7026, "643", "100000.00"))
	payinSim.SetChargeCallbackURL(f.URL + "/pay/webhooks/payin-main/charge")
	payinSim.SetRewardCallbackURL(f.URL + "/pay/webhooks/payin-main/reward")
	config := func(format string, name string) json.RawMessage {
		return json.RawMessage(strings.ReplaceAll(format, "BASE", servers[name].URL))
	}
	h := hosttest.Start(t, append([]func(*host.Config){func(c *host.Config) {
		c.PublicURL = f.URL + "/pay"
		c.KeepDumpable = true
		for _, name := range []string{"payin", "merchant", "monobank"} {
			c.Plugins = append(c.Plugins, host.Plugin{Name: name, Path: thisBinary(t)})
		}
		c.Accounts = append(c.Accounts,
			host.Account{ID: "payin-main", Provider: "payin", Config: config(`{"user_id":7026,"service_id":12,"secret":"`+canarySecret+`","base_url":"BASE"}`, "payin")},
			host.Account{ID: "p2p-main", Provider: "merchant", Config: config(`{"api_key":"`+canaryKey+`","secret":"`+canarySecret+`","base_url":"BASE"}`, "merchant")},
			host.Account{ID: "mono-main", Provider: "monobank", Config: config(`{"token":"`+canaryToken+`","base_url":"BASE"}`, "monobank")},
		)
	}}, edit...)...)
	f.mu.Lock()
	f.target = http.StripPrefix("/pay", h.Webhooks())
	f.mu.Unlock()
	customer := host.Customer{ID: "6034", Email: canaryEmail, Phone: canaryPhone, Name: canaryName}
	create := func(account, value, currency string) host.CreateInvoice {
		return host.CreateInvoice{
			IdempotencyKey: "order-" + account, Account: account, Amount: host.Amount{Value: value, Currency: currency},
			Description: "Order 1", Reference: "order-1", Customer: customer,
		}
	}
	return h, f, []provided{
		{"payin", "payin-main", create("payin-main", "100.50", "RUB"), payinSim.Pay, func(ref string) error {
			if err := payinSim.Pay(ref); err != nil {
				return err
			}
			return payinSim.SetStatus(ref, 0)
		}, func() int { return len(payinSim.Invoices()) }, payinSim.Refund, payinSim.Chargeback,
			&host.Destination{Type: pay.DestinationAccount, Value: "6034"}, func(ref string) error { return payinSim.Settle(ref) }},
		{"merchant", "p2p-main", create("p2p-main", "2000.00", "RUB"), merchantSim.Pay, merchantSim.Notify,
			func() int { return len(merchantSim.Invoices()) }, nil,
			func(ref string) error { return merchantSim.Dispute(ref, "no_payment", "") },
			&host.Destination{Type: pay.DestinationCard, Value: "4111 1111 1111 1111"}, func(ref string) error { return merchantSim.Complete(ref, "") }},
		{"monobank", "mono-main", create("mono-main", "42.00", "UAH"), monobankSim.Pay, func(ref string) error {
			if err := monobankSim.Pay(ref); err != nil {
				return err
			}
			return monobankSim.SetStatus(ref, "created")
		}, func() int { return len(monobankSim.Invoices()) }, monobankSim.Reverse, nil, nil, nil},
	}
}

// The main job: three plugin processes, real signed callbacks, paid.
func TestThreeProvidersCreateFollowAndSettle(t *testing.T) {
	h, _, list := allProviders(t)
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			inv, err := h.CreateInvoice(t.Context(), p.request)
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, inv.Status)
			require.NotNil(t, inv.NextAction)
			require.Equal(t, pay.NextRedirect, inv.NextAction.Type)
			require.Equal(t, 1, p.created())
			same, err := h.RefreshInvoice(t.Context(), inv.ID)
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, same.Status)

			require.NoError(t, p.pay(inv.ProviderRef))
			paid := awaitStatus(t, h, inv.ID, pay.StatusPaid)
			require.Equal(t, inv.Amount.String(), paid.AmountCaptured.String())
			require.True(t, paid.Final)
			require.False(t, paid.NeedsReview, paid.ReviewReason)
		})
	}
}

// What happens to paid money at the provider is a fact beside the status: paid never regresses.
func TestRefundsAndDisputesNobodyOrderedAreFactsBesidePaid(t *testing.T) {
	h, _, list := allProviders(t)
	for _, p := range list {
		for name, happen := range map[string]func(string) error{"refund": p.refund, "dispute": p.dispute} {
			if happen == nil {
				continue
			}
			t.Run(p.name+" "+name, func(t *testing.T) {
				req := p.request
				req.IdempotencyKey, req.Reference = p.name+name, name
				inv, err := h.CreateInvoice(t.Context(), req)
				require.NoError(t, err)
				require.NoError(t, p.pay(inv.ProviderRef))
				awaitStatus(t, h, inv.ID, pay.StatusPaid)
				require.NoError(t, happen(inv.ProviderRef))
				for range 2 { // a second look finds nothing new
					after, err := h.RefreshInvoice(t.Context(), inv.ID)
					require.NoError(t, err)
					require.Equal(t, pay.StatusPaid, after.Status)
					refunds, err := h.Store.Refunds(t.Context(), inv.ID)
					require.NoError(t, err)
					if name == "refund" {
						require.Empty(t, after.Disputes)
						if len(refunds) == 0 { // monobank's "reversed" names no refund, only that all went back
							require.Equal(t, after.Amount, after.AmountRefunded)
							continue
						}
						require.Len(t, refunds, 1)
						require.Equal(t, pay.OriginExternal, refunds[0].Origin)
						continue
					}
					require.Len(t, after.Disputes, 1)
					require.Empty(t, refunds)
				}
			})
		}
	}
}

// Money sent is followed until the provider says that it arrived.
func TestPayoutsOfTheProvidersSettle(t *testing.T) {
	h, _, list := allProviders(t)
	for _, p := range list {
		if p.payout == nil {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			po, err := h.CreatePayout(t.Context(), host.CreatePayout{
				IdempotencyKey: "payout-" + p.name, Account: p.account, Amount: host.Amount{Value: "1500.00", Currency: "RUB"},
				Destination: *p.payout, Customer: host.Customer{ID: "6034"}, Description: "Reward",
			})
			require.NoError(t, err)
			require.NotEqual(t, pay.PayoutSucceeded, po.Status)
			op, err := h.Operation(t.Context(), po.Operation)
			require.NoError(t, err)
			require.NoError(t, p.sent(op.ProviderKey))
			poll(t, func() *host.Payout {
				now, err := h.Payout(t.Context(), po.ID)
				require.NoError(t, err)
				require.False(t, now.NeedsReview, now.ReviewReason)
				if now.Status != pay.PayoutSucceeded {
					return nil
				}
				return now
			})
		})
	}
}

// The same key sent 50 times at once creates one invoice at each provider.
func TestFiftyCallsWithOneKeyCreateOneInvoiceAtTheProvider(t *testing.T) {
	h, _, list := allProviders(t)
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if _, err := h.CreateInvoice(t.Context(), p.request); err != nil && pay.AsError(err).Kind != pay.KindInProgress {
						t.Errorf("%s: %v", p.name, err)
					}
				})
			}
			wg.Wait()
			require.Equal(t, 1, p.created())
		})
	}
}

// At least 200 forgeries per provider while the simulator's truth stays unpaid: 0 transitions.
func TestForgeriesOfEachProviderChangeNothing(t *testing.T) {
	h, f, list := allProviders(t)
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			inv, err := h.CreateInvoice(t.Context(), p.request)
			require.NoError(t, err)
			f.keep(true)
			require.NoError(t, p.announce(inv.ProviderRef))
			genuine := poll(t, f.last)
			f.keep(false)
			before, err := h.ObjectEvents(t.Context(), "", 100, "invoice", inv.ID)
			require.NoError(t, err)
			random := rand.New(rand.NewPCG(7, 7))
			for i := range 220 {
				status := forge(t, f.URL, *genuine, random, i)
				require.NotEqual(t, http.StatusInternalServerError, status)
			}
			processed(t, h)
			after, err := h.ObjectEvents(t.Context(), "", 100, "invoice", inv.ID)
			require.NoError(t, err)
			for _, ev := range after[len(before):] {
				require.Equal(t, "invoice.updated", ev.Type)
			}
			still, err := h.Invoice(t.Context(), inv.ID)
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, still.Status)
		})
		f.mu.Lock()
		f.captured = nil
		f.mu.Unlock()
	}
}

// forge sends an altered copy of a genuine callback and returns the host's answer.
func forge(t *testing.T, base string, c captured, random *rand.Rand, i int) int {
	t.Helper()
	body, header, path := bytes.Clone(c.body), c.header.Clone(), c.path
	switch i % 5 {
	case 0: // one byte of the body
		body[random.IntN(len(body))] ^= byte(1 + random.IntN(255))
	case 1: // success, said loudly
		body = bytes.ReplaceAll(body, []byte(`"new"`), []byte(`"paid"`))
		body = bytes.ReplaceAll(body, []byte(`"created"`), []byte(`"success"`))
		body = append(body, byte(' '))
	case 2: // no signature
		header = http.Header{"Content-Type": {"application/json"}}
		body = bytes.Replace(body, []byte(`"hash"`), []byte(`"hsah"`), 1)
	case 3: // a broken signature
		for _, name := range []string{"X-Sign", "X-Notification-Token"} {
			if v := []byte(header.Get(name)); len(v) > 0 {
				v[random.IntN(len(v))] = "0123456789"[random.IntN(10)]
				header.Set(name, string(v)+strconv.Itoa(i))
			}
		}
		body = bytes.Replace(body, []byte(`"hash":"`), []byte(`"hash":"0`), 1)
	case 4: // truncated
		body = body[:random.IntN(len(body))]
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header = header
	req.Header.Del("Content-Length")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, res.Body)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// A run with canary secrets, a card token, e-mail and phone leaves none of them in the database, the logs, argv or environments.
func TestSecretsAndPersonalDataStayWhereTheyBelong(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	var logs safeBuffer
	dir := t.TempDir()
	h, _, list := allProviders(t, func(c *host.Config) {
		c.Logger = logs.logger()
		c.Store = openStore(t, filepath.Join(dir, "payhost.db"))
	})
	for i := range list {
		if list[i].name == "monobank" {
			list[i].request.SaveCredential = true
		}
	}
	var environments bytes.Buffer
	for _, p := range list {
		inv, err := h.CreateInvoice(t.Context(), p.request)
		require.NoError(t, err)
		require.NoError(t, p.pay(inv.ProviderRef))
		awaitStatus(t, h, inv.ID, pay.StatusPaid)
		for _, st := range h.Plugins().List() {
			for _, file := range []string{"environ", "cmdline"} {
				if st.PID == 0 {
					continue
				}
				raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(st.PID), file))
				if os.IsPermission(err) {
					continue
				}
				require.NoError(t, err)
				environments.Write(raw)
			}
		}
	}
	processed(t, h)
	canaries := []string{canarySecret, canaryToken, canaryKey, canaryEmail, canaryPhone, strings.TrimPrefix(canaryPhone, "+"), canaryName}
	credentials, err := h.Store.Credentials(t.Context(), host.DefaultTenant, "6034")
	require.NoError(t, err)
	require.Len(t, credentials, 1, "monobank saved a card")
	require.NotEmpty(t, credentials[0].Token)
	canaries = append(canaries, credentials[0].Token)

	events, err := h.EventsAfter(t.Context(), "", 500)
	require.NoError(t, err)
	published, err := json.Marshal(events)
	require.NoError(t, err)
	places := map[string][]byte{"logs": logs.bytes(), "environments": environments.Bytes(), "events": published}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, file := range files {
		if raw, err := os.ReadFile(file); err == nil {
			places[filepath.Base(file)] = raw
		}
	}
	require.NotEmpty(t, places["payhost.db"])
	require.NotEmpty(t, places["logs"])
	for place, raw := range places {
		for _, canary := range canaries {
			require.NotContains(t, string(raw), canary, place)
		}
	}
}
