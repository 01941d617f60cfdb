package monobanksim

import (
	"net/http"
	"slices"
	"time"
)

// Names of the operations on subscriptions.
const (
	OpSubCreate   = "subscription/create"
	OpSubStatus   = "subscription/status"
	OpSubList     = "subscription/list"
	OpSubPayments = "subscription/payments"
	OpSubEdit     = "subscription/edit"
	OpSubRemove   = "subscription/remove"
)

// subHooks is webHookUrls.
type subHooks struct{ chargeURL, statusURL string }

// UnmarshalJSON refuses members the bank does not document.
func (h *subHooks) UnmarshalJSON(data []byte) error {
	return decodeExact(data, map[string]any{"chargeUrl": &h.chargeURL, "statusUrl": &h.statusURL})
}

// subCreate plays POST /api/merchant/subscription/create. Two equal requests make two subscriptions. The default of ccy
// is the one of invoice/create.
func (s *Sim) subCreate(r *http.Request, body []byte) (any, *apiError) {
	var amount, validity *int64
	var redirectURL, interval string
	ccy, hooks := int32(currencyUAH), subHooks{}
	err := decodeExact(body, map[string]any{
		"amount": &amount, "ccy": &ccy, "interval": &interval, "redirectUrl": &redirectURL, "webHookUrls": &hooks, "validity": &validity,
	})
	if err != nil {
		return nil, badRequest("%v", err)
	}
	number, _ := splitInterval(interval)
	switch {
	case amount == nil || *amount <= 0:
		return nil, badRequest("amount is required and must be positive")
	case !slices.Contains(s.config.Currencies, ccy):
		return nil, badRequest("ccy %d is not available", ccy)
	case number == 0:
		return nil, badRequest("interval must be a number and d, w, m or y")
	case validity != nil && *validity <= 0:
		return nil, badRequest("validity must be positive")
	}
	for _, address := range []string{redirectURL, hooks.chargeURL, hooks.statusURL} {
		if address != "" && !absolute(address) {
			return nil, badRequest("%q is not an absolute http address", address)
		}
	}
	valid := int64(defaultValidity)
	if validity != nil {
		valid = min(*validity, maxValidity)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now().UTC().Truncate(time.Second)
	b := &Subscription{
		SubscriptionID: "sub" + newInvoiceID(now), Status: SubscriptionActive, Amount: *amount, Currency: ccy, Interval: interval,
		RedirectURL: redirectURL, ChargeURL: hooks.chargeURL, StatusURL: hooks.statusURL,
		WalletID: "wallet_" + randomFrom(alphanumeric, 12), WalletStatus: "new",
		CreatedAt: now, StartAt: now, ExpiresAt: now.Add(time.Duration(valid) * time.Second),
	}
	b.PageURL = s.base(r.Host) + "/subscribe/" + b.SubscriptionID
	s.own.subscriptions = append(s.own.subscriptions, b)
	s.did(OpSubCreate, &Invoice{}, b.SubscriptionID, b.Amount)
	return map[string]string{"subscriptionId": b.SubscriptionID, "pageUrl": b.PageURL}, nil
}

type subscriptionView struct {
	SubscriptionID   string            `json:"subscriptionId"`
	Status           string            `json:"status"`
	StartDate        string            `json:"startDate"`
	EndDate          string            `json:"endDate,omitempty"`
	Amount           int64             `json:"amount"`
	Currency         int32             `json:"ccy"`
	Interval         string            `json:"interval"`
	NextChargeDate   string            `json:"nextChargeDate,omitempty"`
	CancellationDesc string            `json:"cancellationDesc,omitempty"`
	Summary          map[string]int    `json:"summary"`
	WalletData       map[string]string `json:"walletData"`
}

// subscriptionView is the answer of subscription/status. Whether the summary counts charges or money is not documented:
// it counts here. The caller holds mu.
func (s *Sim) subscriptionView(b *Subscription) subscriptionView {
	_, succeeded, failed := b.paid()
	return subscriptionView{
		SubscriptionID: b.SubscriptionID, Status: b.Status, StartDate: wireTime(b.StartAt), EndDate: wireTimeIfAny(b.EndAt),
		Amount: b.Amount, Currency: b.Currency, Interval: b.Interval, NextChargeDate: wireTimeIfAny(b.NextAt),
		CancellationDesc: b.CancellationDesc, Summary: map[string]int{"totalPaid": succeeded, "totalFailed": failed},
		WalletData: map[string]string{"cardToken": b.CardToken, "walletId": b.WalletID, "status": b.WalletStatus},
	}
}

func wireTimeIfAny(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return wireTime(t)
}

// subStatus plays GET /api/merchant/subscription/status.
func (s *Sim) subStatus(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "subscriptionId")
	if failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, failed := s.subscriptionOf(query["subscriptionId"])
	if failed != nil {
		return nil, failed
	}
	return s.subscriptionView(b), nil
}

// subscriptionOf finds the subscription a request is about. The caller holds mu.
func (s *Sim) subscriptionOf(id string) (*Subscription, *apiError) {
	if id == "" {
		return nil, badRequest("subscriptionId is required")
	}
	b, err := s.findSubscription(id)
	if err != nil {
		return nil, notFound("NOT_FOUND", "subscription not found")
	}
	return b, nil
}

// subEdit plays POST /api/merchant/subscription/edit. A second cancellation is refused, and so is a refund of more than
// was paid; both are the simulator's reading.
func (s *Sim) subEdit(_ *http.Request, body []byte) (any, *apiError) {
	var id, action string
	var refund *int64
	if err := decodeExact(body, map[string]any{"subscriptionId": &id, "action": &action, "refundAmount": &refund}); err != nil {
		return nil, badRequest("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, failed := s.subscriptionOf(id)
	if failed != nil {
		return nil, failed
	}
	sum, _, _ := b.paid()
	switch {
	case action != "cancel":
		return nil, badRequest("action must be cancel")
	case b.Status != SubscriptionActive:
		return nil, badRequest("the subscription is not active")
	case refund != nil && (*refund <= 0 || *refund > sum):
		return nil, badRequest("refundAmount must be positive and at most what was paid")
	}
	if refund != nil {
		b.Refunded = *refund
	}
	b.Status, b.CancellationDesc = SubscriptionCancelled, "Скасовано мерчантом"
	b.EndAt, b.NextAt = s.config.Now().UTC().Truncate(time.Second), time.Time{}
	s.did(OpSubEdit, &Invoice{}, id, b.Refunded)
	if err := s.reportStatus(b); err != nil {
		return nil, &apiError{http.StatusInternalServerError, "INTERNAL_ERROR", err.Error()}
	}
	return nil, nil
}

// subRemove plays POST /api/merchant/subscription/remove, which works only while nothing was charged, an attempt that
// failed included. Afterwards the bank does not know the subscription any more.
func (s *Sim) subRemove(_ *http.Request, body []byte) (any, *apiError) {
	var id string
	if err := decodeExact(body, map[string]any{"subscriptionId": &id}); err != nil {
		return nil, badRequest("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, failed := s.subscriptionOf(id)
	if failed != nil {
		return nil, failed
	}
	if len(b.Charges) > 0 {
		return nil, &apiError{http.StatusBadRequest, "1001", "the subscription was charged"}
	}
	s.own.subscriptions = slices.DeleteFunc(s.own.subscriptions, func(other *Subscription) bool { return other == b })
	s.did(OpSubRemove, &Invoice{}, id, 0)
	return nil, nil
}
