package monobank

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// maxSubPage bounds a page of a listing. The limit is ours: the provider names a
// default of 20 and no maximum.
const maxSubPage = 100

const subPageSchema = `"from": {"type": "string", "format": "date-time", "description": "Begin of the time, RFC 3339."},
    "to": {"type": "string", "format": "date-time", "description": "End of the time; now when absent."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Rows of a page; 20 when absent."},
    "page": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "Page, counted from 1."}`

const subPagesSchema = `"pages": {"type": "object", "additionalProperties": false, "properties": {
      "total_items": {"type": "integer"}, "items_per_page": {"type": "integer"}, "current_page": {"type": "integer"}, "total_pages": {"type": "integer"}},
      "description": "Where the page stands, as far as the provider says so in whole numbers."}`

const subListInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["from"],
  "properties": {
    ` + subPageSchema + `,
    "status": {"enum": ["active", "canceled"], "description": "Only those in this status."}
  }
}`

const subListOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["subscriptions", "pages"],
  "properties": {
    "subscriptions": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["subscription_id", "status", "provider_status"],
      "properties": {
      "subscription_id": {"type": "string"},
      ` + subStatusSchema + `,
      ` + statedSchema + `,
      "interval": {"type": "string"},
      "created": {"type": "string"},
      "start_date": {"type": "string"},
      "end_date": {"type": "string"},
      "next_charge_date": {"type": "string"}}}},
    ` + subPagesSchema + `
  }
}`

func subscriptionListActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "subscription_list", Title: "List subscriptions", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subListInput), Output: json.RawMessage(subListOutput),
		},
		run: on((*account).subscriptions),
	}, {
		spec: pay.ActionSpec{
			Name: "subscription_payments", Title: "List the charges of a subscription", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(subPaymentsInput), Output: json.RawMessage(subPaymentsOutput),
		},
		run: on((*account).subscriptionPayments),
	}}
}

// subSpan is the part of a listing that is asked for.
type subSpan struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Limit *int   `json:"limit"`
	Page  *int   `json:"page"`
}

// query writes the part in the provider's words. What is absent is left to the provider.
func (s subSpan) query() (url.Values, error) {
	from, err := time.Parse(time.RFC3339, s.From)
	if err != nil {
		return nil, pay.Invalid("input.from", "is required, as an RFC 3339 time such as 2026-03-01T00:00:00Z")
	}
	out := url.Values{"dateFrom": {from.UTC().Format(time.RFC3339)}}
	if s.To != "" {
		to, err := time.Parse(time.RFC3339, s.To)
		switch {
		case err != nil:
			return nil, pay.Invalid("input.to", "must be an RFC 3339 time such as 2026-03-01T00:00:00Z")
		case to.Before(from):
			return nil, pay.Invalid("input.to", "must not be before from")
		}
		out.Set("dateTo", to.UTC().Format(time.RFC3339))
	}
	if s.Limit != nil {
		if *s.Limit < 1 || *s.Limit > maxSubPage {
			return nil, pay.Invalid("input.limit", "must be between 1 and %d", maxSubPage)
		}
		out.Set("limit", strconv.Itoa(*s.Limit))
	}
	if s.Page != nil {
		if *s.Page < 1 || *s.Page > 1_000_000 {
			return nil, pay.Invalid("input.page", "must be between 1 and 1000000")
		}
		out.Set("page", strconv.Itoa(*s.Page))
	}
	return out, nil
}

// subPages is where a page stands.
type subPages struct {
	TotalItems   *int64 `json:"total_items,omitempty"`
	ItemsPerPage *int64 `json:"items_per_page,omitempty"`
	CurrentPage  *int64 `json:"current_page,omitempty"`
	TotalPages   *int64 `json:"total_pages,omitempty"`
}

// readPages reads pagination, without which a page is not known to be one.
func readPages(raw json.RawMessage) (subPages, bool) {
	var w *struct {
		TotalItems   text `json:"totalItems"`
		ItemsPerPage text `json:"itemsPerPage"`
		CurrentPage  text `json:"currentPage"`
		TotalPages   text `json:"totalPages"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &w) != nil || w == nil {
		return subPages{}, false
	}
	return subPages{count(w.TotalItems), count(w.ItemsPerPage), count(w.CurrentPage), count(w.TotalPages)}, true
}

// count reads a number of the provider's; nil when it is none.
func count(t text) *int64 {
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

type subListAsked struct {
	subSpan
	Status string `json:"status"`
}

type subRow struct {
	SubscriptionID string `json:"subscription_id"`
	Status         string `json:"status"`
	ProviderStatus string `json:"provider_status"`
	stated
	Interval       string `json:"interval,omitempty"`
	Created        string `json:"created,omitempty"`
	StartDate      string `json:"start_date,omitempty"`
	EndDate        string `json:"end_date,omitempty"`
	NextChargeDate string `json:"next_charge_date,omitempty"`
}

type subList struct {
	Subscriptions []subRow `json:"subscriptions"`
	Pages         subPages `json:"pages"`
}

// subscriptions lists a page of the merchant's subscriptions.
func (a *account) subscriptions(ctx context.Context, in subListAsked) (subList, pay.Report, error) {
	query, err := in.query()
	if err != nil {
		return subList{}, pay.Report{}, err
	}
	switch in.Status {
	case "":
	case subActive:
		query.Set("status", "active")
	case subCanceled:
		query.Set("status", "cancelled")
	default:
		return subList{}, pay.Report{}, pay.Invalid("input.status", "must be active or canceled")
	}
	res, err := a.get(ctx, pathSubList, query)
	if err != nil {
		return subList{}, pay.Report{}, err
	}
	out, ok := readSubList(res.Body)
	if !ok {
		return subList{}, pay.Report{}, res.Garbled("it is not a page of subscriptions of the documented form")
	}
	return out, report(res), nil
}

// readSubList reads a page. Its rows name no currency in the provider's
// description; one that they name all the same is used.
func readSubList(body []byte) (subList, bool) {
	var answer struct {
		List       json.RawMessage `json:"list"`
		Pagination json.RawMessage `json:"pagination"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return subList{}, false
	}
	rows, ok := readList[struct {
		SubscriptionID text  `json:"subscriptionId"`
		Amount         minor `json:"amount"`
		Ccy            minor `json:"ccy"`
		Interval       text  `json:"interval"`
		StartDate      text  `json:"startDate"`
		Created        text  `json:"created"`
		NextChargeDate text  `json:"nextChargeDate"`
		EndDate        text  `json:"endDate"`
		Status         text  `json:"status"`
	}](answer.List)
	pages, counted := readPages(answer.Pagination)
	out := subList{Subscriptions: make([]subRow, 0, len(rows)), Pages: pages}
	for _, w := range rows {
		if w.SubscriptionID == "" {
			return subList{}, false
		}
		out.Subscriptions = append(out.Subscriptions, subRow{
			SubscriptionID: string(w.SubscriptionID), Status: subscriptionStatus(w.Status), ProviderStatus: httpx.Scrub(string(w.Status)),
			stated: statedAmount(w.Amount, w.Ccy), Interval: string(w.Interval), Created: when(w.Created),
			StartDate: when(w.StartDate), EndDate: when(w.EndDate), NextChargeDate: when(w.NextChargeDate),
		})
	}
	return out, ok && counted
}
