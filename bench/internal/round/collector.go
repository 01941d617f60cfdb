package round

import "runtime/debug"

// Tuned follows the name of a subject of ours whose host has the setting gc_percent: 400, which plugins have by default.
const Tuned = ", gc_percent: 400"

// TunedPercent is that setting.
const TunedPercent = 400

// Collector is a [Subject.Around] that sets how much this process's heap grows between collections.
func Collector(percent int) func() func() {
	return func() func() {
		before := debug.SetGCPercent(percent)
		return func() { debug.SetGCPercent(before) }
	}
}
