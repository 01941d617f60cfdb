package host_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// at brings a new invoice to a status at the provider and here.
func at(t *testing.T, h *hosttest.Host, reference string, status pay.Status) *host.Invoice {
	t.Helper()
	req := hosttest.Invoice(reference, "100.00")
	if status == pay.StatusAuthorized {
		req.Capture = pay.CaptureManual
	}
	inv, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	if status == pay.StatusPending {
		return inv
	}
	h.Provider.Set(inv.ProviderRef, status)
	inv, err = h.RefreshInvoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, status, inv.Status)
	return inv
}

func TestCancelCaptureVoid(t *testing.T) {
	h := hosttest.Start(t)
	pending := at(t, h, "p", pay.StatusPending)
	require.Subset(t, pending.AllowedActions, []string{"refresh", "cancel"})
	require.NotContains(t, pending.AllowedActions, "refund")
	canceled, err := h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "c", Invoice: pending.ID, Reason: "out of stock"})
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, canceled.Status)
	again, err := h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "c", Invoice: pending.ID, Reason: "out of stock"})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	_, err = h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "c", Invoice: pending.ID, Reason: "another"})
	require.ErrorIs(t, err, pay.KindIdempotencyMismatch)

	held := at(t, h, "h", pay.StatusAuthorized)
	require.Subset(t, held.AllowedActions, []string{"capture", "void", "cancel"})
	_, err = h.CaptureInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "k", Invoice: held.ID, Amount: "100.01"})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "captures never exceed what is authorized")
	captured, err := h.CaptureInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "k", Invoice: held.ID, Amount: "60.00"})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, captured.Status)
	require.Equal(t, "60.00", captured.AmountCaptured.Value())

	voided := at(t, h, "v", pay.StatusAuthorized)
	after, err := h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "v", Invoice: voided.ID})
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, after.Status)
	ops, err := h.Operations(t.Context(), host.ListOperations{Invoice: voided.ID})
	require.NoError(t, err)
	require.Len(t, ops.Operations, 2)

	for key, effects := range h.Provider.Effects() {
		require.Equal(t, 1, effects, key)
	}
	_, err = h.CaptureInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "x", Invoice: pending.ID})
	require.ErrorIs(t, err, pay.KindInvalidState)
	_, err = h.VoidInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "y", Invoice: "inv_nope"})
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = h.CancelInvoice(t.Context(), host.ChangeInvoice{Invoice: held.ID})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

