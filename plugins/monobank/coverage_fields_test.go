package monobank_test

import "github.com/payhost/payhost/plugins/internal/coverage"

func fieldTables() []coverage.Table {
	const every = "TestCreateSendsEveryField"
	return []coverage.Table{{Title: "Request of invoice/create", Rows: []coverage.Row{
		offered("amount, ccy", "§2.1, documented", nil, "ccy is always sent", every, "TestCreateRefusesBeforeSending/zero", "TestNumbersBeyondFloats"),
		offered("merchantPaymInfo.reference", "§2.2, documented", as("field:reference"), "unchanged; the provider does not check that it is unique", every),
		offered("merchantPaymInfo.destination", "§2.2, documented", as("field:description"), "", every, "TestCreateRefusesBeforeSending/description"),
		offered("merchantPaymInfo.comment", "§2.2, documented", as("option:create.comment"), "", every, "TestCreateRefusesBeforeSending/comment"),
		offered("merchantPaymInfo.customerEmails", "§2.2, documented", as("field:customer.email", "option:create.customer_emails"), "", every),
		offered("merchantPaymInfo.discounts", "§2.2, documented", as("option:create.discounts"), "the unit of a VALUE is not documented: it is passed on as written", every, "TestCreateRefusesBeforeSending/discount fine"),
		offered("merchantPaymInfo.metadata", "§2.2, documented; texts only: seen", as("field:metadata"), "", every, "TestMetadataAreStrings"),
		offered("merchantPaymInfo.basketOrder", "§2.2, documented", as("field:items"), "total is computed where it is a whole number", every, "TestCreateRefusesBeforeSending/item code", "TestSimAcceptsEveryField"),
		offered("splitReceiverId of a line", "§2.2, documented", nil, "items[].options.split_receiver_id", every),
		offered("redirectUrl", "§2.1, documented", as("field:return_urls.default"), "", every),
		offered("successUrl, failUrl", "§2.1, documented, off by default", as("field:return_urls.success", "field:return_urls.failure", "option:create.separate_return_urls"), "only when asked for, as the provider's support must enable them", every, "TestCreateRefusesBeforeSending/success url"),
		offered("webHookUrl", "§2.1, documented", nil, "the host's address of the invoice", every),
		offered("validity", "§2.1, documented", as("field:expires_in"), "more than 30 days is refused, as it would be cut without a word", every, "TestCreateRefusesBeforeSending/30 days and 1s"),
		offered("paymentType debit", "§2.1, documented", nil, "", "TestCreateSendsNothingUnasked"),
		offered("paymentType hold", "§2.1, documented", as("field:capture"), "UAH only", every, "TestCreateRefusesBeforeSending/hold in dollars", "TestSimHold"),
		offered("paymentType verification", "§2.1, documented", as("field:purpose"), "amount 0, and a card is saved", "TestCreateVerification", "TestVerificationIsPaidWithNothingCaptured", "TestSimVerification"),
		offered("qrId", "§2.1, documented", as("option:create.qr_id"), "a lost answer is then a case for a person, because a passer-by may pay", every, "TestManifest", "TestSimQRDesk"),
		offered("code", "§2.1, documented", as("option:create.code"), "", every, "TestSimAcceptsEveryField", "TestSimQRDesk"),
		offered("saveCardData", "§2.1, documented, off by default", as("field:save_credential", "field:customer.id", "option:create.save_card_data"), "a wallet is required: a token without one belongs to nobody", every, "TestCreateRefusesBeforeSending/save without customer", "TestSimVerification"),
		offered("agentFeePercent", "§2.1, documented", as("option:create.agent_fee_percent"), "digit by digit, never a float", every, "TestCreateRefusesBeforeSending/fee exponent", "TestSimAcceptsEveryField"),
		offered("tipsEmployeeId", "§2.1, older documents", as("option:create.tips_employee_id"), "", every, "TestSimTips"),
		offered("displayType", "§2.1, documented", as("option:create.display_type"), "", every, "TestCreateRefusesBeforeSending/display type"),
		offered("withAppUrl", "§2.1, documented", as("option:create.with_app_url"), "a second next action, deeplink", "TestCreateSendsNothingUnasked", "TestCreateRefusesBeforeSending/app at a desk"),
		offered("answer: invoiceId, pageUrl, appUrl", "§2.3, documented", nil, "an answer without an id and a web page is no answer", "TestCreateSendsEveryField", "TestCreateAnswersThatSayNothing"),
	}}, {Title: "Request of wallet/payment", Rows: []coverage.Row{
		offered("cardToken", "§10.2, documented", as("field:source"), "the host hands over the stored credential; the token is in no error", "TestChargeSendsExactly", "TestChargeAnswers/its token repeated"),
		offered("initiationKind", "§10.2, documented", as("field:initiated_by"), "a client needs return_urls.default", "TestChargeSendsExactly", "TestChargeIsRefusedBeforeSending"),
		offered("merchantPaymInfo of a charge", "§10.2, documented", as("option:charge.comment", "option:charge.customer_emails", "option:charge.discounts"), "reference is the key of the operation", "TestChargeSendsExactly"),
		offered("paymentType hold of a charge", "§10.2, documented", nil, "", "TestChargeAnswers/held"),
		offered("tdsUrl", "§10.2, documented", nil, "next action redirect", "TestChargeAnswers/3-D Secure", "TestSimCharge"),
		offered("no errCode in the answer", "§10.2, documented", nil, "it is read from the invoice", "TestChargeAnswers/failure"),
	}}, {Title: "Members of invoice/status", Rows: []coverage.Row{
		offered("invoiceId, amount, ccy", "§3.1, documented", nil, "another id is a mismatch; without amount and currency nothing is concluded", "TestAnswersThatAreNoInvoice", "TestStatusMapping/no amount", "TestStatusMapping/unknown currency"),
		offered("finalAmount", "§3.1, documented", nil, "as data, and captured = finalAmount + refunded", "TestStatusMapping/part refunded", "TestFactsBesideTheStatus"),
		offered("failureReason, errCode", "§3.1, documented", nil, "errCode is a text, and read where it is a number", "TestDeclines", "TestOddTypesDoNotHideAPayment/numbers for texts"),
		offered("modifiedDate", "§3.1, documented", nil, "the provider's time of the news", "TestStatusMapping", "TestOddTypesDoNotHideAPayment/fraction of second"),
		outside("createdDate, destination", "§3.1, documented", "the host knows when it created the invoice, and what for", "TestOddTypesDoNotHideAPayment/a date of its own"),
		offered("reference", "§3.1, documented", nil, "compared where a charge was found by it", "TestFind/invoice of another"),
		offered("cancelList", "§3.1, documented", nil, "may be missing or null; one that cannot be read is for a person", "TestFactsBesideTheStatus", "TestStatusMapping/unreadable refunds"),
		offered("paymentInfo", "§3.1, documented", nil, "attempt, instrument, fee; terminal is not kept", "TestFactsBesideTheStatus", "TestUnmaskedCardNumbersAreMasked"),
		offered("paymentInfo.agentFee", "§3.1, documented", nil, "as data", "TestFactsBesideTheStatus"),
		offered("walletData", "§3.1, documented", nil, "stored credential; without a token it is pending", "TestTokenizationDeliveries", "TestOddTypesDoNotHideAPayment/token null"),
		offered("tipsInfo", "§3.1, older documents", nil, "as data; tips are no part of the captured amount", "TestStatusMapping/tips", "TestSimTips"),
		offered("payMethod", "§3.1, seen", nil, "the method where paymentInfo has none", "TestRealDeliveryShape"),
		offered("members to come", "§1, seen", nil, "are ignored", "TestOddTypesDoNotHideAPayment/unknown members"),
	}}, {Title: "Rows of the statement", Rows: []coverage.Row{
		offered("invoiceId, date, amount, ccy", "§8.1, documented", nil, "a row without id and date makes the page unreadable", "TestListTransactionsReadsRows", "TestListTransactionsRefuses/no date"),
		offered("status", "§8.1, documented", nil, "an unknown word is no status", "TestListTransactions", "TestListTransactionsReadsRows/unknown status"),
		offered("profitAmount", "§8.1, documented", nil, "net, and fee = amount − profitAmount; not concluded from payments with refunds", "TestListTransactions", "TestListTransactionsReadsRows/profit above the amount"),
		offered("reference of a row", "§8.1, documented", nil, "", "TestListTransactions"),
		offered("cancelList of a row", "§8.1, documented", nil, "refunds of a payment; of a hold its release", "TestListTransactions", "TestListTransactionsReadsRows/released hold"),
		outside("maskedPan, paymentScheme, agentFee, approvalCode, rrn, destination, shortQrId, metadata, splitReceiverList", "§8.1, documented", "a ledger line has no place for them; the invoice or the cabinet shows them", "TestListTransactionsReadsRows/members to come"),
		offered("no paging, no documented limits", "§8.1, §18", nil, "at most a day at a time; a list of 500 rows may be cut and is read again in parts", "TestListTransactionsAsksShortTimes", "TestListTransactionsSuspectsACut", "TestListTransactionsTooLarge"),
	}}}
}
