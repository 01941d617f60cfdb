package host_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// stuck is a provider that does not come to an end with its start before it is released.
type stuck struct {
	*hosttest.Provider
	release chan struct{}
}

func (s stuck) Describe() pay.Manifest {
	<-s.release
	m := s.Provider.Describe()
	m.Name = "stuck"
	return m
}

// A plugin that hangs at its start keeps nobody else waiting, and its accounts come when it does.
func TestAPluginThatHangsAtItsStartDelaysNoOther(t *testing.T) {
	s := stuck{hosttest.NewProvider(), make(chan struct{})}
	token := json.RawMessage(`{"token":"` + hosttest.Token + `"}`)
	t.Cleanup(func() { // after a failure, before the host stops
		select {
		case <-s.release:
		default:
			close(s.release)
		}
	})
	h := bootHost{hosttest.Start(t, func(c *host.Config) {
		c.Timeouts.Start = 100 * time.Millisecond
		c.Providers["stuck"] = s
		c.Accounts = append(c.Accounts, host.Account{ID: "stuck-main", Provider: "stuck", Config: token})
		for i := range 30 {
			c.Accounts = append(c.Accounts, host.Account{ID: fmt.Sprint("more-", i), Provider: hosttest.ProviderName, Config: token})
		}
		c.Accounts = append(c.Accounts, host.Account{ID: "nobodys", Provider: "nobody", Config: token})
	})}
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	for i := range 30 {
		account, err := h.Account(t.Context(), fmt.Sprint("more-", i))
		require.NoError(t, err)
		require.NotEmpty(t, account.Abilities, "a configured account is open when the host is ready")
	}
	h.awaits(t, "stuck-main")
	close(s.release)
	h.serves(t, "stuck-main")
	_, err = h.Account(t.Context(), "nobodys")
	require.ErrorIs(t, err, pay.KindNotFound)
	require.ErrorContains(t, err, `"nobodys" is configured but cannot be used: `)
}

// bootHost is a host some of whose plugins have not started yet.
type bootHost struct{ *hosttest.Host }

// awaits checks that a configured account counts as one that is not there yet, for callers and for the provider's webhooks.
func (h bootHost) awaits(t *testing.T, id string) {
	t.Helper()
	invoice := hosttest.Invoice("early", "10.00")
	invoice.Account = id
	_, err := h.CreateInvoice(t.Context(), invoice)
	var e *pay.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, pay.KindPluginFault, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
	require.Equal(t, pay.RetrySameOperation, e.Retry.Rule)
	require.Contains(t, e.Message, id)
	_, err = h.Account(t.Context(), id)
	require.ErrorIs(t, err, pay.KindPluginFault)
	answer := httptest.NewRecorder()
	h.Webhooks().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "POST", "/webhooks/"+id, strings.NewReader("{}")))
	require.Equal(t, http.StatusServiceUnavailable, answer.Code, "the provider sends it again")
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
}

// serves waits until a configured account is there, and uses it.
func (h bootHost) serves(t *testing.T, id string) {
	t.Helper()
	poll(t, func() *host.AccountStatus {
		account, err := h.Account(t.Context(), id)
		if err != nil {
			return nil
		}
		return account
	})
	invoice := hosttest.Invoice("late", "10.00")
	invoice.Account = id
	_, err := h.CreateInvoice(t.Context(), invoice)
	require.NoError(t, err)
}

// failing is a provider whose first starts fail.
type failing struct {
	*hosttest.Provider
	mended *atomic.Bool
}

func (f failing) Describe() pay.Manifest {
	m := f.Provider.Describe()
	m.Name = "failing"
	if !f.mended.Load() {
		m.Name = "somebody-else"
	}
	return m
}

// An account whose plugin cannot start at first is put when it can, without a restart of the host.
func TestAccountsOfAPluginThatFailsAtFirstComeWithALaterStart(t *testing.T) {
	mended := &atomic.Bool{}
	h := bootHost{hosttest.Start(t, func(c *host.Config) {
		c.Providers["failing"] = failing{hosttest.NewProvider(), mended}
		c.Accounts = append(c.Accounts, host.Account{
			ID: "failing-main", Provider: "failing", Config: json.RawMessage(`{"token":"` + hosttest.Token + `"}`),
		})
	})}
	h.awaits(t, "failing-main")
	mended.Store(true)
	h.serves(t, "failing-main")
}

// A start writes what differs from what is stored, and nothing else: a host with many accounts starts without a transaction for each.
func TestAStartChangesOnlyAccountsThatDiffer(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	var accounts []host.Account
	for i := range 150 {
		accounts = append(accounts, host.Account{
			ID: fmt.Sprintf("acc-%03d", i), Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"` + hosttest.Token + `"}`),
			Labels: map[string]string{"shop": fmt.Sprint(i)}, TimeZone: "Europe/Kyiv",
		})
	}
	start := func(t *testing.T) map[string]host.AccountStatus {
		h := hosttest.StartOn(t, st, hosttest.NewProvider(), func(c *host.Config) { c.Accounts = accounts })
		list, err := h.Accounts(t.Context())
		require.NoError(t, err)
		stored := map[string]host.AccountStatus{}
		for _, a := range list {
			stored[a.ID] = a
		}
		return stored
	}
	var first, second map[string]host.AccountStatus
	t.Run("first", func(t *testing.T) { first = start(t) })
	require.Len(t, first, 150)
	audited, err := st.Audit(t.Context(), 0, 500)
	require.NoError(t, err)

	accounts[7].Labels = map[string]string{"shop": "another"}
	accounts[70].Config = json.RawMessage(`{ "token": "` + hosttest.Token + `" }`) // reads the same
	accounts[100].Mode = pay.ModeSandbox                                           // cannot be changed
	accounts[149].TimeZone = ""
	accounts = append(accounts, host.Account{ID: "new", Provider: hosttest.ProviderName, Config: accounts[0].Config})
	t.Run("second", func(t *testing.T) { second = start(t) })
	require.Len(t, second, 151)
	require.Equal(t, "another", second["acc-007"].Labels["shop"])
	require.Empty(t, second["acc-149"].TimeZone)
	require.Equal(t, pay.ModeLive, second["acc-100"].Mode)
	require.Contains(t, second["acc-100"].Problem, "cannot be changed")
	require.NotEmpty(t, second["new"].Abilities)
	for id, was := range first {
		now := second[id]
		require.Equal(t, int64(1), now.Revision)
		if id == "acc-007" || id == "acc-149" {
			require.True(t, now.UpdatedAt.After(was.UpdatedAt))
			continue
		}
		now.Problem = ""
		require.Equal(t, was, now)
	}
	again, err := st.Audit(t.Context(), 0, 500)
	require.NoError(t, err)
	require.Len(t, again, len(audited)+3)
}
