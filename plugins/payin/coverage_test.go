package payin

import (
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/coverage"
)

var update = flag.Bool("update", false, "write the generated part of the provider's page")

// What became of every piece of the provider's documents.
func TestCoverage(t *testing.T) {
	plugin := coverage.Plugin{
		Manifest: New("1").Describe(), Tests: []string{".", "payinsim"},
		Tables: []coverage.Table{
			endpointRows(), capabilityRows(), fieldRows(), requestRows(), callbackRows(), incomingRows(), outcomeRows(), outgoingRows(), textRows(),
			inconsistencyRows(), ambiguityRows(), notOfferedRows(),
		},
	}
	problems, err := plugin.Problems()
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, plugin.Page("../../docs/providers/payin.md", *update))
}

type rows = []coverage.Row

func offered(what, source string, as []string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Offered, As: as, Tests: tests}
}

// noted is an offered piece with something a reader should know.
func noted(why string, row coverage.Row) coverage.Row {
	row.Why = why
	return row
}

func refusedRow(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Refused, Why: why, Tests: tests}
}

func outside(what, source, why string, tests ...string) coverage.Row {
	return coverage.Row{What: what, Source: source, Decision: coverage.Outside, Why: why, Tests: tests}
}

func as(names ...string) []string { return names }

// The provider's documents: files of its repository payin-payout/without-acceptance-service and, with the mark API, of
// payin-payout/payin-api.
const (
	docCreate   = "create-invoice.md"
	docFind     = "payments_in_search.md"
	docList     = "payments_in_list.md"
	docTopup    = "callback-topup-handling.md"
	docBalance  = "get-balance.md"
	docCharge   = "create-without-acceptance-invoice.md"
	docOutcome  = "callback-handling.md"
	docReward   = "reward.md"
	docOutFind  = "payments_out_search.md"
	docOutList  = "payments_out_list.md"
	docRegister = "register-user.md"
	docUser     = "user_info.md"
	docShop     = "create-shop.md"
	docHash     = "calculate-hash.md"
	docTypes    = "API/README.md, appendix 1"
	docSamples  = "the samples"
	docAll      = "all documents"
	docNowhere  = "not documented"
)

func endpointRows() coverage.Table {
	const sends = "TestActionsSendExactlyAndTellExactly"
	return coverage.Table{Title: "Endpoints", Rows: rows{
		offered("POST /payment-in/create-invoice", docCreate, as("create_invoice"), "TestCreateSendsTheSample", "TestCreateSendsEveryField", "TestCreate"),
		offered("POST /payment-in/find-payment by account_number", docFind, as("get_invoice"), "TestStatusTable", "TestGetInvoiceFailures", "TestFind"),
		offered("POST /payment-in/find-payment by email or phone", docFind, as("action:find_payments"), sends+"/payments by email",
			"TestNewcomerAgainstTheSimulator"),
		offered("POST /payment-in/get-last-payments-for-user", docList, as("action:list_payments"), sends+"/list, limit",
			"TestNewcomerAgainstTheSimulator", "TestList"),
		offered("POST /user/api-get-balance", docBalance, as("read_balances", "check"), "TestBalances", "TestCheck", "TestTopUpThenCharge"),
		offered("POST /service-of-services/create-invoice", docCharge, as("charge"), "TestChargeSendsExactly", "TestChargeThatExists",
			"TestChargeMovesMoneyOnce"),
		offered("POST /service-of-services/create-reward-invoice", docReward, as("payout"), "TestRewardSendsExactly", "TestRewardIsNotIdempotent"),
		noted("by the number that the reward's callback tells", offered("POST /payment-out/find-payment", docOutFind, as("get_payout",
			"action:find_outgoing"),
			"TestOutgoingStatuses", sends+"/outgoing", "TestOutgoingAgainstTheSimulator")),
		offered("POST /payment-out/get-last-payments-for-user", docOutList, as("action:list_outgoing"), sends+"/outgoing list", "TestListOutgoing"),
		offered("POST /user/api-create", docRegister, as("action:register_user"), sends+"/registration", "TestRegisterExists", "TestRegisterFindAndInvoice"),
		offered("POST /user/get_user_info_via_dev_key", docUser, as("action:find_user"), sends+"/user by email", "TestFindUser"),
		offered("POST /shop/api-create", docShop, as("action:create_shop"), sends+"/shop", "TestCreateShop"),
		offered("Top-up callback", docTopup, as("webhook", "handle_webhook"), "TestTopupCallback", "TestPaidAgainstTheSimulator"),
		offered("Charge callback", docOutcome, as("webhook"), "TestChargeOutcomes", "TestMovementCallbacks"),
		offered("Reward callback", docReward, as("webhook"), "TestChargeOutcomes", "TestOutcomesAgainstTheSimulator"),
		outside("Shop form API, XML payout API", "API/README.md", "Other products of the provider with other keys and signatures."),
	}}
}

