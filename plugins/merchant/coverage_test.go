package merchant

import (
	"flag"
	"testing"

	"github.com/payhost/payhost/plugins/internal/coverage"
)

var update = flag.Bool("update", false, "write the generated part of the provider's page")

// What became of every piece of the gateway's documents.
func TestCoverage(t *testing.T) {
	coverage.Check(t, coverage.Plugin{
		Manifest: New("1").Describe(), Tests: []string{".", "merchantsim"},
		Tables: []coverage.Table{
			endpointRows(), flowRows(), capabilityRows(), createRows(), authRows(), objectRows(), callbackRows(),
			invoiceStatusRows(), dealStatusRows(), payoutStatusRows(), disputeRows(), optionRows(), errorRows(),
			inconsistencyRows(), ambiguityRows(), clientRows(),
		},
	}, "../../docs/providers/merchant.md", *update)
}

type rows = []coverage.Row

// offered is a piece that callers have or that the adapter acts by.
func offered(what, source string, as []string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Offered, As: as, Tests: tests}
}

// because adds the reason, or what a reader should know.
func because(why string, row coverage.Row) coverage.Row {
	row.Why = why
	return row
}

func refused(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Refused, Why: why, Tests: tests}
}

func outside(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Outside, Why: why, Tests: tests}
}

func as(names ...string) []string { return names }

func endpointRows() coverage.Table {
	return coverage.Table{Title: "Endpoints", Rows: rows{
		offered("POST /api/merchant/invoices, type in", "§4.1, documented", as("create_invoice"),
			"TestCreateSendsTheSmallestRequest", "TestCreateSendsEveryField", "TestCreateAmbiguousAnswers", "TestPaidAgainstTheSimulator"),
		offered("POST /api/merchant/invoices, type out", "§4.1, documented", as("payout"), "TestPayoutSendsExactly", "TestPayoutLifeAgainstTheSimulator"),
		offered("GET /api/merchant/invoices/{id}", "§4.2, documented", as("get_invoice", "get_payout"), "TestInvoiceStatuses", "TestPayoutStatuses",
			"TestGetRefusesForeignAnswers"),
		offered("GET /api/merchant/invoices/internal-id/{internalId}", "§4.3, documented", as("find_invoice", "get_payout"),
			"TestFindByKey", "TestLookupFailures", "TestUnknownIsFoundAgainstTheSimulator", "TestPayoutLookups"),
		offered("POST /api/merchant/invoices/{id}/cancel", "§4.4, documented", as("cancel"), "TestCancelSendsExactly", "TestCancelAnswers",
			"TestCancelAgainstThePayer"),
		offered("GET /api/merchant/invoices/{id}/available-payment-variants", "§4.5, documented", as("action:available_payment_variants"),
			"TestPaymentVariants", "TestTwoStepsAgainstTheSimulator"),
		offered("POST /api/merchant/invoices/{id}/start-deal", "§4.6, documented", as("action:start_deal"), "TestStartDeal", "TestStartDealAnswers",
			"TestCutPoints/start_deal"),
		offered("POST /api/merchant/invoices/{id}/confirm-transfer", "§4.7, documented", as("action:confirm_transfer"),
			"TestConfirmTransfer", "TestConfirmTransferAnswers", "TestCutPoints/confirm_transfer", "TestLargestProofAgainstTheSimulator"),
		offered("POST /api/merchant/invoices/{id}/dispute", "§4.8, documented", as("action:open_dispute"),
			"TestOpenDispute", "TestOpenDisputeAnswers", "TestOpenDisputeRefusals", "TestCutPoints/open_dispute", "TestProofsAgainstTheSimulator"),
		because("sum is told as available and frozenSum as reserved; whether one includes the other is not documented",
			offered("GET /api/merchant/accounts", "§4.9, documented", as("read_balances", "action:accounts"), "TestBalances", "TestReadActions/accounts")),
		because("off unless the config says withdrawals: true; a lost answer is left to a person, because nothing reads a withdrawal",
			offered("POST /api/merchant/withdrawals", "§4.10, documented", as("action:withdraw", "config:withdrawals"),
				"TestWithdraw", "TestWithdrawIsOff", "TestWithdrawAnswers", "TestWithdrawAgainstTheSimulator")),
		offered("GET /api/merchant/currency-rates/current", "§4.11, documented", as("action:currency_rates"), "TestReadActions/rates",
			"TestListsAgainstTheSimulator"),
		offered("GET /api/merchant/payment-options", "§4.12, documented", as("check", "action:payment_options"), "TestCheck", "TestReadActions/options"),
		offered("GET /api/merchant/payment-methods", "§4.13, documented; ?currency= seen in a client", as("check", "action:payment_methods"),
			"TestCheck", "TestReadActions/methods of a currency", "TestListsAgainstTheSimulator"),
		offered("GET /api/public/payment-methods/{currency}", "§4.14, documented", as("action:public_payment_methods"), "TestReadActions/public methods"),
		offered("GET /api/public/invoices/{id}/qr-code", "§4.15, documented", as("action:qr_code"), "TestQRCode", "TestListsAgainstTheSimulator"),
	}}
}

