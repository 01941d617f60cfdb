package pay

import (
	"fmt"
	"strings"
)

// Status is where an [InvoiceState] stands in its life. It is a closed list; the moves
// between statuses are those of [Transitions] and no others.
//
// "Unknown" is no status: it is the outcome of an operation and is shown beside
// the status. Refunds and disputes are facts beside the status too. The zero
// Status, in an adapter's answer, means that the adapter cannot tell; it never
// causes a transition.
type Status string

// The statuses of an invoice.
const (
	// StatusCreating: the host has recorded the invoice; the provider has not accepted it yet.
	StatusCreating Status = "creating"
	// StatusPending: the provider waits for the payer.
	StatusPending Status = "pending"
	// StatusProcessing: the payer acted and the provider has not decided.
	StatusProcessing Status = "processing"
	// StatusAuthorized: funds are reserved, not taken.
	StatusAuthorized Status = "authorized"
	// StatusPaid: the amount that was due has been taken.
	StatusPaid Status = "paid"
	// StatusPartiallyPaid: part of the amount has been taken and more may follow.
	StatusPartiallyPaid Status = "partially_paid"
	// StatusCanceled: nobody can pay it any more because it was canceled.
	StatusCanceled Status = "canceled"
	// StatusExpired: nobody can pay it any more because its time ran out.
	StatusExpired Status = "expired"
	// StatusFailed: it was refused, or the payment was refused for good.
	StatusFailed Status = "failed"
)

// Statuses returns every status, in the order of life.
func Statuses() []Status {
	return []Status{
		StatusCreating, StatusPending, StatusProcessing, StatusAuthorized, StatusPartiallyPaid,
		StatusPaid, StatusCanceled, StatusExpired, StatusFailed,
	}
}

// Known reports whether s is one of [Statuses].
func (s Status) Known() bool {
	switch s {
	case StatusCreating, StatusPending, StatusProcessing, StatusAuthorized, StatusPaid,
		StatusPartiallyPaid, StatusCanceled, StatusExpired, StatusFailed:
		return true
	}
	return false
}

// Closed reports whether s ends the life of an unpaid invoice: canceled,
// expired or failed. Money may still arrive late; see [NeedSync].
func (s Status) Closed() bool {
	return s == StatusCanceled || s == StatusExpired || s == StatusFailed
}

// Settled reports whether money has been taken: paid or partially paid.
func (s Status) Settled() bool { return s == StatusPaid || s == StatusPartiallyPaid }

// Need says what an observation must be to justify a transition.
type Need string

// The needs of transitions.
const (
	// NeedHost: the host's own journal justifies it (nothing was sent, or a
	// look-up proved absence), and so does anything stronger.
	NeedHost Need = "host"
	// NeedEvidence: a provider's word of rank api_response, api_sync or verified_webhook, or a
	// person's decision.
	NeedEvidence Need = "evidence"
	// NeedSync: the provider's own answer to a question about this invoice (api_sync), nothing weaker.
	NeedSync Need = "sync"
)

// Met reports whether an observation of kind k satisfies n.
func (n Need) Met(k EvidenceKind) bool {
	switch n {
	case NeedHost:
		return k.Rank() > EvidenceRedirect.Rank() || k == EvidenceHost
	case NeedEvidence:
		return k.Rank() >= EvidenceVerifiedWebhook.Rank()
	case NeedSync:
		return k == EvidenceAPISync
	}
	return false
}

// Transition is one legal move of an invoice.
type Transition struct {
	// From and To are the statuses; they differ.
	From, To Status
	// Need is what must justify the move.
	Need Need
	// When says in a few words what happens in the world.
	When string
}

// Transitions returns the one transition table. Anything it does not list is
// not a move: evidence for it is recorded and the status stays.
//
// Source: the lifecycle chapter of the domain description; the diagram in the package comment is
// generated from this table.
func Transitions() []Transition {
	table := transitions()
	return table[:]
}

