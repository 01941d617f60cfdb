package merchant

import "github.com/payhost/payhost/plugins/internal/coverage"

func objectRows() coverage.Table {
	return coverage.Table{Title: "Objects", Rows: rows{
		offered("InvoiceDTO", "§5.1", nil, "TestCreateRedirect", "TestMissingAndExtraMembers"),
		offered("DealDTO", "§5.2", nil, "TestDealStatuses", "TestPaidAttempt", "TestMissingAndExtraMembers"),
		offered("RequisitesDTO, holder may be missing", "§5.3", nil, "TestRequisitesByOption", "TestCrossBorderPhoneAndMissingHolder"),
		offered("MoneyDTO", "§5.3", nil, "TestSubunit", "TestCreateWithUnbelievableAmounts"),
		offered("PaymentDTO", "§5.3", nil, "TestPaidAttempt"),
		offered("PaymentVariantDTO", "§5.3", nil, "TestPaymentVariants"),
		offered("AccountDTO", "§5.3", nil, "TestBalances", "TestReadActions/account with little"),
		because("its status is a number without a documented meaning, handed on as a text and never taken for success",
			offered("WithdrawalDTO", "§5.3", nil, "TestWithdraw")),
		offered("currency rates", "§4.11", nil, "TestReadActions/rates of one direction", "TestReadActionsRefuse"),
		offered("entries of options and methods", "§4.12", nil, "TestReadActions/options"),
		offered("receivedSumFromTaker: what to send while a deal is active, what came once it is paid", "§5.1", nil, "TestDueFollowsTheActiveDeal",
			"TestPaidIsComparedWithWhatWasDue"),
		offered("serviceFeeSum and payoutSum", "§5.1", nil, "TestPaidAttempt", "TestUnreadableFee"),
	}}
}

func callbackRows() coverage.Table {
	return coverage.Table{Title: "Callbacks", Rows: rows{
		offered("InvoiceNotificationDTO of a payin, every status, with deal, null or []", "§5.4 and §9", as("webhook"), "TestEveryCallbackShape",
			"TestCallbackShapeAndToken"),
		offered("InvoiceNotificationDTO of a payout", "§9", as("webhook"), "TestNotificationOfAPayout", "TestPayoutLifeAgainstTheSimulator"),
		offered("another notificationType", "§9", as("webhook"), "TestNotificationOfAnotherKind"),
		because("compared in constant time, fail-closed; the body is a hint and the host asks the gateway", offered("X-Notification-Token",
			"§9, documented", as("handle_webhook"),
			"TestUnverifiableNotifications", "TestMutatedNotificationsAreRefused", "TestMutatedPayoutNotificationsAreRefused", "FuzzWebhook")),
		offered("answer 200", "§9, documented", nil, "TestNotification", "TestEveryCallbackShape"),
		because("the poller and the look after it find what callbacks lost", offered("three attempts in two minutes", "§9, documented", nil,
			"TestCallbackRetries", "TestManifest")),
		offered("the same status again, paid with another amount", "§9, seen in a client", nil, "TestEventIDTellsACorrectionFromARepeat"),
		offered("changes of a deal alone are not announced", "§9, assumption", nil, "TestLifeAgainstTheSimulator"),
	}}
}

