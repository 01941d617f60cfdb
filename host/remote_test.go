package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// remoteProvider is the adapter of remote, run as a plugin process by tests.
type remoteProvider struct{ name string }

func (p remoteProvider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	return pay.Manifest{
		Name: p.name, Version: "1.0.0", Currencies: []pay.Currency{uah},
		ConfigSchema: json.RawMessage(`{"type":"object","required":["base_url"],"properties":{
			"base_url":{"type":"string"},"token":{"type":"string","secret":true}}}`),
		Operations: map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveLookup}},
		Abilities:  pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanHandleWebhook),
	}
}

func (p remoteProvider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct {
		BaseURL string `json:"base_url"`
	}
	if err := json.Unmarshal(cfg.Config, &c); err != nil {
		return nil, pay.Invalid("config", "is not an object")
	}
	return remoteAccount{base: c.BaseURL, http: cfg.HTTP}, nil
}

type remoteAccount struct {
	base string
	http *http.Client
}

func (a remoteAccount) do(ctx context.Context, method, path string) (pay.InvoiceState, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, nil)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	req.Header.Set("X-Pid", strconv.Itoa(os.Getpid()))
	deadline, _ := ctx.Deadline()
	req.Header.Set("X-Deadline", deadline.Format(time.RFC3339Nano))
	res, err := httpx.Do(ctx, a.http, req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if res.Status != http.StatusOK {
		return pay.InvoiceState{}, res.Failure()
	}
	return pay.InvoiceState{
		Report: pay.Report{Evidence: res.Evidence}, ProviderRef: string(res.Body), Status: pay.StatusPending,
	}, nil
}

func (a remoteAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	s, err := a.do(ctx, http.MethodPost, "/create/"+req.Call.ProviderKey+"/"+req.Reference)
	if err == nil {
		// The provider has acted and answered; the host does not know yet.
		_, err = a.do(ctx, http.MethodGet, "/answered/"+req.Reference)
	}
	return s, err
}

// HandleWebhook takes every call for a hint about the invoice it was sent for.
func (a remoteAccount) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if req.Invoice == nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "about nothing")
	}
	return pay.WebhookResult{Events: []pay.WebhookEvent{{
		Subject: pay.SubjectInvoice, ProviderKey: req.Invoice.ProviderKey, Strength: pay.StrengthHint,
	}}}, nil
}

func (a remoteAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return a.do(ctx, http.MethodGet, "/get/"+ref.ProviderKey)
}

func (a remoteAccount) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return a.do(ctx, http.MethodGet, "/get/"+req.Invoice.ProviderKey)
}

// remote is a provider over real HTTP that outlives plugins and hosts.
type remote struct {
	*httptest.Server
	mu      sync.Mutex
	creates map[string]int // by provider key
	pids    map[int]bool
	until   map[string]time.Time // the newest deadline that an adapter had, by the first part of the path
	// held pauses answers of references that begin with "hold-"; a value tells that one is held.
	held chan int
	free chan struct{}
}

func newRemote(t *testing.T) *remote {
	r := &remote{creates: map[string]int{}, pids: map[int]bool{}, until: map[string]time.Time{}, held: make(chan int, 100), free: make(chan struct{})}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *remote) serve(w http.ResponseWriter, req *http.Request) {
	pid, _ := strconv.Atoi(req.Header.Get("X-Pid"))
	parts := strings.Split(strings.TrimPrefix(req.URL.Path, "/"), "/")
	r.mu.Lock()
	r.pids[pid] = true
	r.until[parts[0]], _ = time.Parse(time.RFC3339Nano, req.Header.Get("X-Deadline"))
	if parts[0] == "create" {
		r.creates[parts[1]]++
	}
	known := r.creates[parts[1]] > 0
	r.mu.Unlock()
	hold := len(parts) > 2 && strings.HasPrefix(parts[2], "hold-") || parts[0] == "answered" && strings.HasPrefix(parts[1], "answer-")
	if hold {
		r.held <- pid
		select {
		case <-r.free:
		case <-req.Context().Done():
			return
		}
	}
	switch {
	case parts[0] == "answered":
		_, _ = w.Write([]byte("yes"))
	case known:
		_, _ = fmt.Fprintf(w, "r-%s", parts[1])
	default:
		http.Error(w, "unknown", http.StatusNotFound)
	}
}

// total is the number of creates that reached the provider, most the largest number under one key.
func (r *remote) total() (total, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.creates {
		total += n
		most = max(most, n)
	}
	return total, most
}
