package monobank_test

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

const opKey = "op_01k0zq5h8c3v"

// change is one mutating call with everything it needs, and how its truth is found afterwards.
type change struct {
	op string
	// do makes the call through a. It returns the state that came with the result or the error.
	do func(ctx context.Context, a account) (*pay.State, error)
	// done reports what a look-up says: whether it happened. A remove is in no answer of the provider.
	done func(t *testing.T, state *pay.State) bool
	mute bool
}

// changes makes every mutating call beside create, each on an object of its own.
func (b *bank) changes(t *testing.T) map[string]change {
	t.Helper()
	uah := money(t, "42.00", "UAH")
	invoice := func(known pay.Known) pay.InvoiceRef {
		known.Amount = uah
		return pay.InvoiceRef{
			ProviderRef: b.create(t, func(r *pay.CreateInvoice) { r.Capture, r.WebhookURL = known.Capture, "" }).ProviderRef, Known: known,
		}
	}
	call := pay.Call{OperationID: opKey, ProviderKey: opKey}
	unpaid := invoice(pay.Known{Status: pay.StatusPending})
	held := func() pay.InvoiceRef {
		ref := invoice(pay.Known{Status: pay.StatusAuthorized, Capture: pay.CaptureManual, Authorized: uah})
		require.NoError(t, b.sim.Hold(ref.ProviderRef))
		return ref
	}
	toCapture, toVoid := held(), held()
	paid := invoice(pay.Known{Status: pay.StatusPaid, Captured: uah})
	require.NoError(t, b.sim.Pay(paid.ProviderRef))
	charge := pay.Charge{
		Invoice: pay.CreateInvoice{Call: call, Amount: uah, InitiatedBy: pay.InitiatedByMerchant}, Source: pay.SourceCredential,
		Credential: &pay.StoredCredential{Token: b.sim.SaveCard("cust_9")},
	}
	sent := b.clock.now()
	shows := func(ref pay.InvoiceRef, want pay.Status) func(*testing.T, *pay.State) bool {
		return func(t *testing.T, _ *pay.State) bool { return b.status(t, ref.ProviderRef, ref.Known).Status == want }
	}
	return map[string]change{
		"cancel": {op: monobanksim.OpRemove, mute: true, do: func(ctx context.Context, a account) (*pay.State, error) {
			got, err := a.CancelInvoice(ctx, pay.ChangeInvoice{Call: call, Invoice: unpaid})
			return got.Report.State, err
		}, done: shows(unpaid, pay.StatusCanceled)},
		"capture": {op: monobanksim.OpFinalize, do: func(ctx context.Context, a account) (*pay.State, error) {
			_, err := a.CaptureInvoice(ctx, pay.ChangeInvoice{Call: call, Invoice: toCapture, Amount: money(t, "30.00", "UAH")})
			return nil, err
		}, done: shows(toCapture, pay.StatusPaid)},
		"void": {op: monobanksim.OpCancel, do: func(ctx context.Context, a account) (*pay.State, error) {
			_, err := a.VoidInvoice(ctx, pay.ChangeInvoice{Call: call, Invoice: toVoid})
			return nil, err
		}, done: shows(toVoid, pay.StatusCanceled)},
		"refund": {op: monobanksim.OpCancel, do: func(ctx context.Context, a account) (*pay.State, error) {
			_, err := a.CreateRefund(ctx, pay.CreateRefund{Call: call, Invoice: paid, Amount: money(t, "12.00", "UAH")})
			return nil, err
		}, done: func(t *testing.T, _ *pay.State) bool {
			got, err := b.account.GetRefund(t.Context(), pay.RefundRef{ProviderKey: opKey, Invoice: paid})
			if err != nil {
				require.ErrorIs(t, err, pay.KindNotFound)
				return false
			}
			require.Equal(t, pay.RefundSucceeded, got.Status)
			require.Equal(t, "12.00 UAH", got.Amount.String())
			return true
		}},
		"charge": {op: monobanksim.OpCharge, do: func(ctx context.Context, a account) (*pay.State, error) {
			got, err := a.Charge(ctx, charge)
			if err != nil {
				return pay.AsError(err).Report.State, err
			}
			return got.Report.State, nil
		}, done: func(t *testing.T, state *pay.State) bool {
			got, err := b.account.FindInvoice(t.Context(), pay.FindInvoice{
				Invoice: pay.InvoiceRef{ProviderKey: opKey, State: state, Known: pay.Known{Status: pay.StatusCreating}}, SentAt: sent,
			})
			if err != nil {
				require.ErrorIs(t, err, pay.KindNotFound)
				return false
			}
			require.Equal(t, pay.StatusPaid, got.Status)
			require.Equal(t, "42.00 UAH", got.Captured.String())
			return true
		}},
	}
}