func invoiceStatusRows() coverage.Table {
	return coverage.Table{Title: "Statuses of an invoice", Rows: rows{
		because("pending", offered("new", "§6.2 and §11.1", nil, "TestInvoiceStatuses")),
		because("canceled by the adapter and declined with no_requisites", offered("new, start_deal without a deal", "§11.1", nil, "TestNoRequisites",
			"TestNoRequisitesAndYetPaid")),
		because("paid; partially_paid when less came than was due; overpaid when more", offered("paid", "§11.1", nil, "TestPaidIsComparedWithWhatWasDue")),
		because("canceled", offered("canceled", "§11.1", nil, "TestInvoiceStatuses", "TestOtherSpellings")),
		because("processing with an open dispute; what was settled or closed stays so", offered("dispute", "§11.1", nil, "TestDisputeKeepsTheStatus")),
		because("expired", offered("expired", "§11.1", nil, "TestInvoiceStatuses")),
		because("no transition, review", offered("recalculated, recalculation, re_calculation", "§6.2, seen in a client", nil,
			"TestInvoiceStatuses/recalculated", "TestBrandStatusAgainstTheSimulator")),
		because("no transition, review: never success", offered("completed, success, cancelled", "§6.2, seen in a client", nil, "TestInvoiceStatuses",
			"TestBrandStatusAgainstTheSimulator")),
		because("no transition, review", offered("any other", "§11.1", nil, "TestInvoiceStatuses/something new")),
		because("accepted from the look-up as a late fact", offered("paid or disputed after expired or canceled", "§11.3", nil,
			"TestDisputeKeepsTheStatus", "TestLateMoneyAndDisputes")),
		because("a correction: paid never regresses, less than was due asks for a person", offered("paid again with another amount", "§11.3", nil,
			"TestPaidIsComparedWithWhatWasDue/corrected downwards")),
	}}
}

func dealStatusRows() coverage.Table {
	row := func(status, means string) coverage.Row {
		return because(means, offered(status, "§6.3 and §11.1", nil, "TestDealStatuses"))
	}
	return coverage.Table{Title: "Statuses of a deal (an attempt; none moves the invoice)", Rows: rows{
		row("new", "pending"), row("transfer_waiting", "pending"), row("transfer_confirmed", "processing: the payer's word, nobody holds money"),
		row("completed", "succeeded; the invoice is looked at again soon"), row("canceled", "canceled; the invoice stays pending"),
		row("dispute", "processing"), row("expired", "expired; the invoice stays pending"), row("any other status", "no status"),
	}}
}

func payoutStatusRows() coverage.Table {
	row := func(status, means string) coverage.Row {
		return because(means, offered(status, "§11.2", nil, "TestPayoutStatuses", "TestPayoutLifeAgainstTheSimulator"))
	}
	return coverage.Table{Title: "Statuses of a payout", Rows: rows{
		row("new", "pending"), row("paid", "succeeded"), row("canceled", "canceled"), row("expired", "failed"),
		row("dispute", "processing, review"), row("any other status", "no transition, review"),
	}}
}

func disputeRows() coverage.Table {
	var list rows
	for _, reason := range disputeReasons() {
		list = append(list, offered("reason "+reason, "§6.5, documented", as("action:open_dispute"), "TestEveryDisputeReason",
			"TestOpenDispute/"+reason, "TestDisputeReasons"))
	}
	list[0].Tests = []string{"TestEveryDisputeReason", "TestOpenDispute/expired", "TestDisputeReasons"}
	list = append(list, refused("reason other", "§6.5, seen in a client",
		"not documented, so not offered for a dispute of ours; shown when the gateway says it",
		"TestOpenDisputeRefusals/reason of a brand", "TestEveryDisputeReason"))
	for _, one := range [][2]string{
		{"ACCEPTED", "won: the payment counts"}, {"AMOUNT_CHANGED", "won; the sum is compared with what was due"},
		{"REQUISITES_MISMATCH_IN_CONFIRM_DOCS", "lost"}, {"INVALID_PAYMENT_METHOD", "lost"}, {"TTL_EXPIRED", "lost"}, {"FRAUD_CONFIRM_DOCS", "lost"},
		{"WAITING_CONFIRM_DOCS_FROM_MERCHANT", "evidence_due while the invoice is under dispute, else as the invoice ended"},
		{"WAITING_CONFIRM_DOCS_FROM_TRADER", "under_review while the invoice is under dispute, else as the invoice ended"},
		{"UNKNOWN", "open while the invoice is under dispute, else as the invoice ended"},
		{"any other result", "like UNKNOWN: it decides nothing"},
	} {
		list = append(list, because(one[1], offered("result "+one[0], "§6.5", nil, "TestEveryDisputeResult")))
	}
	return coverage.Table{Title: "Disputes", Rows: list}
}