func TestRefundsReserveAndNeverExceedWhatWasCaptured(t *testing.T) {
	h := hosttest.Start(t)
	inv := at(t, h, "order", pay.StatusPaid)
	require.Contains(t, inv.AllowedActions, "refund")
	first, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "1", Invoice: inv.ID, Amount: "60"})
	require.NoError(t, err)
	require.Equal(t, pay.RefundPending, first.Status)
	_, err = h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "2", Invoice: inv.ID, Amount: "60.00"})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Contains(t, err.Error(), "40.00 UAH", "says what is left")
	h.Provider.FinishRefunds()
	_, err = h.RefreshInvoice(t.Context(), inv.ID)
	require.NoError(t, err)
	done, err := h.Refund(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, pay.RefundSucceeded, done.Status)
	h.Provider.NextOn(pay.OpRefund, hosttest.Paid)
	rest, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "3", Invoice: inv.ID})
	require.NoError(t, err)
	require.Equal(t, "40.00", rest.Amount.Value(), "no amount means what is left")
	require.Equal(t, pay.RefundSucceeded, rest.Status)
	whole, err := h.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, whole.Status, "a refund is a fact beside the status")
	require.Equal(t, "100.00", whole.AmountRefunded.Value())
	require.NotContains(t, whole.AllowedActions, "refund")
	list, err := h.InvoiceRefunds(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestSixtyFourParallelRefundsOfSixtyOfAHundred(t *testing.T) {
	h := hosttest.Start(t)
	inv := at(t, h, "order", pay.StatusPaid)
	var wg sync.WaitGroup
	var mu sync.Mutex
	succeeded := 0
	for i := range 64 {
		wg.Go(func() {
			_, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: fmt.Sprint(i), Invoice: inv.ID, Amount: "60.00"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				succeeded++
			} else if k := pay.AsError(err).Kind; k != pay.KindInvalidRequest && k != pay.KindInProgress {
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, succeeded)
	refunds := 0
	for range h.Provider.Effects() {
		refunds++
	}
	require.Equal(t, 2, refunds, "one create and one refund reached the provider")
}

// Every operation that changes something, with its lost answers: the resolver ends in the provider's truth, with the effects
// ordered and no others.
func TestLostAnswersEndInTheProvidersTruth(t *testing.T) {
	type run struct {
		op    pay.Operation
		start func(h *hosttest.Host) (id string, err error)
		after func(t *testing.T, h *hosttest.Host, id string, acted bool)
	}
	change := func(status pay.Status, do func(*hosttest.Host, string) (*host.Invoice, error)) func(*hosttest.Host) (string, error) {
		return func(h *hosttest.Host) (string, error) {
			inv := at(t, h, "order", status)
			_, err := do(h, inv.ID)
			return inv.ID, err
		}
	}
	status := func(acted, not pay.Status) func(*testing.T, *hosttest.Host, string, bool) {
		return func(t *testing.T, h *hosttest.Host, id string, did bool) {
			t.Helper()
			inv, err := h.Invoice(t.Context(), id)
			require.NoError(t, err)
			require.Empty(t, inv.UnresolvedOperation)
			want := not
			if did {
				want = acted
			}
			require.Equal(t, want, inv.Status)
		}
	}
	runs := []run{
		{pay.OpCancel, change(pay.StatusPending, func(h *hosttest.Host, id string) (*host.Invoice, error) {
			return h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "k", Invoice: id})
		}), status(pay.StatusCanceled, pay.StatusPending)},
		{pay.OpCapture, change(pay.StatusAuthorized, func(h *hosttest.Host, id string) (*host.Invoice, error) {
			return h.CaptureInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "k", Invoice: id})
		}), status(pay.StatusPaid, pay.StatusAuthorized)},
		{pay.OpVoid, change(pay.StatusAuthorized, func(h *hosttest.Host, id string) (*host.Invoice, error) {
			return h.VoidInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: "k", Invoice: id})
		}), status(pay.StatusCanceled, pay.StatusAuthorized)},
		{pay.OpRefund, func(h *hosttest.Host) (string, error) {
			inv := at(t, h, "order", pay.StatusPaid)
			r, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k", Invoice: inv.ID, Amount: "60.00"})
			require.NotNil(t, r)
			require.NotEmpty(t, r.UnresolvedOperation)
			return r.ID, err
		}, func(t *testing.T, h *hosttest.Host, id string, acted bool) {
			r, err := h.Refund(t.Context(), id)
			require.NoError(t, err)
			want := pay.RefundFailed
			if acted {
				want = pay.RefundPending
			}
			require.Equal(t, want, r.Status)
			inv, err := h.Invoice(t.Context(), r.Invoice)
			require.NoError(t, err)
			require.Empty(t, inv.UnresolvedOperation)
		}},
		{pay.OpCreate, func(h *hosttest.Host) (string, error) {
			inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
			return inv.ID, err
		}, status(pay.StatusPending, pay.StatusFailed)},
		{pay.OpCharge, func(h *hosttest.Host) (string, error) {
			req := hosttest.Invoice("order", "10.00")
			req.Source = &host.Source{Type: pay.SourceBalance, ID: "6034"}
			inv, err := h.CreateInvoice(t.Context(), req)
			return inv.ID, err
		}, status(pay.StatusPaid, pay.StatusPaid)}, // resend: the same key is sent again until it is answered
		{pay.OpPayout, func(h *hosttest.Host) (string, error) {
			po, err := h.CreatePayout(t.Context(), payoutOf("k"))
			require.NotNil(t, po)
			require.NotEmpty(t, po.UnresolvedOperation)
			return po.ID, err
		}, func(t *testing.T, h *hosttest.Host, id string, acted bool) {
			po, err := h.Payout(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, !acted, po.NeedsReview, "absence does not prove that no money left")
			if acted {
				require.Equal(t, pay.PayoutPending, po.Status)
			}
		}},
	}
	for _, r := range runs {
		for _, outcome := range []hosttest.Outcome{hosttest.Unknown, hosttest.Lost, hosttest.Panic} {
			t.Run(fmt.Sprintf("%s %s", r.op, outcome), func(t *testing.T) {
				t.Parallel() // most of the time is spent waiting for the next look
				h := hosttest.Start(t)
				h.Provider.NextOn(r.op, outcome)
				id, err := r.start(h)
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
				op := pay.AsError(err).OperationID
				poll(t, func() *host.Operation {
					op, err := h.Operation(t.Context(), op)
					require.NoError(t, err)
					if op.State == "unknown" || op.State == "running" {
						return nil
					}
					return op
				})
				r.after(t, h, id, outcome != hosttest.Lost)
				for key, effects := range h.Provider.Effects() {
					require.Equal(t, 1, effects, "sent twice: %s", key)
				}
			})
		}
	}
}

