package monobank

import (
	"context"
	"encoding/json"
	"strings"
	"time"

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
