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

// Goals are the ratios of our call with a process to theirs without; they are reported for the present wire and have no bound there.
func Goals() []round.Goal {
	var goals []round.Goal
	for _, level := range Levels() {
		for _, peer := range []string{WasmName, LuaName} {
			goals = append(goals, round.Goal{
				Text: fmt.Sprintf("host call ÷ %s, throughput, %d callers", peer, level), Subject: hop.Ours, Base: peer, Level: level, Metric: round.Rate,
			})
		}
	}
	return goals
}
