package host_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
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
	h := hosttest.Start(t, func(c *host.Config) {
		c.Timeouts.Start = 100 * time.Millisecond
		c.Providers["stuck"] = s
		c.Accounts = append(c.Accounts, host.Account{ID: "stuck-main", Provider: "stuck", Config: token})
		for i := range 30 {
			c.Accounts = append(c.Accounts, host.Account{ID: fmt.Sprint("more-", i), Provider: hosttest.ProviderName, Config: token})
		}
		c.Accounts = append(c.Accounts, host.Account{ID: "nobodys", Provider: "nobody", Config: token})
	})
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	for i := range 30 {
		account, err := h.Account(t.Context(), fmt.Sprint("more-", i))
		require.NoError(t, err)
		require.NotEmpty(t, account.Abilities, "a configured account is open when the host is ready")
	}
	_, err = h.Account(t.Context(), "stuck-main")
	require.ErrorIs(t, err, pay.KindNotFound)
	close(s.release)
	poll(t, func() *host.Account {
		if _, err := h.Account(t.Context(), "stuck-main"); err != nil {
			return nil
		}
		return &host.Account{}
	})
	_, err = h.Account(t.Context(), "nobodys")
	require.ErrorIs(t, err, pay.KindNotFound)
}
