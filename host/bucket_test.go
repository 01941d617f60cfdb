package host

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The share of a canary is exact enough and stable, and grows without moving anything back.
func TestTheCanaryHashIsEven(t *testing.T) {
	const n = 100_000
	counts := map[int]int{}
	for i := range n {
		b := bucket("2.0.0", fmt.Sprintf("inv_%026x", i))
		for _, percent := range []int{1, 10, 25, 50, 90} {
			if b < percent*100 {
				counts[percent]++
			}
		}
	}
	for percent, count := range counts {
		require.InDelta(t, float64(percent), 100*float64(count)/n, 0.5)
	}
}
