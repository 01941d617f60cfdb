package host

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// observation is one look at an invoice: what was seen, how, and why we looked.
type observation struct {
	kind        pay.EvidenceKind
	state       pay.InvoiceState
	operationID string
	webhookID   string
	actor       string
	cause       string
	at          time.Time
}

// What became of an observation; stored with its evidence.
const (
	appliedMove      = "applied"
	appliedFacts     = "facts"
	appliedUnchanged = "unchanged"
	appliedOlder     = "older"
	appliedRefused   = "refused"
	appliedMismatch  = "mismatch"
)

// change is what an observation does to an invoice.
type change struct {
	next    store.Invoice
	applied string
	reason  string
	// events are the types to emit, in order.
	events []string
	// previous are the former values of what changed.
	previous map[string]any
	// askProvider says that the news needs the provider's own answer before it is believed.
	askProvider bool
	// newRef says that the invoice became known by its provider_ref with this change.
	newRef bool
}

// encode makes what the events of a decided change say.
func (c *change) encode() (data, previous json.RawMessage, err error) {
	view := eventView(c.next)
	if data, err = encodeInvoice(&view); err != nil {
		return nil, nil, err
	}
	previous, err = encodePrevious(c.previous)
	return data, previous, err
}

// apply decides what an observation changes. It is pure: applied again to a newer
// state of the invoice it gives the right answer for that state, so that no
// lost compare-and-swap drops evidence.
func apply(inv store.Invoice, obs observation) change {
	c := change{next: inv, applied: appliedUnchanged, previous: map[string]any{}}
	if reason := mismatch(inv, obs.state); reason != "" {
		c.applied, c.reason = appliedMismatch, reason
		c.review(reason)
		// The object must stay findable, even though its content is not believed.
		if inv.ProviderRef == "" {
			c.setRef(obs)
		}
		return c.touched(obs)
	}
	if older(inv, obs) {
		c.applied, c.reason = appliedOlder, "a newer observation was applied before"
		return c
	}
	c.setRef(obs)
	c.setFacts(obs)
	c.move(obs)
	if obs.state.Review != "" {
		c.review(obs.state.Review)
	}
	return c.touched(obs)
}

// mismatch says which stated value contradicts the order: amount, currency or
// identity. Only stated values are compared.
func mismatch(inv store.Invoice, s pay.InvoiceState) string {
	switch {
	case s.ProviderRef != "" && inv.ProviderRef != "" && s.ProviderRef != inv.ProviderRef:
		return "the provider answered about another object than " + inv.ProviderRef
	case s.Amount.IsSet() && !s.Amount.Equal(inv.Amount):
		return "the provider states the amount " + s.Amount.String() + " instead of " + inv.Amount.String()
	case s.Due.IsSet() && s.Due.Code() != inv.Amount.Code():
		return "the provider asks for another currency: " + s.Due.String()
	case s.Due.IsSet() && greater(s.Due, inv.Amount) && !inv.MaxAmount.IsSet():
		return "the provider asks for " + s.Due.String() + ", more than the amount, which amount_limits.max did not allow"
	case s.Due.IsSet() && inv.MaxAmount.IsSet() && greater(s.Due, inv.MaxAmount):
		return "the provider asks for " + s.Due.String() + ", more than amount_limits.max"
	}
	for _, m := range []pay.Money{s.Received, s.Authorized, s.Captured, s.Refunded} {
		if m.IsSet() && m.Code() != inv.Amount.Code() {
			return "the provider states an amount in another currency: " + m.String()
		}
	}
	return ""
}

// greater compares amounts of one currency; false when they have no order.
func greater(a, b pay.Money) bool {
	c, err := a.Cmp(b)
	return err == nil && c > 0
}

// older reports whether something newer was applied before: provider time first, then
// version, then rank. A look at the provider without a time of its own is as
// new as the look.
func older(inv store.Invoice, obs observation) bool {
	e := obs.state.Report.Evidence
	if e.ProviderTime.IsZero() || inv.ProviderTime.IsZero() {
		return false
	}
	if !e.ProviderTime.Equal(inv.ProviderTime) {
		return e.ProviderTime.Before(inv.ProviderTime)
	}
	if e.ProviderVersion != inv.ProviderVersion {
		return e.ProviderVersion < inv.ProviderVersion
	}
	// Equal times: a weaker word may add facts but not move back.
	return obs.kind.Rank() < inv.Evidence.Rank() && obs.state.Status == pay.StatusPending
}

func (c *change) setRef(obs observation) {
	if c.next.ProviderRef == "" && obs.state.ProviderRef != "" {
		c.next.ProviderRef, c.newRef = obs.state.ProviderRef, true
		c.fact("provider_ref", "")
	}
}

// fact notes that something besides the status changed.
func (c *change) fact(name string, before any) {
	c.previous[name] = before
	if c.applied == appliedUnchanged {
		c.applied = appliedFacts
	}
}

// setFacts takes over everything stated beside the status. Values replace, they never add.
func (c *change) setFacts(obs observation) {
	s, n := obs.state, &c.next
	c.money("amount_due", &n.Due, s.Due)
	c.money("amount_received", &n.Received, s.Received)
	c.money("amount_authorized", &n.Authorized, s.Authorized)
	c.money("amount_captured", &n.Captured, s.Captured)
	c.money("amount_refunded", &n.Refunded, s.Refunded)
	c.texts("provider_refs", &n.ProviderRefs, s.ProviderRefs)
	c.texts("provider_data", &n.ProviderData, s.Data)
	if !s.ExpiresAt.IsZero() && !s.ExpiresAt.Equal(n.ExpiresAt) {
		c.fact("expires_at", n.ExpiresAt)
		n.ExpiresAt = s.ExpiresAt.UTC()
	}
	if s.Overpaid && !n.Overpaid {
		c.fact("overpaid", false)
		n.Overpaid = true
	}
	if s.Report.State != nil {
		n.PrivateState = s.Report.State
	}
	n.NextLookAt = s.Report.NextLookAt
}

