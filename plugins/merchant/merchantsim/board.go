package merchantsim

import (
	"strings"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// The kinds of objects on the board.
const (
	boardInvoice = "invoice"
	boardPayout  = "payout"
)

// mountBoard describes what can be done to what, for pages that know no
// provider.
func (s *Sim) mountBoard() {
	s.mountSecret()
	s.kit.MountBoard(s.mux, simkit.Board{Moves: boardMoves(), Objects: s.board})
}

func boardMoves() []simkit.Move {
	fresh, dispute, paid := string(StatusNew), string(StatusDispute), string(StatusPaid)
	canceled, expired := string(StatusCanceled), string(StatusExpired)
	amount := simkit.Field{Name: "amount", Label: "Amount"}
	reason := simkit.Field{Name: "reason", Label: "Reason", Options: disputeReasons()}
	var moves []simkit.Move
	both := func(name, label string, fields []simkit.Field, states ...string) {
		moves = append(moves, simkit.Move{Name: name, Label: label, Of: boardInvoice, Fields: fields, States: states},
			simkit.Move{Name: "payout-" + name, Label: label, Of: boardPayout, Command: name, Fields: fields, States: states})
	}
	invoice := func(name, label string, fields []simkit.Field, states ...string) {
		moves = append(moves, simkit.Move{Name: name, Label: label, Of: boardInvoice, Fields: fields, States: states})
	}
	invoice("pay", "Pay", []simkit.Field{{Name: "amount", Label: "Amount (empty: as due)"}}, fresh, canceled, expired)
	invoice("pay-partial", "Pay a part", []simkit.Field{{Name: "amount", Label: "Amount (empty: half)"}}, fresh, canceled, expired)
	invoice("start-deal", "Start a deal", []simkit.Field{{Name: "option", Label: "Option"}, {Name: "method", Label: "Bank"}}, fresh)
	invoice("confirm-transfer", "Payer says sent", nil, fresh)
	invoice("end-deal", "End the deal", []simkit.Field{
		{Name: "status", Label: "As", Options: []string{string(DealExpired), string(DealCanceled)}}}, fresh)
	invoice("recalculate", "Recalculate", []simkit.Field{amount}, paid)
	both("complete", "Complete", []simkit.Field{amount}, fresh, dispute)
	both("dispute", "Dispute", []simkit.Field{reason, amount}, fresh, paid, expired)
	both("cancel", "Cancel", nil, fresh, dispute)
	both("expire", "Let expire", nil, fresh, dispute)
	both("notify", "Send callback", nil)
	return append(moves,
		simkit.Move{Name: "no-requisites", Label: "No requisites", Fields: []simkit.Field{
			{Name: "mode", Label: "Answer", Options: []string{string(NoRequisitesEmpty), string(NoRequisitesRefuse), string(NoRequisitesOff)}},
			{Name: "times", Label: "Times (empty: until off)", Kind: simkit.FieldNumber}}},
		simkit.Move{Name: "array-answers", Label: "Answers as lists", Fields: []simkit.Field{{Name: "on", Label: "on", Kind: simkit.FieldFlag}}},
		simkit.Move{Name: "error-shape", Label: "Shape of refusals", Fields: []simkit.Field{
			{Name: "shape", Label: "Shape", Options: []string{string(ErrorArray), string(ErrorObject), string(ErrorText)}}}},
		simkit.Move{Name: "amount-raise", Label: "Raise amounts", Fields: []simkit.Field{{Name: "by", Label: "By", Value: "0.37"}}},
		simkit.Move{Name: "rotate-key", Label: "Rotate signing secret", Fields: []simkit.Field{{Name: "key", Label: "New secret (empty: random)"}}},
	)
}

func (s *Sim) board() []simkit.Object {
	all, base := boardMoves(), s.publicURL()
	out := []simkit.Object{}
	for _, i := range s.list(directionIn, directionOut) {
		o := simkit.Object{
			Of: boardInvoice, ID: i.ID, State: string(i.Status), Amount: i.Due.StringFixed(s.cfg.Subunit) + " " + i.Currency,
			Page: base + "/pay/" + i.ID, CreatedAt: i.CreatedAt, Details: []simkit.Detail{{Name: "internalId", Value: i.InternalID}},
		}
		deal, active := dealOf(i)
		if i.Type == directionOut {
			o.Of, o.Page = boardPayout, ""
		}
		if deal != "" {
			o.Details = append(o.Details, simkit.Detail{Name: "deal", Value: string(deal)})
		}
		if i.Status == StatusNew {
			o.ExpiresAt = i.ExpireAt
		}
		if i.Received.IsPositive() {
			o.Details = append(o.Details, simkit.Detail{Name: "received", Value: i.Received.StringFixed(s.cfg.Subunit)})
		}
		o.Moves = simkit.PossibleMoves(all, o.Of, o.State, func(m simkit.Move) bool {
			switch strings.TrimPrefix(m.Name, "payout-") {
			case "complete", "dispute":
				return deal != ""
			case "end-deal":
				return active
			case "confirm-transfer":
				return active && deal == DealWaiting
			case "start-deal":
				return !active
			}
			return true
		})
		out = append(out, o)
	}
	return out
}

// dealOf is the state of the current deal, "" when none was ever started, and
// whether it is still going on.
func dealOf(i Invoice) (DealStatus, bool) {
	if len(i.Deals) == 0 {
		return "", false
	}
	last := i.Deals[len(i.Deals)-1]
	return last.Status, last.Active
}