func flowRows() coverage.Table {
	return coverage.Table{Title: "Flows", Rows: rows{
		offered("redirect to the gateway's page", "§7.1, documented",
			as("field:return_urls.default", "field:return_urls.success", "field:return_urls.failure"),
			"TestRedirectModeNeedsNoRequisites", "TestPaidAgainstTheSimulator/redirect"),
		offered("host-to-host A: requisites with the create answer", "§7.2, documented", as("option:create.start_deal"),
			"TestPaidAgainstTheSimulator/requisites", "TestNoRequisites"),
		offered("host-to-host B: variants, then a deal", "§7.3, documented", as("action:available_payment_variants", "action:start_deal"),
			"TestTwoStepsAgainstTheSimulator"),
		offered("cross-border", "§7.4, documented", as("option:create.cross_border_currency", "option:create.cross_border_requisite_type"),
			"TestCrossBorderAgainstTheSimulator/phone", "TestOptionsOfOtherFlowsAreRefused"),
		offered("QR cross-border", "§7.4, documented", as("option:create.payment_option"), "TestCrossBorderAgainstTheSimulator/qr"),
		because("for payins the payer's proof has to follow as confirm_transfer",
			offered("matching", "§7.5, documented", as("option:create.allow_matching", "option:create.matching_settings",
				"option:payout.allow_matching", "option:payout.matching_settings"),
				"TestCreateSendsEveryField", "TestProofsAgainstTheSimulator", "TestOptionsOfOtherFlowsAreRefused")),
		offered("payout to a card, a phone or an account", "§7.6, documented", as("payout", "option:payout.payment_option"), "TestPayoutRoutes",
			"TestPayoutLifeAgainstTheSimulator"),
		offered("dispute", "§7.7, documented", as("action:open_dispute"), "TestProofsAgainstTheSimulator"),
	}}
}

func capabilityRows() coverage.Table {
	return coverage.Table{Title: "Capabilities", Rows: rows{
		offered("create", "§13", as("create_invoice"), "TestConformance"),
		offered("get", "§13", as("get_invoice"), "TestConformance"),
		because("one copy of the documents has it; a brand without it leaves lost answers to a person",
			offered("get by merchant id", "§13", as("find_invoice"), "TestFindByKey", "TestUnknownIsFoundAgainstTheSimulator")),
		refused("list", "§13", "the API lists no invoices; reconciliation walks our own records", "TestManifest"),
		offered("cancel", "§13", as("cancel"), "TestCancelAnswers", "TestConformance"),
		refused("refund, partial refund", "§13", "the API returns no money; a payout to the payer is another operation with its own risk", "TestManifest"),
		refused("capture, hold", "§13", "nobody holds money here, so capture: manual is refused by name", "TestCreateRefusesBeforeSending"),
		offered("webhook", "§13", as("handle_webhook", "webhook"), "TestNotification", "TestEveryCallbackShape"),
		offered("payouts", "§13", as("payout", "get_payout"), "TestPayoutLifeAgainstTheSimulator"),
		offered("balance", "§13", as("read_balances"), "TestBalances"),
		offered("rates", "§13", as("action:currency_rates"), "TestReadActions/rates"),
		offered("disputes", "§13", as("action:open_dispute"), "TestOpenDispute"),
		offered("proof of payment upload", "§13", as("action:confirm_transfer"), "TestConfirmTransfer"),
		offered("reference lists", "§13", as("action:payment_options", "action:payment_methods", "action:public_payment_methods"), "TestReadActions"),
		offered("withdrawal (crypto)", "§13", as("action:withdraw"), "TestWithdrawIsOff", "TestWithdraw"),
		refused("test mode", "§13", "the gateway has none; the simulator takes its place", "TestLifeAgainstTheSimulator"),
		refused("amendment, reading a withdrawal, a balance history", "§4, documented by omission", "the API has no such call", "TestManifest"),
	}}
}

