package monobank

import (
	"encoding/json"

	"github.com/payhost/payhost/sdk/pay"
)

// stateVersion is the version of the format of memory that this adapter reads
// and writes.
const stateVersion = 1

// memory is what the host keeps for us with an invoice, because no answer of
// the provider shows it.
type memory struct {
	// Removed: remove was answered with 200. invoice/status may go on saying "created".
	Removed bool `json:"removed,omitempty"`
	// Charged: the invoice was made by wallet/payment, under our key as its reference, so that the
	// statement can show it.
	Charged bool `json:"charged,omitempty"`
}

// recall reads a state. One of another version, or unreadable, is forgotten:
// the provider's own words then stand alone.
func recall(s *pay.State) memory {
	var m memory
	if s == nil || s.Version != stateVersion || json.Unmarshal(s.Data, &m) != nil {
		return memory{}
	}
	return m
}

// state writes m for the host to keep.
func (m memory) state() *pay.State {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return &pay.State{Version: stateVersion, Data: raw}
}
