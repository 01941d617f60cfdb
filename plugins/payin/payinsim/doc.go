// Package payinsim plays the payment provider Payin-payout, service "without acceptance", over its real wire protocol:
// top-up invoices with a hosted page, their search, balances, charges of a balance, rewards, and the signed callbacks
// about all three, each to an address of its own.
//
// It is for tests, the sandbox and the demo. The main type is [Sim], an [net/http.Handler]. It is strict: a wrong hash,
// a clock more than ten seconds off, an unknown or missing field, a wrong type or an amount with three decimals is
// refused, in the provider's shape {"status": false, "user_msg": …} where the provider documents a text, and in a text
// of the simulator's own where it documents none. Its hash is written from the provider's pages and never shared with
// the adapter, because two sides with one signing routine prove nothing.
//
// Where the provider's documents are silent the simulator takes the harsher reading and says so at the place: an
// external_id is unique among charges and not among rewards, so a reward that is sent twice pays twice, which
// [Sim.Effects] counts. Where they contradict themselves it plays the samples, and [Quirks] choose the other reading.
// Users and shops are registered as documented; [Sim.Users] and [Sim.Shops] show them.
//
// A person pays at the payment link's page. A test or curl moves invoices by the methods of Sim or by POST /_sim/pay,
// decline, freeze (hold), cancel, expire, processing, partial, refund, chargeback (dispute), status and notify with
// {"id": "<payment_in_id or pretty_id>"}, charges and rewards by POST /_sim/movement with {"id": "<external_id>", "do":
// "settle, reject, trouble, notify, cancel, refund, status or outgoing"}, and balances by POST /_sim/balance. What there
// is shows under GET /_sim/invoices, movements, users and shops. Faults, callbacks and the request log are under /_sim/
// as well.
package payinsim
