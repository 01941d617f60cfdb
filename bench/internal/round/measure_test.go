package round

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every subject has its turn in every round, and not always after the same one.
func TestRunInterleaves(t *testing.T) {
	var order, said []string
	subject := func(name string) Subject {
		return Subject{Name: name, Turn: func(context.Context, int, time.Duration) (Sample, error) {
			order = append(order, name)
			return Sample{Took: 1}, nil
		}}
	}
	plan := Plan{Rounds: 2, Length: time.Millisecond, Levels: []int{1}, Say: func(text string) { said = append(said, text) }}
	results, failed, err := Run(t.Context(), plan, []Subject{subject("a"), subject("b"), subject("c")})
	require.NoError(t, err)
	require.Empty(t, failed)
	require.Equal(t, []string{"a", "b", "c", "a", "b", "c", "b", "c", "a"}, order, "a warm-up, then two rounds")
	require.Len(t, results.Values("b", 1, Took), 2)
	require.Equal(t, []string{"round 1 of 2", "round 2 of 2"}, said)
}

// A call that fails is not measured: errors are quick, and would look like speed. Its subject is named once, the others go on.
func TestAFailedSubjectIsNamedAndTheOthersGoOn(t *testing.T) {
	broken, turns := errors.New("broken"), 0
	results, failed, err := Run(t.Context(), Plan{Rounds: 2, Length: time.Millisecond, Levels: []int{1, 2}}, []Subject{
		{Name: "a", Levels: []int{1}, Turn: func(context.Context, int, time.Duration) (Sample, error) {
			if turns++; turns == 3 { // after a warm-up and one round
				return nil, broken
			}
			return Sample{Took: 1}, nil
		}},
		{Name: "b", Turn: func(context.Context, int, time.Duration) (Sample, error) { return Sample{Took: 1}, nil }},
	})
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.Equal(t, 3, turns)
	require.ErrorIs(t, failed[0].Err, broken)
	require.Equal(t, "a, 1 at a time: broken", failed[0].String())
	require.Empty(t, results.Values("a", 1, Took))
	require.Len(t, results.Values("b", 1, Took), 2)
	require.Len(t, results.Values("b", 2, Took), 2)
}

// Settings that one subject needs are undone before the next has its turn.
func TestAroundEndsWithTheTurn(t *testing.T) {
	inside := false
	turn := func(want bool) func(context.Context, int, time.Duration) (Sample, error) {
		return func(context.Context, int, time.Duration) (Sample, error) {
			require.Equal(t, want, inside)
			return Sample{Took: 1}, nil
		}
	}
	_, failed, err := Run(t.Context(), Plan{Rounds: 2, Length: time.Millisecond, Levels: []int{1}}, []Subject{
		{Name: "a", Turn: turn(true), Around: func() func() {
			inside = true
			return func() { inside = false }
		}},
		{Name: "b", Turn: turn(false)},
	})
	require.NoError(t, err)
	require.Empty(t, failed)
}

// The end of the run is not a failure of whoever has the turn.
func TestTheEndOfTheRunIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, failed, err := Run(ctx, Plan{Rounds: 1, Length: time.Millisecond, Levels: []int{1}}, []Subject{{Name: "a"}})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, failed)
}

// One failed call ends its turn: errors are quick, and would look like speed.
func TestAFailedCallFailsTheTurn(t *testing.T) {
	broken := errors.New("broken")
	_, failed, err := Run(t.Context(), Plan{Rounds: 1, Length: time.Millisecond, Levels: []int{2}}, []Subject{{
		Name: "a", Call: func(context.Context, int) error { return broken },
	}})
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.ErrorIs(t, failed[0].Err, broken)
}