func createRows() coverage.Table {
	const every = "TestCreateSendsEveryField"
	return coverage.Table{Title: "Fields of an invoice", Rows: rows{
		offered("type", "§4.1", nil, "TestCreateSendsTheSmallestRequest", "TestPayoutSendsExactly"),
		offered("amount", "§4.1, a text in major units", nil, every, "TestCreateOptionalFields/amount without minors"),
		offered("currency", "§4.1", nil, every, "TestCreateRefusesBeforeSending"),
		offered("notificationUrl", "§4.1", as("webhook"), every, "TestCreateRefusesBeforeSending"),
		because("HMAC-SHA256 of internalId under the secret, so no state is needed to check it", offered("notificationToken", "§4.1",
			as("config:secret"), "TestNotificationToken", every)),
		because("the operation's provider key, of [A-Za-z0-9_-] only", offered("internalId", "§4.1", nil, every, "TestKeyFromTheCallOfTheContext")),
		offered("userId", "§4.1", as("field:customer.id"), every),
		offered("paymentOption", "§4.1", as("option:create.payment_option", "option:payout.payment_option"), "TestPaymentOptions", "TestPayoutRoutes"),
		offered("paymentMethod", "§4.1", as("field:payment_method"), every, "TestPayoutRoutes"),
		offered("paymentRequisites", "§4.1", as("payout"), "TestPayoutSendsExactly"),
		offered("startDeal, a JSON boolean", "§4.1", as("option:create.start_deal"), every, "TestRedirectModeNeedsNoRequisites"),
		because("sent only when the caller opted in", offered("maxAmount", "§4.1", as("field:amount_limits.max"), "TestAmountIsRaisedByOptInOnly",
			"TestRaisedAmountAgainstTheSimulator")),
		offered("crossBorderCurrency", "§4.1", as("option:create.cross_border_currency"), every, "TestOptionsOfOtherFlowsAreRefused"),
		offered("allowMatching", "§4.1", as("option:create.allow_matching", "option:payout.allow_matching"), every),
		offered("matchingSettings", "§4.1", as("option:create.matching_settings", "option:payout.matching_settings"), every,
			"TestOptionsOfOtherFlowsAreRefused"),
		because("payer.locale chooses it too, where the page has the language", offered("lang", "§4.1", as("option:create.lang",
			"field:payer.locale"), "TestCreateOptionalFields")),
		offered("crossBorderRequisiteType", "§4.1", as("option:create.cross_border_requisite_type"), every),
		offered("successUrl, cancelUrl", "§4.1", as("field:return_urls.default", "field:return_urls.success", "field:return_urls.failure"),
			"TestCreateOptionalFields"),
		because("in a sample only, its meaning is not documented: passed on as given", offered("strictlySingleTransfer", "§4.1",
			as("option:create.strictly_single_transfer"), every)),
	}}
}

func authRows() coverage.Table {
	return coverage.Table{Title: "Authentication", Rows: rows{
		offered("X-Identity and X-Signature", "§2.1, documented", as("config:api_key", "config:secret"), "TestSignatureVectors",
			"TestCheckAndWrongSecretAgainstTheSimulator"),
		because("every test of the adapter checks the signature of every request", offered("METHOD + URL + BODY without separators",
			"§2.2, documented", nil, "TestSignatureVectors", "TestPaidAgainstTheSimulator")),
		offered("the query is a part of the signed URL", "§2.2, seen in a client", nil, "TestListsAgainstTheSimulator", "TestReadActions"),
		offered("nothing is appended for GET, multipart and an empty POST", "§2.2, documented", nil, "TestProofsAgainstTheSimulator", "TestUploadRefusals"),
		offered("Base64 of the raw 20 bytes", "§2.2, documented", nil, "TestSignatureVectors"),
		offered("the host as the brand gave it", "§2.2, assumption", as("config:base_url"), "TestBaseSpelling"),
		offered("the boundary of multipart is the library's", "§2.3, seen in clients", nil, "TestForm", "TestConfirmTransfer"),
		offered("public addresses get no headers", "§1, documented", nil, "TestQRCode", "TestListsAgainstTheSimulator"),
		offered("rotation of the secret", "§2, assumption", as("config:previous_secrets"), "TestTokenRotation"),
	}}
}