// TestCutPoints: wherever a call is cut, the adapter sends it once and claims no more than is known; then the look-up
// finds what the bank did.
func TestCutPoints(t *testing.T) {
	cuts := map[string]struct {
		fault monobanksim.Fault
		want  pay.Kind
		acted bool
	}{
		"cut before":     {monobanksim.Fault{Kind: "cut_before"}, pay.KindOutcomeUnknown, false},
		"cut after":      {monobanksim.Fault{Kind: "cut_after"}, pay.KindOutcomeUnknown, true},
		"503":            {monobanksim.Fault{Kind: "status"}, pay.KindOutcomeUnknown, false},
		"500 after":      {monobanksim.Fault{Kind: "status_after"}, pay.KindOutcomeUnknown, true},
		"504 after":      {monobanksim.Fault{Kind: "status_after", Status: 504}, pay.KindOutcomeUnknown, true},
		"408":            {monobanksim.Fault{Kind: "status", Status: 408}, pay.KindOutcomeUnknown, false},
		"html":           {monobanksim.Fault{Kind: "html"}, pay.KindOutcomeUnknown, false},
		"html after":     {monobanksim.Fault{Kind: "html_after"}, pay.KindOutcomeUnknown, true},
		"html 200":       {monobanksim.Fault{Kind: "status_after", Status: 200, Body: "<html>ok</html>"}, pay.KindOutcomeUnknown, true},
		"html 404":       {monobanksim.Fault{Kind: "status", Status: 404, Body: "<html>lost</html>"}, pay.KindOutcomeUnknown, false},
		"truncated":      {monobanksim.Fault{Kind: "truncated"}, pay.KindOutcomeUnknown, true},
		"truncated JSON": {monobanksim.Fault{Kind: "status_after", Status: 200, Body: `{"status":"succ`}, pay.KindOutcomeUnknown, true},
		"another object": {monobanksim.Fault{Kind: "status_after", Status: 200, Body: `[{}]`}, pay.KindOutcomeUnknown, true},
		"an error, 200":  {monobanksim.Fault{Kind: "status", Status: 200, Body: `{"errCode":"BAD_REQUEST","errText":""}`}, pay.KindOutcomeUnknown, false},
		"redirect":       {monobanksim.Fault{Kind: "redirect"}, pay.KindOutcomeUnknown, false},
		"hang":           {monobanksim.Fault{Kind: "hang"}, pay.KindOutcomeUnknown, false},
		"empty":          {monobanksim.Fault{Kind: "empty"}, pay.KindOutcomeUnknown, true},
		"429":            {monobanksim.Fault{Kind: "status", Status: 429}, pay.KindRateLimited, false},
		"403":            {monobanksim.Fault{Kind: "status", Status: 403}, pay.KindAuth, false},
		"404":            {monobanksim.Fault{Kind: "status", Status: 404}, pay.KindNotFound, false},
	}
	for _, name := range []string{"cancel", "capture", "void", "refund", "charge"} {
		for cut, tt := range cuts {
			t.Run(name+"/"+cut, func(t *testing.T) {
				b := newBank(t, monobanksim.Config{})
				c := b.changes(t)[name]
				before := len(b.sim.Effects())
				tt.fault.Op = c.op
				require.NoError(t, b.sim.Kit().Faults.Add(tt.fault))
				timeout := 10 * time.Second
				if cut == "hang" {
					timeout = 100 * time.Millisecond
				}
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				state, err := c.do(ctx, b.account)
				require.Len(t, b.sim.Kit().Requests.Of(c.op), 1, "sent once and never again")
				require.Empty(t, b.sim.Kit().Requests.Of("elsewhere"), "no redirect was followed")
				made := b.sim.Effects()[before:]
				if tt.acted {
					require.Len(t, made, 1)
				} else {
					require.Empty(t, made)
				}
				if name == "cancel" && cut == "empty" {
					require.NoError(t, err, "the true answer of a remove is empty")
					return
				}
				require.ErrorIs(t, err, tt.want)
				require.Equal(t, tt.want.Executed(), pay.AsError(err).WasExecuted())
				require.NotContains(t, err.Error(), token)
				require.NotContains(t, err.Error(), "tok_")
				if tt.want != pay.KindOutcomeUnknown {
					return
				}
				for range 3 { // looking changes nothing
					require.Equal(t, tt.acted && !c.mute, c.done(t, state))
				}
				require.Len(t, b.sim.Effects()[before:], len(made))
				require.Len(t, b.sim.Kit().Requests.Of(c.op), 1)
			})
		}
	}
}

// TestNothingWasSent: where no connection to the bank exists, nothing happened.
func TestNothingWasSent(t *testing.T) {
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for where, url := range map[string]string{
		"refused": "http://" + closed.Addr().String(), "no TLS": strings.Replace(plain.URL, "http://", "https://", 1),
	} {
		b := newBank(t, monobanksim.Config{})
		nowhere := open(t, url, b.clock, nil)
		for name, c := range b.changes(t) {
			before := len(b.sim.Effects())
			_, err := c.do(t.Context(), nowhere)
			require.ErrorIs(t, err, pay.KindProviderUnavailable, "%s %s", name, where)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
			require.Len(t, b.sim.Effects(), before)
		}
	}
}

// TestCutInsideTheRequest: the bank may have read enough.
func TestCutInsideTheRequest(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, 16))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	a := open(t, "http://"+listener.Addr().String(), b.clock, nil)
	for name, c := range b.changes(t) {
		_, err := c.do(t.Context(), a)
		want := pay.KindOutcomeUnknown
		if name == "void" {
			want = pay.KindProviderUnavailable // it reads first, and that failed
		}
		require.ErrorIs(t, err, want, name)
		require.Equal(t, want.Executed(), pay.AsError(err).WasExecuted(), name)
	}
}

// TestDefiniteDespite500: one code of a 5xx is a refusal.
func TestDefiniteDespite500(t *testing.T) {
	for _, name := range []string{"void", "refund"} {
		b := newBank(t, monobanksim.Config{})
		c := b.changes(t)[name]
		require.NoError(t, b.sim.Kit().Faults.Add(monobanksim.Fault{
			Op: c.op, Kind: "status", Status: 500, Body: `{"errCode":"CANCEL_NOT_AVAILABLE","errText":"x"}`,
		}))
		_, err := c.do(t.Context(), b.account)
		require.ErrorIs(t, err, pay.KindInvalidState, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
		require.Equal(t, pay.RetryNever, pay.AsError(err).RetryRule(), name)
		require.False(t, c.done(t, nil), name)
	}
}
