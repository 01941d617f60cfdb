package monobank

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The calls for subscriptions, which the bank charges by itself.
const (
	pathSubCreate   = "/api/merchant/subscription/create"
	pathSubStatus   = "/api/merchant/subscription/status"
	pathSubList     = "/api/merchant/subscription/list"
	pathSubPayments = "/api/merchant/subscription/payments"
	pathSubEdit     = "/api/merchant/subscription/edit"
	pathSubRemove   = "/api/merchant/subscription/remove"
)

// Our words for a subscription, its charges and its card. The provider's word
// stands beside each; one that is not documented is [subUnknown] and means nothing.
const (
	subActive   = "active"
	subCanceled = "canceled"
	subUnknown  = "unknown"
)

const subIDSchema = `"subscription_id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Id that subscription_create returned."}`

const subCreateInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["amount", "interval"],
  "properties": {
    "amount": ` + moneySchema + `,
    "interval": {"type": "string", "pattern": "^[1-9][0-9]{0,3}[dwmy]$",
      "description": "Time between charges: a number and d, w, m or y, for example 1d, 2w, 1m or 1y."},
    "expires_in": {"type": "string", "maxLength": 32,
      "description": "How long the page may be used, in whole seconds, for example 24h, which is the default. At most 720h."},
    "return_url": {"type": "string", "pattern": "^https?://", "maxLength": 2048, "description": "Where the payer's browser goes afterwards."},
    "charge_webhook_url": {"type": "string", "pattern": "^https?://", "maxLength": 2048,
      "description": "Where the bank reports charges. The body is not documented: take it as a reason to ask subscription_payments."},
    "status_webhook_url": {"type": "string", "pattern": "^https?://", "maxLength": 2048,
      "description": "Where the bank reports changes of status. The body is not documented: take it as a reason to ask subscription_status."}
  }
}`

const subCreateOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "page_url", "expires_at"],
  "properties": {
    "subscription_id": {"type": "string", "description": "Store it before the payer is sent to the page: there is no reference to find it by."},
    "page_url": {"type": "string", "description": "Where the payer subscribes."},
    "expires_at": {"type": "string", "description": "When the page ends, by our clock."}
  }
}`

const subIDInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id"],
  "properties": {` + subIDSchema + `}
}`

const subStatusSchema = `"status": {"enum": ["active", "canceled", "unknown"], "description": "unknown: the provider's word is not documented; nothing follows from it."},
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

func subscriptionActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "subscription_create", Title: "Make a subscription page", Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subCreateInput), Output: json.RawMessage(subCreateOutput),
			// The list shows it, but under no reference of ours: which of two alike it is, only a person can say.
			Resolution: pay.ResolveHuman,
		},
		run: on((*account).subscribe),
	}, {
		spec: pay.ActionSpec{
			Name: "subscription_status", Title: "Show a subscription", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subIDInput), Output: json.RawMessage(subStatusOutput),
		},
		run: on((*account).subscription),
	}, {
		spec: pay.ActionSpec{
			Name: "subscription_cancel", Title: "Cancel a subscription without a refund", Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subIDInput), Output: json.RawMessage(subEditOutput), Resolution: pay.ResolveHuman,
		},
		run: on((*account).cancelSubscription),
	}, {
		spec: pay.ActionSpec{
			Name: "subscription_edit", Title: "Cancel a subscription, with or without a refund", Effect: pay.EffectMovesMoney, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subEditInput), Output: json.RawMessage(subEditOutput), Resolution: pay.ResolveHuman,
		},
		run: on((*account).editSubscription),
	}, {
		spec: pay.ActionSpec{
			Name: "subscription_remove", Title: "Remove a subscription that was never charged", Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subIDInput), Output: json.RawMessage(subRemoveOutput), Resolution: pay.ResolveHuman,
		},
		run: on((*account).removeSubscription),
	}}
}

type subNew struct {
	Amount           moneyInput `json:"amount"`
	Interval         string     `json:"interval"`
	ExpiresIn        string     `json:"expires_in"`
	ReturnURL        string     `json:"return_url"`
	ChargeWebhookURL string     `json:"charge_webhook_url"`
	StatusWebhookURL string     `json:"status_webhook_url"`
}

// subCreateRequest is the body of subscription/create.
type subCreateRequest struct {
	Amount      int64        `json:"amount"`
	Ccy         int          `json:"ccy"`
	Interval    string       `json:"interval"`
	RedirectURL string       `json:"redirectUrl,omitempty"`
	WebHookURLs *subWebHooks `json:"webHookUrls,omitempty"`
	Validity    int64        `json:"validity,omitempty"`
}

type subWebHooks struct {
	ChargeURL string `json:"chargeUrl,omitempty"`
	StatusURL string `json:"statusUrl,omitempty"`
}