func payoutOf(key string) host.CreatePayout {
	return host.CreatePayout{
		IdempotencyKey: key, Account: hosttest.AccountID, Amount: host.Amount{Value: "50.00", Currency: "UAH"},
		Destination: host.Destination{Type: pay.DestinationCard, Value: "4111111111111111"},
	}
}

func TestPayouts(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.NextOn(pay.OpPayout, hosttest.Paid, hosttest.Declined)
	po, err := h.CreatePayout(t.Context(), payoutOf("1"))
	require.NoError(t, err)
	require.Equal(t, pay.PayoutSucceeded, po.Status)
	same, err := h.CreatePayout(t.Context(), payoutOf("1"))
	require.NoError(t, err)
	require.True(t, same.Replayed)
	require.Equal(t, po.ID, same.ID)
	_, err = h.CreatePayout(t.Context(), payoutOf("2"))
	require.ErrorIs(t, err, pay.KindDeclined)
	raw, err := json.Marshal(po)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "4111", "destinations are personal data")
	bad := payoutOf("3")
	bad.Destination = host.Destination{Type: "pigeon"}
	_, err = h.CreatePayout(t.Context(), bad)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Len(t, pay.AsError(err).Fields, 2)
	_, err = h.Payout(t.Context(), "po_nope")
	require.ErrorIs(t, err, pay.KindNotFound)
}

func TestAPersonSettlesWhatNobodyCanSee(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.SetDown(true)
	h.Provider.NextOn(pay.OpRefund, hosttest.Lost)
	h.Provider.SetDown(false)
	inv := at(t, h, "order", pay.StatusPaid)
	h.Provider.SetDown(true)
	refund, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k", Invoice: inv.ID, Amount: "60.00"})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	_, err = h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k2", Invoice: inv.ID, Amount: "10.00"})
	require.ErrorIs(t, err, pay.KindInProgress, "one open operation per invoice")

	ctx := host.WithActor(t.Context(), "olena")
	_, err = h.ResolveOperation(ctx, host.Resolve{Operation: refund.UnresolvedOperation, Outcome: "maybe"})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Len(t, pay.AsError(err).Fields, 2)
	op, err := h.ResolveOperation(ctx, host.Resolve{Operation: refund.UnresolvedOperation, Outcome: host.ResolveNotExecuted, Reason: "the bank's cabinet shows none"})
	require.NoError(t, err)
	require.Equal(t, "done", op.State)
	_, err = h.ResolveOperation(ctx, host.Resolve{Operation: op.ID, Outcome: host.ResolveExecuted, Reason: "again"})
	require.ErrorIs(t, err, pay.KindInvalidState)
	failed, err := h.Refund(t.Context(), refund.ID)
	require.NoError(t, err)
	require.Equal(t, pay.RefundFailed, failed.Status)

	// The provider executes it after all.
	h.Provider.SetDown(false)
	amount, err := pay.ParseMoney("60.00", "UAH")
	require.NoError(t, err)
	h.Provider.AddRefund(inv.ProviderRef, op.ProviderKey, amount)
	_, err = h.RefreshInvoice(t.Context(), inv.ID)
	require.NoError(t, err)
	flagged, err := h.Refund(t.Context(), refund.ID)
	require.NoError(t, err)
	require.True(t, flagged.NeedsReview)
	require.Equal(t, pay.RefundSucceeded, flagged.Status)
	_, err = h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k3", Invoice: inv.ID, Amount: "60.00"})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "the amount is reserved again")
	events, err := h.EventsAfter(t.Context(), "", 500)
	require.NoError(t, err)
	require.Contains(t, types(events), "operation.contradicted")
	bundle, err := h.OperationBundle(t.Context(), op.ID, false)
	require.NoError(t, err)
	require.NotEmpty(t, bundle.Evidence)
	require.NotNil(t, bundle.Refund)
}

