package monobanksim

import (
	"net/http"
	"slices"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Effect is one thing that a call of the merchant really did. A test compares the list with what was ordered: one line
// too many is money moved twice, whatever the answers said.
type Effect struct {
	// Op is the operation, one of the Op constants.
	Op string `json:"op"`
	// InvoiceID is the bank's id of the invoice it did it to.
	InvoiceID string `json:"invoice_id"`
	// Key is what the merchant can tell it by: the reference of invoice/create and wallet/payment, the extRef of
	// invoice/cancel. It is empty for the others and where none was sent.
	Key string `json:"key,omitempty"`
	// Amount is in minor units; 0 for remove.
	Amount int64 `json:"amount,omitempty"`
}

// Effects returns everything that calls of the merchant did, in order. Scripting methods and buttons are not in it.
func (s *Sim) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Effect{}, s.effects...)
}

// EffectsOf counts the effects of an operation under one key.
func (s *Sim) EffectsOf(op, key string) int {
	return len(slices.DeleteFunc(s.Effects(), func(e Effect) bool { return e.Op != op || e.Key != key }))
}

// did notes an effect. The caller holds mu.
func (s *Sim) did(op string, inv *Invoice, key string, amount int64) {
	s.effects = append(s.effects, Effect{op, inv.InvoiceID, key, amount})
}

// mountEffects adds GET /_sim/effects.
func (s *Sim) mountEffects() {
	s.mux.HandleFunc("GET /_sim/effects", func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, s.Effects())
	})
}
