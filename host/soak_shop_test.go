package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
)

// shop is a provider that outlives plugins and hosts. It recognises no key: what comes twice is done twice, and shows.
type shop struct {
	*httptest.Server
	mu      sync.Mutex
	effects map[string]int    // creates by provider key
	last    map[string]string // the version that asked last, by invoice
	creates map[string]int    // creates by version
	wrongs  []string          // what must not happen
	opening chan string       // a version with flawSlowOpen waits
	open    chan struct{}     // and goes on when this is closed
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{effects: map[string]int{}, last: map[string]string{}, creates: map[string]int{}, opening: make(chan string, 100), open: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if found, err := s.ask(r.Context(), q.Get("what"), q.Get("version"), q.Get("key"), q.Get("invoice")); err != nil || !found {
			http.Error(w, "unknown", http.StatusNotFound)
		}
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *shop) ask(ctx context.Context, what, version, key, invoice string) (bool, error) {
	if what == "open" {
		s.opening <- version
		select {
		case <-s.open:
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "create":
		s.effects[key]++
		s.creates[version]++
	case "get":
	default:
		s.wrongs = append(s.wrongs, fmt.Sprintf("%s: %s %s", version, what, invoice))
		return true, nil
	}
	s.last[invoice] = version
	return s.effects[key] > 0, nil
}

// servedBy is the version that asked about an invoice last.
func (s *shop) servedBy(invoice string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[invoice]
}

// createdBy is how many creates came from a version.
func (s *shop) createdBy(version string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.creates[version]
}

// has reports whether there is an order under a key.
func (s *shop) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.effects[key] > 0
}

// calm checks that nothing was done twice and that no call came where none should. It returns how many orders there are.
func (s *shop) calm(t *testing.T) int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(t, s.wrongs)
	for key, n := range s.effects {
		require.Equal(t, 1, n, "DOUBLED: %s", key)
	}
	return len(s.effects)
}

// shopConfig is a host with the given versions as processes, the first preferred.
func shopConfig(c *host.Config, baseURL string, list ...host.Plugin) {
	c.KeepDumpable, c.Plugins = true, list
	c.Timeouts.Start, c.Timeouts.FirstLook = 20*time.Second, 50*time.Millisecond
	c.Accounts = append(c.Accounts, host.Account{ID: "shop-main", Provider: shopPlugin, Config: json.RawMessage(`{"base_url":"` + baseURL + `"}`)})
}

// installed writes the versions to disk and lists them, the first preferred.
func installed(t *testing.T, versions ...shopVersion) []host.Plugin {
	t.Helper()
	dir := t.TempDir()
	var list []host.Plugin
	for i, v := range versions {
		list = append(list, host.Plugin{Name: shopPlugin, Version: v.Version, Path: binaryOf(t, dir, v), Preferred: i == 0})
	}
	return list
}

// shopHost is a running host with versions of the shop's plugin.
type shopHost struct {
	*hosttest.Host
	t    *testing.T
	shop *shop
}

func startShop(t *testing.T, s *shop, list []host.Plugin, edit ...func(*host.Config)) *shopHost {
	t.Helper()
	h := hosttest.Start(t, append([]func(*host.Config){func(c *host.Config) { shopConfig(c, s.URL, list...) }}, edit...)...)
	return &shopHost{h, t, s}
}

func (h *shopHost) status() host.PluginStatus {
	h.t.Helper()
	st, err := h.Plugins().Status(shopPlugin)
	require.NoError(h.t, err)
	return st
}

// awaits polls the status of the plugin.
func (h *shopHost) awaits(what string, ok func(host.PluginStatus) bool) host.PluginStatus {
	h.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		st := h.status()
		if ok(st) {
			return st
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not within a minute: %s: %+v", what, st)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (h *shopHost) create(reference string) (*host.Invoice, error) {
	return h.CreateInvoice(h.t.Context(), order("shop-main", reference))
}

func (h *shopHost) steps() []string { return stepsOf(h.t, h.Host, shopPlugin) }