func capabilityRows() coverage.Table {
	const absent = "TestNotOffered"
	return coverage.Table{Title: "Capabilities", Rows: rows{
		noted("hosted page; no idempotency, so a lost answer is for a person", offered("create", docAll, as("create_invoice"),
			"TestCreateAmbiguousAnswers", "TestFaultsAgainstTheSimulator")),
		noted("status only", offered("get", docAll, as("get_invoice"), "TestStatusTable")),
		refusedRow("get by merchant id", docAll, "No search takes an id of ours; for charges the duplicate error tells, see ambiguity 3.", absent),
		noted("for people: no amounts, and ids of another kind than those of a create", offered("list", docAll, as("action:list_payments"),
			"TestActionsSendExactlyAndTellExactly/list, limit")),
		refusedRow("reconciliation by listing", docList,
			"A listing has no amount and no invoice number; payhost reconciles by walking its own records.", absent),
		refusedRow("cancel", docAll, "There is no call.", absent),
		refusedRow("refund, partial refund", docAll, "There is no call; a refund that the provider makes is seen as status 8.", absent,
			"TestRefundAndChargebackAreFactsBesideTheStatus"),
		refusedRow("capture, hold", docAll, "Status 4 is a hold of the provider's own, without a call to capture or release it.", absent,
			"TestCreateRefusesBeforeSending/manual capture"),
		offered("webhook", docAll, as("webhook"), "TestCallbackShapes"),
		noted("rewards to users of the same provider", offered("payouts", docAll, as("payout", "get_payout"), "TestRewardToTheCustomer",
			"TestRewardRefusesBeforeSending")),
		offered("balance", docAll, as("read_balances"), "TestBalances", "TestOwnBalance"),
		offered("charge of a stored balance", docAll, as("charge"), "TestCutPoints", "TestDuplicateChargeAgainstTheSimulator"),
		refusedRow("disputes", docAll, "A chargeback is seen as status 9 and opens a dispute; nothing can be answered.",
			"TestRefundAndChargebackAreFactsBesideTheStatus"),
		offered("redirect flow", docAll, as("field:return_urls.default", "field:return_urls.success", "field:return_urls.failure"),
			"TestCreateOptionalFields/default address serves both", "TestPayPage"),
		refusedRow("direct (host-to-host) requisites", docAll, "There is no call.", absent),
		offered("test mode", "API/testing.md", as("config:base_url"), "TestEnvironmentByAddress"),
	}}
}

func fieldRows() coverage.Table {
	return coverage.Table{Title: "Fields of requests, and what an account is told", Rows: rows{
		offered("user_id", docHash, as("config:user_id"), "TestCreateSendsTheSample", "TestOpenNamesTheKey"),
		offered("developer key", docHash, as("config:secret", "config:previous_secrets"), "TestSignVectors", "TestSecretRotation",
			"TestKeyRotationAgainstTheSimulator"),
		offered("payer_id", docCreate+", "+docCharge, as("field:customer.id"), "TestCreateSendsEveryField", "TestChargePayer"),
		offered("summ", docCreate, nil, "TestCreateSendsEveryField", "TestConformance"),
		offered("currency_id", docCreate+", "+docReward, as("config:currencies"), "TestInconsistency06RoublesBesideACurrency", "TestRewardToTheCustomer"),
		offered("descr, description", docCreate+", "+docCharge+", "+docReward, as("field:description"), "TestInconsistency05NamesOfFields"),
		offered("id_pref and the payment types of §8.1", docCreate+", "+docTypes, as("field:payment_method", "option:create.id_pref"),
			"TestCreateOptionalFields/payment type by option", "TestCreateRefusesBeforeSending/methods differ"),
		offered("success_url, fail_url", docCreate, nil, "TestCreateOptionalFields/only failure"),
		noted("true unless told otherwise, because without it there is no callback", offered("is_sos_topup", docCreate, as("option:create.is_sos_topup"),
			"TestCreateOptionalFields/no top-up mark", "TestCallbackOnlyForPaidTopups")),
		offered("timestamp", docHash, nil, "TestEveryCallIsSignedAtItsOwnTime", "TestClockRuleAgainstTheSimulator"),
		offered("hash", docHash, nil, "TestSignVectors", "TestEscapeEveryByte", "TestSortOrderIsStrcasecmp", "TestHashRefusals"),
		offered("service_id", docCharge+", "+docReward, as("config:service_id"), "TestChargeSendsExactly", "TestManifest"),
		noted("source.type balance, source.id", offered("balance to debit", docCharge, as("field:source"), "TestChargePayer",
			"TestChargeRefusesBeforeSending")),
		offered("external_id", docCharge+", "+docReward, nil, "TestEveryTryIsSignedAnew", "TestChargeThatExists"),
		noted("destination.value of the type account, else customer.id", offered("receiver_id", docReward, nil, "TestRewardToTheCustomer")),
		offered("callback freshness", docTopup, as("config:callback_freshness"), "TestFreshnessWindow", "TestLateOutcomes"),
	}}
}

