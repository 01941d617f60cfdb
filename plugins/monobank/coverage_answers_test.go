package monobank_test

import "github.com/payhost/payhost/plugins/internal/coverage"

func answerTables() []coverage.Table {
	const (
		status = "§3.2, documented"
		api    = "§13, documented"
		every  = "TestAPIErrors"
	)
	return []coverage.Table{{Title: "Statuses", Rows: []coverage.Row{
		offered("created", status, nil, "pending", "TestStatusMapping/created"),
		offered("created, after a remove that worked", "§15", nil, "canceled: the state remembers it", "TestRemovedIsRemembered"),
		offered("processing", status, nil, "processing", "TestStatusMapping/processing"),
		offered("hold", status, nil, "authorized; finalAmount is believed where it cannot mean anything else", "TestStatusMapping/hold, odd final"),
		offered("success, nothing refunded", "§15", nil, "paid; captured is finalAmount, less than the amount after a partial finalize",
			"TestStatusMapping/partial finalize"),
		offered("success, part refunded", "§15", nil, "paid with a refunded amount", "TestStatusMapping/part refunded"),
		offered("success, all refunded", "§15", nil, "paid, refunded = captured", "TestStatusMapping/all refunded"),
		offered("success of a verification", "§15", nil, "paid with 0 captured", "TestVerificationIsPaidWithNothingCaptured"),
		offered("failure", status, nil, "failed, with code and text; newer news may still say otherwise", "TestStatusMapping/failure",
			"TestFailureMayBecomeSuccess"),
		offered("expired", status, nil, "expired", "TestStatusMapping/expired", "TestExpiryHasNoWebhook"),
		offered("reversed, was paid", "§15", nil, "paid, refunded = captured", "TestStatusMapping/reversed, was paid"),
		offered("reversed, was held", "§15", nil, "canceled", "TestStatusMapping/reversed, was held"),
		offered("reversed, history unknown", "§15", nil, "paid and refunded with a review; of an invoice that was to be held only a review",
			"TestStatusMapping/reversed, unknown payment", "TestStatusMapping/reversed, unknown hold"),
		offered("any other word", "§15", nil, "no status, and a review", "TestStatusMapping/unknown word", "TestConformance"),
		offered("refund processing, success, failure", "§15", nil, "pending, succeeded, failed; the payment is unchanged by the last", "TestGetRefund",
			"TestRefundAnswers", "TestStatusMapping/refund failed"),
		offered("refund of any other word", "§15", nil, "no status, and a review", "TestGetRefund/an unknown word"),
		offered("charge processing, success, failure", "§15", nil, "processing or, with tdsUrl, pending; paid or, of a hold, authorized; failed",
			"TestChargeAnswers"),
		offered("subscription active, cancelled; charge new, success, failed", "§15", nil, "the provider's words, in the answers of the actions",
			"TestSubscriptionStatusAnswers", "TestSubscriptionPaymentsAnswers"),
		offered("walletData new, created, failed", "§3.1, documented", nil, "pending, active, failed", "TestTokenizationDeliveries"),
		offered("fiscal receipt new, process, done, failed", "§7, documented", nil, "the provider's words", "TestFiscalChecksAnswers/every word"),
		offered("statement hold, processing, success, failure", "§8.1, documented", nil, "authorized, processing, paid, failed", "TestListTransactions"),
	}}, {Title: "Errors of the API", Rows: []coverage.Row{
		offered("400 BAD_REQUEST, 1001", api, nil,
			"invalid request; beside a change, the invoice is read to tell a wrong request from a late one", every, "TestCancelAnswers/1001, paid",
			"TestCaptureAnswers/captured before"),
		offered("400 INVALID_MERCHANT_PAYM_INFO", api, nil, "invalid request", every, "TestChargeAnswers/bad order data"),
		offered("400 ORDER_IN_PROGRESS", api, nil, "invalid state", every, "TestQRResetAnswers"),
		offered("400 HOLD_INVOICE_NOT_FINALIZED", api, nil, "invalid state", every),
		offered("400 WRONG_CANCEL_AMOUNT", api, nil, "ambiguous: the list of refunds is read before anything is concluded", every, "TestRefundAnswers"),
		offered("400 TOKEN_NOT_FOUND", api, nil, "invalid request", every, "TestChargeAnswers/token not found"),
		offered("400 INVOICE_ALREADY_USED", "§13, seen", nil, "invalid state, with the status the invoice shows", every, "TestCancelAnswers/used, paid"),
		offered("403 FORBIDDEN", api, nil, "auth", every),
		offered("404 NOT_FOUND, 1004", api, nil, "not found", every),
		offered("405 METHOD_NOT_ALLOWED", api, nil, "invalid request", every),
		offered("429 TMR", api, nil, "rate limited, not executed; Retry-After is honoured where it comes", every, "TestTooManyRequests"),
		offered("500 INTERNAL_ERROR", api, nil, "a read failed; of a write nobody knows", every),
		offered("500 CANCEL_NOT_AVAILABLE", api, nil, "a definite refusal despite 5xx", every, "TestDefiniteDespite500"),
		offered("other 5xx, HTML, timeout, reset", "§13", nil, "a read failed; of a write nobody knows", "TestErrorsThatAreNotJSON", "TestSimFaults",
			"TestCutPoints"),
		offered("403 with a page", "§1, seen", nil, "the edge blocks us: rate limited, for an hour at least", "TestBlockedByTheEdge"),
		offered("unknown codes", "§13", nil, "by the HTTP status", "TestAPIErrors/SOMETHING_NEW"),
		offered("200 with an empty body, or {}", "§1, assumption", nil, "an empty answer where one is documented; else no answer",
			"TestCancelAnswers/empty", "TestCaptureAnswers/no word"),
	}}, {Title: "Payment failure codes", Rows: paymentCodes()}}
}

