package round

import "slices"

// Guard is the band around a bound inside which nothing is claimed: a difference of 15 % between two runs means nothing.
const Guard = 0.15

// Spread is the median of the rounds with the lowest and the highest.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// Rounds is how many there were.
	Rounds int `json:"rounds"`
}

// SpreadOf is the spread of some values; it is zero without any.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1], Rounds: n}
}

// Values are the rounds of one metric; a subject that does not state it has none.
func (r Results) Values(subject string, level int, m Metric) []float64 {
	var values []float64
	for _, s := range r[subject][level] {
		if v, ok := s[m]; ok {
			values = append(values, v)
		}
	}
	return values
}

// Goal is a ratio of one subject to another in the same round, and the bound it shall keep. Without a Base it is the value itself.
type Goal struct {
	// Text says what is promised, for a person.
	Text    string
	Subject string
	Base    string
	Level   int
	Metric  Metric
	// AtLeast or AtMost is the bound; the other is zero. With neither the ratio is reported without a verdict.
	AtLeast, AtMost float64
	// None says that there must be none at all: the bound is zero, in every round, and nothing is close to it.
	None bool
}

// Verdict is what became of a goal.
type Verdict string

// The verdicts.
const (
	// Met: the median keeps the bound.
	Met Verdict = "met"
	// Close: the median misses the bound by no more than [Guard], which is not distinguishable from keeping it.
	Close Verdict = "within the guard band"
	// Missed: it misses it by more.
	Missed Verdict = "missed"
	// NotMeasured: one of the two has no value.
	NotMeasured Verdict = "not measured"
	// Reported: there is no bound.
	Reported Verdict = ""
)

// Judge compares a ratio of results with its bound.
func (r Results) Judge(g Goal) (Spread, Verdict) {
	mine, base := r.Values(g.Subject, g.Level, g.Metric), r.Values(g.Base, g.Level, g.Metric)
	if g.Base == "" && len(mine) > 0 {
		s := SpreadOf(mine)
		if g.None {
			return s, g.verdict(s.Max)
		}
		return s, g.verdict(s.Median)
	}
	if len(mine) == 0 || len(mine) != len(base) {
		return Spread{}, NotMeasured
	}
	ratios := make([]float64, len(mine))
	for i := range mine {
		ratios[i] = mine[i] / base[i]
	}
	s := SpreadOf(ratios)
	return s, g.verdict(s.Median)
}

func (g Goal) verdict(ratio float64) Verdict {
	switch {
	case g.None && ratio > 0:
		return Missed
	case g.None:
		return Met
	case g.AtLeast == 0 && g.AtMost == 0:
		return Reported
	case g.AtLeast > 0 && ratio >= g.AtLeast, g.AtMost > 0 && ratio <= g.AtMost:
		return Met
	case g.AtLeast > 0 && ratio >= g.AtLeast*(1-Guard), g.AtMost > 0 && ratio <= g.AtMost*(1+Guard):
		return Close
	}
	return Missed
}
