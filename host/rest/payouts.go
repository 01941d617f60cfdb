package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
)

type payoutInput struct {
	ID string `path:"id" doc:"The id of a payout."`
}

type payoutOutput struct{ Body *host.Payout }

func (s *server) payoutRoutes() {
	register(s, endpoint{
		id: "create-payout", method: http.MethodPost, path: "/v1/payouts", tag: "payouts", scope: ScopePayout,
		summary: "Send money from the merchant to somebody", status: http.StatusCreated, key: keyRequired,
		body: reflect.TypeFor[host.CreatePayout](), also: notKnownYet("the payout"),
		detail: "A payout may be created and not yet succeeded: its status says which. Its destination is personal data and is not shown again.",
	}, s.createPayout)
	register(s, endpoint{
		id: "get-payout", method: http.MethodGet, path: "/v1/payouts/{id}", tag: "payouts", scope: ScopeRead, summary: "Get a payout",
	}, func(ctx context.Context, in *payoutInput) (*payoutOutput, error) {
		p, err := s.host.Payout(ctx, in.ID)
		return &payoutOutput{p}, err
	})
}

func (s *server) createPayout(ctx context.Context, _ *none) (*createdOutput[host.Payout], error) {
	req, err := decode[host.CreatePayout](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	req.IdempotencyKey = keyFrom(ctx)
	p, err := s.host.CreatePayout(ctx, req)
	status, err := statusFor(http.StatusCreated, p, err)
	if err != nil {
		return nil, err
	}
	return &createdOutput[host.Payout]{
		Status: status, Location: "/v1/payouts/" + p.ID, Replayed: replayed(p.Replayed), Body: p,
	}, nil
}