// request turns the input into the provider's words. The time the page is valid
// is returned beside it.
func (s subNew) request() (subCreateRequest, time.Duration, error) {
	units, currency, err := s.Amount.read("input.amount")
	if err != nil {
		return subCreateRequest{}, 0, err
	}
	out := subCreateRequest{Amount: units, Ccy: currency.Numeric, Interval: s.Interval, RedirectURL: s.ReturnURL}
	if !interval(s.Interval) {
		return subCreateRequest{}, 0, pay.Invalid("input.interval", "must be a number and d, w, m or y, for example 1m")
	}
	validity := defaultValidity
	if s.ExpiresIn != "" {
		d, err := time.ParseDuration(s.ExpiresIn)
		switch {
		case err != nil:
			return subCreateRequest{}, 0, pay.Invalid("input.expires_in", "must be a duration such as 24h")
		case d <= 0 || d%time.Second != 0:
			return subCreateRequest{}, 0, pay.Invalid("input.expires_in", "must be a positive number of whole seconds")
		case d > maxValidity:
			return subCreateRequest{}, 0, pay.Invalid("input.expires_in", "must be at most 720h")
		}
		validity, out.Validity = d, int64(d/time.Second)
	}
	for path, address := range map[string]string{
		"input.return_url": s.ReturnURL, "input.charge_webhook_url": s.ChargeWebhookURL, "input.status_webhook_url": s.StatusWebhookURL,
	} {
		if address != "" && !webPage(address) {
			return subCreateRequest{}, 0, pay.Invalid(path, "must be an absolute http or https address")
		}
	}
	if s.ChargeWebhookURL != "" || s.StatusWebhookURL != "" {
		out.WebHookURLs = &subWebHooks{s.ChargeWebhookURL, s.StatusWebhookURL}
	}
	return out, validity, nil
}

// interval reports whether s is a number of at most four digits and a unit.
func interval(s string) bool {
	number := strings.TrimRight(s, "dwmy")
	return len(s) == len(number)+1 && len(number) >= 1 && len(number) <= 4 && number[0] != '0' && strings.Trim(number, "0123456789") == ""
}

type subCreated struct {
	SubscriptionID string    `json:"subscription_id"`
	PageURL        string    `json:"page_url"`
	ExpiresAt      time.Time `json:"expires_at"`
}

// subscribe makes a subscription. The provider has no idempotency and no
// reference for it; one whose answer was lost has a page that nobody knows, so
// that nobody can pay, but it may be found in the list.
func (a *account) subscribe(ctx context.Context, in subNew) (subCreated, pay.Report, error) {
	body, validity, err := in.request()
	if err != nil {
		return subCreated{}, pay.Report{}, err
	}
	res, err := a.post(ctx, pathSubCreate, body)
	if err != nil {
		return subCreated{}, pay.Report{}, lostSubscription(err)
	}
	var answer struct {
		SubscriptionID text `json:"subscriptionId"`
		PageURL        text `json:"pageUrl"`
	}
	if json.Unmarshal(res.Body, &answer) != nil || answer.SubscriptionID == "" || page(answer.PageURL) == "" {
		return subCreated{}, pay.Report{}, lostSubscription(res.Garbled("it has no subscriptionId and pageUrl"))
	}
	return subCreated{string(answer.SubscriptionID), string(answer.PageURL), a.now().Add(validity).UTC()}, report(res), nil
}

func lostSubscription(err error) error {
	e := pay.AsError(err)
	if e.WasExecuted() != pay.ExecutedUnknown {
		return err
	}
	return reworded(err, e.Message+"; if a subscription was made, nobody knows its page, and subscription_list shows it")
}

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
	return subShown{
		SubscriptionID: string(w.SubscriptionID), Status: subscriptionStatus(w.Status), ProviderStatus: httpx.Scrub(string(w.Status)),
		stated: statedAmount(w.Amount, w.Ccy), ccy: w.Ccy, Interval: string(w.Interval),
		StartDate: when(w.StartDate), EndDate: when(w.EndDate), NextChargeDate: when(w.NextChargeDate),
		CancellationDesc: httpx.Scrub(string(w.CancellationDesc)),
		TotalPaid:        string(sums.TotalPaid), TotalFailed: string(sums.TotalFailed), Card: a.readSubCard(w.WalletData),
	}, true
}

// readSubCard reads the card that the bank charges; nil when there is none to see.
func (a *account) readSubCard(raw json.RawMessage) *subCard {
	var w *struct {
		walletWire
		FailureDescription text `json:"failureDescription"`
	}
	if !optional(raw, &w) || w == nil {
		return nil
	}
	out := &subCard{
		WalletID: string(w.WalletID), Status: subUnknown, ProviderStatus: httpx.Scrub(string(w.Status), string(w.CardToken)),
		Failure: httpx.Scrub(string(w.FailureDescription), string(w.CardToken)),
	}
	if w.CardToken != "" {
		out.CardRef = a.cardRef(string(w.CardToken))
	}
	switch w.Status {
	case "new":
		out.Status = "pending"
	case "created":
		out.Status = "pending"
		if w.CardToken != "" {
			out.Status = subActive
		}
	case "failed":
		out.Status = "failed"
	}
	return out
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
