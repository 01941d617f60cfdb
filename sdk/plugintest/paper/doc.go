// Package paper is a complete provider plugin for a provider that exists on paper only. It is for authors who look for an
// example of a feature the first plugins do not have, and it keeps the contract honest: whatever real providers do must be
// sayable in package pay without changing it.
//
// The adapter of [New] shows:
//
//   - OAuth tokens that run out: Maintain fetches and refreshes them and keeps them in the account's private State, and a
//     token that comes with an ordinary answer gets there by Report.AccountState;
//   - webhooks that are registered by API and unregistered when the account closes, with the signing secret in the State
//     too, and a variant that only polls (config "webhooks": false), narrowed by Abilities;
//   - payments in parts, where the caller allows them, and in two currencies, each attempt with its own fee, net amount
//     and rate; refunds of one attempt;
//   - 3-D Secure: a next action that is a form, and an action that takes its result;
//   - look-ups by key, refunds, payouts that can be called back, balances, a ledger with cursors, and an upload.
//
// Its provider is played by papersim, which shares no code with it.
package paper
