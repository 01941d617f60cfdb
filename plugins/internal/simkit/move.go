package simkit

import (
	"net/http"
	"slices"
	"time"
)

// FieldKind says how a [Field] is written in the JSON body of a command.
type FieldKind string

// The kinds of fields.
const (
	// FieldText is a string; empty ones are left out of the body.
	FieldText FieldKind = "text"
	// FieldNumber is an integer; empty ones are left out.
	FieldNumber FieldKind = "number"
	// FieldFlag is true or left out.
	FieldFlag FieldKind = "flag"
)

// Field is something a [Move] needs to know besides what it is done to.
type Field struct {
	// Name is the member in the body, Label what a person reads, Value what stands there at first.
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value,omitempty"`
	// Kind is text when empty.
	Kind FieldKind `json:"kind,omitempty"`
	// Options are the values to choose from; empty means free text.
	Options []string `json:"options,omitempty"`
}

// Move describes one command of the control surface, so that a page or a program can offer it without knowing the
// provider: POST /_sim/<Command> with {"id": the object's} and the members of Fixed and Fields.
type Move struct {
	// Name tells it from the simulator's other moves, Label is the text on its button.
	Name  string `json:"name"`
	Label string `json:"label"`
	// Of is the kind of object it is done to, such as "invoice"; empty means the simulator as a whole, without an id.
	Of string `json:"of,omitempty"`
	// Group puts moves without an object together on a page.
	Group string `json:"group,omitempty"`
	// States are the object's states in which it may be possible; empty means all. [Object].Moves is the last word.
	States []string `json:"states,omitempty"`
	// Command is the last element of the address; empty in [Board] means Name.
	Command string `json:"command"`
	// Fixed are members of the body that are always the same.
	Fixed map[string]any `json:"fixed,omitempty"`
	// Fields are the members that may be chosen.
	Fields []Field `json:"fields,omitempty"`
}

// Object is one thing that the provider knows, such as an invoice, in the form that is the same for all providers. None of
// it is secret.
type Object struct {
	// Of is its kind, ID what moves name it by, State its state in the provider's words.
	Of    string `json:"of"`
	ID    string `json:"id"`
	State string `json:"state"`
	// Amount is the sum with its currency, ready to read; Description the purpose.
	Amount      string `json:"amount,omitempty"`
	Description string `json:"description,omitempty"`
	// Page is the address of the payer's page, empty when there is none.
	Page string `json:"page,omitempty"`
	// CreatedAt is by the simulator's clock; ExpiresAt is zero when time ends nothing.
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Details are further rows.
	Details []Detail `json:"details,omitempty"`
	// Moves are the names of the moves possible now.
	Moves []string `json:"moves"`
}

// Board is what a simulator tells about itself for [Kit.MountBoard].
type Board struct {
	// Moves are the simulator's own; those of the kit (clock, faults, maintenance and so on) are added.
	Moves []Move
	// Objects returns all objects, the oldest first.
	Objects func() []Object
}

// PossibleMoves returns the names of the moves of this kind of object that name the state, or no state, and that further,
// if it is not nil, does not exclude.
func PossibleMoves(moves []Move, of, state string, further func(Move) bool) []string {
	out := []string{}
	for _, m := range moves {
		if m.Of == of && (len(m.States) == 0 || slices.Contains(m.States, state)) && (further == nil || further(m)) {
			out = append(out, m.Name)
		}
	}
	return out
}

// MountBoard adds GET /_sim/moves, a list of [Move], and GET /_sim/objects, a list of [Object]. It is called after
// every [Kit.Handle], whose operations the moves offer.
func (k *Kit) MountBoard(mux *http.ServeMux, b Board) {
	moves := append(slices.Clone(b.Moves), k.moves()...)
	for i := range moves {
		if moves[i].Command == "" {
			moves[i].Command = moves[i].Name
		}
		if moves[i].Of == "" && moves[i].Group == "" {
			moves[i].Group = groupProvider
		}
	}
	show(mux, "moves", func() any { return moves })
	show(mux, "objects", func() any { k.Clock.runDue(); return b.Objects() })
}

