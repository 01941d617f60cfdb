// Package merchant is the payhost provider for the white-label P2P gateway
// whose API lives under /api/merchant and is signed with X-Signature. The same
// software is sold under many brands; base_url says which.
//
// [New] returns the provider. An account is one store key (api_key) and one
// merchant secret.
//
// An invoice is paid in one of two ways. By default the payer is sent to the
// gateway's page. With provider_options.start_deal the gateway finds a receiver
// at once, and the requisites are next actions of the type transfer, qr or
// deeplink, with the page as an alternative; when nobody is free to receive, the
// empty invoice is canceled and the create is declined with the reason
// no_requisites.
//
// A payout is an invoice of the other direction. Its destination is a card, a
// phone or an account; destination.bank is the gateway's code of the bank, which
// only a card can do without.
//
// What a reader should know before the code:
//
//   - The operation's provider key is sent as internalId, and an invoice can be
//     looked up by it: that settles a create or payout whose answer was lost. The
//     API promises no idempotency, so nothing is ever sent twice, and a payout
//     that is not found is for a person.
//   - A callback carries a token, not a signature. The token is derived from
//     the secret and internalId, so no state is needed to check it; the body
//     is believed in nothing but its ids, and the host asks the gateway.
//   - Requisites are personal data of their receiver. They appear in next
//     actions only, never in provider data, warnings or errors.
//   - receivedSumFromTaker is what arrived only once the invoice is paid; before
//     that it is what the payer has to send.
//   - Proofs (confirm_transfer, open_dispute) are multipart bodies that take no
//     part in the signature. The invoice is read before one is sent, and a lost
//     answer is settled by what the invoice shows afterwards.
//   - Withdrawals are off unless the config allows them.
//
// File by file: sign.go, form.go and client.go are one exchange, dto.go,
// scalar.go and money.go the gateway's objects, errors.go its refusals; create.go,
// cancel.go, payout.go, lookup.go, status.go, deal.go, payer.go, balance.go,
// check.go and webhook.go the common calls; action.go lists the actions and
// startdeal.go, upload.go, dispute.go, lists.go, qrcode.go and withdraw.go run them.
package merchant