func optionRows() coverage.Table {
	row := func(options, means string, tests ...string) coverage.Row {
		return because(means, offered(options, "§6.4", as("option:create.payment_option"), append(tests, "TestPaymentOptions")...))
	}
	return coverage.Table{Title: "Payment options and methods (open lists)", Rows: rows{
		row("SBP, TO_PHONE_NUMBER, MOBILE_TOP_UP", "transfer to a phone, a deep link beside it where given", "TestDeepLinkBesideRequisites"),
		row("TO_CARD", "transfer to a card"), row("CROSS_BORDER", "transfer to a card or phone", "TestCrossBorderPhoneAndMissingHolder"),
		row("TO_ACCOUNT, TO_BANK_DETAILS", "transfer to an account"), row("SBP_QR, CLICK_UZ_QR", "qr", "TestQRCodes"),
		row("MANUAL_SBP_QR", "qr, which appears later: looked for again", "TestManualQRWaits"), row("VIET_QR", "qr with its picture beside",
			"TestQRCodes/image beside"),
		row("TIPS, P2C, UPI, QUASI_UPI, IMPS, CVU", "transfer, requisites as text"), row("TG_BOT, CARD_ACQUIRING, MANUAL_ECOM",
			"a deep link where the requisites are an address, else text"),
		row("any other option", "text or deep link"),
		because("codes are open: payment_methods lists them, none is built in", offered("PaymentMethod, with unknown", "§6.6",
			as("field:payment_method", "action:payment_methods"), "TestReadActions/methods", "TestPayoutRoutes")),
		offered("DirectionType", "§6.1", nil, "TestPayoutAmbiguousAnswers", "TestLookupFailures/a payout"),
	}}
}

func errorRows() coverage.Table {
	row := func(text, means, test string) coverage.Row {
		return because(means, offered(text, "§8, documented", nil, "TestRefusalTable/"+test, "TestRefusalTextsNeedTheirStatus"))
	}
	return coverage.Table{Title: "Errors (three shapes of body each)", Rows: rows{
		row("400 this value should not be blank", "invalid_request naming the field", "blank"),
		row("400 This value should be of type boolean", "invalid_request naming the field", "type"),
		row("400 PAYMENT_METHOD_NOT_AVAILABLE", "declined, no_requisites, new attempt", "no requisites"),
		row("400 Invoice amount should be not less than / not greater than", "invalid_request on amount.value", "too small"),
		row("400 Payment option not allowed", "invalid_request on provider_options.payment_option", "option"),
		row("400 Payment method not allowed", "invalid_request on payment_method", "method"),
		row("400 maxAmount can not be less than amount", "invalid_request on amount_limits.max", "max amount"),
		row("400 Invoice data not available", "outcome_unknown, then a look-up", "payout unsure"),
		row("400 2FA should be enabled for this operation", "unsupported", "2FA"),
		row("400 Insufficient funds", "declined, insufficient_funds", "funds"),
		row("401 Unauthorized", "auth: key, secret or base_url", "unauthorized"),
		row("404 Pay in disabled / Pay out disabled", "unsupported", "pay in off"),
		because("not_found; absence only in the gateway's own words", offered("404 null", "§8, documented", nil, "TestNullIsNotFound",
			"TestOpenDisputeAnswers/404")),
		offered("body as array, object or text", "§8, one client parses an array", nil, "TestRefusalTable", "TestSeveralRefusals", "TestErrorShapes"),
		because("default reading of the status", offered("any other text", "§8", nil, "TestRefusalTable/other 400")),
		because("rate_limited, with Retry-After", offered("429", "§8, not documented", nil, "TestRefusalTable/429")),
		because("outcome_unknown when changing, provider_unavailable when reading", offered("5xx, HTML, empty, truncated, redirect",
			"§8, not documented", nil, "TestCreateAmbiguousAnswers", "TestCutPoints", "TestHostileAnswers")),
		offered("what a refusal repeats of persons and secrets", "§12.15", nil, "TestRefusalHidesSecretsAndPersons", "TestWithdrawAnswers"),
	}}
}

