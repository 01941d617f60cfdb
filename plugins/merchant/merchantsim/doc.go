// Package merchantsim plays the white-label P2P gateway that adapters know as
// "merchant": an [http.Handler] that speaks its wire protocol strictly, keeps
// invoices and deals in memory, sends the real callbacks with the documented
// retries and shows a pay page with buttons where the gateway would show its
// own. It exists because the gateway has no sandbox: the demo, the conformance
// kit, benchmarks and authors all talk to this instead.
//
// # Protocol in one paragraph
//
// A merchant creates an invoice; inside it the gateway opens a deal with a
// trader who lends bank requisites (card, phone, QR). A payout is an invoice of
// the other direction: the trader pays to the requisites in the request, and the
// merchant's USDT account is debited. Requests carry the store
// key in X-Identity and, in X-Signature, base64(HMAC-SHA1(secret, METHOD + full
// URL + body)). An answer of 200 is not yet success: "no free requisites" is
// either an empty deals list or a 400. Whenever the status of an invoice
// changes, the gateway POSTs a notification to the URL given at creation, with
// the token given at creation as its only proof of origin, and tries three
// times in all until it sees HTTP 200.
//
// # Strict where documented, plain where not
//
// Every refusal the gateway documents is given with its documented text. Where
// its pages are silent (the shape of an error body, the text for a malformed
// amount, a repeated internalId) the simulator picks one behaviour, says so at
// the code that picks it, and offers a switch where clients are known to
// disagree: [ErrorShape], [Sim.SetArrayAnswers], [Sim.SetNoRequisites].
//
// # Steering it
//
// Tests use the Go methods ([Sim.Pay], [Sim.Expire], [Sim.Dispute], …); people
// and other programs use the buttons of the pay page or POST JSON to /_sim/….
// Both ways lead through the same state changes, so a callback is sent
// whichever hand moved the invoice.
//
// The package signs and checks with code of its own and imports no adapter:
// signing code shared by both sides would prove nothing.
package merchantsim
