package monobanksim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// subSpan is the part of a listing that a request asks for.
type subSpan struct {
	from, to    time.Time
	limit, page int
}

// readSpan reads the query of a listing. A limit above 100 is refused, which is the simulator's reading: the bank names a
// default of 20 and no maximum.
func (s *Sim) readSpan(query map[string]string) (subSpan, *apiError) {
	out := subSpan{to: s.config.Now(), limit: 20, page: 1}
	var err error
	if out.from, err = time.Parse(time.RFC3339, query["dateFrom"]); err != nil {
		return out, badRequest("dateFrom is required as RFC 3339")
	}
	if to := query["dateTo"]; to != "" {
		if out.to, err = time.Parse(time.RFC3339, to); err != nil || out.to.Before(out.from) {
			return out, badRequest("dateTo must be RFC 3339 and not before dateFrom")
		}
	}
	for name, into := range map[string]*int{"limit": &out.limit, "page": &out.page} {
		if text, given := query[name]; given {
			if *into, err = strconv.Atoi(text); err != nil || *into < 1 || *into > 100 && name == "limit" {
				return out, badRequest("%s is not a number that is allowed", name)
			}
		}
	}
	return out, nil
}

func (p subSpan) holds(at time.Time) bool { return !at.Before(p.from) && !at.After(p.to) }

type pagination struct {
	TotalItems   int `json:"totalItems"`
	ItemsPerPage int `json:"itemsPerPage"`
	CurrentPage  int `json:"currentPage"`
	TotalPages   int `json:"totalPages"`
}

// cut returns the rows of the page and where it stands.
func cut[T any](rows []T, p subSpan) ([]T, pagination) {
	begin := min((p.page-1)*p.limit, len(rows))
	return append([]T{}, rows[begin:min(begin+p.limit, len(rows))]...),
		pagination{len(rows), p.limit, p.page, (len(rows) + p.limit - 1) / p.limit}
}

// subListRow has no currency: none is documented.
type subListRow struct {
	SubscriptionID string `json:"subscriptionId"`
	Amount         int64  `json:"amount"`
	Interval       string `json:"interval"`
	StartDate      string `json:"startDate"`
	Created        string `json:"created"`
	NextChargeDate string `json:"nextChargeDate,omitempty"`
	EndDate        string `json:"endDate,omitempty"`
	Status         string `json:"status"`
}

// subList plays GET /api/merchant/subscription/list, newest first; the time is that of the creation.
func (s *Sim) subList(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "dateFrom", "dateTo", "status", "limit", "page")
	if failed != nil {
		return nil, failed
	}
	span, failed := s.readSpan(query)
	if failed != nil {
		return nil, failed
	}
	if status, given := query["status"]; given && status != SubscriptionActive && status != SubscriptionCancelled {
		return nil, badRequest("unknown status %q", status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chargeDue()
	var rows []subListRow
	for _, b := range slices.Backward(s.own.subscriptions) {
		if status := query["status"]; !span.holds(b.CreatedAt) || status != "" && status != b.Status {
			continue
		}
		rows = append(rows, subListRow{
			b.SubscriptionID, b.Amount, b.Interval, wireTime(b.StartAt), wireTime(b.CreatedAt), wireTimeIfAny(b.NextAt), wireTimeIfAny(b.EndAt), b.Status,
		})
	}
	list, pages := cut(rows, span)
	return map[string]any{"list": list, "pagination": pages}, nil
}

type subPaymentRow struct {
	Amount    int64  `json:"amount"`
	Status    string `json:"status"`
	ChargedAt string `json:"chargedAt"`
	Currency  int32  `json:"ccy"`
}

// subPayments plays GET /api/merchant/subscription/payments, newest first.
func (s *Sim) subPayments(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "subscriptionId", "dateFrom", "dateTo", "limit", "page")
	if failed != nil {
		return nil, failed
	}
	span, failed := s.readSpan(query)
	if failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, failed := s.subscriptionOf(query["subscriptionId"])
	if failed != nil {
		return nil, failed
	}
	var rows []subPaymentRow
	for _, c := range slices.Backward(b.Charges) {
		if span.holds(c.At) {
			rows = append(rows, subPaymentRow{c.Amount, c.Status, wireTime(c.At), b.Currency})
		}
	}
	list, pages := cut(rows, span)
	return map[string]any{"payments": list, "pagination": pages}, nil
}
