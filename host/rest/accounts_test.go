package rest_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	const text = `{"id":"second","provider":"scripted","mode":"sandbox","labels":{"team":"a"},"config":{"token":"provider-secret-2"}}`
	var acc host.AccountStatus
	put := s.call("POST", "/v1/accounts", token(adminToken), body(text)).want(http.StatusCreated)
	put.into(&acc)
	require.Equal(t, "second", acc.ID)
	require.Equal(t, pay.ModeSandbox, acc.Mode)
	require.Equal(t, int64(1), acc.Revision)
	require.Equal(t, "https://billing.example.com/webhooks/second", acc.WebhookURL)
	require.NotContains(t, string(put.raw), "provider-secret-2")
	s.call("POST", "/v1/accounts", token(adminToken), body(text)).want(http.StatusOK)

	var list rest.AccountList
	s.call("GET", "/v1/accounts", token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Accounts, 2)

	patch := func(change string) reply {
		return s.call("PATCH", "/v1/accounts/second", token(adminToken), body(change))
	}
	patch(`{"labels":{"team":"b"},"time_zone":"Europe/Kyiv","reason":"moved"}`).want(http.StatusOK).into(&acc)
	require.Equal(t, map[string]string{"team": "b"}, acc.Labels)
	require.Equal(t, "Europe/Kyiv", acc.TimeZone)
	require.Equal(t, int64(1), acc.Revision, "the config did not change")
	patch(`{"config":{"token":"provider-secret-3"}}`).want(http.StatusOK).into(&acc)
	require.Equal(t, int64(2), acc.Revision)
	require.Equal(t, "Europe/Kyiv", acc.TimeZone)

	p := patch(`{"config":{"tokn":"provider-secret-4"}}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Contains(t, p.paths(), "config.token")
	require.Contains(t, p.paths(), "config.tokn")
	require.NotContains(t, p.Detail, "provider-secret-4")
	p = patch(`{"mode":"live"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"mode"}, p.paths())
	patch(``).problem(http.StatusBadRequest, pay.KindInvalidRequest)

	p = s.call("POST", "/v1/accounts", token(adminToken), body(`{"id":"third","provider":"scripted"}`)).
		problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"config"}, p.paths())
	s.call("GET", "/v1/accounts/third", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	for _, path := range []string{"check", "pause", "resume", "close"} {
		s.call("POST", "/v1/accounts/third/"+path, token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	}
	s.call("PATCH", "/v1/accounts/third", token(adminToken), body(`{"reason":"x"}`)).problem(http.StatusNotFound, pay.KindNotFound)
	require.NotContains(t, s.log.String(), "provider-secret")
}

func TestAccountStates(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var acc host.AccountStatus
	s.call("POST", "/v1/accounts/main/check", token(adminToken)).want(http.StatusOK).into(&acc)
	require.Equal(t, "merchant-7", acc.ProviderAccountRef)
	require.Equal(t, "Shop", acc.Info.Title)

	s.call("POST", "/v1/accounts/main/pause", token(adminToken), body(`{"reason":"night"}`)).want(http.StatusOK).into(&acc)
	require.Equal(t, host.AccountPaused, acc.State)
	s.create("ok").problem(http.StatusServiceUnavailable, pay.KindAccountPaused)
	s.call("POST", "/v1/accounts/main/resume", token(adminToken)).want(http.StatusOK).into(&acc)
	require.Equal(t, host.AccountActive, acc.State)
	s.created("ok")
	p := s.call("POST", "/v1/accounts/main/pause", token(adminToken), body(`{"until":"monday"}`)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"until"}, p.paths())
	s.call("POST", "/v1/accounts/main/close", token(adminToken)).want(http.StatusOK).into(&acc)
	require.Equal(t, host.AccountClosed, acc.State)
	s.create("ok").problem(http.StatusConflict, pay.KindInvalidState)
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var list rest.PluginList
	s.call("GET", "/v1/plugins", token(adminToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Plugins, 1)
	require.Equal(t, host.PluginServing, list.Plugins[0].State)

	var plugin rest.Plugin
	r := s.call("GET", "/v1/plugins/scripted", token(adminToken)).want(http.StatusOK)
	r.into(&plugin)
	require.Equal(t, "scripted", plugin.Name)
	require.True(t, plugin.InProcess)
	require.NotNil(t, plugin.Manifest)
	require.Equal(t, "1.2.3", plugin.Manifest.Version)
	require.Equal(t, "human", plugin.Manifest.Operations["create"].Resolution)
	require.Equal(t, "honoured", plugin.Manifest.Fields["items"].Use)
	require.Equal(t, "refused", plugin.Manifest.Fields["capture"].Use, "what the manifest does not list has its default")
	require.Equal(t, []rest.ManifestCurrency{{Code: "UAH", Exponent: 2, Numeric: 980}}, plugin.Manifest.Currencies)

	s.call("GET", "/v1/plugins/nobody", token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("POST", "/v1/plugins/nobody/restart", token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	// An in-process provider has no process to replace; what comes back is the host's own word for it.
	err := s.host.Plugins().Restart(t.Context(), "scripted")
	restart := s.call("POST", "/v1/plugins/scripted/restart", token(adminToken))
	if err == nil {
		restart.want(http.StatusOK)
		return
	}
	refused, ok := errors.AsType[*pay.Error](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, string(restart.raw), string(refused.Kind))
}
