package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

func TestTwoHostsLiveInOneProgram(t *testing.T) {
	a, b := hosttest.Start(t), hosttest.Start(t)
	_, err := a.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	page, err := b.Invoices(t.Context(), host.ListInvoices{})
	require.NoError(t, err)
	require.Empty(t, page.Invoices)
}

// running starts a host whose end the test decides.
func running(t *testing.T, p *hosttest.Provider) (h *host.Host, stop func() error) {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	h, err = host.New(host.Config{
		Store: st, Providers: map[string]pay.Provider{hosttest.ProviderName: p}, PublicURL: hosttest.PublicURL,
		Accounts: []host.Account{{ID: hosttest.AccountID, Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"` + hosttest.Token + `"}`)}},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	<-h.Ready()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ended
		require.NoError(t, st.Close())
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return h, stop
}

func TestTheDrainWaitsForRunningOperations(t *testing.T) {
	p := hosttest.NewProvider()
	h, stop := running(t, p)
	p.Next(hosttest.Slow)
	result := make(chan error, 1)
	go func() {
		_, err := h.CreateInvoice(context.WithoutCancel(t.Context()), hosttest.Invoice("order", "10.00"))
		result <- err
	}()
	<-p.Entered()
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	late := 0
	poll(t, func() *error {
		late++
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("late-", late), "10.00"))
		if errors.Is(err, host.ErrStopped) {
			return &err
		}
		require.NoError(t, err)
		return nil
	})
	select {
	case <-ended:
		t.Fatal("Run returned while a call was in flight")
	default:
	}
	p.Release()
	require.NoError(t, <-result, "the running call finished")
	require.NoError(t, <-ended)
	_, err := h.Invoice(t.Context(), "inv_1")
	require.ErrorIs(t, err, host.ErrStopped)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
}

func TestCommandsBeforeRunWaitAndGiveUpWithTheirContext(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	h, err := host.New(host.Config{Store: st})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Invoices(ctx, host.ListInvoices{})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Error(t, h.ReadyProblem())
	_, err = host.New(host.Config{})
	require.ErrorContains(t, err, "Store")
}

func TestConsumeDeliversEveryEventInOrderAndRemembers(t *testing.T) {
	h := hosttest.Start(t)
	for i := range 3 {
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("order-", i), "10.00"))
		require.NoError(t, err)
	}
	stop := errors.New("enough")
	var got []string
	consume := func(n int) error {
		return h.Consume(t.Context(), "billing", func(_ context.Context, ev host.Event) error {
			if n == 0 {
				return stop
			}
			n--
			got = append(got, ev.Type)
			return nil
		})
	}
	require.ErrorIs(t, consume(2), stop)
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-3", "10.00"))
	require.NoError(t, err)
	require.ErrorIs(t, consume(4), stop)
	require.Equal(t, []string{
		"invoice.created", "invoice.pending", "invoice.created", "invoice.pending", "invoice.created", "invoice.pending",
	}, got)
	require.ErrorIs(t, h.Consume(t.Context(), "", nil), pay.KindInvalidRequest)
	_, err = h.EventsAfter(t.Context(), "nonsense", 1)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

func TestAccountsAreStoredObjects(t *testing.T) {
	h := hosttest.Start(t)
	ctx := host.WithActor(t.Context(), "ops")
	put := func(change func(*host.Account)) error {
		a := host.Account{ID: "shop-2", Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"secret-canary"}`)}
		change(&a)
		return h.PutAccount(ctx, a)
	}
	require.NoError(t, put(func(*host.Account) {}))
	require.NoError(t, put(func(a *host.Account) { a.Config = json.RawMessage(`{ "token" : "secret-canary" }`) }))
	first, err := h.Account(ctx, "shop-2")
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Revision, "the same config is no change")
	require.Equal(t, hosttest.PublicURL+"/webhooks/shop-2", first.WebhookURL)
	require.NoError(t, put(func(a *host.Account) { a.Config = json.RawMessage(`{"token":"rotated"}`) }))
	second, err := h.Account(ctx, "shop-2")
	require.NoError(t, err)
	require.EqualValues(t, 2, second.Revision)
	raw, err := json.Marshal(second)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "rotated", "a status shows no secret")

	bad := map[string]func(*host.Account){
		"id":              func(a *host.Account) { a.ID = "Shop 2" },
		"provider":        func(a *host.Account) { a.Provider = "nobody" },
		"mode":            func(a *host.Account) { a.Mode = "test" },
		"time_zone":       func(a *host.Account) { a.TimeZone = "Mars/Base" },
		"config.token":    func(a *host.Account) { a.Config = json.RawMessage(`{"token":7}`) },
		"config.tokn":     func(a *host.Account) { a.Config = json.RawMessage(`{"token":"a","tokn":"secret-canary"}`) },
		"config":          func(a *host.Account) { a.Config = json.RawMessage(`{`) },
		"config.base_url": func(a *host.Account) { a.Config = json.RawMessage(`{"token":"a","base_url":"${env:NOPE}"}`) },
		"labels.team":     func(a *host.Account) { a.Labels = map[string]string{"team": strings.Repeat("x", 1000)} },
	}
	for field, change := range bad {
		err := put(func(a *host.Account) { a.ID = "shop-3"; change(a) })
		require.Error(t, err, field)
		e := pay.AsError(err)
		require.NotEmpty(t, e.Fields, field)
		require.Equal(t, field, e.Fields[0].Path)
		require.NotContains(t, err.Error(), "secret-canary")
	}
	err = put(func(a *host.Account) { a.Mode = pay.ModeSandbox })
	require.ErrorContains(t, err, "cannot be changed")

	_, err = h.PauseAccount(ctx, "shop-2", "maintenance")
	require.NoError(t, err)
	req := hosttest.Invoice("order", "10.00")
	req.Account = "shop-2"
	_, err = h.CreateInvoice(ctx, req)
	require.ErrorIs(t, err, pay.KindAccountPaused)
	_, err = h.ResumeAccount(ctx, "shop-2", "")
	require.NoError(t, err)
	_, err = h.CreateInvoice(ctx, req)
	require.NoError(t, err)
	_, err = h.CloseAccount(ctx, "shop-2", "moved")
	require.NoError(t, err)
	_, err = h.CreateInvoice(ctx, host.CreateInvoice{IdempotencyKey: "k", Account: "shop-2", Amount: req.Amount})
	require.ErrorIs(t, err, pay.KindInvalidState)
	replayed, err := h.CreateInvoice(ctx, req)
	require.NoError(t, err, "a stored result outlives the account")
	require.True(t, replayed.Replayed)
	_, err = h.ResumeAccount(ctx, "shop-2", "")
	require.ErrorIs(t, err, pay.KindInvalidState)

	checked, err := h.CheckAccount(ctx, hosttest.AccountID)
	require.NoError(t, err)
	require.Equal(t, "merchant-1", checked.ProviderAccountRef)
	audit, err := h.Store.Audit(ctx, 0, 100)
	require.NoError(t, err)
	var actions []string
	for _, a := range audit {
		if a.ObjectID == "shop-2" {
			require.Equal(t, "ops", a.Actor)
			actions = append(actions, a.Action)
		}
	}
	require.Equal(t, []string{"account.create", "account.change", "account.pause", "account.resume", "account.close"}, actions)
}

func TestRestartsWaitLongerOnlyForGenerationsThatNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &brokenProvider{}
		st, err := sqlite.OpenMemory(sqlite.Options{})
		require.NoError(t, err)
		h, err := host.New(host.Config{Store: st, Providers: map[string]pay.Provider{"broken": p}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		<-h.Ready()
		require.Equal(t, host.PluginBackoff, h.Plugins().List()[0].State)
		require.Contains(t, h.Plugins().List()[0].Reason, "other")
		require.NoError(t, h.Plugins().Restart(t.Context(), "broken"))
		synctest.Wait()
		require.Greater(t, h.Plugins().List()[0].Generation, int64(1), "an operator need not wait")
		require.ErrorIs(t, h.Plugins().Restart(t.Context(), "nobody"), pay.KindNotFound)
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, st.Close())
	})
}

// brokenProvider describes itself under another name.
type brokenProvider struct{ hosttest.Provider }

func (*brokenProvider) Describe() pay.Manifest { return pay.Manifest{Name: "other", Version: "1"} }