// transitions is the table as a value: a look at it takes no memory.
func transitions() [36]Transition {
	return [...]Transition{
		{StatusCreating, StatusPending, NeedEvidence, "provider accepted"},
		{StatusCreating, StatusProcessing, NeedEvidence, "provider already moved"},
		{StatusCreating, StatusAuthorized, NeedEvidence, "provider already moved"},
		{StatusCreating, StatusPaid, NeedEvidence, "provider already moved"},
		{StatusCreating, StatusPartiallyPaid, NeedEvidence, "provider already moved"},
		{StatusCreating, StatusCanceled, NeedHost, "canceled before send, or proved absent"},
		{StatusCreating, StatusFailed, NeedHost, "definitely refused, or proved absent"},

		{StatusPending, StatusProcessing, NeedEvidence, "payer acted"},
		{StatusPending, StatusAuthorized, NeedEvidence, "funds reserved"},
		{StatusPending, StatusPaid, NeedEvidence, "money taken"},
		{StatusPending, StatusPartiallyPaid, NeedEvidence, "payer sent less"},
		{StatusPending, StatusCanceled, NeedEvidence, "cancel confirmed"},
		{StatusPending, StatusExpired, NeedEvidence, "provider says expired"},
		{StatusPending, StatusFailed, NeedEvidence, "declined, no further tries"},

		{StatusProcessing, StatusPending, NeedEvidence, "payer may try again"},
		{StatusProcessing, StatusAuthorized, NeedEvidence, "funds reserved"},
		{StatusProcessing, StatusPaid, NeedEvidence, "money taken"},
		{StatusProcessing, StatusPartiallyPaid, NeedEvidence, "payer sent less"},
		{StatusProcessing, StatusCanceled, NeedEvidence, "provider canceled"},
		{StatusProcessing, StatusExpired, NeedEvidence, "provider says expired"},
		{StatusProcessing, StatusFailed, NeedEvidence, "declined, no further tries"},

		{StatusAuthorized, StatusPaid, NeedEvidence, "captured, rest released"},
		{StatusAuthorized, StatusPartiallyPaid, NeedEvidence, "captured in part, more may follow"},
		{StatusAuthorized, StatusCanceled, NeedEvidence, "voided"},
		{StatusAuthorized, StatusExpired, NeedEvidence, "hold lapsed"},
		{StatusAuthorized, StatusFailed, NeedEvidence, "capture refused for good"},

		{StatusPartiallyPaid, StatusPaid, NeedEvidence, "rest arrived or captured"},

		{StatusCanceled, StatusAuthorized, NeedSync, "late money"},
		{StatusCanceled, StatusPaid, NeedSync, "late money"},
		{StatusCanceled, StatusPartiallyPaid, NeedSync, "late money"},
		{StatusExpired, StatusAuthorized, NeedSync, "late money"},
		{StatusExpired, StatusPaid, NeedSync, "late money"},
		{StatusExpired, StatusPartiallyPaid, NeedSync, "late money"},
		{StatusFailed, StatusAuthorized, NeedSync, "late money"},
		{StatusFailed, StatusPaid, NeedSync, "late money"},
		{StatusFailed, StatusPartiallyPaid, NeedSync, "late money"},
	}
}

// FindTransition returns the legal move between two statuses, if there is one.
func FindTransition(from, to Status) (Transition, bool) {
	for _, t := range transitions() {
		if t.From == from && t.To == to {
			return t, true
		}
	}
	return Transition{}, false
}

// Diagram draws [Transitions] as the text that stands in the package comment.
// A letter says what a move needs: h host, E evidence, S sync, . no move.
func Diagram() string {
	short := map[Status]string{StatusPartiallyPaid: "part.paid"}
	name := func(s Status) string {
		if n, ok := short[s]; ok {
			return n
		}
		return string(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s", `from \ to`)
	for _, to := range Statuses()[1:] {
		fmt.Fprintf(&b, " %10s", name(to))
	}
	b.WriteString("\n")
	for _, from := range Statuses() {
		fmt.Fprintf(&b, "%-14s", from)
		for _, to := range Statuses()[1:] {
			mark := "."
			if t, ok := FindTransition(from, to); ok {
				mark = map[Need]string{NeedHost: "h", NeedEvidence: "E", NeedSync: "S"}[t.Need]
			}
			fmt.Fprintf(&b, " %10s", mark)
		}
		b.WriteString("\n")
	}
	return b.String()
}
