package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestPluginOrdersAreChecked(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for text, field := range map[string]string{
		`{}`: "version", `{"version":1}`: "version", `{"version":"1","canary_percent":"10"}`: "canary_percent",
		`{"version":"1","canary_percent":1.5}`: "canary_percent", `{"version":"1","canary_percent":101}`: "canary_percent",
		`{"version":"1","canary_percent":1e9999}`: "canary_percent", `{"version":"1","force":"yes"}`: "force", `{"version":"1","x":1}`: "x",
	} {
		p := s.call("POST", "/v1/plugins/scripted/use", token(adminToken), body(text)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
		require.Equal(t, field, p.Errors[0].Path, text)
	}
	s.call("POST", "/v1/plugins/scripted/use", token(adminToken), body(`{"version":"9"}`)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("POST", "/v1/plugins/nobody/rollback", token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("POST", "/v1/plugins/scripted/rollback", token(adminToken)).problem(http.StatusConflict, pay.KindInvalidState)
	s.call("POST", "/v1/plugins/reload", token(adminToken)).problem(http.StatusNotImplemented, pay.KindUnsupported)
	s.call("POST", "/v1/plugins/scripted/pause", token(adminToken), body(`{"reason":"night"}`)).want(http.StatusOK)
	s.call("POST", "/v1/plugins/scripted/resume", token(adminToken)).want(http.StatusOK)
}
