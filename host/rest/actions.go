package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

type actionInput struct {
	ID   string `path:"id" doc:"The id of what the action is about."`
	Name string `path:"name" doc:"One of the actions in the manifest of the provider's plugin."`
}

type actionListOutput struct{ Body ActionList }

// ActionList is the answer of GET /v1/invoices/{id}/actions and /v1/accounts/{id}/actions, in the order of the manifest.
type ActionList struct {
	Provider string          `json:"provider"`
	Actions  []OfferedAction `json:"actions"`
}

// OfferedAction is an action of a provider on one object.
type OfferedAction struct {
	ManifestAction
	// Allowed says that the host would not refuse it now. The provider may still.
	Allowed bool `json:"allowed"`
}

const actionDetail = "The actions of the plugins that this host runs stand below paths of their own in the description that it serves, and in " +
	"the manifest of each plugin. The token needs the scope read for an action that only reads, capture for one that changes something, payout " +
	"for one that moves money. Files are sent as multipart/form-data with the input as a part of type application/json."

// actionSubject is a kind of object that actions are about, with the routes it has.
type actionSubject struct {
	subject pay.Subject
	// id is the operation's id in the description, path the collection of such objects.
	id, path, tag string
	about         func(id string) host.RunAction
}

// actionSubjects are all kinds of objects that actions can be about.
func actionSubjects() []actionSubject {
	return []actionSubject{
		{pay.SubjectInvoice, "run-invoice-action", "/v1/invoices", "invoices", func(id string) host.RunAction { return host.RunAction{Invoice: id} }},
		{pay.SubjectAccount, "run-account-action", "/v1/accounts", "accounts", func(id string) host.RunAction { return host.RunAction{Account: id} }},
		{pay.SubjectPayout, "run-payout-action", "/v1/payouts", "payouts", func(id string) host.RunAction { return host.RunAction{Payout: id} }},
		{pay.SubjectRefund, "run-refund-action", "/v1/refunds", "refunds", func(id string) host.RunAction { return host.RunAction{Refund: id} }},
		{pay.SubjectDispute, "run-dispute-action", "/v1/disputes", "disputes", func(id string) host.RunAction { return host.RunAction{Dispute: id} }},
	}
}

// actionPath is where the named action of a kind of object is run.
func (a actionSubject) actionPath(name string) string { return a.path + "/{id}/actions/" + name }

func (s *server) actionRoutes() {
	for _, on := range actionSubjects() {
		register(s, endpoint{
			id: on.id, method: http.MethodPost, path: on.actionPath("{name}"), tag: on.tag, scope: ScopeRead,
			summary: "Run one of the provider's own actions on " + article(on.subject), detail: actionDetail, key: keyWhenChanging,
			body: reflect.TypeFor[host.RunAction](), bodyOptional: true, files: true,
			also: map[int]string{http.StatusAccepted: "The outcome is not known yet: see the operation. Do not order the same again with another key."},
		}, func(ctx context.Context, in *actionInput) (*changedOutput[host.ActionResult], error) {
			req := on.about(in.ID)
			req.Name = in.Name
			return s.runAction(ctx, req)
		})
	}
	register(s, endpoint{
		id: "list-invoice-actions", method: http.MethodGet, path: "/v1/invoices/{id}/actions", tag: "invoices", scope: ScopeRead,
		summary: "List the provider's own actions on an invoice, with their schemas",
	}, func(ctx context.Context, in *invoiceInput) (*actionListOutput, error) {
		return actionList(s.host.InvoiceActions(ctx, in.ID))
	})
	register(s, endpoint{
		id: "list-account-actions", method: http.MethodGet, path: "/v1/accounts/{id}/actions", tag: "accounts", scope: ScopeRead,
		summary: "List the provider's own actions on an account, with their schemas",
	}, func(ctx context.Context, in *accountInput) (*actionListOutput, error) {
		return actionList(s.host.AccountActions(ctx, in.ID))
	})
}

func article(subject pay.Subject) string {
	if subject == pay.SubjectInvoice || subject == pay.SubjectAccount {
		return "an " + string(subject)
	}
	return "a " + string(subject)
}

func actionList(offers *host.ActionOffers, err error) (*actionListOutput, error) {
	if err != nil {
		return nil, err
	}
	list := ActionList{Provider: offers.Provider, Actions: []OfferedAction{}}
	for _, a := range offers.Actions {
		list.Actions = append(list.Actions, OfferedAction{manifestAction(a.ActionSpec), a.Allowed})
	}
	return &actionListOutput{list}, nil
}

func (s *server) runAction(ctx context.Context, req host.RunAction) (*changedOutput[host.ActionResult], error) {
	spec, err := s.host.ActionSpec(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := mayRun(ctx, spec); err != nil {
		return nil, err
	}
	req.IdempotencyKey = keyFrom(ctx)
	if up := uploadFrom(ctx); up != nil {
		release, err := s.uploadTurn(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		req.Input, req.Attachments, err = s.receive(up, spec)
		if err != nil {
			return nil, err
		}
	} else {
		body, err := optional[host.RunAction](ctx)
		if err != nil {
			return nil, err
		}
		req.Input = body.Input
	}
	result, err := s.host.RunAction(ctx, req)
	status, err := statusFor(http.StatusOK, result, err)
	if err != nil {
		return nil, withInvoice(err, req.Invoice)
	}
	return &changedOutput[host.ActionResult]{Status: status, Replayed: replayed(result.Replayed), Body: result}, nil
}

// mayRun asks for the scope and the key that the effect of an action needs.
func mayRun(ctx context.Context, spec pay.ActionSpec) error {
	if refused := authorize(callerFrom(ctx), scopeOf(spec.Effect)); refused != nil {
		return refused
	}
	if spec.Effect != pay.EffectRead && keyFrom(ctx) == "" {
		return keyProblem("is required: choose one value for this one intended operation and keep it over retries")
	}
	return nil
}

// scopeOf is the scope that an action of an effect needs.
func scopeOf(effect pay.Effect) string {
	switch effect {
	case pay.EffectRead:
		return ScopeRead
	case pay.EffectChanges:
		return ScopeCapture
	case pay.EffectMovesMoney:
	}
	return ScopePayout // also for an effect that this host does not know
}
