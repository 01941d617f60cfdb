package payin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// outgoingRefunded is the code of an outgoing payment whose money came back.
const outgoingRefunded = "8"

// outgoing is the result of an outgoing search.
type outgoing struct {
	AccountNumber idText    `json:"account_number"`
	ClientStatus  *codeText `json:"client_status"`
	// SystemStatus has values the provider does not document.
	SystemStatus codeText `json:"system_status"`
	// LastUpdateTime may be null.
	LastUpdateTime json.RawMessage `json:"last_update_time"`
}

// findOutgoing asks for one outgoing payment by its number, which only the
// callback of a reward or the provider's cabinet tells. Absence is
// [pay.KindNotFound].
func (a *account) findOutgoing(ctx context.Context, number string) (outgoing, answer, error) {
	got, err := a.post(ctx, "payment-out/find-payment", httpx.Reads, textField("account_number", number))
	if err != nil {
		return outgoing{}, answer{}, err
	}
	one, found, err := readOne[outgoing](got.result)
	switch {
	case err == nil && !found:
		// The documented form of absence is a refusal; users are reported absent like this.
		return outgoing{}, answer{}, &pay.Error{Kind: pay.KindNotFound, Message: "the provider knows no such payment", Report: got.report()}
	case err != nil || one.ClientStatus == nil:
		return outgoing{}, answer{}, got.response.Garbled("the search result is no outgoing payment")
	case string(one.AccountNumber) != number:
		return outgoing{}, answer{}, got.response.Garbled("it is about another payment than the one asked for")
	}
	return one, got, nil
}

// outgoingState maps the status code of an outgoing payment.
//
// Source: section 6.3 of the provider's page; codes it does not list ask for a
// person.
func outgoingState(code codeText) pay.PayoutState {
	switch numeric(code) {
	case 0:
		return pay.PayoutState{Status: pay.PayoutProcessing}
	case 1:
		return pay.PayoutState{Status: pay.PayoutSucceeded}
	case 2:
		return pay.PayoutState{Status: pay.PayoutCanceled}
	case 3:
		return pay.PayoutState{Status: pay.PayoutFailed, Decline: &pay.Decline{Reason: pay.DeclineGeneric, ProviderCode: "3"}}
	case 5:
		return pay.PayoutState{Review: "status 5: something went wrong while the provider processed the reward; contact its support"}
	case 8:
		// It succeeded and came back; the provider does not say how much.
		return pay.PayoutState{Status: pay.PayoutSucceeded, Review: "status 8: the reward was refunded and the provider does not say how much"}
	}
	return pay.PayoutState{Review: fmt.Sprintf("status %q of the reward is not documented; contact the provider's support", code.shown())}
}
