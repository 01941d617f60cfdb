// Package monobanksim plays monobank acquiring ("plata by mono") over its real wire protocol: invoices with a hosted
// page, their status, the merchant's details, the webhook key, and webhooks signed with it.
//
// It is for tests, the sandbox and the demo. The main type is [Sim], an [net/http.Handler]. It is strict: a wrong
// X-Token, an unknown or misspelled member (also in its case), a number in place of a string, a hold that is not in
// hryvnias or a basket that does not add up is refused with {"errCode","errText"}. Its signing code is its own and never
// shared with the adapter, because two sides with one routine prove nothing.
//
// Where the bank's documents are silent the simulator takes the harsher reading and says so at the place. QR desks, lists
// and subscriptions are played too; subscriptions are charged by the bank's clock, whenever anybody looks.
//
// No call is idempotent, as at the bank: the same request twice acts twice. [Sim.Effects] lists what the merchant's calls
// really did, so that a test can compare it with what was ordered.
//
// A person pays at pageUrl. A test or curl moves invoices by the methods of Sim or by POST /_sim/pay, decline, hold,
// processing, expire, reverse, capture, refunds and 3ds with {"id": "<invoiceId>"}, and POST /_sim/rotate-key. Charges of
// saved cards go as POST /_sim/charges says, {"outcome": "success", "processing", "tds" or "failure"}. Desks and lists are filled by POST /_sim/desks, submerchants,
// split-receivers and employees; subscriptions move by POST /_sim/subscribe, subscription-charges, subscription-charge and
// subscription-status. Faults, callbacks,
// effects and the request log are under /_sim/ as well.
package monobanksim
