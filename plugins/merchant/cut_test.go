package merchant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/pay"
)

// change is one mutating call beside create: what it needs, how it is sent and where its truth shows.
type change struct {
	op      string
	prepare func(*testing.T, world) pay.InvoiceState
	send    func(context.Context, world, *testing.T, pay.InvoiceState) error
	// effects are what the gateway did under op_1 when the call took effect, and look is what the host's look-up then finds.
	done, undone merchantsim.Effects
	look         func(*testing.T, world, pay.InvoiceState) (string, error)
	// announced changes send a callback.
	announced bool
}

// proof is a file for the actions that need one.
func proof() pay.Attachment {
	const content = "%PDF-1.4 receipt"
	return pay.Attachment{Name: "receipt.pdf", ContentType: "application/pdf", Size: int64(len(content)), Content: strings.NewReader(content)}
}

// act runs an action on an invoice.
func (w world) act(ctx context.Context, made pay.InvoiceState, name, input string, files ...pay.Attachment) (pay.ActionResult, error) {
	ref := refOf(made)
	return w.account.(pay.ActionProvider).RunAction(ctx, pay.Action{Name: name, Invoice: &ref, Input: json.RawMessage(input), Attachments: files})
}

func (w world) payout(t *testing.T) pay.CreatePayout {
	t.Helper()
	amount, err := pay.ParseMoney("1000.50", "RUB")
	require.NoError(t, err)
	return pay.CreatePayout{
		Call: pay.Call{ProviderKey: "op_1"}, PayoutID: "po_1", WebhookURL: w.hooks + "/po_1", Amount: amount,
		Destination: pay.Destination{Type: pay.DestinationCard, Value: "4444 4444 4444 4444", Holder: "Ivan I."},
	}
}

