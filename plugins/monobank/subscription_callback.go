package monobank

import "encoding/json"

// aboutSubscription reports whether a webhook is about a subscription. The bodies
// that the bank sends to chargeUrl and statusUrl are not documented; clients in use saw
// the object of subscription/status, and one like an invoice with both ids. So
// nothing is believed of them, whatever their signature: an invoice of that
// id is not the host's, and what they say is read by subscription_status and
// subscription_payments.
func aboutSubscription(body []byte) bool {
	var b struct {
		SubscriptionID json.RawMessage `json:"subscriptionId"`
	}
	return json.Unmarshal(body, &b) == nil && len(b.SubscriptionID) > 0 && string(b.SubscriptionID) != "null"
}