func TestActions(t *testing.T) {
	h := hosttest.Start(t)
	rates, err := h.RunAction(t.Context(), host.RunAction{Account: hosttest.AccountID, Name: "rates"})
	require.NoError(t, err)
	require.JSONEq(t, `{"USD":"41.20"}`, string(rates.Output))
	inv := at(t, h, "order", pay.StatusPending)
	remind := host.RunAction{IdempotencyKey: "r", Invoice: inv.ID, Name: "remind", Input: json.RawMessage(`{"text":"pay"}`)}
	first, err := h.RunAction(t.Context(), remind)
	require.NoError(t, err)
	require.JSONEq(t, `{"sent":true}`, string(first.Output))
	second, err := h.RunAction(t.Context(), remind)
	require.NoError(t, err)
	require.True(t, second.Replayed)
	require.JSONEq(t, `{"sent":true}`, string(second.Output))
	for key, n := range h.Provider.Effects() {
		require.Equal(t, 1, n, key)
	}
	remind.Input = json.RawMessage(`{"txt":"pay"}`)
	_, err = h.RunAction(t.Context(), remind)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	_, err = h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "dance"})
	require.ErrorIs(t, err, pay.KindUnsupported)
	balances, err := h.Balances(t.Context(), hosttest.AccountID, "")
	require.NoError(t, err)
	require.Equal(t, "1000.00", balances[0].Available.Value())
}

func TestTimelineTellsTheWholeStory(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Unknown)
	inv, err := h.CreateInvoice(host.WithActor(t.Context(), "checkout"), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	ref := h.Provider.Created()[0]
	awaitStatus(t, h, inv.ID, pay.StatusPending)
	h.Provider.Set(ref, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), ref)).Code)
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	processed(t, h)
	list, err := h.Timeline(t.Context(), inv.ID)
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, e := range list {
		kinds[e.Kind]++
		require.NotEmpty(t, e.Text)
	}
	require.Equal(t, 1, kinds["operation"])
	require.Equal(t, 1, kinds["try"])
	require.Equal(t, 1, kinds["webhook"])
	require.GreaterOrEqual(t, kinds["evidence"], 3)
	require.GreaterOrEqual(t, kinds["event"], 4)
	page, err := h.WebhooksReceived(t.Context(), host.ListWebhooks{Account: hosttest.AccountID})
	require.NoError(t, err)
	require.Len(t, page.Webhooks, 1)
	require.Empty(t, page.Webhooks[0].Body)
	raw, err := h.WebhookReceived(t.Context(), page.Webhooks[0].ID, true)
	require.NoError(t, err)
	require.NotEmpty(t, raw.Body)
	replayed, err := h.ReplayWebhook(t.Context(), raw.ID)
	require.NoError(t, err)
	require.Equal(t, string(store.WebhookProcessed), replayed.State)
}
