// Package pay is the vocabulary of payments and the contract between payhost
// and a payment provider.
//
// Authors of provider plugins implement [Provider] and [Account], and those of
// the small optional interfaces ([Canceler], [Refunder], [WebhookHandler], …)
// that their provider offers. The host, its REST surface and its command line
// use the same words. The package depends on nothing but the standard library
// and an exact decimal type, so an adapter is plain Go: it can be tested
// without a wire and copied into another repository.
//
// # Outcome before error
//
// A result is returned when the adapter knows. An [*Error] of the closed list
// of kinds says what is known otherwise: that nothing happened, or that the
// provider refused. Any other error means that nobody knows whether the provider
// acted; the host looks before it does anything else and never sends a
// mutating call twice on its own.
//
// # Money
//
// [Money] is an exact decimal in the major unit of its currency. Nothing is
// rounded: an amount with more digits than its currency has is refused.
//
// # The life of an invoice
//
// [Transitions] is the one table of moves; nothing else moves an invoice. Paid
// never regresses: refunds and disputes are facts beside the status.
//
//	from \ to         pending processing authorized  part.paid       paid   canceled    expired     failed
//	creating                E          E          E          E          E          h          .          h
//	pending                 .          E          E          E          E          E          E          E
//	processing              E          .          E          E          E          E          E          E
//	authorized              .          .          .          E          E          E          E          E
//	partially_paid          .          .          .          .          E          .          .          .
//	paid                    .          .          .          .          .          .          .          .
//	canceled                .          .          S          S          S          .          .          .
//	expired                 .          .          S          S          S          .          .          .
//	failed                  .          .          S          S          S          .          .          .
//
// h: the host's own journal is enough. E: needs the provider's word
// (api_response, api_sync or verified_webhook) or a person's decision. S: needs
// the provider's answer to a question (api_sync). A dot: no such move; the
// evidence is recorded and the status stays.
package pay
