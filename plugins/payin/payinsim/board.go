package payinsim

import (
	"slices"
	"strconv"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// The kinds of objects on the board.
const (
	boardInvoice  = "invoice"
	boardMovement = "movement"
)

// mountBoard describes what can be done to what, for pages that know no provider.
func (s *Sim) mountBoard() {
	s.mountKey()
	s.kit.MountBoard(s.mux, simkit.Board{Moves: boardMoves(), Objects: s.board})
}

func boardMoves() []simkit.Move {
	invoice := func(name, label string, to int) simkit.Move {
		return simkit.Move{Name: name, Label: label, Of: boardInvoice, States: statesBefore(to)}
	}
	partial := invoice("partial", "Pay a part", StatusPartialPaid)
	partial.Fields = []simkit.Field{{Name: "frozen", Label: "and hold it", Kind: simkit.FieldFlag}}
	movement := func(do, label string, fields []simkit.Field, states ...string) simkit.Move {
		return simkit.Move{Name: "movement-" + do, Label: label, Of: boardMovement, States: states, Command: "movement",
			Fixed: map[string]any{"do": do}, Fields: fields}
	}
	code := []simkit.Field{{Name: "code", Label: "Code", Value: "0", Kind: simkit.FieldNumber}}
	return []simkit.Move{
		invoice("pay", "Pay", StatusPaid), invoice("decline", "Decline", StatusFailed), invoice("hold", "Hold", StatusFrozen), partial,
		invoice("processing", "In processing", StatusProcessing), invoice("cancel", "Cancel", StatusCanceled),
		invoice("expire", "Let expire", StatusExpired), invoice("refund", "Refund", StatusRefunded),
		invoice("chargeback", "Charge back", StatusChargedBack),
		{Name: "notify", Label: "Send callback", Of: boardInvoice},
		{Name: "status", Label: "Set status", Of: boardInvoice, Fields: code},

		movement("settle", "Settle by balance", nil, movementText(StatusNew), movementText(MovementTrouble)),
		movement("reject", "Reject", nil, movementText(StatusNew), movementText(MovementTrouble)),
		movement("trouble", "Trouble", []simkit.Field{{Name: "moved", Label: "money moved", Kind: simkit.FieldFlag}}, movementText(StatusNew)),
		movement("cancel", "Cancel", nil, movementText(StatusNew)),
		movement("refund", "Take back", nil, movementText(MovementPaid), movementText(MovementTrouble)),
		movement("notify", "Send callback", nil, movementText(MovementPaid), movementText(MovementInsufficient), movementText(MovementTrouble)),

		{Name: "balance", Label: "Set balance", Fields: []simkit.Field{{Name: "user", Label: "User", Kind: simkit.FieldNumber},
			{Name: "currency", Label: "Currency", Value: roubles}, {Name: "amount", Label: "Amount", Value: "1000.00"}}},
		{Name: "rotate-key", Label: "Rotate developer key", Fields: []simkit.Field{{Name: "key", Label: "New key (empty: random)"}}},
	}
}

// statesBefore lists the states from which an invoice can come to another.
func statesBefore(to int) []string {
	var out []string
	for from := range StatusPartialPaid + 1 {
		if from != to && slices.Contains(moves(from), to) {
			out = append(out, statusText(from))
		}
	}
	return out
}

func movementText(status int) string {
	switch status {
	case StatusNew:
		return "undecided"
	case MovementPaid:
		return "paid"
	case MovementInsufficient:
		return "insufficient funds"
	case MovementTrouble:
		return "trouble"
	}
	return "status " + strconv.Itoa(status)
}

func (s *Sim) board() []simkit.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := boardMoves()
	out := []simkit.Object{}
	for _, inv := range s.invoices {
		o := simkit.Object{
			Of: boardInvoice, ID: inv.PrettyID, State: statusText(inv.Status), Amount: inv.Summ + " " + currencyName(inv.CurrencyID),
			Description: inv.Descr, Page: inv.PayLink, CreatedAt: inv.CreatedAt,
			Details: []simkit.Detail{{Name: "payment_in_id", Value: inv.PaymentInID}},
			Moves: simkit.PossibleMoves(all, boardInvoice, statusText(inv.Status), func(m simkit.Move) bool {
				return m.Name != "notify" || inv.SOSTopup && s.callback != ""
			}),
		}
		if inv.Status == StatusNew {
			o.ExpiresAt = inv.expiresAt
		}
		out = append(out, o)
	}
	for i, m := range s.movements {
		o := simkit.Object{
			Of: boardMovement, ID: m.ExternalID, State: movementText(m.Status), Amount: m.Amount + " " + currencyName(m.CurrencyID),
			Description: m.Description, CreatedAt: m.CreatedAt, Moves: []string{},
			Details: []simkit.Detail{{Name: "kind", Value: string(m.Kind)}, {Name: "from", Value: strconv.FormatInt(m.From, 10)}, {Name: "to", Value: strconv.FormatInt(m.To, 10)}},
		}
		if m.Outgoing != nil {
			o.Details = append(o.Details, simkit.Detail{Name: "outgoing", Value: strconv.Itoa(*m.Outgoing)})
		}
		// A command names the newest of the movements that share an external_id.
		if !slices.ContainsFunc(s.movements[i+1:], func(later *Movement) bool { return later.ExternalID == m.ExternalID }) {
			o.Moves = simkit.PossibleMoves(all, boardMovement, o.State, func(move simkit.Move) bool { return s.movementCan(m, move.Name) })
		}
		out = append(out, o)
	}
	return out
}

// movementCan adds to the states what else a move depends on. The caller holds mu.
func (s *Sim) movementCan(m *Movement, move string) bool {
	switch move {
	case "movement-notify":
		return s.movementURL(m) != ""
	case "movement-refund":
		return m.Moved && m.Outgoing == nil
	case "movement-reject":
		return !m.Moved && m.Outgoing == nil
	}
	return m.Outgoing == nil
}