func requestRows() coverage.Table {
	return coverage.Table{Title: "Answers", Rows: rows{
		offered("status, result, user_msg", docSamples, nil, "TestAnswerShapes"),
		offered("tracker, with its leading space", docSamples, nil, "TestTracker"),
		offered("HTML, an empty body, a missing status", docSamples, nil, "TestCreateAmbiguousAnswers", "TestActionsAmbiguousAnswers"),
		offered("create: pay_link, payment_in_id, payment_in_inner_id, payment_in_inner_id_user, pretty_id", docCreate, nil, "TestCreateReadsTheAnswer",
			"TestCreateAcceptedWithoutAUsableLink"),
		offered("find: account_number, status, done_time", docFind, nil, "TestStatusTable", "TestGetInvoiceFailures"),
		offered("list: id, status, created, last_update", docList, nil, "TestActionsSendExactlyAndTellExactly/list", "TestActionsUnreadableResults"),
		offered("charge, reward: result true, false or anything else", docCharge+", "+docReward, nil, "TestChargeAmbiguousAnswers",
			"TestRewardAmbiguousAnswers"),
		offered("outgoing: client_status, system_status, last_update_time", docOutFind, nil, "TestOutgoingAnswers", "TestRefundedReward"),
		offered("registration: id, tips_url, card_url, invite_url", docRegister, nil, "TestActionsSendExactlyAndTellExactly/registration"),
		offered("user: inner_id, email, phone", docUser, nil, "TestActionsSendExactlyAndTellExactly/user by phone", "TestSamePhone"),
		offered("times with an offset of two digits and optional microseconds", docList, nil, "TestProviderTimes", "TestInconsistency10OrderOfListings"),
		offered("balance code 999, which is no currency", docBalance, nil, "TestBalances/the sample"),
		offered("HTTP 401, 403, 429", docSamples, nil, "TestStatusesThatSayNotExecuted"),
	}}
}

func callbackRows() coverage.Table {
	shape := func(what, source, one string) coverage.Row {
		return offered(what, source, as("webhook"), "TestCallbackShapes/"+one)
	}
	return coverage.Table{Title: "Callback shapes", Rows: rows{
		shape("top-up: payment_in_id, payment_in_status, timestamp", docTopup, "plain top-up"),
		shape("top-up, another status than 1", docTopup, "top-up, another status"),
		shape("charge with both numbers", docOutcome, "plain charge"),
		shape("charge with empty numbers", docOutcome, "charge, empty numbers"),
		shape("charge without numbers", docOutcome, "charge without numbers"),
		offered("charge with null numbers", docOutcome, as("webhook"), "TestOutcomeWithoutNumbers"),
		shape("reward", docReward, "plain reward"),
		shape("charge or reward at an address of neither", docOutcome, "outcome at the top-up's"),
		shape("of another service", docOutcome, "outcome of another service"),
		offered("with a field nobody knows", docTopup, as("webhook"), "TestUnknownFieldsAreSigned"),
		shape("neither kind", docOutcome, "of neither kind"),
		offered("hash: wrong, missing, upper case, of another key", docTopup, as("webhook"), "TestUnverifiableCallbacks", "TestMutatedCallbacksAreRefused",
			"TestForgedOutcomes", "FuzzWebhook"),
		offered("the reply {\"result\": true} with HTTP 200", docTopup, as("webhook"), "TestTopupCallback", "TestCallbackIsSignedAndRepeated"),
		offered("booleans, null, nested values in the signed text", docHash, as("webhook"), "TestCallbackEncoding"),
	}}
}

