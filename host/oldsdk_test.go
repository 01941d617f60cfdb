package host_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// oldBank is the provider of the plugin in the snapshots.
type oldBank struct {
	*httptest.Server
	mu     sync.Mutex
	orders map[string]map[string]string // by provider key
}

func newOldBank(t *testing.T) *oldBank {
	t.Helper()
	b := &oldBank{orders: map[string]map[string]string{}}
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.Close)
	return b
}

func (b *oldBank) serve(w http.ResponseWriter, r *http.Request) {
	var sent map[string]string
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := sent["key"]
	if r.URL.Path == "/create" {
		b.orders[key] = map[string]string{"Ref": fmt.Sprintf("old-%d", len(b.orders)), "Status": "pending", "Amount": sent["amount"]}
	}
	if b.orders[key] == nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	if r.URL.Path == "/refund" {
		b.orders[key]["Refunded"] = sent["amount"]
	}
	_ = json.NewEncoder(w).Encode(b.orders[key])
}

// paid marks the order of an invoice as paid and returns the bank's callback about it.
func (b *oldBank) paid(key string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[key]["Status"] = "paid"
	raw, _ := json.Marshal(b.orders[key])
	return raw
}

func (b *oldBank) refunded(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.orders[key]["Refunded"]
}

// unpack writes the files of an archive below dir.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	files := tar.NewReader(z)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		path := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.FileInfo().IsDir() {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		raw, err := io.ReadAll(files)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
}

// buildOldPlugin compiles the provider of a snapshot with what the module requires now, from the module cache alone.
func buildOldPlugin(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	unpack(t, archive, dir)
	for _, name := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
	binary := filepath.Join(dir, "plugin")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-buildvcs=false", "-o", binary, "./oldprovider")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// TestAPluginOfAnOldSDKServes builds plugins from the snapshots of the SDK that authors have compiled against, and lets each do its work. The
// plugin also says things that no host knows: an ability, an operation and a field.
func TestAPluginOfAnOldSDKServes(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a plugin per snapshot")
	}
	snapshots, err := filepath.Glob("../sdk/plugin/testdata/oldsdk/*.tar.gz")
	require.NoError(t, err)
	require.NotEmpty(t, snapshots)
	for _, archive := range snapshots {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".tar.gz"), func(t *testing.T) {
			binary := buildOldPlugin(t, archive)
			bank := newOldBank(t)
			h := hosttest.Start(t, func(c *host.Config) {
				c.KeepDumpable = true
				c.Plugins = []host.Plugin{{Name: "oldsdk", Version: "0.9.0", Path: binary}}
				c.Accounts = append(c.Accounts, host.Account{ID: "old-main", Provider: "oldsdk", Config: json.RawMessage(`{"base_url":"` + bank.URL + `"}`)})
			})
			oldPluginWorks(t, h, bank)
		})
	}
}

func oldPluginWorks(t *testing.T, h *hosttest.Host, bank *oldBank) {
	t.Helper()
	ctx := t.Context()
	st, err := h.Plugins().Status("oldsdk")
	require.NoError(t, err)
	require.Equal(t, host.PluginServing, st.State, st.Reason)
	require.True(t, st.Abilities.Has("teleport"), "what nobody knows is kept, and harms nobody")

	inv, err := h.CreateInvoice(ctx, order("old-main", "order-1"))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, inv.Status)
	require.Equal(t, "https://bank.example/pay/"+inv.ProviderRef, inv.NextAction.URL)
	row, err := h.Store.Invoice(ctx, inv.ID)
	require.NoError(t, err)

	callback := bank.paid(row.ProviderKey)
	forged := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhooks/old-main", strings.NewReader(string(callback)))
	answer := httptest.NewRecorder()
	h.Webhooks().ServeHTTP(answer, forged)
	require.Equal(t, http.StatusUnauthorized, answer.Code)
	signed := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhooks/old-main", strings.NewReader(string(callback)))
	signed.Header.Set("X-Bank", "really")
	answer = httptest.NewRecorder()
	h.Webhooks().ServeHTTP(answer, signed)
	require.Equal(t, http.StatusAccepted, answer.Code)
	require.Equal(t, "thanks", answer.Body.String())
	awaitStatus(t, h, inv.ID, pay.StatusPaid)

	second, err := h.CreateInvoice(ctx, order("old-main", "order-2"))
	require.NoError(t, err)
	row2, err := h.Store.Invoice(ctx, second.ID)
	require.NoError(t, err)
	bank.paid(row2.ProviderKey)
	second, err = h.RefreshInvoice(ctx, second.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, second.Status)

	refund, err := h.CreateRefund(ctx, host.CreateRefund{IdempotencyKey: "refund", Invoice: inv.ID, Amount: "4.00"})
	require.NoError(t, err)
	require.Equal(t, pay.RefundSucceeded, refund.Status)
	require.Equal(t, "4.00", bank.refunded(row.ProviderKey))

	// What its author never heard of is refused before anything is sent.
	_, err = h.CancelInvoice(ctx, host.ChangeInvoice{IdempotencyKey: "cancel", Invoice: second.ID})
	require.Error(t, err)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.NoError(t, h.Plugins().Restart(ctx, "oldsdk"))
	_, err = h.CreateInvoice(ctx, order("old-main", "order-3"))
	require.NoError(t, err)
}
