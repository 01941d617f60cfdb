package simkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Files may be larger than other requests, and the log keeps nothing of them.
func TestUpload(t *testing.T) {
	kit := simkit.New(simkit.Config{})
	defer kit.Close()
	const most = simkit.MaxBody + 10
	read := 0
	handler := kit.HandleUpload("upload", most, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		read = len(body)
	})
	for size, want := range map[int]int{most: http.StatusOK, most + 1: http.StatusRequestEntityTooLarge} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", strings.NewReader(strings.Repeat("x", size))))
		require.Equal(t, want, w.Code)
	}
	require.Equal(t, most, read)
	require.Len(t, kit.Requests.Of("upload"), 2)
	for _, r := range kit.Requests.Of("upload") {
		require.Empty(t, r.Body)
	}
}