func inconsistencyRows() coverage.Table {
	row := func(what, source, choice string, tests ...string) coverage.Row {
		return because(choice, offered(what, source, nil, tests...))
	}
	return coverage.Table{Title: "Inconsistencies of the documents", Rows: rows{
		row("array or object answers", "§10.1", "an object or a list of exactly one; anything else is unexpected", "TestArrayOrObject", "TestArrayAnswers"),
		row("a space in the signature examples; SHA1 or HMAC-SHA1", "§10.2", "no space, HMAC-SHA1: as all code samples", "TestSignatureVectors"),
		row("expireAt or expiredAt; cancel answers in another shape", "§10.3", "both; the answer of cancel counts only when it says canceled",
			"TestExpireAtOrExpiredAt", "TestCancelSendsExactly"),
		row("deals or deal", "§10.4", "deals first, else deal", "TestDealsOrDeal"),
		row("canceledAt on active deals", "§10.5", "the deal's deadline: expires_at of its next actions, which are withdrawn after it",
			"TestCanceledAtIsTheDeadline"),
		row("received sums on unpaid invoices", "§10.6", "due before payment, received only once paid", "TestReceivedSumsBeforePayment"),
		row("disputeReasonData object or []", "§10.7", "[] and null are absent", "TestEmptyArrayForEmptyObject"),
		row("paymentRequisites required for out, null in the sample", "§10.8", "sent for out, never read back", "TestPayoutSendsExactly",
			"TestEmptyArrayForEmptyObject"),
		row("members in samples only: invoiceUrl, attachments, disputeResult, rate, status, accountId", "§10.9", "read where present, needed nowhere",
			"TestMissingAndExtraMembers", "TestWithdraw"),
		row("members that only one copy of the documents has", "§10.10", "offered as options, never sent unasked",
			"TestCreateSendsTheSmallestRequest", "TestCreateSendsEveryField"),
		row("MANUAL_SBP_QR in a list but not in the enumeration", "§10.11", "open enumeration", "TestManualQRWaits", "TestPaymentOptions"),
		row("http in sample addresses", "§10.12", "payers are sent over https", "TestPageOverHTTPS", "TestPageIsSecure"),
		row("no requisites: 200 with empty deals or 400", "§10.13", "both are declined with no_requisites; the empty invoice is canceled",
			"TestNoRequisites", "TestNoRequisitesAgainstTheSimulator"),
		row("casing of header names", "§10.14", "HTTP names have no case", "TestNotification"),
		row("escaped slashes", "§3", "plain JSON", "TestEscapedSlashes", "TestSlashesAreEscapedAsInTheSamples"),
		row("subunit is a number of decimals", "§3", "an amount that contradicts its currency is not believed", "TestSubunit"),
		row("ids as text or number", "§3, assumption", "both, every digit kept", "TestIDsAsTextOrNumber"),
		row("storeId and other members missing", "§4.4", "unused", "TestMissingAndExtraMembers", "TestCancelSendsExactly"),
		row("requested and actual option differ", "§5.2, seen in a client", "the deal's option says how to read its requisites", "TestDealOfAnotherOption"),
		row("deal id and invoice id often equal, not always", "§4.8", "the deal's own id is sent", "TestOpenDispute"),
		row("the payout sample of matching has type in", "§7.5", "a slip: payouts are out", "TestPayoutSendsExactly"),
		row("cancel is titled for the deal and takes the invoice's id", "§4.4", "the invoice's id", "TestCancelSendsExactly"),
	}}
}

