package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

type invoiceActionInput struct {
	ID   string `path:"id" doc:"The id of an invoice."`
	Name string `path:"name" doc:"One of the actions in the manifest of the provider's plugin."`
}

type accountActionInput struct {
	ID   string `path:"id" doc:"The id of an account."`
	Name string `path:"name" doc:"One of the actions in the manifest of the provider's plugin."`
}

const actionDetail = "Actions and the JSON Schemas of their input stand in the manifest of the plugin. The token needs the scope read for " +
	"an action that only reads, capture for one that changes something, payout for one that moves money."

func (s *server) actionRoutes() {
	register(s, endpoint{
		id: "run-invoice-action", method: http.MethodPost, path: "/v1/invoices/{id}/actions/{name}", tag: "invoices", scope: ScopeRead,
		summary: "Run one of the provider's own actions on an invoice", detail: actionDetail, key: keyWhenChanging,
		body: reflect.TypeFor[host.RunAction](), bodyOptional: true, also: notKnownYet("the invoice"),
	}, func(ctx context.Context, in *invoiceActionInput) (*changedOutput[host.ActionResult], error) {
		inv, err := s.host.Invoice(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return s.runAction(ctx, inv.Provider, pay.SubjectInvoice, host.RunAction{Invoice: in.ID, Name: in.Name})
	})
	register(s, endpoint{
		id: "run-account-action", method: http.MethodPost, path: "/v1/accounts/{id}/actions/{name}", tag: "accounts", scope: ScopeRead,
		summary: "Run one of the provider's own actions on an account", detail: actionDetail, key: keyWhenChanging,
		body: reflect.TypeFor[host.RunAction](), bodyOptional: true,
		also: map[int]string{http.StatusAccepted: "The outcome is not known yet: see the operation. Do not order the same again with another key."},
	}, func(ctx context.Context, in *accountActionInput) (*changedOutput[host.ActionResult], error) {
		acc, err := s.host.Account(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return s.runAction(ctx, acc.Provider, pay.SubjectAccount, host.RunAction{Account: in.ID, Name: in.Name})
	})
}

func (s *server) runAction(ctx context.Context, provider string, subject pay.Subject, req host.RunAction) (*changedOutput[host.ActionResult], error) {
	body, err := optional[host.RunAction](ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mayRun(ctx, provider, subject, req.Name); err != nil {
		return nil, err
	}
	req.IdempotencyKey, req.Input = keyFrom(ctx), body.Input
	result, err := s.host.RunAction(ctx, req)
	status, err := statusFor(http.StatusOK, result, err)
	if err != nil {
		return nil, withInvoice(err, req.Invoice)
	}
	return &changedOutput[host.ActionResult]{Status: status, Replayed: replayed(result.Replayed), Body: result}, nil
}

// mayRun asks for the scope and the key that the effect of an action needs. An action that does not exist needs neither: the
// host says so.
func (s *server) mayRun(ctx context.Context, provider string, subject pay.Subject, name string) error {
	m, err := s.host.Manifest(ctx, provider)
	if err != nil {
		return err
	}
	for _, spec := range m.Actions {
		if spec.Name != name || spec.Subject != subject || spec.Effect == pay.EffectRead {
			continue
		}
		scope := ScopePayout // also for an effect that this host does not know
		if spec.Effect == pay.EffectChanges {
			scope = ScopeCapture
		}
		if refused := authorize(callerFrom(ctx), scope); refused != nil {
			return refused
		}
		if keyFrom(ctx) == "" {
			return keyProblem("is required: choose one value for this one intended operation and keep it over retries")
		}
	}
	return nil
}
