package sandbox

import (
	"fmt"

	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// Names of the subjects.
const (
	WasmName = "Go guest on wazero, in process"
	LuaName  = "gopher-lua, in process"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 64, 256} }

// Goals are the ratios of our call with a process to theirs without. With one caller nothing is promised: they have no wake-ups.
func Goals() []round.Goal {
	var goals []round.Goal
	for _, ours := range []struct{ name, what string }{{hop.Stream, "stream"}, {hop.Unary, "unary"}} {
		for _, level := range Levels() {
			for _, peer := range []string{WasmName, LuaName} {
				goals = append(goals, round.Goal{
					Text: fmt.Sprintf("%s ÷ %s, throughput, %d callers", ours.what, peer, level), Subject: ours.name, Base: peer, Level: level,
					Metric: round.Rate, AtLeast: bound(ours.name, peer, level),
				})
			}
		}
	}
	return goals
}

// bound is what is promised, for the stream with many callers.
func bound(ours, peer string, level int) float64 {
	switch {
	case ours != hop.Stream || level == 1:
		return 0
	case peer == WasmName:
		return 1.5
	default:
		return 1.8
	}
}
