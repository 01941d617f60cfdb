package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

// CredentialList is the answer of GET /v1/credentials, newest first.
type CredentialList struct {
	Credentials []host.Credential `json:"credentials"`
}

type credentialsInput struct {
	Customer string `query:"customer" doc:"Your id of the customer; required."`
	Tenant   string `query:"tenant" doc:"default when left out."`
}

type credentialsOutput struct{ Body CredentialList }

type credentialInput struct {
	ID     string `path:"id" doc:"The id of a stored credential."`
	Reason string `query:"reason" doc:"Goes into the audit log."`
}

type credentialOutput struct{ Body *host.Credential }

func (s *server) credentialRoutes() {
	register(s, endpoint{
		id: "list-credentials", method: http.MethodGet, path: "/v1/credentials", tag: "credentials", scope: ScopeRead,
		summary: "List the stored credentials of a customer, newest first",
		detail:  "The id is what source.id of a create takes. The provider's token is never shown.",
	}, func(ctx context.Context, in *credentialsInput) (*credentialsOutput, error) {
		list, err := s.host.Credentials(ctx, host.ListCredentials{Tenant: in.Tenant, Customer: in.Customer})
		return &credentialsOutput{CredentialList{list}}, err
	})
	register(s, endpoint{
		id: "revoke-credential", method: http.MethodDelete, path: "/v1/credentials/{id}", tag: "credentials", scope: ScopeCreate,
		summary: "Forget the token of a stored credential, so that it cannot be charged any more",
		detail:  "Nothing is sent to the provider, which may keep the instrument. Doing it twice changes nothing.",
	}, func(ctx context.Context, in *credentialInput) (*credentialOutput, error) {
		c, err := s.host.RevokeCredential(ctx, in.ID, in.Reason)
		return &credentialOutput{c}, err
	})
}
