package hop

import (
	"fmt"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 8, 64, 256} }

// Goals are the ratios that matter. The stock peer is there for the price of go-plugin's own settings.
func Goals() []round.Goal {
	var goals []round.Goal
	for _, level := range Levels() {
		goals = append(goals,
			round.Goal{
				Text: fmt.Sprintf("host call ÷ bare grpc-go, p50, %d callers", level), Subject: Ours, Base: Bare, Level: level, Metric: round.P50, AtMost: 1,
			}, round.Goal{
				Text: fmt.Sprintf("host call ÷ bare grpc-go, throughput, %d callers", level), Subject: Ours, Base: Bare, Level: level,
				Metric: round.Rate, AtLeast: 1,
			})
	}
	for _, level := range Levels() {
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("host call ÷ stock go-plugin + AutoMTLS, throughput, %d callers", level), Subject: Ours, Base: AutoMTLS, Level: level,
			Metric: round.Rate,
		})
	}
	return append(goals,
		round.Goal{Text: "host call ÷ bare grpc-go, CPU, 64 callers", Subject: Ours, Base: Bare, Level: 64, Metric: round.CPU},
		round.Goal{
			Text: "host call in process ÷ bare grpc-go, CPU, 64 callers (what the host's layer costs without a wire)", Subject: InProcess, Base: Bare,
			Level: 64, Metric: round.CPU,
		})
}
