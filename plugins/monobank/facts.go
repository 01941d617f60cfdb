package monobank

import (
	"fmt"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// refunds lists cancelList, oldest first as the provider lists it, and says what
// a person must look at.
//
// The provider gives refunds no id. Ours are known by extRef, which is the key
// of the refund; others, and a second one under the same extRef, get a
// reference made of their time of creation and their place among those of the same second.
func (r *reader) refunds() (list []pay.RefundState, review string) {
	if r.unreadableRefunds {
		return nil, "the provider's list of refunds cannot be read"
	}
	seen := map[text]bool{}
	sameTime := map[text]int{}
	for _, c := range r.cancels {
		sameTime[c.CreatedDate]++
		out := pay.RefundState{
			ProviderKey:  string(c.ExtRef),
			Amount:       r.money(c.Amount),
			Network:      pay.Network{RRN: string(c.RRN), ApprovalCode: string(c.ApprovalCode)},
			ProviderTime: readTime(c.ModifiedDate),
		}
		if c.ExtRef == "" || seen[c.ExtRef] {
			if c.ExtRef != "" {
				out.ProviderKey = ""
				review = "the provider lists two refunds with the same extRef"
			}
			out.ProviderRef = fmt.Sprintf("%s#%d", c.CreatedDate, sameTime[c.CreatedDate])
			out.Origin = pay.OriginExternal
		}
		seen[c.ExtRef] = true
		switch c.Status {
		case wordProcessing:
			out.Status = pay.RefundPending
		case wordSuccess:
			out.Status = pay.RefundSucceeded
		case wordFailure:
			out.Status = pay.RefundFailed
			out.Decline = &pay.Decline{Reason: pay.DeclineGeneric}
		default:
			out.Review = fmt.Sprintf("the provider reports the unknown refund status %q", httpx.Scrub(string(c.Status)))
		}
		list = append(list, out)
	}
	return list, review
}

// attempts shows the one attempt that the provider shows: the last.
func (r *reader) attempts() []pay.Attempt {
	word := r.Status
	if r.payment == nil && word != wordFailure {
		return nil
	}
	out := pay.Attempt{Amount: r.amount, Method: string(r.PayMethod), ProviderTime: r.modified()}
	switch word {
	case wordProcessing:
		out.Status = pay.AttemptProcessing
	case wordHold:
		out.Status = pay.AttemptAuthorized
	case wordSuccess, wordReversed:
		out.Status = pay.AttemptSucceeded
	case wordFailure:
		out.Status = pay.AttemptDeclined
		reason, _ := declineReason(string(r.ErrCode))
		out.Decline = &pay.Decline{
			Reason: reason, ProviderCode: httpx.Scrub(string(r.ErrCode)), Message: httpx.Scrub(string(r.FailureReason)),
		}
	}
	if p := r.payment; p != nil {
		out.ProviderAttemptID = string(p.TranID)
		out.Fee = r.money(p.Fee)
		out.Instrument = pay.Instrument{
			Masked: masked(p.MaskedPan), Brand: string(p.PaymentSystem), Bank: string(p.Bank), Country: string(p.Country),
		}
		out.Network = pay.Network{RRN: string(p.RRN), ApprovalCode: string(p.ApprovalCode)}
		if p.PaymentMethod != "" {
			out.Method = string(p.PaymentMethod)
		}
	}
	return []pay.Attempt{out}
}

// credential is the saved card. Early on its token is missing or null.
func (r *reader) credential() *pay.StoredCredential {
	if r.wallet == nil {
		return nil
	}
	out := &pay.StoredCredential{
		Token: string(r.wallet.CardToken), Customer: string(r.wallet.WalletID), Status: pay.CredentialPending,
	}
	switch r.wallet.Status {
	case "created":
		if out.Token != "" {
			out.Status = pay.CredentialActive
		}
	case "failed":
		out.Status = pay.CredentialFailed
	}
	if r.payment != nil {
		out.Masked, out.Brand = masked(r.payment.MaskedPan), string(r.payment.PaymentSystem)
	}
	return out
}

// masked lets only a number pass that really is masked.
func masked(pan text) string { return httpx.Scrub(string(pan)) }
