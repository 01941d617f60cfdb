package sandbox

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartAndClose(t *testing.T) {
	s, err := Start(t.Context(), Config{Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	for _, url := range []string{s.IndexURL, s.PayinURL + "/_sim/invoices", s.MerchantURL + "/_sim/invoices", s.MonobankURL + "/_sim/invoices"} {
		res, err := http.Get(url)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, url)
	}
	s.Close()
	s.Close()
	_, err = http.Get(s.IndexURL)
	require.Error(t, err)
	http.DefaultClient.CloseIdleConnections()
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	_, err = Start(t.Context(), Config{Listen: "127.0.0.1:" + port})
	require.ErrorContains(t, err, "address already in use")
	_, err = Start(t.Context(), Config{Listen: "nowhere"})
	require.ErrorContains(t, err, "must have a port")
}
