package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// createdOutput answers a call that brought a resource into being.
type createdOutput[T any] struct {
	Status   int
	Location string `header:"Location" doc:"The path of the resource."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the stored result of an earlier call with the same key."`
	Body     *T
}

// changedOutput answers a call that changed a resource.
type changedOutput[T any] struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the stored result of an earlier call with the same key."`
	Body     *T
}

// statusFor is the HTTP status of a mutating call. An unknown outcome is 202 beside its resource and never an error; every other
// error refuses the call.
func statusFor[T any](usual int, resource *T, err error) (int, error) {
	switch {
	case err == nil:
		return usual, nil
	case unresolved(resource, err):
		return http.StatusAccepted, nil
	}
	return 0, err
}

// unresolved reports whether an error beside a resource says only that the provider may have acted. A failure of the
// host itself stays an error.
func unresolved[T any](resource *T, err error) bool {
	if resource == nil {
		return false
	}
	e := pay.AsError(err)
	return e.Kind == pay.KindOutcomeUnknown || e.Kind == pay.KindPluginFault && e.WasExecuted() == pay.ExecutedUnknown
}

// withInvoice makes sure that the problem names the invoice that was refused or stays as it was.
func withInvoice(err error, id string) error {
	p := asProblem(err)
	if p.InvoiceID == "" {
		p.InvoiceID = id
	}
	return p
}

func invoiceID(inv *host.Invoice) string {
	if inv == nil {
		return ""
	}
	return inv.ID
}

// replayed is the header Idempotency-Replayed; empty is not sent.
func replayed(yes bool) string {
	if yes {
		return "true"
	}
	return ""
}

// optional decodes a body that may be left out.
func optional[T any](ctx context.Context) (T, error) {
	raw := bodyFrom(ctx)
	if len(raw) == 0 {
		var zero T
		return zero, nil
	}
	return decode[T](raw)
}

// notKnownYet documents the answer 202.
func notKnownYet(what string) map[int]string {
	return map[int]string{http.StatusAccepted: "The outcome is not known yet: " + what +
		" names its unresolved_operation, which the host settles. Follow it; do not order the same again with another key."}
}
