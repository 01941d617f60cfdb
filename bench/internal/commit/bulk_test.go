package commit

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/sdk/pay"

	"github.com/payhost/payhost/host"
)

// A filled database is one that a host can go on with: it lists the copies, finds one by its reference and creates new ones.
func TestAHostGoesOnWithAFilledDatabase(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	const n = 100
	stored, err := Fill(ctx, dir, n, func(int, float64) error { return nil })
	require.NoError(t, err)
	require.Positive(t, stored.Size)
	rows := counts(t, open(t, filepath.Join(dir, "engine.db")))
	require.Equal(t, n+2, rows["invoices"])
	require.Equal(t, n+2, rows["operations"])
	require.Equal(t, 2*(n+2), rows["events"])
	engine, err := StartEngine(dir, echo.Provider{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	paid, err := engine.Invoices(ctx, host.ListInvoices{Status: pay.StatusPaid, Limit: 500})
	require.NoError(t, err)
	require.Len(t, paid.Invoices, 95)
	require.True(t, paid.Invoices[0].CreatedAt.After(paid.Invoices[94].CreatedAt))
	found, err := engine.Invoices(ctx, host.ListInvoices{Reference: stored.MiddleReference})
	require.NoError(t, err)
	require.Len(t, found.Invoices, 1)
	require.Equal(t, stored.MiddleID, found.Invoices[0].ID)
	require.Equal(t, stored.MiddleAt, found.Invoices[0].CreatedAt)
	engine.n.Store(10_000) // the keys of the copies are taken
	_, err = engine.Create(ctx)
	require.NoError(t, err)
}

// What does not fit is not filled to the end.
func TestFillEndsWhenItIsEnough(t *testing.T) {
	full := errors.New("the disk is full")
	_, err := Fill(t.Context(), t.TempDir(), 3*chunk, func(done int, each float64) error {
		require.Equal(t, chunk, done)
		require.Greater(t, each, 1000.0)
		return full
	})
	require.ErrorIs(t, err, full)
}
