package plugin

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// The context of a call behaves as one of package context, whether or not somebody waits for its end beforehand.
func TestAdapterCallIsAContext(t *testing.T) {
	type key struct{}
	for _, waits := range []bool{true, false} {
		for name, finish := range map[string]func(c *adapterCall, stop func()) error{
			"its end":                       func(c *adapterCall, _ func()) error { c.end(); return context.Canceled },
			"the deadline":                  func(*adapterCall, func()) error { time.Sleep(time.Minute); return context.DeadlineExceeded },
			"the end of the context around": func(_ *adapterCall, stop func()) error { stop(); return context.Canceled },
		} {
			synctest.Test(t, func(t *testing.T) {
				around, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "around"))
				defer stop()
				c := &adapterCall{lateContext: lateContext{around: around, deadline: time.Now().Add(2 * time.Minute)}}
				c.enter(methodGetInvoice, &pay.Call{OperationID: "op", Deadline: time.Now().Add(time.Minute)}, false)
				deadline, ok := c.Deadline()
				require.True(t, ok)
				require.Equal(t, time.Now().Add(time.Minute), deadline)
				require.Equal(t, "around", c.Value(key{}))
				require.Equal(t, "op", pay.CallFrom(c).OperationID)

				var child context.Context
				if waits {
					var cancel context.CancelFunc
					child, cancel = context.WithCancel(c)
					defer cancel()
				}
				require.NoError(t, c.Err())
				err := finish(c, stop)
				synctest.Wait()
				require.Equal(t, err, c.Err(), name)
				<-c.Done()
				if waits {
					<-child.Done()
					require.Equal(t, err, child.Err(), name)
				}
				c.end()
				time.Sleep(time.Hour)
				require.Equal(t, err, c.Err(), "an error of a context never changes")
			})
		}
	}
}

// The overseer gives a call up once, tells its listener once, and has no timer when nothing runs.
func TestOverseerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var list []*adapterCall
		o := &overseer{abandoned: func(c *adapterCall) {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, c)
		}}
		gone := func() []*adapterCall {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(list)
		}
		in := func(d time.Duration) *adapterCall {
			c := &adapterCall{lateContext: lateContext{around: t.Context(), deadline: time.Now().Add(d)}}
			o.add(c)
			return c
		}
		quick, deaf, slow := in(time.Second), in(time.Second), in(time.Hour)
		require.False(t, o.remove(quick))
		time.Sleep(time.Second + grace - time.Millisecond)
		synctest.Wait()
		require.Empty(t, gone(), "the grace is not over")
		time.Sleep(3 * oversight)
		synctest.Wait()
		require.Equal(t, []*adapterCall{deaf}, gone())
		running, given := o.counts()
		require.EqualValues(t, []int64{2, 1}, []int64{running, given})
		require.True(t, o.remove(deaf))
		slow.end()
		time.Sleep(grace + 3*oversight)
		synctest.Wait()
		require.Equal(t, []*adapterCall{deaf, slow}, gone(), "an end that is told counts as the deadline does")
		require.True(t, o.remove(slow))
		running, given = o.counts()
		require.Zero(t, running+given)
		require.False(t, o.looking)
		again := in(0)
		time.Sleep(grace + 3*oversight)
		synctest.Wait()
		require.Len(t, gone(), 3)
		require.True(t, o.remove(again))
	})
}

// An answer for an adapter that ignores its deadline arrives where the host waits longer than that, and the calls beside it and
// after it go on.
func TestDeafAdapterIsAnsweredFor(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		finish := make(chan struct{})
		f.account.create = func(_ context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
			if req.InvoiceID == "deaf" {
				<-finish
			}
			return pay.InvoiceState{Status: pay.StatusPaid}, nil
		}
		var calls sync.WaitGroup
		for range 2 * keptWorkers {
			calls.Go(func() {
				_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{
					InvoiceID: "deaf", Call: pay.Call{OperationID: "op", Deadline: time.Now().Add(30 * time.Millisecond)},
				})
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
				require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
				require.False(t, Ambiguous(err), "the plugin has answered")
			})
		}
		calls.Wait()
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "other"})
		require.NoError(t, err)
		close(finish)
		require.Eventually(t, func() bool {
			h, err := c.Health(t.Context())
			return err == nil && h.AbandonedCalls == 0 && h.RunningCalls == 0
		}, 5*time.Second, time.Millisecond)
		_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "other"})
		require.NoError(t, err, "late answers are sent to nobody")
	})
}

// An adapter that ends its goroutine has not returned, which proves nothing about money.
func TestAdapterEndsItsGoroutine(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			runtime.Goexit()
			return pay.InvoiceState{}, nil
		}
		for _, wait := range []time.Duration{100 * time.Millisecond, time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err := a.CreateInvoice(ctx, pay.CreateInvoice{Call: pay.Call{OperationID: "op", Deadline: time.Now().Add(100 * time.Millisecond)}})
			cancel()
			require.Error(t, err)
			require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
		}
		_, err := a.GetInvoice(t.Context(), pay.InvoiceRef{})
		require.NoError(t, err)
	})
}
