// Package payinsim plays the payment provider Payin-payout, service "without acceptance", over its real wire protocol:
// top-up invoices with a hosted page, their search, and the signed callback after a payment.
//
// It is for tests, the sandbox and the demo. The main type is [Sim], an [net/http.Handler]. It is strict: a wrong hash,
// a clock more than ten seconds off, an unknown or missing field, a wrong type or an amount with three decimals is
// refused, in the provider's shape {"status": false, "user_msg": …} where the provider documents a text, and in a text
// of the simulator's own where it documents none. Its hash is written from the provider's pages and never shared with
// the adapter, because two sides with one signing routine prove nothing.
//
// Where the provider's documents are silent the simulator takes the harsher reading and says so at the place. What is
// not played: balance, charges, rewards, users, shops and outgoing payments.
//
// A person pays at the payment link's page. A test or curl moves invoices by the methods of Sim or by POST /_sim/pay,
// decline, freeze (hold), cancel, expire, processing, partial, refund, chargeback (dispute), status and notify with
// {"id": "<payment_in_id or pretty_id>"}. Faults, callbacks and the request log are under /_sim/ as well.
package payinsim
