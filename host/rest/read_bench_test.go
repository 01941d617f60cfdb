package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// BenchmarkReads is what reading costs over REST, without a network: pages of 50 paid invoices and of 50 that wait for their payer,
// one invoice, and the one with a reference.
func BenchmarkReads(b *testing.B) {
	const stored = 1000
	st, err := sqlite.Open(filepath.Join(b.TempDir(), "payhost.db"), sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	h := hosttest.StartOn(b, st, hosttest.NewProvider())
	api, err := rest.New(h.Host, rest.Config{Tokens: []rest.Token{{Name: "billing", Token: benchToken, Scopes: []string{rest.ScopeAPI}}}})
	require.NoError(b, err)
	var last string
	for i := range stored {
		inv, err := h.CreateInvoice(b.Context(), hosttest.Invoice(fmt.Sprint("order-", i), "10.00"))
		require.NoError(b, err)
		if i%2 == 0 {
			h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
			_, err = h.RefreshInvoice(b.Context(), inv.ID)
			require.NoError(b, err)
		}
		last = inv.ID
	}
	for _, what := range []struct{ name, path string }{
		{"paid", "/v1/invoices?limit=50&status=paid"}, {"pending", "/v1/invoices?limit=50&status=pending"},
		{"one", "/v1/invoices/" + last}, {"reference", "/v1/invoices?limit=50&reference=order-500"},
		{"operations", "/v1/operations?limit=50"}, {"timeline", "/v1/invoices/" + last + "/timeline"},
	} {
		b.Run(what.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, what.path, nil)
				r.Header.Set("Authorization", "Bearer "+benchToken)
				w := httptest.NewRecorder()
				api.ServeHTTP(w, r)
				require.Equal(b, http.StatusOK, w.Code, w.Body.String())
				b.SetBytes(int64(w.Body.Len()))
			}
		})
	}
}

const benchToken = "token-of-a-benchmark-only"
