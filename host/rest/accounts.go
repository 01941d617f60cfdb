package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

type accountInput struct {
	ID string `path:"id" doc:"The id of an account."`
}

type accountOutput struct {
	Status int
	Body   *host.AccountStatus
}

type accountsOutput struct{ Body AccountList }

type balanceInput struct {
	ID    string `path:"id" doc:"The id of an account."`
	Owner string `query:"owner" doc:"Only the balances of this user of the provider, where the provider has users."`
}

type balanceOutput struct{ Body BalanceList }

// BalanceList is the answer of GET /v1/accounts/{id}/balance: what the provider says now.
type BalanceList struct {
	Balances []pay.Balance `json:"balances"`
}

// AccountList is the answer of GET /v1/accounts.
type AccountList struct {
	Accounts []host.AccountStatus `json:"accounts"`
}

// ChangeAccount is the body of PATCH /v1/accounts/{id}; what is left out stays as it is.
type ChangeAccount struct {
	// Config replaces the whole config.
	Config json.RawMessage `json:"config,omitempty"`
	// Labels replace all labels.
	Labels *map[string]string `json:"labels,omitempty"`
	// TimeZone is an IANA name.
	TimeZone *string `json:"time_zone,omitempty"`
	// Reason goes into the audit log.
	Reason string `json:"reason,omitempty"`
}

// Reason is the optional body of calls that change the state of an account.
type Reason struct {
	// Reason goes into the audit log.
	Reason string `json:"reason,omitempty"`
}

func (s *server) accountRoutes() {
	register(s, endpoint{
		id: "list-accounts", method: http.MethodGet, path: "/v1/accounts", tag: "accounts", scope: ScopeRead,
		summary: "List accounts by id, without their configs",
	}, func(ctx context.Context, _ *none) (*accountsOutput, error) {
		list, err := s.host.Accounts(ctx)
		return &accountsOutput{AccountList{list}}, err
	})
	register(s, endpoint{
		id: "put-account", method: http.MethodPost, path: "/v1/accounts", tag: "accounts", scope: ScopeAccounts,
		summary: "Put an account", status: http.StatusCreated, body: reflect.TypeFor[host.Account](),
		detail: "Creates the account, or changes the one of this id as PATCH does, so that a lost answer can be asked for again. " +
			"The config is validated and opened; no call goes to the provider.",
		also: map[int]string{http.StatusOK: "The account existed and is now as given."},
	}, s.putAccount)
	register(s, endpoint{
		id: "get-account", method: http.MethodGet, path: "/v1/accounts/{id}", tag: "accounts", scope: ScopeRead,
		summary: "Get an account without its config",
	}, func(ctx context.Context, in *accountInput) (*accountOutput, error) {
		return account(s.host.Account(ctx, in.ID))
	})
	register(s, endpoint{
		id: "change-account", method: http.MethodPatch, path: "/v1/accounts/{id}", tag: "accounts", scope: ScopeAccounts,
		summary: "Change an account", body: reflect.TypeFor[ChangeAccount](),
		detail: "A changed config is a new revision: new calls use it, running ones finish on the old. Provider, mode and tenant never change.",
	}, s.changeAccount)
	register(s, endpoint{
		id: "check-account", method: http.MethodPost, path: "/v1/accounts/{id}/check", tag: "accounts", scope: ScopeAccounts,
		summary: "Prove the credentials by one harmless call to the provider",
	}, func(ctx context.Context, in *accountInput) (*accountOutput, error) {
		return account(s.host.CheckAccount(ctx, in.ID))
	})
	register(s, endpoint{
		id: "get-account-balance", method: http.MethodGet, path: "/v1/accounts/{id}/balance", tag: "accounts", scope: ScopeRead,
		summary: "Ask the provider for the balances of an account now",
	}, func(ctx context.Context, in *balanceInput) (*balanceOutput, error) {
		list, err := s.host.Balances(ctx, in.ID, in.Owner)
		if list == nil {
			list = []pay.Balance{}
		}
		return &balanceOutput{BalanceList{list}}, err
	})
	s.accountState("pause", "Refuse new calls of an account until it is resumed", s.host.PauseAccount)
	s.accountState("resume", "Take calls of a paused account again", s.host.ResumeAccount)
	s.accountState("close", "Close an account for good; webhooks, refunds and look-ups of its invoices still work", s.host.CloseAccount)
}

// accountState adds one of the calls that take a reason.
func (s *server) accountState(verb, summary string, change func(ctx context.Context, id, reason string) (*host.AccountStatus, error)) {
	register(s, endpoint{
		id: verb + "-account", method: http.MethodPost, path: "/v1/accounts/{id}/" + verb, tag: "accounts", scope: ScopeAccounts,
		summary: summary, body: reflect.TypeFor[Reason](), bodyOptional: true,
	}, func(ctx context.Context, in *accountInput) (*accountOutput, error) {
		body, err := optional[Reason](ctx)
		if err != nil {
			return nil, err
		}
		return account(change(ctx, in.ID, body.Reason))
	})
}

func (s *server) putAccount(ctx context.Context, _ *none) (*accountOutput, error) {
	body, err := decode[host.Account](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	_, err = s.host.Account(ctx, body.ID)
	created := errors.Is(err, pay.KindNotFound)
	if err != nil && !created {
		return nil, err
	}
	if err := s.host.PutAccount(ctx, body); err != nil {
		return nil, err
	}
	out, err := account(s.host.Account(ctx, body.ID))
	if err == nil && created {
		out.Status = http.StatusCreated
	}
	return out, err
}

func (s *server) changeAccount(ctx context.Context, in *accountInput) (*accountOutput, error) {
	body, err := decode[ChangeAccount](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	return account(s.host.ChangeAccount(ctx, in.ID, host.AccountChange{
		Config: body.Config, Labels: body.Labels, TimeZone: body.TimeZone, Reason: body.Reason,
	}))
}

func account(status *host.AccountStatus, err error) (*accountOutput, error) {
	return &accountOutput{Status: http.StatusOK, Body: status}, err
}
