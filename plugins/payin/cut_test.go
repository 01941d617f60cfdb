package payin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
)

// move is one mutating call that moves money between balances.
type move struct {
	op   string
	send func(context.Context, *testing.T, world, int) error
}

func moves() map[string]move {
	return map[string]move{
		"charge": {payinsim.OpCharge, func(ctx context.Context, t *testing.T, w world, try int) error {
			req := order(t)
			req.Call = pay.Call{ProviderKey: "op_1", Try: try}
			req.ReturnURLs, req.PaymentMethod = pay.ReturnURLs{}, ""
			_, err := w.account.(pay.Charger).Charge(ctx, pay.Charge{Invoice: req, Source: pay.SourceBalance, BalanceID: "6034"})
			return err
		}},
		"reward": {payinsim.OpReward, func(ctx context.Context, t *testing.T, w world, try int) error {
			_, err := w.account.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
				Call: pay.Call{ProviderKey: "op_1", Try: try}, Amount: order(t).Amount, Description: "Reward ~",
				Destination: pay.Destination{Type: pay.DestinationAccount, Value: "6034"},
			})
			return err
		}},
	}
}

// rich gives everybody enough for one movement and a bit, not for two.
func (w world) rich(t *testing.T) {
	t.Helper()
	require.NoError(t, w.sim.SetBalance(6034, "", "150.00"))
	require.NoError(t, w.sim.SetBalance(7026, "", "150.00"))
}

func (w world) fault(t *testing.T, op, kind string) {
	t.Helper()
	var fault payinsim.Fault
	require.NoError(t, json.Unmarshal([]byte(fmt.Sprintf(`{"op":%q,"kind":%q}`, op, kind)), &fault))
	require.NoError(t, w.sim.Kit().Faults.Add(fault))
}

// Wherever the connection is cut, nobody knows, one request was sent, and the money moved as often as the provider acted.
// A charge that is sent again with the same key then ends with exactly one effect; a reward is not sent again.
func TestCutPoints(t *testing.T) {
	for kind, acted := range map[string]int{
		"cut_before": 0, "status": 0, "html": 0, "redirect": 0, "hang": 0,
		"cut_after": 1, "status_after": 1, "html_after": 1, "truncated": 1, "empty": 1,
	} {
		for name, m := range moves() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				w := newWorld(t, "sim_key")
				w.rich(t)
				w.fault(t, m.op, kind)
				ctx := t.Context()
				if kind == "hang" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
					defer cancel()
				}
				err := m.send(ctx, t, w, 1)
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
				require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
				require.Equal(t, pay.RetryAfterLookup, pay.AsError(err).RetryRule())
				require.Len(t, w.sim.Kit().Requests.Of(m.op), 1, "nothing is sent twice by itself")
				require.Empty(t, w.sim.Kit().Requests.Of("elsewhere"), "no redirect is followed")
				require.Equal(t, acted, w.sim.Effects("op_1"))
				if name == "charge" {
					require.NoError(t, m.send(t.Context(), t, w, 2))
					require.Equal(t, 1, w.sim.Effects("op_1"))
					require.Len(t, w.sim.Charges(), 1)
					require.Equal(t, "49.50", w.sim.Balance(6034, ""))
				}
				require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
			})
		}
	}
}

func TestMovesWithoutAConnection(t *testing.T) {
	for name, m := range moves() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_key")
			w.server.Close()
			err := m.send(t.Context(), t, w, 1)
			require.ErrorIs(t, err, pay.KindProviderUnavailable)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
			require.Zero(t, w.sim.Effects("op_1"))
		})
	}
}

