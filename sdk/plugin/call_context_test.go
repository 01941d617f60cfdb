package plugin

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// It ends as every context does, with the reason that came first.
func TestCallContextEnds(t *testing.T) {
	t.Run("at its deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := NewCallContext(t.Context(), time.Now().Add(time.Second), pay.Call{})
			defer c.End()
			require.NoError(t, c.Err())
			time.Sleep(time.Second)
			require.ErrorIs(t, c.Err(), context.DeadlineExceeded, "also where nobody waits")
			c.End()
			require.ErrorIs(t, c.Err(), context.DeadlineExceeded)
			<-c.Done()
		})
	})
	t.Run("at its deadline, waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := NewCallContext(t.Context(), time.Now().Add(time.Second), pay.Call{})
			defer c.End()
			<-c.Done()
			require.ErrorIs(t, c.Err(), context.DeadlineExceeded)
		})
	})
	t.Run("with what is around", func(t *testing.T) {
		around, cancel := context.WithCancel(t.Context())
		c := NewCallContext(around, time.Now().Add(time.Hour), pay.Call{})
		defer c.End()
		require.NoError(t, c.Err())
		cancel()
		require.ErrorIs(t, c.Err(), context.Canceled)
		<-c.Done()
	})
	t.Run("when it is ended", func(t *testing.T) {
		c := NewCallContext(t.Context(), time.Now().Add(time.Hour), pay.Call{})
		child, cancel := context.WithCancel(c)
		defer cancel()
		require.NoError(t, child.Err())
		c.End()
		<-child.Done()
		require.ErrorIs(t, child.Err(), context.Canceled)
		require.ErrorIs(t, c.Err(), context.Canceled)
	})
	t.Run("ended before anybody waits", func(t *testing.T) {
		c := NewCallContext(t.Context(), time.Now().Add(time.Hour), pay.Call{})
		c.End()
		<-c.Done()
		require.ErrorIs(t, c.Err(), context.Canceled)
	})
}

// It says what the contexts around it say, and which call it belongs to.
func TestCallContextValues(t *testing.T) {
	type key struct{}
	soon := time.Now().Add(time.Minute)
	around, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, "v"), soon)
	defer cancel()
	c := NewCallContext(around, soon.Add(time.Hour), pay.Call{OperationID: "op_1"})
	defer c.End()
	deadline, ok := c.Deadline()
	require.True(t, ok)
	require.Equal(t, soon, deadline, "the earlier one holds")
	for range 2 {
		require.Equal(t, "v", c.Value(key{}))
		require.Equal(t, "op_1", pay.CallFrom(c).OperationID)
		c.Done() // the same when somebody waits
	}
}
