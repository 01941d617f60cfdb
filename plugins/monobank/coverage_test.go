package monobank_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/payhost/payhost/plugins/internal/coverage"
	"github.com/payhost/payhost/plugins/monobank"
)

var updatePage = flag.Bool("update-page", false, "rewrite the generated part of docs/providers")

// TestCoverage holds what the provider's API offers against the manifest, the tests and the page. Sources are chapters of
// our fact sheet of the API; "seen" marks what only other people's clients show.
func TestCoverage(t *testing.T) {
	coverage.Check(t, coverage.Plugin{
		Manifest: monobank.New("0.0.1").Describe(),
		Tests:    []string{"../../host", "monobanksim", "."},
		Tables:   slices.Concat(endpointTables(), actionTables(), fieldTables(), answerTables(), openTables()),
	}, "../../docs/providers/monobank.md", *updatePage)
}

// Short forms of a row; as, why and tests may be empty.
func offered(what, source string, as []string, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Offered, As: as, Why: why, Tests: tests}
}

func refused(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Refused, Why: why, Tests: tests}
}

func outside(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Outside, Why: why, Tests: tests}
}

func as(names ...string) []string { return names }

func endpointTables() []coverage.Table {
	return []coverage.Table{{Title: "Endpoints", Rows: []coverage.Row{
		offered("POST invoice/create", "§2, documented", as("create_invoice"), "", "TestCreateSendsEveryField", "TestCreateSendsNothingUnasked",
			"TestCreateAnswersThatSayNothing", "TestSimAcceptsEveryField", "TestSimFaults"),
		offered("GET invoice/status", "§3, documented", as("get_invoice"), "", "TestStatusMapping", "TestStatusAsksByTheIDOnly", "TestFactsBesideTheStatus",
			"TestAnswersThatAreNoInvoice"),
		offered("POST invoice/cancel of a paid invoice", "§4, documented", as("refund"), "all or part, several times; the key of the operation is extRef",
			"TestRefundAnswers", "TestChangesSendExactly", "TestSimChanges"),
		offered("cancelList of invoice/status", "§3.1, documented", as("get_refund"), "", "TestGetRefund", "TestFactsBesideTheStatus"),
		offered("POST invoice/cancel of a hold", "§4, seen", as("void"), "the invoice is read before, so that nothing but a hold is given back",
			"TestVoidAnswers", "TestSimChanges"),
		offered("POST invoice/finalize", "§5, documented", as("capture"), "once, all or part; the amount is always sent", "TestCaptureAnswers",
			"TestChangesSendExactly", "TestSimChanges"),
		offered("POST invoice/remove", "§6, documented", as("cancel"), "", "TestCancelAnswers", "TestRemovedIsRemembered"),
		offered("GET invoice/receipt", "§7, documented", as("action:receipt", "action:receipt_email"),
			"mailing is an action of its own, because it does something", "TestReceipt", "TestReceiptAnswers", "TestInvoiceActionsAreRefusedBeforeSending"),
		offered("GET invoice/fiscal-checks", "§7, documented", as("action:fiscal_checks"), "", "TestFiscalChecks", "TestFiscalChecksAnswers"),
		refused("GET invoice/payment-info", "§7, obsolete", "the provider withdrew it; the invoice says the same", "TestRefusedCalls/payment_info"),
		outside("POST invoice/split-payments, POST wallet/add, GET wallet/card", "§7, gone", "they were gone before this adapter was made"),
		offered("GET details", "§8, documented", as("check"), "", "TestCheck", "TestSimPayment"),
		offered("GET pubkey", "§8, §12.3, documented", as("handle_webhook"),
			"kept per token; fetched again only when a signature does not fit, at most once a minute", "TestKeyRotation", "TestKeyThatCannotBeFetched",
			"TestParallelWebhooksShareOneFetch", "TestFetchOutlivesTheWebhookThatStartedIt"),
		offered("GET submerchant/list", "§8, documented", as("action:submerchants"), "", "TestListAnswers", "TestSimLists"),
		offered("GET split-receiver/list", "§8, documented", as("action:split_receivers"), "okpo is read where edrpou is missing", "TestListAnswers",
			"TestSimLists"),
		offered("GET employee/list", "§8, older documents", as("action:employees"), "", "TestListAnswers", "TestSimLists"),
		offered("GET statement", "§8.1, documented", as("list_transactions"), "short times with an overlap, halved when an answer is too large",
			"TestListTransactions", "TestListTransactionsPages", "TestListTransactionsReadsRows", "TestListTransactionsRefuses", "TestListTransactionsTooLarge"),
		offered("GET statement, for a charge whose answer was lost", "§16.2", as("find_invoice"), "", "TestFind", "TestFindAsksForShortTimes", "TestFindLate"),
		offered("GET qr/list", "§9, documented", as("action:qr_list"), "", "TestQRListAnswers", "TestSimDesk"),
		offered("GET qr/details", "§9, documented", as("action:qr_details"), "", "TestQRDetailsAnswers", "TestSimDesk"),
		offered("POST qr/reset-amount", "§9, documented", as("action:qr_reset"), "", "TestQRResetAnswers", "TestSimDesk"),
		offered("GET wallet", "§10.2, documented", as("action:wallet_cards"), "tokens never leave the adapter; cards are named by card_ref",
			"TestWalletCards", "TestCardTokensStayInside", "TestSimWallet"),
		offered("DELETE wallet/card", "§10.2, documented", as("action:wallet_card_delete"), "the token goes in the query: in a body it would stay alive",
			"TestWalletCardDelete", "TestSimWallet"),
		offered("POST wallet/payment", "§10.2, documented", as("charge"), "once; the key of the operation is the reference", "TestChargeSendsExactly",
			"TestChargeAnswers", "TestChargeIsRefusedBeforeSending", "TestSimCharge"),
		refused("aToken and gToken of wallet/payment", "§10.2, seen", "they are not documented"),
		refused("POST invoice/payment-direct", "§10.3, documented", "the caller would handle card data, which takes a PCI DSS certificate",
			"TestRefusedCalls/payment_direct"),
		refused("POST invoice/sync-payment", "§10.4, documented", "by agreement and with certificates only, and card data again",
			"TestRefusedCalls/sync_payment"),
		offered("POST subscription/create", "§11.1, documented", as("action:subscription_create"), "", "TestSubscriptionCreateAnswers", "TestSimSubscription"),
		offered("GET subscription/status", "§11.1, documented", as("action:subscription_status"), "", "TestSubscriptionStatusAnswers",
			"TestSubscriptionStatusOfAnother"),
		offered("GET subscription/list", "§11.1, documented", as("action:subscription_list"), "", "TestSubscriptionListAnswers", "TestSimSubscriptionPages"),
		offered("GET subscription/payments", "§11.1, documented", as("action:subscription_payments"), "", "TestSubscriptionPaymentsAnswers",
			"TestSimSubscriptionPages"),
		offered("POST subscription/edit", "§11.1, documented", as("action:subscription_edit", "action:subscription_cancel"), "",
			"TestSubscriptionEditAnswers", "TestSimSubscription"),
		offered("POST subscription/remove", "§11.1, documented", as("action:subscription_remove"), "", "TestSubscriptionRemoveAnswers", "TestSimSubscription"),
		refused("POST pos-transaction-cancel, GET pos-transaction-cancel/status", "§11.2, documented",
			"payments at card terminals are another product; the create call returns nothing to find a lost refund by", "TestRefusedCalls/pos_refund"),
		refused("GET t2p/terminal/list, GET t2p/terminal/payment/external/status", "§11.3, documented",
			"the phone as a terminal is another product; its payments are not invoices", "TestRefusedCalls/t2p_terminals"),
		refused("POST monopay/pubkey-import, POST monopay/pubkey-delete, GET monopay/pubkey-list", "§11.4, documented",
			"these keys sign orders of the payment button in the shop's own page", "TestRefusedCalls/monopay_keys"),
		offered("POST to webHookUrl", "§12, documented", as("webhook"), "", "TestOfficialSampleVerifies", "TestNoMutationIsAccepted",
			"TestRealDeliveryShape", "TestSimPayment"),
	}}, {Title: "Account", Rows: []coverage.Row{
		offered("X-Token on every call", "§1, documented", as("config:token"), "one token is one account, and selects test or live by itself",
			"TestCreateSendsEveryField", "TestOpenRefusesBadConfig", "TestSimRefusals"),
		offered("base URL", "§1, documented", as("config:base_url"), "", "TestOpenRefusesBadConfig"),
		offered("X-Cms and X-Cms-Version", "§1, documented", as("config:cms_name", "config:cms_version"), "", "TestCreateSendsEveryField",
			"TestCreateSendsNothingUnasked", "TestOpenRefusesBadConfig"),
		offered("code of statement", "§8.1, documented", as("config:statement_codes"),
			"the lists are read one after another; an operation that two of them show is one", "TestListTransactionsOfSubmerchants",
			"TestOpenRefusesBadConfig/statement code"),
	}}}
}
