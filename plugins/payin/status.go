package payin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// found is one line of an incoming search.
type found struct {
	AccountNumber idText          `json:"account_number"`
	Status        *codeText       `json:"status"`
	DoneTime      json.RawMessage `json:"done_time"`
}

// GetInvoice looks an invoice up by its number. The answer holds a status and
// nothing else: no amount, no currency, no description. A charge cannot be
// looked up; see [account.getCharge].
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	kept := readState(ref.State)
	if kept.Kind == stateCharge || ref.ProviderRefs["external_id"] != "" {
		return a.getCharge(ref), nil
	}
	number := either(ref.ProviderRefs["pretty_id"], kept.PrettyID)
	if number == "" {
		// A person who closes a create with a lost answer knows the invoice by its number only.
		number = ref.ProviderRef
	}
	if !isPrettyID(number) {
		return pay.InvoiceState{}, pay.Invalid("provider_refs.pretty_id", "payin finds a payment by its invoice number only, and none is known")
	}
	got, err := a.post(ctx, "payment-in/find-payment", httpx.Reads, textField("account_number", number))
	if err != nil {
		return pay.InvoiceState{}, err
	}
	line, err := pick(got, number)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	out := stateOf(*line.Status, number, ref.Known)
	out.Report = got.report()
	out.ProviderRef = ref.ProviderRef
	out.ProviderRefs = map[string]string{"pretty_id": number}
	out.Data = map[string]string{"status": line.Status.shown()}
	if at := plainText(line.DoneTime); at != "" {
		// Its format is not documented, so it is shown and never interpreted.
		out.Data["done_time"] = clip(httpx.Scrub(at))
	}
	if out.Status == pay.StatusPending || out.Status == pay.StatusProcessing {
		out.NextActions = redirect(kept.PayLink)
	}
	return out, nil
}

// pick returns the one line about number among at most ten latest payments.
func pick(got answer, number string) (found, error) {
	var lines []found
	if err := json.Unmarshal(got.result, &lines); err != nil {
		return found{}, got.response.Garbled("the search result is no list of payments")
	}
	if len(lines) == 0 {
		// The documented form of absence is a refusal; users are reported absent like this.
		return found{}, &pay.Error{Kind: pay.KindNotFound, Message: "the provider knows no such payment", Report: got.report()}
	}
	var match *found
	for i, line := range lines {
		if string(line.AccountNumber) != number {
			continue
		}
		if line.Status == nil {
			return found{}, got.response.Garbled("a payment without a status")
		}
		if match != nil && *match.Status != *line.Status {
			return found{}, got.response.Garbled("two payments with one invoice number")
		}
		match = &lines[i]
	}
	if match == nil {
		return found{}, got.response.Garbled("it lists other payments than the one asked for")
	}
	return *match, nil
}

func readState(s *pay.State) state {
	var out state
	if s == nil || s.Version != stateVersion || json.Unmarshal(s.Data, &out) != nil {
		return state{}
	}
	return out
}

// stateOf maps the status code of an incoming payment. Callbacks of charges and
// rewards use other codes and must not come here.
//
// Source: section 6.1 of the provider's page; codes it does not list keep the
// previous status and ask for a person.
func stateOf(code codeText, number string, known pay.Known) pay.InvoiceState {
	final := func(s pay.Status, reason string) pay.InvoiceState {
		return pay.InvoiceState{Status: s, Final: true, FinalReason: reason}
	}
	switch numeric(code) {
	case 0:
		return pay.InvoiceState{Status: pay.StatusPending}
	case 1:
		return final(pay.StatusPaid, "paid")
	case 2:
		return final(pay.StatusCanceled, "canceled by the provider")
	case 3:
		return final(pay.StatusFailed, "failed")
	case 4:
		// The provider holds the money by itself; there is no call to capture it.
		return pay.InvoiceState{Status: pay.StatusAuthorized}
	case 5:
		return pay.InvoiceState{Review: "status 5: something went wrong while the provider processed the payment; contact its support"}
	case 6:
		return final(pay.StatusExpired, "expired")
	case 8:
		out := final(settled(known), "refunded by the provider")
		out.Refunds = []pay.RefundState{{ProviderRef: number, Status: pay.RefundSucceeded, Origin: pay.OriginExternal}}
		out.Review = "status 8: the provider refunded the payment and does not say how much"
		return out
	case 9:
		out := final(settled(known), "charged back")
		out.Disputes = []pay.Dispute{{ProviderRef: number, Kind: pay.DisputeChargeback, Status: pay.DisputeOpen, Reason: "charged back"}}
		return out
	case 11:
		return pay.InvoiceState{Status: pay.StatusProcessing}
	case 13, 14:
		return pay.InvoiceState{Status: pay.StatusPartiallyPaid}
	}
	return pay.InvoiceState{Review: fmt.Sprintf("status %q of the payment is not documented; contact the provider's support", code.shown())}
}

// settled is the status of a payment whose money came and went: it was paid,
// unless only a part of it is known to have come.
func settled(known pay.Known) pay.Status {
	if known.Status == pay.StatusPartiallyPaid {
		return pay.StatusPartiallyPaid
	}
	return pay.StatusPaid
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}