// The outcome of a charge and of a reward comes by a callback the adapter verifies, each to its own address.
func TestOutcomesAgainstTheSimulator(t *testing.T) {
	for name, m := range moves() {
		for balance, paid := range map[string]bool{"150.00": true, "100.49": false} {
			t.Run(name+"/"+balance, func(t *testing.T) {
				w := newWorld(t, "sim_key")
				require.NoError(t, w.sim.SetBalance(6034, "", balance))
				require.NoError(t, w.sim.SetBalance(7026, "", balance))
				require.NoError(t, m.send(t.Context(), t, w, 1))
				event := w.hook(t)
				require.Equal(t, pay.StrengthVerified, event.Strength)
				require.Equal(t, "op_1", event.ProviderKey)
				var review string
				if name == "charge" {
					require.Equal(t, map[bool]pay.Status{true: pay.StatusPaid, false: pay.StatusFailed}[paid], event.Invoice.Status)
					review = event.Invoice.Review
				} else {
					require.Equal(t, map[bool]pay.PayoutStatus{true: pay.PayoutSucceeded, false: pay.PayoutFailed}[paid], event.Payout.Status)
					review = event.Payout.Review
				}
				require.Empty(t, review)
				require.Equal(t, map[bool]int{true: 1, false: 0}[paid], w.sim.Effects("op_1"))
				require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
				require.Len(t, w.sim.Kit().Callbacks.Attempts(), 1, "the acknowledgement must satisfy the provider")
			})
		}
	}
}

// A charge that exists is accepted again without an effect, although the first one emptied the balance.
func TestDuplicateChargeAgainstTheSimulator(t *testing.T) {
	w, m := newWorld(t, "sim_key"), moves()["charge"]
	w.rich(t)
	for try := 1; try <= 3; try++ {
		require.NoError(t, m.send(t.Context(), t, w, try))
	}
	require.Len(t, w.sim.Charges(), 1)
	require.Equal(t, 1, w.sim.Effects("op_1"))
	w.hook(t)
}

// A reward in trouble is settled by asking for the number that its callback told.
func TestTroubledRewardIsLookedUp(t *testing.T) {
	w := newWorld(t, "sim_key")
	w.rich(t)
	require.NoError(t, moves()["reward"].send(t.Context(), t, w, 1))
	event := w.hook(t)
	getter := w.account.(pay.PayoutGetter)
	got, err := getter.GetPayout(t.Context(), pay.PayoutRef{
		ProviderKey: "op_1", ProviderRef: event.ProviderRef, ProviderRefs: event.Payout.ProviderRefs, Status: pay.PayoutProcessing,
	})
	require.NoError(t, err)
	require.Equal(t, pay.PayoutSucceeded, got.Status)
	_, err = getter.GetPayout(t.Context(), pay.PayoutRef{
		ProviderKey: "op_2", ProviderRef: "op_2", ProviderRefs: map[string]string{"payment_out_id": "007026-999999"},
	})
	require.ErrorIs(t, err, pay.KindNotFound)
}

// A paid top-up is what a charge takes from.
func TestTopUpThenCharge(t *testing.T) {
	w := newWorld(t, "sim_key")
	made, err := w.account.CreateInvoice(t.Context(), order(t))
	require.NoError(t, err)
	require.NoError(t, w.sim.Pay(made.ProviderRef))
	w.hook(t)
	balances, err := w.account.(pay.BalanceReader).ReadBalances(t.Context(), pay.ReadBalances{Owner: "6034"})
	require.NoError(t, err)
	require.Contains(t, balances.Balances, pay.Balance{Available: order(t).Amount})
	require.NoError(t, moves()["charge"].send(t.Context(), t, w, 1))
	require.Equal(t, pay.StatusPaid, w.hook(t).Invoice.Status)
	require.Equal(t, "0.00", w.sim.Balance(6034, ""))
	require.Equal(t, "100.50", w.sim.Balance(7026, ""))
	_, err = w.account.(pay.Checker).Check(t.Context(), pay.Check{})
	require.NoError(t, err)
}

// hook waits for one verified event.
func (w world) hook(t *testing.T) pay.WebhookEvent {
	t.Helper()
	select {
	case got := <-w.inbox.results:
		require.Len(t, got.Events, 1)
		return got.Events[0]
	case <-time.After(10 * time.Second):
		t.Fatal("no verified callback came")
		return pay.WebhookEvent{}
	}
}