func (c *change) money(name string, at *pay.Money, stated pay.Money) {
	if stated.IsSet() && !stated.Equal(*at) {
		c.fact(name, *at)
		*at = stated
	}
}

func (c *change) texts(name string, at *map[string]string, stated map[string]string) {
	if len(stated) == 0 {
		return
	}
	merged := maps.Clone(*at)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, stated)
	if !maps.Equal(merged, *at) {
		c.fact(name, *at)
		*at = merged
	}
}

// move makes the transition that the observation justifies, by the one table.
func (c *change) move(obs observation) {
	from, to := c.next.Status, obs.state.Status
	if to == "" || to == from {
		c.settle(obs)
		return
	}
	t, legal := pay.FindTransition(from, to)
	switch {
	case !legal:
		c.applied, c.reason = appliedRefused, "an invoice does not move from "+string(from)+" to "+string(to)
		return
	case !t.Need.Met(obs.kind):
		c.applied, c.reason = appliedRefused, "this move needs the provider's own answer"
		c.askProvider = true
		return
	}
	c.applied = appliedMove
	c.previous["status"] = from
	c.next.Status = to
	c.next.ClosedAt = time.Time{}
	if to.Closed() {
		c.next.ClosedAt = obs.at
	}
	if from.Closed() {
		c.events = append(c.events, "invoice.late_"+string(to))
	} else {
		c.events = append(c.events, "invoice."+string(to))
	}
	c.settle(obs)
}

// settle fills in the amounts that a status implies and that the provider did
// not state, and whether anything more can arrive.
func (c *change) settle(obs observation) {
	n := &c.next
	switch n.Status {
	case pay.StatusPaid:
		if !n.Captured.IsSet() {
			c.money("amount_captured", &n.Captured, implied(*n))
		}
	case pay.StatusAuthorized:
		if !n.Authorized.IsSet() {
			c.money("amount_authorized", &n.Authorized, n.Amount)
		}
	default: // implies no amount
	}
	final, reason := obs.state.Final, obs.state.FinalReason
	if n.Status == pay.StatusPaid || n.Status.Closed() {
		final, reason = true, orElse(reason, string(n.Status))
	}
	if final != n.Final && (final || c.applied == appliedMove) {
		c.fact("final", n.Final)
		n.Final, n.FinalReason = final, reason
	}
}

// implied is what "paid" means where the provider states no amount.
func implied(n store.Invoice) pay.Money {
	switch {
	case n.Purpose == pay.PurposeVerification:
		return pay.ZeroOf(n.Amount.Currency())
	case n.Received.IsSet():
		return n.Received
	case n.Due.IsSet():
		return n.Due
	}
	return n.Amount
}

func (c *change) review(reason string) {
	if c.next.NeedsReview && c.next.ReviewReason == reason {
		return
	}
	c.previous["needs_review"] = c.next.NeedsReview
	c.next.NeedsReview, c.next.ReviewReason = true, reason
	c.events = append(c.events, "invoice.needs_review")
}

// touched remembers the observation as the newest one and completes the events.
func (c change) touched(obs observation) change {
	if c.applied == appliedMove || c.applied == appliedFacts || c.applied == appliedUnchanged {
		e := obs.state.Report.Evidence
		if !e.ProviderTime.IsZero() && !e.ProviderTime.Before(c.next.ProviderTime) {
			c.next.Evidence, c.next.ProviderTime, c.next.ProviderVersion = obs.kind, e.ProviderTime.UTC(), e.ProviderVersion
		} else if c.next.Evidence == "" {
			c.next.Evidence = obs.kind
		}
	}
	if len(c.events) == 0 && len(c.previous) > 0 {
		c.events = []string{"invoice.updated"}
	}
	return c
}

// changed reports whether the invoice's row differs after c.
func (c change) changed() bool { return len(c.previous) > 0 || len(c.events) > 0 }

// detail is the normalised content of an observation for the evidence row: no
// personal data, no secrets, no next actions.
func detail(s pay.InvoiceState) json.RawMessage {
	raw, err := json.Marshal(struct {
		ProviderRef  string            `json:"provider_ref,omitempty"`
		ProviderRefs map[string]string `json:"provider_refs,omitempty"`
		Status       pay.Status        `json:"status,omitempty"`
		Review       string            `json:"review,omitempty"`
		Amount       pay.Money         `json:"amount,omitzero"`
		Due          pay.Money         `json:"due,omitzero"`
		Received     pay.Money         `json:"received,omitzero"`
		Authorized   pay.Money         `json:"authorized,omitzero"`
		Captured     pay.Money         `json:"captured,omitzero"`
		Refunded     pay.Money         `json:"refunded,omitzero"`
		Attempts     []pay.Attempt     `json:"attempts,omitempty"`
		Refunds      []pay.RefundState `json:"refunds,omitempty"`
		Disputes     []pay.Dispute     `json:"disputes,omitempty"`
		Warnings     []string          `json:"warnings,omitempty"`
	}{
		s.ProviderRef, s.ProviderRefs, s.Status, s.Review, s.Amount, s.Due, s.Received, s.Authorized, s.Captured, s.Refunded,
		s.Attempts, s.Refunds, s.Disputes, s.Report.Warnings,
	})
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return raw
}