func incomingRows() coverage.Table {
	status := func(what, becomes string) coverage.Row {
		return noted(becomes, offered(what, docList, nil, "TestStatusTable/"+what, "TestStatusNames"))
	}
	const stays = "the status stays, a person is asked"
	return coverage.Table{Title: "Statuses of incoming payments", Rows: rows{
		status("0 new", "pending"), status("1 paid", "paid"), status("2 canceled", "canceled"), status("3 failed", "failed"),
		status("4 frozen", "authorized; there is no call to capture"), status("5 went wrong", stays), status("6 expired",
			"expired; late money is still accepted"),
		status("8 refunded", "paid stays, with an external refund of unknown amount, and a person is asked"), status("9 charged back",
			"paid stays, with a dispute"),
		status("11 in processing", "processing"), status("13 partly paid, frozen", "partially_paid"), status("14 partly paid", "partially_paid"),
		status("7 not listed", stays), status("10 not listed", stays), status("12 not listed", stays),
		noted(stays, offered("any other", docList, nil, "TestStatusTable/99 not listed", "TestStatusForms")),
	}}
}

func outcomeRows() coverage.Table {
	status := func(what, becomes string) coverage.Row {
		return noted(becomes, offered(what, docOutcome, nil, "TestChargeOutcomes/"+what, "TestOutcomesAgainstTheSimulator"))
	}
	return coverage.Table{Title: "Statuses of charges and rewards", Rows: rows{
		status("1 paid", "paid; succeeded"), status("3 insufficient funds", "failed, declined as insufficient_funds"),
		status("4 error", "nothing is claimed, a person is asked"),
		noted("nothing is claimed, a person is asked", offered("any other", docOutcome, nil, "TestChargeOutcomes/11 not listed")),
		noted("processing; after a quarter of an hour without a callback a person is asked", offered("accepted, no callback yet", docOutcome, nil,
			"TestGetCharge", "TestPayoutWithoutANumber")),
	}}
}

func outgoingRows() coverage.Table {
	status := func(what, becomes string) coverage.Row {
		return noted(becomes, offered(what, docOutList, nil, "TestOutgoingStatuses/"+what, "TestOutgoingAgainstTheSimulator"))
	}
	return coverage.Table{Title: "Statuses of outgoing payments", Rows: rows{
		status("0 new", "processing"), status("1 paid", "succeeded"), status("2 cancelled", "canceled"), status("3 failed", "failed"),
		status("5 wrong", "nothing is claimed, a person is asked"),
		status("8 refunded", "succeeded, returned at the time of the last change, and a person is asked how much"),
		noted("nothing is claimed, a person is asked", offered("any other", docOutList, nil, "TestOutgoingStatuses/12 not listed")),
	}}
}

func textRows() coverage.Table {
	text := func(text, source, becomes string, tests ...string) coverage.Row {
		return noted(becomes, offered("`"+text+"`", source, nil, append([]string{"TestRefusals/" + text}, tests...)...))
	}
	return coverage.Table{Title: "Error texts", Rows: rows{
		text("incorrect timestamp", docHash, "provider_unavailable, not executed, the same operation may run again; the error names both clocks",
			"TestClockSkew", "TestClockRuleAgainstTheSimulator"),
		noted("of a charge: it was accepted before", offered("`invoice with external_id <id> already exists`", docCharge, nil, "TestChargeThatExists",
			"TestRefusals/already exists")),
		text("Payment with such parameters not found", docFind, "not_found; an empty list in a listing", "TestActionsFindNothing"),
		noted("not_found", offered("`Payment with account number <n> not found`", docOutFind, nil, "TestRefusals/Payment with account number",
			"TestOutgoingAnswers/absent")),
		text("EXIST_IN_SYSTEM", docRegister, "invalid_state; the action find_user tells who", "TestRegisterExists"),
		text("Error: Error! OrderId already exists.", docSamples, "invalid_state; of another product of the provider"),
		noted("auth", offered("a text with the word hash", "assumption", nil, "TestRefusals/incorrect hash", "TestWrongKeyAgainstTheSimulator")),
		noted("invalid_request, not executed", offered("any other text of a well-formed refusal", docSamples, nil, "TestRefusals/payer not found")),
		noted("unknown for a change, unavailable for a read", offered("a refusal without a text, or of another shape", docSamples, nil, "TestAnswerShapes")),
		noted("masked in errors", offered("texts with secrets or personal data", docNowhere, nil, "TestRefusalHidesSecretsAndPersons",
			"TestRegisterHidesThePassword")),
	}}
}

