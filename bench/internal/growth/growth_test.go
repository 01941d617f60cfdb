package growth

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFits(t *testing.T) {
	require.NoError(t, fits(10e9, 50e9, time.Minute))
	require.ErrorContains(t, fits(41e9, 200e9, time.Minute), "41 GB")
	require.ErrorContains(t, fits(30e9, 39e9, time.Minute), "39 GB are free")
	require.ErrorContains(t, fits(10e9, 50e9, 11*time.Minute), "10m0s")
}

func TestMovedCursor(t *testing.T) {
	first := base64.RawURLEncoding.EncodeToString([]byte(`{"t":1767225600000000,"i":"inv_b"}`))
	cursor, err := moved(first, time.UnixMicro(5), "inv_a")
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	require.NoError(t, err)
	require.JSONEq(t, `{"t":5,"i":"inv_a"}`, string(raw))
	_, err = moved(base64.RawURLEncoding.EncodeToString([]byte(`{"offset":50}`)), time.UnixMicro(5), "inv_a")
	require.ErrorContains(t, err, "another form")
}

func TestPagesAreChecked(t *testing.T) {
	require.Error(t, full([]byte(`{"invoices":[]}`)))
	require.Error(t, one("inv_a")([]byte(`{"invoices":[]}`)))
	require.NoError(t, one("inv_a")([]byte(`{"invoices":[{"id":"inv_a","allowed_actions":[]}]}`)))
}
