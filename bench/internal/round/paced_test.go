package round

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A call that hangs keeps no later one from being made, and its time counts from when it was due.
func TestPaceWaitsForNobody(t *testing.T) {
	var n atomic.Int64
	all := make(chan struct{})
	calls := Pace(t.Context(), 1000, 20*time.Millisecond, func(context.Context) error {
		if n.Add(1) == 20 {
			close(all)
		}
		<-all
		return nil
	})
	require.Len(t, calls, 20)
	require.Equal(t, 19*time.Millisecond, calls[19].At)
	require.GreaterOrEqual(t, calls[0].Took, calls[19].At)
}

func TestBetween(t *testing.T) {
	calls := []Paced{{0, 1, nil}, {time.Second, 2, errors.New("no")}, {1500 * time.Millisecond, 3, nil}, {2 * time.Second, 4, nil}}
	times, failed := Between(calls, time.Second, 2*time.Second)
	require.Equal(t, []time.Duration{2, 3}, times)
	require.Equal(t, 1, failed)
}
