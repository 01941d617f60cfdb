package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestCredentialsOverREST(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var list rest.CredentialList
	s.call("GET", "/v1/credentials?customer=cust_9", token(apiToken)).want(http.StatusOK).into(&list)
	require.NotNil(t, list.Credentials)
	require.Empty(t, list.Credentials)
	s.call("GET", "/v1/credentials", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	s.call("DELETE", "/v1/credentials/cred_none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
}
