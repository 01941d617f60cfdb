package swap

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// The second of the swap is compared with what was steady before it; calls of the first half second count only when they fail.
func TestJudge(t *testing.T) {
	var calls []round.Paced
	for at := time.Duration(0); at < ends; at += 10 * time.Millisecond {
		call := round.Paced{At: at, Took: time.Millisecond}
		switch {
		case at < settled:
			call.Took = time.Second
		case at >= order:
			call.Took = 3 * time.Millisecond
		}
		calls = append(calls, call)
	}
	calls[0].Err = errors.New("refused")
	sample, err := judge(calls, 20*time.Millisecond)
	require.NoError(t, err)
	require.InDelta(t, 3, sample[round.Times], 1e-9)
	require.InDelta(t, 0.001, sample[round.P99], 1e-9)
	require.InDelta(t, 100, sample[round.Rate], 1e-9)
	require.InDelta(t, 0.02, sample[round.Took], 1e-9)
	require.InDelta(t, 1, sample[round.Failed], 0)
	_, err = judge(nil, 0)
	require.Error(t, err)
}
