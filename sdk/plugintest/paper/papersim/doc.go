// Package papersim plays Paper, a payment provider that exists on paper only: an [net/http.Handler] with the awkward
// features that real providers have and the first plugins do not need.
//
// It has OAuth tokens that run out and refresh tokens that rotate, invoices that are paid in parts and in two currencies with
// fees, 3-D Secure by form, refunds, payouts, balances, a ledger with cursors, document uploads, and webhooks that are
// registered by API and signed with a secret the registration returns. It searches by external id and does not deduplicate.
//
// The package keeps everything in memory, starts no goroutine and shares no code with the adapter in package paper.
package papersim
