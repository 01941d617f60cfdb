package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// brokenConn accepts a number of bytes and then fails, as a connection does
// that was cut while it was idle.
type brokenConn struct {
	net.Conn
	accepts int
}

func (c *brokenConn) Write(p []byte) (int, error) {
	n := min(len(p), c.accepts)
	c.accepts -= n
	return n, errors.New("broken pipe")
}

// TestOneByteDecides is the promise the whole classification stands on.
func TestOneByteDecides(t *testing.T) {
	tests := map[string]struct {
		accepts int
		counted bool
		want    pay.Kind
	}{
		"not a byte left":       {0, true, pay.KindProviderUnavailable},
		"one byte left":         {1, true, pay.KindOutcomeUnknown},
		"nobody counted bytes":  {0, false, pay.KindOutcomeUnknown},
		"half a request":        {60, true, pay.KindOutcomeUnknown},
		"headers, without body": {4000, true, pay.KindOutcomeUnknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.NotFoundHandler())
			defer server.Close()
			transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := (&net.Dialer{}).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				broken := net.Conn(&brokenConn{Conn: c, accepts: tt.accepts})
				if tt.counted {
					broken = &countedConn{Conn: broken}
				}
				return broken, nil
			}}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: &guard{next: transport, maxBody: DefaultMaxBody}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(strings.Repeat("x", 8192)))
			require.NoError(t, err)
			_, err = Do(t.Context(), client, req)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want.Executed(), pay.AsError(err).WasExecuted())
		})
	}
}

func TestSendOnceLeavesNothingToReplay(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, body := range []string{"", "{}"} {
			r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1", strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Idempotency-Key", "k")
			r.Header.Set("X-Idempotency-Key", "k")
			sendOnce(r)
			require.Nil(t, r.GetBody)
			// What net/http looks at before it repeats a request by itself.
			require.NotContains(t, r.Header, "Idempotency-Key")
			require.NotContains(t, r.Header, "X-Idempotency-Key")
			if method == http.MethodGet || method == http.MethodHead {
				require.NotNil(t, r.Body)
				require.NotEqual(t, http.NoBody, r.Body)
			}
		}
	}
}

func TestTraceparentForm(t *testing.T) {
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	require.True(t, validTraceparent(good))
	for _, bad := range []string{"", good[1:], good + "0", strings.ToUpper(good), strings.ReplaceAll(good, "-", "_"), strings.Replace(good, "a", "\n", 1)} {
		require.False(t, validTraceparent(bad), "%q", bad)
	}
}
