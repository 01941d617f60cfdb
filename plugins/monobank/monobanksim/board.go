package monobanksim

import (
	"strconv"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// The kinds of objects on the board.
const (
	boardInvoice      = "invoice"
	boardSubscription = "subscription"
)

// mountBoard describes what can be done to what, for pages that know no provider.
func (s *Sim) mountBoard() {
	s.kit.MountBoard(s.mux, simkit.Board{Moves: boardMoves(), Objects: s.board})
}

func boardMoves() []simkit.Move {
	failed := map[string]any{"fail": true}
	status := []simkit.Field{{Name: "status", Label: "Status"}}
	times := simkit.Field{Name: "times", Label: "Times", Value: "1", Kind: simkit.FieldNumber}
	invoice := func(name, label string, fields ...simkit.Field) simkit.Move {
		return simkit.Move{Name: name, Label: label, Of: boardInvoice, Fields: fields}
	}
	return []simkit.Move{
		invoice("pay", "Pay"), invoice("hold", "Hold"),
		invoice("decline", "Decline", simkit.Field{Name: "err_code", Label: "Error code", Value: "59"}),
		invoice("processing", "Processing"), invoice("expire", "Let expire"), invoice("reverse", "Reverse"),
		invoice("capture", "Carry the finalize out"),
		{Name: "refunds-done", Label: "Refunds done", Of: boardInvoice, Command: "refunds"},
		{Name: "refunds-failed", Label: "Refunds failed", Of: boardInvoice, Command: "refunds", Fixed: failed},
		{Name: "3ds-passed", Label: "3-D Secure passed", Of: boardInvoice, Command: "3ds"},
		{Name: "3ds-failed", Label: "3-D Secure failed", Of: boardInvoice, Command: "3ds", Fixed: failed},
		invoice("notify", "Send webhook"),
		{Name: "status", Label: "Set status", Of: boardInvoice, Fields: status},

		{Name: "subscribe", Label: "Subscribe", Of: boardSubscription},
		{Name: "subscription-charge-done", Label: "Charge done", Of: boardSubscription, Command: "subscription-charge"},
		{Name: "subscription-charge-failed", Label: "Charge failed", Of: boardSubscription, Command: "subscription-charge", Fixed: failed},
		{Name: "subscription-status", Label: "Set status", Of: boardSubscription, Fields: status},

		{Name: "charges", Label: "Charges of saved cards", Fields: []simkit.Field{
			{Name: "outcome", Label: "Outcome", Options: []string{string(ChargeSuccess), string(ChargeProcessing), string(ChargeTDS), string(ChargeFailure)}},
			{Name: "err_code", Label: "Error code"}, times}},
		{Name: "fail-refunds", Label: "Let refunds fail", Fields: []simkit.Field{times}},
		{Name: "subscription-charges", Label: "Charges of subscriptions", Fields: []simkit.Field{
			{Name: "status", Label: "Status", Options: []string{ChargeDone, ChargeRefused, ChargeNew}}, times}},
		{Name: "save-card", Label: "Save a card", Fields: []simkit.Field{{Name: "wallet_id", Label: "Wallet", Value: "wallet-1"}}},
		{Name: "rotate-key", Label: "Rotate webhook key"},
	}
}

func (s *Sim) board() []simkit.Object {
	all := boardMoves()
	out := []simkit.Object{}
	for _, inv := range s.Invoices() {
		o := simkit.Object{
			Of: boardInvoice, ID: inv.InvoiceID, State: inv.Status, Amount: major(inv.Amount) + " " + currencyName(inv.Currency),
			Description: inv.Destination, Page: inv.PageURL, CreatedAt: inv.CreatedAt, Details: invoiceDetails(inv),
			Moves: simkit.PossibleMoves(all, boardInvoice, inv.Status, func(m simkit.Move) bool { return invoiceCan(&inv, m.Name) }),
		}
		if inv.Status == StatusCreated {
			o.ExpiresAt = inv.ExpiresAt
		}
		out = append(out, o)
	}
	for _, b := range s.Subscriptions() {
		out = append(out, simkit.Object{
			Of: boardSubscription, ID: b.SubscriptionID, State: b.Status, Amount: major(b.Amount) + " " + currencyName(b.Currency),
			Description: "every " + b.Interval, Page: b.PageURL, CreatedAt: b.CreatedAt,
			Details: []simkit.Detail{{Name: "subscribed", Value: strconv.FormatBool(b.Subscribed)}, {Name: "charges", Value: strconv.Itoa(len(b.Charges))}},
			Moves:   simkit.PossibleMoves(all, boardSubscription, b.Status, func(m simkit.Move) bool { return s.subscriptionCan(b, m.Name) }),
		})
	}
	return out
}

func invoiceDetails(inv Invoice) []simkit.Detail {
	out := []simkit.Detail{{Name: "type", Value: inv.PaymentType}}
	for _, d := range []simkit.Detail{{Name: "reference", Value: inv.Reference}, {Name: "error", Value: inv.ErrCode}} {
		if d.Value != "" {
			out = append(out, d)
		}
	}
	for _, r := range inv.Refunds {
		out = append(out, simkit.Detail{Name: "refund", Value: major(r.Amount) + " " + r.Status})
	}
	return out
}

// invoiceCan reports whether a move is possible, by the same table that the scripting methods ask.
func invoiceCan(inv *Invoice, move string) bool {
	targets := map[string]string{"pay": StatusSuccess, "hold": StatusHold, "decline": StatusFailure, "processing": StatusProcessing,
		"expire": StatusExpired, "reverse": StatusReversed}
	switch move {
	case "capture":
		return inv.Capturing > 0
	case "refunds-done", "refunds-failed":
		return inv.refunded(RefundProcessing) > 0
	case "3ds-passed", "3ds-failed":
		return inv.AwaitsTDS && inv.Status == StatusProcessing
	case "notify":
		return inv.WebHookURL != ""
	case "status":
		return true
	}
	return possible(inv, targets[move])
}

func (s *Sim) subscriptionCan(b Subscription, move string) bool {
	switch move {
	case "subscribe":
		return !b.Subscribed && b.Status == SubscriptionActive && s.config.Now().Before(b.ExpiresAt)
	case "subscription-charge-done", "subscription-charge-failed":
		for _, c := range b.Charges {
			if c.Status == ChargeNew {
				return true
			}
		}
		return false
	}
	return true
}