func inconsistencyRows() coverage.Table {
	row := func(what, source, test, choice string) coverage.Row {
		return noted(choice, offered(what, source, nil, test))
	}
	return coverage.Table{Title: "Inconsistencies in the provider's documents", Rows: rows{
		row("1. Samples post multipart and hash a url-encoded text", docHash+", "+docCreate, "TestInconsistency01FalseAndNull",
			"url-encoded, final texts, absent instead of null"),
		row("2. Ids: string in the table, integer in the sample", docCreate, "TestInconsistency02IDsAreStringsOrIntegers",
			"both are read, every digit is kept"),
		row("3. payment_in_id: integer or xxxxxx-yyyyyy", docCreate+", "+docOutcome, "TestInconsistency03PaymentInID", "by the shape of the callback"),
		row("4. timestamp of callbacks: number or string", docTopup+", "+docOutcome, "TestInconsistency04TimestampIsNumberOrString",
			"both are read and signed as their text"),
		row("5. summ, amount, descr, description", docCreate+", "+docCharge+", "+docReward, "TestInconsistency05NamesOfFields",
			"one set of names for each method; description for rewards, as in the sample that runs"),
		row("6. Amount in roubles beside a currency", docCreate, "TestInconsistency06RoublesBesideACurrency",
			"RUB unless config.currencies enables others; charges RUB only"),
		row("7. Balance: number or map of strings", docBalance, "TestInconsistency07BalanceIsNumberOrMap", "both; a number is in roubles"),
		row("8. Outgoing search: list or object", docOutFind, "TestInconsistency08ObjectOrList", "both"),
		row("9. Not found: refusal or empty list", docFind+", "+docUser, "TestInconsistency09NotFound", "both are not_found"),
		row("10. Listings: newest first or oldest first", docList, "TestInconsistency10OrderOfListings", "sorted, newest first"),
		row("11. 3 and 4 differ between payments and callbacks", docList+", "+docOutcome, "TestInconsistency11ThreeAndFour", "two tables that never meet"),
		row("12. Accept: application/json in some samples", docSamples, "TestInconsistency12AcceptHeader", "always"),
		row("13. Names and hash of earlier revisions", docCreate+", earlier revisions", "TestInconsistency13EarlierRevisions", "neither sent nor believed"),
	}}
}

