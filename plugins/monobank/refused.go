package monobank

import (
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// refusedAction says why an action is not offered: of a call that the provider has and this adapter leaves out on purpose
// the reason, of any other that it is not known.
func refusedAction(name string) *pay.Error {
	const card = "the caller would handle card data, which takes a PCI DSS certificate and would make every host of payhost part of its scope"
	var why string
	switch name {
	case "payment_direct":
		why = card
	case "sync_payment":
		why = "it takes an agreement with the bank and certificates, and " + card
	case "pos_refund", "pos_refund_status":
		why = "payments at card terminals are another product of the bank, with other ids and nothing to find a lost refund by"
	case "t2p_terminals", "t2p_payment_status":
		why = "the phone as a terminal is another product of the bank; its payments are not invoices"
	case "monopay_key_import", "monopay_key_delete", "monopay_keys":
		why = "keys of the payment button sign orders in the shop's own page, which payhost has no part in; manage them in the merchant's cabinet"
	case "payment_info":
		why = "the provider withdrew it; the invoice says the same"
	default:
		return pay.Unsupported("action " + httpx.Scrub(name[:min(len(name), maxCodeLength)]))
	}
	out := pay.Unsupported("action " + name)
	out.Message += ": " + why
	return out
}