// The groups of moves without an object; a simulator's own are in the first.
const (
	groupProvider   = "provider"
	groupClock      = "clock"
	groupFaults     = "faults"
	groupCallbacks  = "callbacks"
	groupConditions = "conditions"
)

func (k *Kit) moves() []Move {
	ops := append([]string{AnyOp}, k.Operations()...)
	kinds := []string{}
	for _, kind := range faultKinds() {
		kinds = append(kinds, string(kind))
	}
	op := Field{Name: "op", Label: "Operation", Options: ops}
	return []Move{
		{Name: "clock-advance", Label: "Advance", Group: groupClock, Command: "clock", Fields: []Field{{Name: "advance", Label: "By", Value: "24h"}}},
		{Name: "clock-set", Label: "Set", Group: groupClock, Command: "clock", Fields: []Field{{Name: "set", Label: "To (RFC 3339)"}}},
		{Name: "clock-freeze", Label: "Freeze", Group: groupClock, Command: "clock", Fixed: map[string]any{"freeze": true}},
		{Name: "clock-run", Label: "Run on", Group: groupClock, Command: "clock", Fixed: map[string]any{"run": true}},
		{Name: "clock-real", Label: "Real time", Group: groupClock, Command: "clock", Fixed: map[string]any{"real": true}},

		{Name: "fault-add", Label: "Add fault", Group: groupFaults, Command: "faults", Fields: []Field{op, {Name: "kind", Label: "Kind", Options: kinds},
			{Name: "times", Label: "Times", Value: "1", Kind: FieldNumber}, {Name: "delay", Label: "Delay"},
			{Name: "status", Label: "Status", Kind: FieldNumber}, {Name: "body", Label: "Body"}}},
		{Name: "faults-clear", Label: "Clear faults", Group: groupFaults, Command: "clear-faults"},

		{Name: "callbacks-mode", Label: "Treat callbacks so", Group: groupCallbacks, Command: "callbacks", Fields: []Field{
			{Name: "mode", Label: "Mode", Options: []string{string(CallbackDeliver), string(CallbackLost), string(CallbackDuplicate), string(CallbackHeld)}},
			{Name: "times", Label: "Times (empty: from now on)", Kind: FieldNumber}}},
		{Name: "callbacks-release", Label: "Release held", Group: groupCallbacks, Command: "callbacks", Fixed: map[string]any{"release": true}},
		{Name: "callbacks-storm", Label: "Storm", Group: groupCallbacks, Command: "storm", Fields: []Field{
			{Name: "copies", Label: "Copies", Value: "3", Kind: FieldNumber}, {Name: "seed", Label: "Seed", Value: "1", Kind: FieldNumber},
			{Name: "replay", Label: "All ever sent, not only held", Kind: FieldFlag}}},

		{Name: "maintenance-on", Label: "Maintenance on", Group: groupConditions, Command: "maintenance", Fixed: map[string]any{"on": true}, Fields: []Field{
			{Name: "status", Label: "Status", Value: "503", Kind: FieldNumber}, {Name: "retry_after", Label: "Retry after", Value: "30s"}}},
		{Name: "maintenance-off", Label: "Maintenance off", Group: groupConditions, Command: "maintenance", Fixed: map[string]any{"on": false}},
		{Name: "latency", Label: "Latency", Group: groupConditions, Fields: []Field{op, {Name: "min", Label: "From", Value: "100ms"},
			{Name: "max", Label: "To"}, {Name: "seed", Label: "Seed", Kind: FieldNumber}}},
		{Name: "limits", Label: "Rate limit", Group: groupConditions, Fields: []Field{op, {Name: "limit", Label: "Requests", Value: "5", Kind: FieldNumber},
			{Name: "window", Label: "In", Value: "1s"}}},
		{Name: "reset", Label: "Reset", Group: groupConditions},
	}
}