func ambiguityRows() coverage.Table {
	row := func(what, source, choice string, tests ...string) coverage.Row {
		return noted(choice, offered(what, "silent: "+source, nil, tests...))
	}
	return coverage.Table{Title: "Ambiguities", Rows: rows{
		row("1. Create has no idempotency", docCreate, "a lost answer is unknown and for a person; nothing is sent twice", "TestCreateAmbiguousAnswers",
			"TestFaultsAgainstTheSimulator"),
		row("2. An unknown create cannot be looked up", docFind,
			"find_payments shows a person the payer's numbers; the number given to operation resolve is then polled", "TestNewcomerAgainstTheSimulator",
			"TestGetInvoiceNeedsTheNumber"),
		row("3. A charge is idempotent by external_id, a reward is not known to be", docCharge+", "+docReward, "charges are sent again, rewards never",
			"TestCutPoints", "TestRefusedRepeatSettlesNothing", "TestRewardRefusals"),
		row("4. incorrect timestamp", docHash, "not executed; every try is signed anew", "TestClockSkew", "TestEveryTryIsSignedAnew"),
		row("5. Polling is required", docTopup, "by the number, in the manifest's cadence", "TestManifest", "TestLifeAgainstTheSimulator"),
		row("6. Callbacks of top-ups carry no amount", docTopup,
			"a hint: the provider is asked before anything is believed, and no amount is taken from it", "TestTopupCallback",
			"TestOtherStatusesInACallbackAreNoSuccess"),
		row("7. Whether repeats carry a new time is not known", docTopup+", "+docOutcome,
			"config.callback_freshness; what is older and correctly signed only makes payhost ask", "TestFreshnessWindow", "TestDocumentedCallbackVector",
			"TestRepeatsSignedAnew"),
		row("8. Duplicates are normal", docOutcome, "an event id of payment and status; duplicates are acknowledged", "TestTopupCallback",
			"TestChargeOutcomes"),
		row("9. Two kinds of callback, three meanings", docReward, "by the fields, then by the address, then by service_id", "TestCallbackShapes",
			"TestOutcomesThatAreOnlyHints"),
		row("10. Amounts", docCreate, "decimal texts with the digits of the currency; what is signed is what is sent", "TestCreateSendsEveryField",
			"TestConformance"),
		row("11. Currency", docCreate, "RUB; others when the merchant enables them", "TestCreateRefusesBeforeSending/currency not enabled"),
		row("12. Types of ids", docCreate, "texts; no float touches them", "TestIDTextKeepsEveryDigit", "TestInconsistency02IDsAreStringsOrIntegers"),
		row("13. One key signs requests and callbacks", docHash,
			"it and personal data stay out of every text; the password of a registration also out of the evidence", "TestRefusalHidesSecretsAndPersons",
			"TestRegisterHidesThePassword"),
		row("14. Names of fields", docReward, "see inconsistency 5", "TestInconsistency05NamesOfFields"),
		row("15. Redirects", docSamples, "not followed; an unknown outcome", "TestCreateAmbiguousAnswers/redirect", "TestCutPoints"),
		row("Whether is_sos_topup=0 is false", docCreate, "false is left out", "TestCreateOptionalFields/no top-up mark"),
		row("Whether pretty_id is account_number", docFind, "yes, by their form; an answer about another number is refused",
			"TestGetInvoiceFailures/another payment"),
		row("Whether inner_id is payer_id", docUser, "told under its own name; an answer about another e-mail or phone is refused",
			"TestActionsUnreadableResults"),
		row("What a listing of nothing answers", docList, "an empty list and a refusal are both read as nothing", "TestActionsFindNothing"),
		row("Whether numbers of a callback are null, absent or empty", docOutcome, "each is verified as PHP signs it", "TestOutcomeWithoutNumbers",
			"TestCallbackShapes/charge, empty numbers"),
		row("What result false of a charge means", docCharge, "unknown: true is acceptance and nothing else is", "TestChargeAmbiguousAnswers"),
	}}
}

func notOfferedRows() coverage.Table {
	row := func(what, why string, tests ...string) coverage.Row {
		return refusedRow(what, docNowhere, why, append(tests, "TestNotOffered")...)
	}
	return coverage.Table{Title: "What the provider has no call for", Rows: rows{
		row("cancel an invoice", "An unpaid invoice is harmless until somebody pays it."), row("refund, partial refund",
			"Nothing starts one; one that the provider makes is seen as status 8."),
		row("capture of frozen money", "Wait for status 1.", "TestCreateRefusesBeforeSending/manual capture"), row("change of amount",
			"Create another invoice.", "TestCreateRefusesBeforeSending/max amount"),
		row("query by merchant id", "See the capability get by merchant id."), row("list by date", "The listings take a limit only."),
		refusedRow("expiry of an invoice", docCreate, "No parameter carries expires_in, so a request with it is refused.",
			"TestCreateRefusesBeforeSending/expires_in"),
		refusedRow("basket, saved cards, verification", docCreate, "No parameter carries them, so a request with them is refused.",
			"TestCreateRefusesBeforeSending/items", "TestCreateRefusesBeforeSending/save", "TestCreateRefusesBeforeSending/verification"),
		outside("callbacks for failure, expiry, refund; a callback address per invoice", docNowhere, "The provider sends none; payhost polls."),
	}}
}

// The tables name every action and every code that the adapter knows.
func TestCoverageIsWhole(t *testing.T) {
	var all []string
	for _, table := range []coverage.Table{endpointRows(), capabilityRows()} {
		for _, row := range table.Rows {
			all = append(all, row.As...)
		}
	}
	for _, spec := range actions() {
		require.True(t, slices.Contains(all, "action:"+spec.Name), spec.Name)
	}
	require.Len(t, inconsistencyRows().Rows, 13)
}
