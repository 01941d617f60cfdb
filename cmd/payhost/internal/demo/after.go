package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// lookEvery is how often the demo reads what it waits for.
const lookEvery = 200 * time.Millisecond

// until reads an object until done says so, and returns the last state seen.
func until[T any](ctx context.Context, read func(context.Context) (*T, error), done func(*T) bool) (*T, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var last *T
	for {
		now, err := read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return last, err
		}
		if last = now; done(now) {
			return now, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// key is the idempotency key of one step.
func (d *demo) key(step string) string {
	return "demo-" + d.started.Format(time.RFC3339Nano) + "-" + step
}

// giveBack refunds the paid monobank invoice and waits until the bank has returned the money.
func (d *demo) giveBack(ctx context.Context, n int, results []result) error {
	d.say("")
	d.say("%d. monobank: all of the money goes back to the payer", n)
	i := slices.IndexFunc(results, func(r result) bool { return r.err == nil && r.invoice.Provider == "monobank" })
	if i < 0 {
		return errors.New("there is no paid invoice to refund")
	}
	inv := results[i].invoice
	d.say("   POST …/refunds      %s of %s", inv.AmountCaptured, inv.ID)
	refund, unknown, err := d.client.CreateRefund(ctx, inv.ID, d.key("refund"), host.CreateRefund{Reason: "the concert is off"})
	switch {
	case err != nil:
		return err
	case unknown:
		return fmt.Errorf("nobody knows whether it was refunded; see operation %s", refund.UnresolvedOperation)
	}
	d.say("   refund              %s, %s", refund.ID, refund.Status)
	id, first := refund.ID, refund.Status
	refund, err = until(ctx, func(ctx context.Context) (*host.Refund, error) { return d.client.Refund(ctx, id) },
		func(r *host.Refund) bool { return r.Status == pay.RefundSucceeded || r.Status == pay.RefundFailed })
	switch {
	case errors.Is(err, context.DeadlineExceeded) && refund != nil:
		return fmt.Errorf("the refund was still %s when the time was over", refund.Status)
	case err != nil:
		return err
	case refund.Status != pay.RefundSucceeded:
		return fmt.Errorf("the refund ended %s instead of succeeded", refund.Status)
	}
	if refund.Status != first {
		d.say("   payhost says        the refund has %s", refund.Status)
	}
	after, err := until(ctx, func(ctx context.Context) (*host.Invoice, error) { return d.client.Invoice(ctx, inv.ID) },
		func(x *host.Invoice) bool {
			return x.AmountRefunded.IsSet() && x.AmountRefunded.Equal(x.AmountCaptured)
		})
	if err != nil {
		return fmt.Errorf("the refund is not to be seen on its invoice: %w", err)
	}
	results[i].invoice = after
	if after.Status != pay.StatusPaid {
		return fmt.Errorf("the refunded invoice is %s; a refund must not undo paid", after.Status)
	}
	d.say("   invoice             still %s: a refund is a fact beside it, refunded %s", after.Status, after.AmountRefunded)
	return nil
}

// loseAnswer lets the gateway create an invoice and cut the connection instead of answering, and waits until the host has found
// out by itself what happened.
func (d *demo) loseAnswer(ctx context.Context, n int) error {
	d.say("")
	d.say("%d. merchant: the gateway creates the invoice, and its answer is lost on purpose", n)
	if err := d.fault(ctx, d.box.MerchantURL, `{"op":"create","kind":"cut_after","times":1}`); err != nil {
		return err
	}
	request := host.CreateInvoice{
		Account: "p2p-main", Amount: host.Amount{Value: "777.00", Currency: "RUB"}, Reference: "order-5", Customer: host.Customer{ID: "customer-5"},
	}
	d.say("   POST /v1/invoices   %s %s on %s", request.Amount.Value, request.Amount.Currency, request.Account)
	inv, unknown, err := d.client.CreateInvoice(ctx, d.key("lost"), request)
	switch {
	case err != nil:
		return err
	case !unknown:
		return errors.New("the answer was lost and the host did not say that nobody knows")
	case inv.UnresolvedOperation == "" || inv.ProviderRef != "":
		return fmt.Errorf("invoice %s does not name its unresolved operation", inv.ID)
	}
	id, operation := inv.ID, inv.UnresolvedOperation
	d.say("   202 Accepted        %s, %s, nobody knows: operation %s", id, inv.Status, operation)
	inv, err = until(ctx, func(ctx context.Context) (*host.Invoice, error) { return d.client.Invoice(ctx, id) },
		func(x *host.Invoice) bool { return x.UnresolvedOperation == "" })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the host had not found out when the time was over")
	case err != nil:
		return err
	case inv.Status != pay.StatusPending || inv.ProviderRef == "":
		return fmt.Errorf("it became %s with the provider reference %q instead of pending with one", inv.Status, inv.ProviderRef)
	}
	op, err := d.client.Operation(ctx, operation)
	if err != nil {
		return err
	}
	if op.State != "done" || len(op.Tries) != 1 {
		return fmt.Errorf("the operation is %s after %d tries; it must be done after one", op.State, len(op.Tries))
	}
	d.say("   the host looked     %s, provider reference %s, found by its key %s", inv.Status, inv.ProviderRef, op.ProviderKey)
	d.say("   operation           %s, executed %s, sent %d time", op.State, op.Executed, len(op.Tries))
	return nil
}

// fault adds one line to the fault table of a simulator.
func (d *demo) fault(ctx context.Context, simulator, line string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, simulator+"/_sim/faults", strings.NewReader(line))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := d.browser.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulator refused the fault: %s", res.Status)
	}
	return nil
}
