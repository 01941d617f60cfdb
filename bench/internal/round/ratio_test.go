package round

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpreadOf(t *testing.T) {
	require.Equal(t, Spread{}, SpreadOf(nil))
	require.Equal(t, Spread{Median: 3, Min: 1, Max: 9, Rounds: 3}, SpreadOf([]float64{9, 1, 3}))
	require.Equal(t, Spread{Median: 2, Min: 1, Max: 9, Rounds: 4}, SpreadOf([]float64{1, 3, 1, 9}))
}

// A ratio is taken inside a round: a machine that is twice as slow in one of them changes nothing.
func TestRatiosAreTakenInsideARound(t *testing.T) {
	r := Results{
		"ours": {8: {{Rate: 10}, {Rate: 5}, {Rate: 20}}},
		"base": {8: {{Rate: 5}, {Rate: 2.5}, {Rate: 10}}},
	}
	spread, verdict := r.Judge(Goal{Subject: "ours", Base: "base", Level: 8, Metric: Rate, AtLeast: 2})
	require.Equal(t, Spread{Median: 2, Min: 2, Max: 2, Rounds: 3}, spread)
	require.Equal(t, Met, verdict)
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		ratio           float64
		atLeast, atMost float64
		want            Verdict
	}{
		{5, 5, 0, Met}, {4.3, 5, 0, Close}, {4.2, 5, 0, Missed},
		{0.3, 0, 0.3, Met}, {0.34, 0, 0.3, Close}, {0.35, 0, 0.3, Missed},
		{7, 0, 0, Reported},
	} {
		r := Results{"a": {1: {{P50: c.ratio}}}, "b": {1: {{P50: 1}}}}
		_, got := r.Judge(Goal{Subject: "a", Base: "b", Level: 1, Metric: P50, AtLeast: c.atLeast, AtMost: c.atMost})
		require.Equal(t, c.want, got, "%+v", c)
	}
}

// A peer that could not run is not a goal that was reached.
func TestAMissingPeerIsNotMeasured(t *testing.T) {
	r := Results{"ours": {1: {{Rate: 10}}}}
	_, verdict := r.Judge(Goal{Subject: "ours", Base: "absent", Level: 1, Metric: Rate, AtLeast: 1})
	require.Equal(t, NotMeasured, verdict)
}

// A value without a base is judged by itself; where none is allowed, one in any round is too many.
func TestAbsoluteGoals(t *testing.T) {
	r := Results{"a": {1: {{Failed: 0, Memory: 2}, {Failed: 0, Memory: 2}, {Failed: 1, Memory: 9}}}}
	_, verdict := r.Judge(Goal{Subject: "a", Level: 1, Metric: Memory, AtMost: 2})
	require.Equal(t, Met, verdict)
	_, verdict = r.Judge(Goal{Subject: "a", Level: 1, Metric: Failed, None: true})
	require.Equal(t, Missed, verdict)
	r["a"][1] = r["a"][1][:2]
	_, verdict = r.Judge(Goal{Subject: "a", Level: 1, Metric: Failed, None: true})
	require.Equal(t, Met, verdict)
	_, verdict = r.Judge(Goal{Subject: "absent", Level: 1, Metric: Failed, None: true})
	require.Equal(t, NotMeasured, verdict)
}