func ambiguityRows() coverage.Table {
	row := func(what, source, choice string, tests ...string) coverage.Row {
		return because(choice, offered(what, source, nil, tests...))
	}
	return coverage.Table{Title: "Ambiguities and our choice", Rows: rows{
		row("no idempotency is documented", "§12.1", "nothing is ever sent twice", "TestCutPoints", "TestWithdrawAgainstTheSimulator"),
		row("internalId before every create", "§12.2", "the operation's key, stored before the call, with its own token",
			"TestKeyFromTheCallOfTheContext", "TestNotificationToken"),
		row("unknown outcome of a create", "§12.3", "look-up by internalId; absence of a payout is a person's case",
			"TestUnknownIsFoundAgainstTheSimulator", "TestManifest"),
		row("several invoices of one internalId", "§12.3", "integrity_mismatch", "TestLookupFailures/several", "TestPayoutLookups"),
		row("the signed bytes are the sent bytes; no redirects", "§12.4", "one byte slice; redirects are not followed", "TestCutPoints/redirect",
			"TestConfirmTransferAnswers"),
		row("empty deals", "§12.5", "canceled and declined; no outage", "TestNoRequisites"),
		row("requisites that come later", "§12.6", "looked for after 25 s", "TestManualQRWaits"),
		row("amount shown to the payer", "§12.7", "receivedSumFromTaker while a deal is active, else sum", "TestDueFollowsTheActiveDeal",
			"TestAmountIsRaisedByOptInOnly"),
		row("callbacks get lost", "§12.8", "polled every 30 s while pending; late window of 7 days", "TestManifest"),
		row("callback order and duplicates", "§12.9", "an event id of invoice, status and sum; hints only", "TestEventIDTellsACorrectionFromARepeat"),
		row("answer to callbacks", "§12.10", "200 for whatever is authentic", "TestEveryCallbackShape"),
		row("cancel races the payment", "§12.11", "only canceled is believed; otherwise the invoice is read", "TestCancelAnswers",
			"TestCancelAgainstThePayer"),
		row("disputes are outward actions", "§12.12", "read first, proof required, once per invoice; a paid invoice only for its sum",
			"TestOpenDisputeRefusals", "TestProofsAreChecked"),
		row("money", "§12.13", "decimal texts; compared by value", "TestPaidIsComparedWithWhatWasDue/exact without decimals", "TestSubunit"),
		row("time", "§12.14", "offsets are read; the deal's deadline is the earlier one", "TestCanceledAtIsTheDeadline", "TestPaidAttempt"),
		row("personal data", "§12.15", "requisites stand in next actions only", "TestStartDeal", "TestRequisitesByOption"),
		row("several stores", "§12.16", "one account is one store key", "TestInvoiceOfAnotherStore"),
		row("statuses per brand", "§12.17", "review, never success", "TestBrandStatusAgainstTheSimulator"),
		row("transport", "§12.18", "https, certificates verified, nothing repeated", "TestWithoutATrustedConnection", "TestOpenNamesTheKey",
			"TestBaseSpelling"),
		row("10 MB", "§4.7", "10 000 000 bytes, the smaller reading", "TestLargestProofAgainstTheSimulator", "TestProofsAreChecked"),
		row("a confirmed transfer", "§4.7", "the deal is transfer_confirmed; the invoice stays pending and nothing is received", "TestConfirmTransfer"),
		row("200 or 201 for uploads", "§4.7, seen in a client", "any 2xx that shows the effect", "TestConfirmTransferAnswers/201"),
		row("absence", "§4.2", "404 in the gateway's own words, after 30 s", "TestNullIsNotFound", "TestManifest"),
		row("ids in addresses", "§4.2", "[A-Za-z0-9_-] only, so nothing is escaped", "TestIdsNeverBecomePaths"),
	}}
}

func clientRows() coverage.Table {
	return coverage.Table{Title: "Seen in other clients, not followed", Rows: rows{
		outside("GET /api/merchant/internal-id/{id}", "§4.3", "contradicts the documents", "TestFindByKey"),
		outside("variants and start-deal through /api/public/invoices/{id}", "§4.5",
			"unsigned: whoever knows an id could start a deal", "TestPaymentVariants"),
		outside("deal id in the path of dispute", "§4.8", "contradicts the documents", "TestOpenDispute"),
		outside("200 or 404 of cancel taken for canceled", "§4.4", "a 404 says nothing of money; the invoice is read", "TestCancelAnswers/404, absent"),
		outside("one constant notification token", "§9", "one per invoice proves nothing about another", "TestNotificationToken"),
		outside("a built-in list of banks", "§6.6", "lists differ by brand", "TestReadActions/methods"),
	}}
}
