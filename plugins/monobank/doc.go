// Package monobank is the payhost provider for monobank acquiring ("plata by
// mono"): a payment page made by invoice/create, the truth by invoice/status,
// holds, refunds, charges of saved cards, and webhooks signed with ECDSA.
//
// [New] returns the [pay.Provider]; the plugin's main serves it, and tests and
// embedding programs may call it directly. The package keeps no state but a
// cached public key.
//
// # What a lost answer means
//
// The provider has neither idempotency keys nor a look-up by the merchant's
// reference, and an unpaid invoice is in no list. No call that changes anything
// is ever sent a second time by this package. What settles a lost answer:
//
//	create   the page's address is known to nobody, so nobody can pay and the invoice expires by itself: abandoned.
//	         On a QR desk (option qr_id) a passer-by may pay: a case for a person
//	cancel   the invoice, though it may go on saying "created" after a remove that worked; that costs nobody money
//	capture  the invoice: "success" or still "hold"
//	void     the invoice: "reversed" or still "hold"
//	refund   the invoice's cancelList, where the key of the operation stands as extRef
//	charge   the statement, where the key of the operation stands as reference; absence is for a person
//
// # Accepted is not done
//
// A refund may be "processing", and the only answer of a capture is that it was
// accepted. Captures and releases of holds are therefore followed by a look at
// the invoice, and reported as what it shows.
//
// # Webhooks
//
// The body is the object that invoice/status returns, and the signature covers
// its exact bytes, whitespace included. A verified webhook is therefore believed,
// with two exceptions that make the host ask instead: a body without
// modifiedDate, which cannot be ordered, and "reversed" for an invoice whose
// history is not known. Nothing is ever sent for an expired invoice.
//
// # Actions
//
// What is no payment is an action: QR desks, saved cards, the merchant's lists, and
// subscriptions, which the bank charges by itself. The token of a saved card never
// leaves this package but as a [pay.StoredCredential]; actions name a card by a
// keyed digest of it. Callbacks of subscriptions have undocumented bodies, so
// nothing in them is believed, however genuine their signature.
//
// # The word "reversed"
//
// The provider says "reversed" for a refunded payment and for a released hold.
// Which of them it is follows from what the host knows: an invoice that was
// authorized and never captured is canceled, a paid one is refunded.
//
// Source of all rules: the provider's API description of acquiring, version 2412.
package monobank
