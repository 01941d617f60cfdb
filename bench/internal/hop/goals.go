package hop

import (
	"fmt"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 8, 64, 256} }

// Goals are the ratios that matter: plain calls beside gRPC alone, the stream beside the stock plugin.
func Goals() []round.Goal { return append(unaryGoals(), streamGoals()...) }

func unaryGoals() []round.Goal {
	var goals []round.Goal
	for _, level := range Levels() {
		goals = append(goals,
			round.Goal{
				Text: fmt.Sprintf("unary ÷ bare grpc-go, p50, %d callers", level), Subject: Unary, Base: Bare, Level: level, Metric: round.P50, AtMost: 1,
			}, round.Goal{
				Text: fmt.Sprintf("unary ÷ bare grpc-go, throughput, %d callers", level), Subject: Unary, Base: Bare, Level: level,
				Metric: round.Rate, AtLeast: 1,
			})
	}
	return append(goals,
		round.Goal{Text: "unary ÷ bare grpc-go, CPU, 64 callers", Subject: Unary, Base: Bare, Level: 64, Metric: round.CPU},
		round.Goal{Text: "unary ÷ stock go-plugin + AutoMTLS, throughput, 64 callers", Subject: Unary, Base: AutoMTLS, Level: 64, Metric: round.Rate},
		round.Goal{
			Text: "host call in process ÷ bare grpc-go, CPU, 64 callers (what the host's layer costs without a wire)", Subject: InProcess, Base: Bare,
			Level: 64, Metric: round.CPU,
		})
}

func streamGoals() []round.Goal {
	var goals []round.Goal
	for _, level := range []int{8, 64, 256} {
		bound := 5.0
		if level == 8 {
			bound = 3
		}
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("stream ÷ stock go-plugin + AutoMTLS, throughput, %d callers", level), Subject: Stream, Base: AutoMTLS, Level: level,
			Metric: round.Rate, AtLeast: bound,
		})
	}
	goals = append(goals,
		round.Goal{Text: "stream ÷ stock, CPU, 64 callers", Subject: Stream, Base: AutoMTLS, Level: 64, Metric: round.CPU, AtMost: 0.2},
		round.Goal{Text: "stream ÷ stock, p50, 1 caller", Subject: Stream, Base: AutoMTLS, Level: 1, Metric: round.P50, AtMost: 0.55})
	for _, level := range Levels() {
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("stream with gc_percent: 400 ÷ stock, throughput, %d callers", level), Subject: Stream + round.Tuned, Base: AutoMTLS, Level: level,
			Metric: round.Rate,
		}, round.Goal{
			Text: fmt.Sprintf("stream with gc_percent: 400 ÷ bare grpc-go with GOGC=400, throughput, %d callers", level), Subject: Stream + round.Tuned,
			Base: BareTuned, Level: level, Metric: round.Rate,
		})
	}
	return goals
}
