// Package payin is the payhost provider for Payin-payout's service without
// acceptance: invoices that top up a payer's balance at the provider, charges
// that debit such a balance without asking, and rewards to other users.
//
// [New] returns the provider. An account is one API operator (user_id and its
// developer key). The payer is a user of the provider, so every invoice needs
// customer.id, which is sent as payer_id, and a description. Charges and rewards
// need config.service_id; an account without it does not offer them.
//
// What a reader should know before the code:
//
//   - A top-up has no order id, no idempotency key, no cancel, no refund and no
//     search by our ids. A create whose answer is lost can only be settled by a
//     person; nothing here sends anything twice.
//   - A charge carries our key as external_id, which is unique: the host may
//     send it again, and "already exists" says that the first was accepted.
//     Whether rewards have that uniqueness is not stated, so they are for a
//     person.
//   - Amounts are never stated by the provider after creation. The states this
//     package returns leave them unset, and callers keep their own.
//   - Callbacks are signed. That of a top-up reports success only and carries no
//     amount; it is a hint, and the host asks find-payment before it believes
//     anything. Those of charges and rewards are verified events, because no
//     call asks about either: a charge or reward without a fresh callback is for
//     a person after a quarter of an hour.
//   - Every request is signed with a time the provider checks within 10
//     seconds, so it is signed immediately before it is sent, with the clock of
//     the account's configuration.
//
// What the provider offers beyond invoices and payouts is an action of the
// account: searches and listings of payments, registration and search of users,
// shops.
//
// File by file: sign.go is the provider's hash, client.go one signed exchange,
// clock.go its clock and its times, errors.go its texts, create.go, charge.go,
// reward.go, balance.go, status.go, outgoing.go and webhook.go the calls,
// outcome.go what the callbacks of charges and rewards say, action.go, find.go,
// listing.go, users.go and shop.go the actions. coverage_test.go says what became
// of every piece of the provider's documents.
package payin