func changes() map[string]change {
	invoice := func(t *testing.T, w world) pay.InvoiceState {
		made, err := w.account.CreateInvoice(t.Context(), w.order(t, ""))
		require.NoError(t, err)
		return made
	}
	dealt := func(t *testing.T, w world) pay.InvoiceState {
		made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true,"payment_option":"TO_CARD"}`))
		require.NoError(t, err)
		return made
	}
	read := func(t *testing.T, w world, made pay.InvoiceState) (string, error) {
		got, err := w.account.GetInvoice(t.Context(), refOf(made))
		return string(got.Status), err
	}
	return map[string]change{
		"cancel": {
			op: "cancel", prepare: invoice, look: read, announced: true,
			send: func(ctx context.Context, w world, _ *testing.T, made pay.InvoiceState) error {
				_, err := w.account.(pay.Canceler).CancelInvoice(ctx, pay.ChangeInvoice{Invoice: refOf(made)})
				return err
			},
			done: merchantsim.Effects{Created: 1, Canceled: 1}, undone: merchantsim.Effects{Created: 1},
		},
		"start_deal": {
			op: "start_deal", prepare: invoice,
			look: func(t *testing.T, w world, made pay.InvoiceState) (string, error) {
				got, err := w.account.GetInvoice(t.Context(), refOf(made))
				return fmt.Sprint(len(got.Attempts)), err
			},
			send: func(ctx context.Context, w world, _ *testing.T, made pay.InvoiceState) error {
				ref := refOf(made)
				_, err := w.account.(pay.ActionProvider).RunAction(ctx, pay.Action{Name: "start_deal", Invoice: &ref, Input: json.RawMessage(`{"payment_option":"TO_CARD"}`)})
				return err
			},
			done: merchantsim.Effects{Created: 1, Deals: 1}, undone: merchantsim.Effects{Created: 1},
		},
		"confirm_transfer": {
			op: "confirm_transfer", prepare: dealt,
			look: func(t *testing.T, w world, made pay.InvoiceState) (string, error) {
				got, err := w.account.GetInvoice(t.Context(), refOf(made))
				return string(got.Attempts[0].Status), err
			},
			send: func(ctx context.Context, w world, _ *testing.T, made pay.InvoiceState) error {
				_, err := w.act(ctx, made, "confirm_transfer", `{}`, proof())
				return err
			},
			done: merchantsim.Effects{Created: 1, Deals: 1, Proofs: 1}, undone: merchantsim.Effects{Created: 1, Deals: 1},
		},
		"open_dispute": {
			op: "dispute", prepare: dealt, announced: true,
			look: func(t *testing.T, w world, made pay.InvoiceState) (string, error) {
				got, err := w.account.GetInvoice(t.Context(), refOf(made))
				return fmt.Sprint(len(got.Disputes)), err
			},
			send: func(ctx context.Context, w world, _ *testing.T, made pay.InvoiceState) error {
				_, err := w.act(ctx, made, "open_dispute", `{"reason":"has_payment"}`, proof())
				return err
			},
			done: merchantsim.Effects{Created: 1, Deals: 1, Disputes: 1}, undone: merchantsim.Effects{Created: 1, Deals: 1},
		},
		"payout": {
			op: "create", prepare: func(*testing.T, world) pay.InvoiceState { return pay.InvoiceState{} },
			look: func(t *testing.T, w world, _ pay.InvoiceState) (string, error) {
				got, err := w.account.(pay.PayoutGetter).GetPayout(t.Context(), pay.PayoutRef{ProviderKey: "op_1"})
				return string(got.Status), err
			},
			send: func(ctx context.Context, w world, t *testing.T, _ pay.InvoiceState) error {
				_, err := w.account.(pay.PayoutCreator).CreatePayout(ctx, w.payout(t))
				return err
			},
			done: merchantsim.Effects{Created: 1, Deals: 1},
		},
	}
}

func (w world) fault(t *testing.T, op, kind string) {
	t.Helper()
	kit := w.sim.Kit()
	faults := kit.Faults.Pending()
	require.NoError(t, json.Unmarshal([]byte(fmt.Sprintf(`[{"op":%q,"kind":%q}]`, op, kind)), &faults))
	require.NoError(t, kit.Faults.Add(faults...))
}

// Wherever the connection is cut, nobody knows, one mutating request was sent, the gateway acted as often as it did, and the
// look-up of the class tells which.
func TestCutPoints(t *testing.T) {
	for kind, acted := range map[string]bool{
		"cut_before": false, "status": false, "html": false, "redirect": false, "hang": false,
		"cut_after": true, "status_after": true, "html_after": true, "truncated": true, "empty": true,
	} {
		for name, c := range changes() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				w := newWorld(t, "sim_secret")
				made := c.prepare(t, w)
				before := len(w.sim.Kit().Requests.Of(c.op))
				w.fault(t, c.op, kind)
				ctx := t.Context()
				if kind == "hang" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
					defer cancel()
				}
				err := c.send(ctx, w, t, made)
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
				require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
				require.Equal(t, pay.RetryAfterLookup, pay.AsError(err).RetryRule())
				require.Len(t, w.sim.Kit().Requests.Of(c.op), before+1, "nothing is sent twice")
				require.Empty(t, w.sim.Kit().Requests.Of("elsewhere"), "no redirect is followed")
				want := c.undone
				if acted {
					want = c.done
				}
				require.Equal(t, want, w.sim.Effects("op_1"))

				found, err := c.look(t, w, made)
				switch {
				case name == "payout" && !acted:
					require.ErrorIs(t, err, pay.KindNotFound)
				default:
					require.NoError(t, err)
					require.Equal(t, map[string]map[bool]string{
						"cancel": {true: "canceled", false: "pending"}, "start_deal": {true: "1", false: "0"}, "payout": {true: "pending"},
						"confirm_transfer": {true: "processing", false: "pending"}, "open_dispute": {true: "1", false: "0"},
					}[name][acted], found)
				}
				require.Equal(t, want, w.sim.Effects("op_1"), "looking changes nothing")
				if c.announced && acted {
					w.hook(t)
				}
				require.NoError(t, w.sim.Idle(t.Context()))
			})
		}
	}
}

func TestChangesWithoutAConnection(t *testing.T) {
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			made := c.prepare(t, w)
			// A request on a connection that is being closed may have been read; a new connection proves that none was.
			w.client.CloseIdleConnections()
			w.server.Close()
			err := c.send(t.Context(), w, t, made)
			require.ErrorIs(t, err, pay.KindProviderUnavailable)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
			require.Equal(t, c.undone, w.sim.Effects("op_1"))
		})
	}
}

// A payment that was faster than the cancel is what is reported.
func TestCancelAgainstThePayer(t *testing.T) {
	for name, c := range map[string]struct {
		move func(*merchantsim.Sim, string) error
		want pay.Status
	}{
		"open": {nil, pay.StatusCanceled}, "paid": {(*merchantsim.Sim).Pay, pay.StatusPaid}, "expired": {(*merchantsim.Sim).Expire, pay.StatusExpired},
		"canceled": {(*merchantsim.Sim).Cancel, pay.StatusCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true}`))
			require.NoError(t, err)
			if c.move != nil {
				require.NoError(t, c.move(w.sim, made.ProviderRef))
			}
			got, err := w.account.(pay.Canceler).CancelInvoice(t.Context(), pay.ChangeInvoice{Invoice: refOf(made)})
			require.NoError(t, err)
			require.Equal(t, c.want, got.Status)
			require.Len(t, w.sim.Kit().Requests.Of("cancel"), 1)
			w.hook(t)
			require.NoError(t, w.sim.Idle(t.Context()))
		})
	}
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true}`))
	require.NoError(t, err)
	require.NoError(t, w.sim.Dispute(made.ProviderRef, "", ""))
	_, err = w.account.(pay.Canceler).CancelInvoice(t.Context(), pay.ChangeInvoice{Invoice: refOf(made)})
	require.ErrorIs(t, err, pay.KindInvalidState)
	w.hook(t)
}

// A payout's life, announced by callbacks about a payout and read by its id; the account shows what it costs.
func TestPayoutLifeAgainstTheSimulator(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*merchantsim.Sim, string) error
		want pay.PayoutStatus
		cost string
	}{
		"paid":     {func(s *merchantsim.Sim, id string) error { return s.Complete(id, "") }, pay.PayoutSucceeded, "10.58676811 USDT"},
		"canceled": {(*merchantsim.Sim).Cancel, pay.PayoutCanceled, ""},
		"expired":  {(*merchantsim.Sim).Expire, pay.PayoutFailed, ""},
		"dispute":  {func(s *merchantsim.Sim, id string) error { return s.Dispute(id, "no_payment", "") }, pay.PayoutProcessing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			made, err := w.account.(pay.PayoutCreator).CreatePayout(t.Context(), w.payout(t))
			require.NoError(t, err)
			require.Equal(t, pay.PayoutPending, made.Status)
			balances, err := w.account.(pay.BalanceReader).ReadBalances(t.Context(), pay.ReadBalances{})
			require.NoError(t, err)
			require.Equal(t, "10.58676811 USDT", balances.Balances[0].Reserved.String())

			require.NoError(t, c.end(w.sim, made.ProviderRef))
			event := w.hook(t).Events[0]
			require.Equal(t, pay.SubjectPayout, event.Subject)
			require.Equal(t, pay.StrengthHint, event.Strength)
			require.Equal(t, made.ProviderRef, event.ProviderRef)
			require.Equal(t, "op_1", event.ProviderKey)
			require.Nil(t, event.Payout, "the body is not signed")
			got, err := w.account.(pay.PayoutGetter).GetPayout(t.Context(), pay.PayoutRef{ProviderKey: "op_1", ProviderRef: made.ProviderRef})
			require.NoError(t, err)
			require.Equal(t, c.want, got.Status)
			require.Equal(t, name == "dispute", got.Review != "")
			require.Equal(t, "1000.50 RUB", got.Amount.String())
			if c.cost != "" {
				require.Equal(t, c.cost, got.Debited.String())
			}
			require.NoError(t, w.sim.Idle(t.Context()))
		})
	}
}

func TestPayoutRefusalsAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	req := w.payout(t)
	var err error
	req.Amount, err = pay.ParseMoney("999999", "RUB")
	require.NoError(t, err)
	_, err = w.account.(pay.PayoutCreator).CreatePayout(t.Context(), req)
	require.ErrorIs(t, err, pay.KindDeclined)
	require.Equal(t, pay.DeclineInsufficientFunds, pay.AsError(err).Reason)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.Empty(t, w.sim.Payouts())
}

// Choose a way to pay, ask for requisites by it, pay.
func TestTwoStepsAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, ""))
	require.NoError(t, err)
	ref := refOf(made)
	actions := w.account.(pay.ActionProvider)
	listed, err := actions.RunAction(t.Context(), pay.Action{Name: "available_payment_variants", Invoice: &ref})
	require.NoError(t, err)
	require.Contains(t, string(listed.Output), `{"payment_option":"TO_CARD","payment_method":"vtb"}`)
	input := json.RawMessage(`{"payment_option":"TO_CARD","payment_method":"vtb"}`)

	require.NoError(t, w.sim.SetNoRequisites(merchantsim.NoRequisitesEmpty, 1))
	_, err = actions.RunAction(t.Context(), pay.Action{Name: "start_deal", Invoice: &ref, Input: input})
	require.ErrorIs(t, err, pay.KindDeclined)
	started, err := actions.RunAction(t.Context(), pay.Action{Name: "start_deal", Invoice: &ref, Input: input})
	require.NoError(t, err)
	require.Equal(t, pay.NextTransfer, started.Invoice.NextActions[0].Type)
	_, err = actions.RunAction(t.Context(), pay.Action{Name: "start_deal", Invoice: &ref, Input: input})
	require.ErrorIs(t, err, pay.KindInvalidState, "one deal at a time")
	require.Equal(t, merchantsim.Effects{Created: 1, Deals: 1}, w.sim.Effects("op_1"))

	require.NoError(t, w.sim.Pay(made.ProviderRef))
	w.hook(t)
	got, err := w.account.GetInvoice(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.NoError(t, w.sim.Idle(t.Context()))
}
