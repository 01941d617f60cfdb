package monobank

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const subPaymentsInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscription_id", "from"],
  "properties": {
    ` + subIDSchema + `,
    ` + subPageSchema + `
  }
}`

const subPaymentsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["payments", "pages"],
  "properties": {
    "payments": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["status", "provider_status"],
      "properties": {
      "status": {"enum": ["pending", "paid", "failed", "unknown"], "description": "unknown: the provider's word is not documented; it is no payment."},
      "provider_status": {"type": "string", "description": "The provider's own word."},
      ` + statedSchema + `,
      "charged_at": {"type": "string"}}}},
    ` + subPagesSchema + `
  }
}`

type subPaymentsAsked struct {
	SubscriptionID string `json:"subscription_id"`
	subSpan
}

type subPayment struct {
	Status         string `json:"status"`
	ProviderStatus string `json:"provider_status"`
	stated
	ChargedAt string `json:"charged_at,omitempty"`
}

type subPayments struct {
	Payments []subPayment `json:"payments"`
	Pages    subPages     `json:"pages"`
}

// subscriptionPayments lists a page of the charges of a subscription. A charge
// has no id at the provider.
func (a *account) subscriptionPayments(ctx context.Context, in subPaymentsAsked) (subPayments, pay.Report, error) {
	if err := required("input.subscription_id", in.SubscriptionID); err != nil {
		return subPayments{}, pay.Report{}, err
	}
	query, err := in.query()
	if err != nil {
		return subPayments{}, pay.Report{}, err
	}
	query.Set("subscriptionId", in.SubscriptionID)
	res, err := a.get(ctx, pathSubPayments, query)
	if err != nil {
		return subPayments{}, pay.Report{}, err
	}
	out, ok := readSubPayments(res.Body)
	if !ok {
		return subPayments{}, pay.Report{}, res.Garbled("it is not a page of charges of the documented form")
	}
	return out, report(res), nil
}

func readSubPayments(body []byte) (subPayments, bool) {
	var answer struct {
		Payments   json.RawMessage `json:"payments"`
		Pagination json.RawMessage `json:"pagination"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return subPayments{}, false
	}
	rows, ok := readList[struct {
		Amount    minor `json:"amount"`
		Status    text  `json:"status"`
		ChargedAt text  `json:"chargedAt"`
		Ccy       minor `json:"ccy"`
	}](answer.Payments)
	pages, counted := readPages(answer.Pagination)
	out := subPayments{Payments: make([]subPayment, 0, len(rows)), Pages: pages}
	for _, w := range rows {
		out.Payments = append(out.Payments, subPayment{
			Status: chargeStatus(w.Status), ProviderStatus: httpx.Scrub(string(w.Status)),
			stated: statedAmount(w.Amount, w.Ccy), ChargedAt: when(w.ChargedAt),
		})
	}
	return out, ok && counted
}

// chargeStatus is our word for a charge of a subscription.
func chargeStatus(word text) string {
	switch word {
	case "new":
		return "pending"
	case wordSuccess:
		return "paid"
	case "failed":
		return "failed"
	}
	return subUnknown
}
