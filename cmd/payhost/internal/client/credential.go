package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// Credentials lists the stored credentials of a customer, newest first; query holds customer and tenant.
func (c *Client) Credentials(ctx context.Context, query url.Values) (*rest.CredentialList, error) {
	return get[rest.CredentialList](ctx, c, "/v1/credentials?"+query.Encode())
}

// RevokeCredential makes the host forget the token of a stored credential.
func (c *Client) RevokeCredential(ctx context.Context, id, reason string) (*host.Credential, error) {
	out := new(host.Credential)
	_, err := c.call(ctx, http.MethodDelete, "/v1/credentials/"+url.PathEscape(id)+"?"+url.Values{"reason": {reason}}.Encode(), nil, nil, out)
	return out, err
}
