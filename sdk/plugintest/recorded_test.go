package plugintest

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// A recording made against a provider is repeated without it; what happens at the provider happens once.
func TestRecordedDialogue(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recorded")
	asked, paid := 0, 0
	r := Recorded{
		Provider: can{}, Dir: dir, Update: true, Secrets: []string{"canary-secret"},
		Start: func(_ testing.TB, _ Site, now func() time.Time) Simulator {
			require.Equal(t, recordedAt(), now())
			return Simulator{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				_, _ = io.WriteString(w, `{"ID":"i-1","note":"Somebody and canary-secret"}`)
			})}
		},
		Config: func(site Site) any { return map[string]string{"URL": site.URL} },
		Script: func(d *Dialogue) {
			made := Step(d, "create_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.CreateInvoice(ctx, pay.CreateInvoice{})
			})
			d.AtProvider(func() error { paid++; return nil })
			Step(d, "get_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef})
			})
		},
	}
	RunRecorded(t, r)
	r.Update = false
	RunRecorded(t, r)
	require.Equal(t, 2, asked)
	require.Equal(t, 1, paid)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "canary")
	}
}

func TestResembles(t *testing.T) {
	require.Empty(t, resembles("", map[string]any{"a": []any{"SCRUBBED_TEXT_1", 1.0}}, map[string]any{"a": []any{"Bank", 1.0}}))
	require.Equal(t, ".a[1] is 2, not 1", resembles("", map[string]any{"a": []any{"SCRUBBED_TEXT_1", 1.0}}, map[string]any{"a": []any{"Bank", 2.0}}))
	require.Equal(t, ".a has another length", resembles("", map[string]any{"a": []any{}}, map[string]any{"a": []any{1.0}}))
	require.Equal(t, " has other fields", resembles("", map[string]any{"a": 1.0}, map[string]any{}))
}
