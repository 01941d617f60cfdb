package rest

import "slices"

// The scopes of a token. [ScopeAPI] and [ScopeAdmin] stand for several.
const (
	// ScopeAPI is what a billing program needs: read, create, capture and refund.
	ScopeAPI = "api"
	// ScopeAdmin includes every scope.
	ScopeAdmin = "admin"
	// ScopeRead sees invoices, refunds, payouts, operations, accounts, webhooks and events, may ask the provider for the current
	// truth, and runs actions that only read.
	ScopeRead = "read"
	// ScopeCreate creates invoices and cancels those that are not paid.
	ScopeCreate = "create"
	// ScopeCapture captures and voids, and runs actions that change something.
	ScopeCapture = "capture"
	// ScopeRefund returns money.
	ScopeRefund = "refund"
	// ScopePayout sends money, and runs actions that move it.
	ScopePayout = "payout"
	// ScopeResolve closes unknown outcomes by hand and replays webhooks.
	ScopeResolve = "resolve"
	// ScopeEvidence sees the exact bytes that providers sent; they may hold personal data.
	ScopeEvidence = "evidence"
	// ScopeAccounts puts, changes, checks, pauses and closes accounts.
	ScopeAccounts = "accounts"
	// ScopePlugins sees and restarts plugins.
	ScopePlugins = "plugins"
)

// Scopes returns every scope a [Token] may have.
func Scopes() []string {
	return []string{
		ScopeAPI, ScopeAdmin, ScopeRead, ScopeCreate, ScopeCapture, ScopeRefund, ScopePayout, ScopeResolve,
		ScopeEvidence, ScopeAccounts, ScopePlugins,
	}
}

// allows reports whether a caller with the scopes held may do what needs scope.
func allows(held []string, scope string) bool {
	if slices.Contains(held, ScopeAdmin) || slices.Contains(held, scope) {
		return true
	}
	switch scope {
	case ScopeRead, ScopeCreate, ScopeCapture, ScopeRefund:
		return slices.Contains(held, ScopeAPI)
	}
	return false
}
