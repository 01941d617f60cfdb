// Package monobanksim plays monobank acquiring ("plata by mono") over its real wire protocol: invoices with a hosted
// page, their status, the merchant's details, the webhook key, and webhooks signed with it.
//
// It is for tests, the sandbox and the demo. The main type is [Sim], an [net/http.Handler]. It is strict: a wrong
// X-Token, an unknown or misspelled member (also in its case), a number in place of a string, a hold that is not in
// hryvnias or a basket that does not add up is refused with {"errCode","errText"}. Its signing code is its own and never
// shared with the adapter, because two sides with one routine prove nothing.
//
// Where the bank's documents are silent the simulator takes the harsher reading and says so at the place. What is not
// played: QR desks, submerchants, wallets, subscriptions, the statement and fiscal receipts.
//
// A person pays at pageUrl. A test or curl moves invoices by the methods of Sim or by POST /_sim/pay, decline, hold,
// processing, expire and reverse with {"id": "<invoiceId>"}, and POST /_sim/rotate-key. Faults, callbacks and the request
// log are under /_sim/ as well.
package monobanksim