// paymentCodes has a row for each row of the provider's table; TestDeclines goes through every code.
func paymentCodes() []coverage.Row {
	var rows []coverage.Row
	for _, c := range [][3]string{
		{"6, 71, 72, 75, 1165, 1193, 1408, 1413, 1428", "blocked by the issuer", "blocked"},
		{"40, 41", "card lost", "blocked"},
		{"50, 58", "spending restricted", "blocked"},
		{"51", "card expired", "expired"},
		{"52", "wrong card number", "generic"},
		{"54", "technical failure of the issuer", "generic"},
		{"55", "declined by the issuer", "generic"},
		{"56", "card type not suited", "generic"},
		{"57", "transaction not supported", "generic"},
		{"59", "insufficient funds", "insufficient_funds"},
		{"60", "limit on the number of operations", "limit_exceeded"},
		{"61, 63", "internet limit", "limit_exceeded"},
		{"62", "PIN attempts", "limit_exceeded"},
		{"67, 74, 98, 1044, 1053, 1066, 1115, 1121", "set-up of the merchant", "generic"},
		{"68", "declined by the payment system", "generic"},
		{"73", "routing", "generic"},
		{"80, 81", "wrong CVV", "generic"},
		{"82", "not allowed under these conditions", "generic"},
		{"83", "limit of attempts", "limit_exceeded"},
		{"84", "wrong CAVV", "authentication_required"},
		{"1000, 1005, 1010, 1036, 1420", "inside the bank", "generic"},
		{"1001", "malformed request", "generic"},
		{"1014", "full card details needed", "generic"},
		{"1034, 1035, 1045, 1421, 1429", "3-D Secure not passed, issuer", "authentication_required"},
		{"1054", "3-D Secure not passed, bank", "authentication_required"},
		{"1422, 1425, 1458, 8004", "error or decline in 3-D Secure", "authentication_required"},
		{"1056", "only cards of Ukrainian banks", "generic"},
		{"1064", "only Visa and Mastercard", "generic"},
		{"1077", "amount below the minimum", "generic"},
		{"1080, 1419", "wrong expiry date", "generic"},
		{"1090", "client not found", "generic"},
		{"1145", "minimum amount", "generic"},
		{"1187", "receiver's name needed", "generic"},
		{"1194", "only cards of other banks", "generic"},
		{"1200", "CVV required", "generic"},
		{"1405", "limits of the scheme", "limit_exceeded"},
		{"1406", "card blocked by risk control", "fraud_suspected"},
		{"1407", "operation blocked by risk control", "fraud_suspected"},
		{"1411", "operations with UAH cards restricted", "generic"},
		{"1433", "check the receiver's name", "generic"},
		{"1436", "policy", "blocked"},
		{"1439", "a state programme does not allow it", "generic"},
		{"8001", "payment link expired", "expired"},
		{"8002", "payer cancelled", "generic"},
		{"8003", "technical failure of the bank", "generic"},
		{"8005, 8006", "limits of the merchant", "limit_exceeded"},
		{"any other", "unknown", "generic"},
	} {
		rows = append(rows, offered(c[0]+": "+c[1], "§14, documented", nil, "declined: "+c[2]+", with code and text", "TestDeclines"))
	}
	return rows
}
