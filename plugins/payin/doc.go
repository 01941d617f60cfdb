// Package payin is the payhost provider for Payin-payout's service without
// acceptance: invoices that top up a payer's balance at the provider.
//
// [New] returns the provider. An account is one API operator (user_id and its
// developer key). The payer is a user of the provider, so every invoice needs
// customer.id, which is sent as payer_id, and a description.
//
// What a reader should know before the code:
//
//   - The API has no order id, no idempotency key, no cancel, no refund and no
//     search by our ids. A create whose answer is lost can only be settled by a
//     person; nothing here sends anything twice.
//   - Amounts are never stated by the provider after creation. The states this
//     package returns leave them unset, and callers keep their own.
//   - A callback is signed, but it reports success only and carries no amount.
//     It is a hint: the host asks find-payment before it believes anything.
//   - Every request is signed with a time the provider checks within 10
//     seconds, so it is signed immediately before it is sent, with the clock of
//     the account's configuration.
//
// File by file: sign.go is the provider's hash, client.go one signed exchange,
// errors.go the provider's texts, create.go, status.go and webhook.go the calls.
package payin
