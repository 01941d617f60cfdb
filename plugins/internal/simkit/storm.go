package simkit

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
)

// stormLane is where storms are sent, one callback after another, so that the order is the shuffled one.
const stormLane = "storm"

// Storm says how a burst of callbacks looks: several copies of each, in an order that the seed chooses.
type Storm struct {
	// Copies is how often each callback is delivered; 0 means 3.
	Copies int `json:"copies,omitempty"`
	// Seed chooses the order; equal seeds give equal orders.
	Seed uint64 `json:"seed,omitempty"`
	// Replay takes every callback since the last reset, also those lost or delivered before. Otherwise the storm takes
	// those that are held, and they are held no more.
	Replay bool `json:"replay,omitempty"`
}

// Storm queues the copies and returns how many. They are delivered one at a time and repeated by the retry rule.
func (c *Callbacks) Storm(s Storm) (int, error) {
	if s.Copies < 0 || s.Copies > 1000 {
		return 0, errors.New("storm: copies must be 1 to 1000")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	chosen := c.held
	if s.Replay {
		chosen = c.sent
	}
	c.held = nil
	all := slices.Repeat(chosen, cmp.Or(s.Copies, 3))
	random := rand.New(rand.NewPCG(s.Seed, 0)) // #nosec G404 -- repeatable on purpose
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, cb := range all {
		c.push(delivery{cb, stormLane, 1})
	}
	return len(all), nil
}
