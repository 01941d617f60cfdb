package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
)

// vault resolves one reference.
type vault struct{ value atomic.Value }

func (v *vault) Resolve(_ context.Context, reference string) (string, error) {
	if reference != "vault:token" {
		return "", errors.New("unknown reference")
	}
	return v.value.Load().(string), nil
}

// A rotated secret behind an unchanged reference is taken up without a restart, and only then.
func TestARotatedSecretIsANewRevision(t *testing.T) {
	v := &vault{}
	v.value.Store(hosttest.Token)
	account := host.Account{ID: hosttest.AccountID, Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"${vault:token}"}`)}
	h := hosttest.Start(t, func(c *host.Config) { c.Secrets, c.Accounts = v, []host.Account{account} })
	ctx := host.WithActor(t.Context(), "ops")
	revision := func() int64 {
		a, err := h.Account(ctx, account.ID)
		require.NoError(t, err)
		return a.Revision
	}
	require.NoError(t, h.Reconfigure(ctx, []host.Account{account}))
	require.Equal(t, int64(1), revision(), "nothing changed")
	v.value.Store(hosttest.Token + "-rotated")
	require.NoError(t, h.Reconfigure(ctx, []host.Account{account}))
	require.Equal(t, int64(2), revision())
	require.NoError(t, h.Reconfigure(ctx, []host.Account{account}))
	require.Equal(t, int64(2), revision())

	bad := account
	bad.ID, bad.Provider = "other", "nobody"
	account.Labels = map[string]string{"team": "billing"}
	err := h.Reconfigure(ctx, []host.Account{bad, account})
	require.ErrorContains(t, err, "account other")
	a, err := h.Account(ctx, account.ID)
	require.NoError(t, err)
	require.Equal(t, "billing", a.Labels["team"], "one bad account does not keep the others back")
	audit, err := h.Store.Audit(ctx, 0, 100)
	require.NoError(t, err)
	for _, entry := range audit {
		require.NotContains(t, string(entry.After), hosttest.Token)
	}
}
