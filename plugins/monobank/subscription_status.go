package monobank

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Our words for a subscription, its charges and its card. The provider's word
// stands beside each; one that is not documented is [subUnknown] and means nothing.
const (
	subActive   = "active"
	subCanceled = "canceled"
	subUnknown  = "unknown"
)

const subIDInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id"],
  "properties": {` + subIDSchema + `}
}`

const subStatusSchema = `"status": {"enum": ["active", "canceled", "unknown"],
      "description": "unknown: the provider's word is not documented; nothing follows from it."},
    "provider_status": {"type": "string", "description": "The provider's own word."}`

const subStatusOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "status", "provider_status"],
  "properties": {
    ` + subIDSchema + `,
    ` + subStatusSchema + `,
    ` + statedSchema + `,
    "interval": {"type": "string"},
    "start_date": {"type": "string"},
    "end_date": {"type": "string"},
    "next_charge_date": {"type": "string"},
    "cancellation_desc": {"type": "string", "description": "Why it was canceled, for people."},
    "total_paid": {"type": "string", "description": "summary.totalPaid; whether it counts charges or minor units is not documented."},
    "total_failed": {"type": "string", "description": "summary.totalFailed; whether it counts charges or minor units is not documented."},
    "card": {"type": "object", "additionalProperties": false, "required": ["status", "provider_status"], "properties": {
      ` + cardRefSchema + `,
      "wallet_id": {"type": "string"},
      "status": {"enum": ["pending", "active", "failed", "unknown"]},
      "provider_status": {"type": "string"},
      "failure": {"type": "string", "description": "Why the card could not be saved, for people."}}}
  }
}`

type subAsked struct {
	SubscriptionID string `json:"subscription_id"`
}

type subShown struct {
	SubscriptionID string `json:"subscription_id"`
	Status         string `json:"status"`
	ProviderStatus string `json:"provider_status"`
	stated
	Interval         string   `json:"interval,omitempty"`
	StartDate        string   `json:"start_date,omitempty"`
	EndDate          string   `json:"end_date,omitempty"`
	NextChargeDate   string   `json:"next_charge_date,omitempty"`
	CancellationDesc string   `json:"cancellation_desc,omitempty"`
	TotalPaid        string   `json:"total_paid,omitempty"`
	TotalFailed      string   `json:"total_failed,omitempty"`
	Card             *subCard `json:"card,omitempty"`

	ccy minor
}

type subCard struct {
	CardRef        string `json:"card_ref,omitempty"`
	WalletID       string `json:"wallet_id,omitempty"`
	Status         string `json:"status"`
	ProviderStatus string `json:"provider_status"`
	Failure        string `json:"failure,omitempty"`
}

// subscription shows a subscription.
func (a *account) subscription(ctx context.Context, in subAsked) (subShown, pay.Report, error) {
	if err := required("input.subscription_id", in.SubscriptionID); err != nil {
		return subShown{}, pay.Report{}, err
	}
	out, res, err := a.lookSubscription(ctx, in.SubscriptionID)
	if err != nil {
		return subShown{}, pay.Report{}, err
	}
	return out, report(res), nil
}

// lookSubscription reads subscription/status. The evidence is without the body,
// which holds the token of the card.
func (a *account) lookSubscription(ctx context.Context, id string) (subShown, *httpx.Response, error) {
	res, err := a.get(ctx, pathSubStatus, url.Values{"subscriptionId": {id}})
	if err != nil {
		return subShown{}, nil, err
	}
	res.Evidence.Raw = nil
	out, ok := a.readSubscription(res.Body)
	switch {
	case !ok:
		return subShown{}, nil, res.Garbled("it is not a subscription of the documented form")
	case out.SubscriptionID != id:
		return subShown{}, nil, mismatch("the provider answered about another subscription than the one asked for", res)
	}
	return out, res, nil
}

// readSubscription reads the object of subscription/status. Its parts whose loss
// would not change what it is (the sums, the card) may be unreadable.
func (a *account) readSubscription(body []byte) (subShown, bool) {
	var w struct {
		SubscriptionID   text            `json:"subscriptionId"`
		Status           text            `json:"status"`
		StartDate        text            `json:"startDate"`
		EndDate          text            `json:"endDate"`
		Amount           minor           `json:"amount"`
		Ccy              minor           `json:"ccy"`
		Interval         text            `json:"interval"`
		NextChargeDate   text            `json:"nextChargeDate"`
		CancellationDesc text            `json:"cancellationDesc"`
		Summary          json.RawMessage `json:"summary"`
		WalletData       json.RawMessage `json:"walletData"`
	}
	if json.Unmarshal(body, &w) != nil || w.SubscriptionID == "" || w.Status == "" {
		return subShown{}, false
	}
	var sums struct {
		TotalPaid   text `json:"totalPaid"`
		TotalFailed text `json:"totalFailed"`
	}
	_ = optional(w.Summary, &sums)
	card, secret := a.readSubCard(w.WalletData)
	return subShown{
		SubscriptionID: string(w.SubscriptionID), Status: subscriptionStatus(w.Status), ProviderStatus: httpx.Scrub(string(w.Status), secret),
		stated: statedAmount(w.Amount, w.Ccy), ccy: w.Ccy, Interval: string(w.Interval),
		StartDate: when(w.StartDate), EndDate: when(w.EndDate), NextChargeDate: when(w.NextChargeDate),
		CancellationDesc: httpx.Scrub(string(w.CancellationDesc), secret),
		TotalPaid:        string(sums.TotalPaid), TotalFailed: string(sums.TotalFailed), Card: card,
	}, true
}

// readSubCard reads the card that the bank charges, nil when there is none to
// see, and its token, which no text may repeat.
func (a *account) readSubCard(raw json.RawMessage) (card *subCard, secret string) {
	var w *struct {
		walletWire
		FailureDescription text `json:"failureDescription"`
	}
	if !optional(raw, &w) || w == nil {
		return nil, ""
	}
	secret = string(w.CardToken)
	card = &subCard{
		WalletID: string(w.WalletID), Status: subUnknown, ProviderStatus: httpx.Scrub(string(w.Status), secret),
		Failure: httpx.Scrub(string(w.FailureDescription), secret),
	}
	if secret != "" {
		card.CardRef = a.cardRef(secret)
	}
	switch w.Status {
	case "new":
		card.Status = "pending"
	case "created":
		card.Status = "pending"
		if secret != "" {
			card.Status = subActive
		}
	case "failed":
		card.Status = "failed"
	}
	return card, secret
}

// subscriptionStatus is our word for the provider's. The provider spells
// "cancelled" with two l; another word is none of the two.
func subscriptionStatus(word text) string {
	switch word {
	case "active":
		return subActive
	case "cancelled":
		return subCanceled
	}
	return subUnknown
}
