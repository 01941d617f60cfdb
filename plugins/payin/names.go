package payin

import "strconv"

// The words of the actions for status codes, as the enum of their schemas. They are the provider's, because an action shows
// what the provider shows; [stateOf] and [outgoingState] decide what a code means for an invoice or a payout.
const (
	incomingNames = `["new", "paid", "canceled", "failed", "frozen", "trouble", "expired", "refunded", "charged_back", "processing",
		"partly_frozen", "partly_paid", "unknown"]`
	outgoingNames = `["new", "paid", "canceled", "failed", "trouble", "refunded", "unknown"]`
	unknownName   = "unknown"
)

// incomingName names a code of section 6.1 of the provider's page.
func incomingName(code codeText) string {
	switch numeric(code) {
	case 0:
		return "new"
	case 1:
		return "paid"
	case 2:
		return "canceled"
	case 3:
		return "failed"
	case 4:
		return "frozen"
	case 5:
		return "trouble"
	case 6:
		return "expired"
	case 8:
		return "refunded"
	case 9:
		return "charged_back"
	case 11:
		return "processing"
	case 13:
		return "partly_frozen"
	case 14:
		return "partly_paid"
	}
	return unknownName
}

// outgoingName names a code of section 6.3, which is the part of 6.1 that can happen to an outgoing payment.
func outgoingName(code codeText) string {
	switch numeric(code) {
	case 0, 1, 2, 3, 5, 8:
		return incomingName(code)
	}
	return unknownName
}

// numeric is a code as an integer, -1 when it is none. Only its plain form counts: "01" is not known to be 1.
func numeric(code codeText) int {
	n, err := strconv.ParseUint(string(code), 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != string(code) {
		return -1
	}
	return int(n)
}
