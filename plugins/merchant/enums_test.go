package merchant

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// Every documented payment option, one of a sample list and two that a brand could add: sent as it is, and read back by
// what its requisites look like.
func TestPaymentOptions(t *testing.T) {
	const card, phone, account, link = "4444 4444 4444 4444", "+7(996)777-99-77", "40817810000000000001", "https://t.example/pay?x=1"
	for option, c := range map[string]struct {
		value string
		next  pay.NextActionType
		kind  string
	}{
		"SBP": {phone, pay.NextTransfer, "phone"}, "TO_CARD": {card, pay.NextTransfer, "card"}, "TO_ACCOUNT": {account, pay.NextTransfer, "account"},
		"CROSS_BORDER": {phone, pay.NextTransfer, "phone"}, "MOBILE_TOP_UP": {phone, pay.NextTransfer, "phone"}, "SBP_QR": {link, pay.NextQR, ""},
		"CLICK_UZ_QR": {link, pay.NextQR, ""}, "TIPS": {"255700000000", pay.NextTransfer, "text"}, "TO_BANK_DETAILS": {account, pay.NextTransfer, "account"},
		"TO_PHONE_NUMBER": {phone, pay.NextTransfer, "phone"}, "TG_BOT": {link, pay.NextDeeplink, ""}, "P2C": {"4411", pay.NextTransfer, "text"},
		"UPI": {"someone@bank", pay.NextTransfer, "text"}, "QUASI_UPI": {"someone@bank", pay.NextTransfer, "text"}, "IMPS": {"IFSC 1",
			pay.NextTransfer, "text"},
		"CVU": {"0000003100000000000001", pay.NextTransfer, "text"}, "CARD_ACQUIRING": {link, pay.NextDeeplink, ""}, "MANUAL_ECOM": {link,
			pay.NextDeeplink, ""},
		"VIET_QR": {"00020101", pay.NextQR, ""}, "MANUAL_SBP_QR": {link, pay.NextQR, ""},
		"A_NEW_ONE": {"anything", pay.NextTransfer, "text"}, "A_NEW_LINK": {link, pay.NextDeeplink, ""},
	} {
		t.Run(option, func(t *testing.T) {
			acc, g := against(t, always(200, invoiceJSON(t, map[string]any{"deals": []any{dealJSON(map[string]any{
				"paymentOption": option, "requisites": map[string]any{"requisites": c.value, "holder": "Ivan I."},
			})}})))
			extra := map[bool]string{true: `,"cross_border_currency":"TJS"`}[option == "CROSS_BORDER"]
			got, err := acc.CreateInvoice(t.Context(), withOptions(t, fmt.Sprintf(`{"start_deal":true,"payment_option":%q%s}`, option, extra)))
			require.NoError(t, err)
			require.Contains(t, string(g.requests[0].body), fmt.Sprintf(`"paymentOption":%q`, option))
			first := got.NextActions[0]
			require.Equal(t, c.next, first.Type)
			require.Equal(t, "1000.00 RUB", first.Amount.String())
			if c.kind != "" {
				require.Equal(t, c.kind, first.Requisites.Kind)
				require.Equal(t, c.value, first.Requisites.Value)
			} else {
				require.Equal(t, c.value, either(first.QRPayload, first.URL))
			}
			require.Equal(t, option+"/sberbank", got.Attempts[0].Method)
		})
	}
}

// Every result at every status of the invoice. A result that is not documented decides nothing.
func TestEveryDisputeResult(t *testing.T) {
	const (
		open, due, review, won, lost = pay.DisputeOpen, pay.DisputeEvidenceDue, pay.DisputeUnderReview, pay.DisputeWon, pay.DisputeLost
	)
	statuses := []string{"new", "dispute", "paid", "canceled", "expired", "recalculated"}
	for result, want := range map[string][]pay.DisputeStatus{
		"ACCEPTED":                            {won, won, won, won, won, won},
		"AMOUNT_CHANGED":                      {won, won, won, won, won, won},
		"REQUISITES_MISMATCH_IN_CONFIRM_DOCS": {lost, lost, lost, lost, lost, lost},
		"INVALID_PAYMENT_METHOD":              {lost, lost, lost, lost, lost, lost},
		"TTL_EXPIRED":                         {lost, lost, lost, lost, lost, lost},
		"FRAUD_CONFIRM_DOCS":                  {lost, lost, lost, lost, lost, lost},
		"WAITING_CONFIRM_DOCS_FROM_MERCHANT":  {open, due, won, lost, lost, open},
		"WAITING_CONFIRM_DOCS_FROM_TRADER":    {open, review, won, lost, lost, open},
		"UNKNOWN":                             {open, open, won, lost, lost, open},
		"":                                    {open, open, won, lost, lost, open},
		"A_NEW_ONE":                           {open, open, won, lost, lost, open},
		"accepted":                            {open, open, won, lost, lost, open},
	} {
		for i, status := range statuses {
			d := dealJSON(map[string]any{"isActive": false, "disputeReason": "has_payment", "disputeResult": result})
			got := get(t, map[string]any{"status": status, "deals": []any{d}}, pending(t))
			require.Len(t, got.Disputes, 1)
			require.Equal(t, want[i], got.Disputes[0].Status, "%s at %s", result, status)
			require.Equal(t, pay.DisputeClaim, got.Disputes[0].Kind)
			require.Equal(t, status == "paid", got.Status == pay.StatusPaid, "a result alone moves no invoice")
		}
	}
}

// Every reason is told in the gateway's words; a brand's own too.
func TestEveryDisputeReason(t *testing.T) {
	for _, reason := range append(disputeReasons(), "other", "a_new_one") {
		got := get(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(map[string]any{"status": "dispute", "disputeReason": reason})}}, pending(t))
		require.Equal(t, reason, got.Disputes[0].Reason)
		require.Equal(t, pay.DisputeOpen, got.Disputes[0].Status)
	}
}

// A dispute shows by a reason, a result or the status of its deal, any of which may be missing.
func TestDisputeWithoutAReason(t *testing.T) {
	for _, d := range []map[string]any{{"status": "dispute"}, {"disputeResult": "UNKNOWN"}, {"disputeReason": "no_payment"}} {
		got := get(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(d)}}, pending(t))
		require.Len(t, got.Disputes, 1)
		require.Equal(t, dealID, got.Disputes[0].ProviderRef)
	}
	got := get(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(nil)}}, pending(t))
	require.Equal(t, testID, got.Disputes[0].ProviderRef, "only the invoice says so")
}

// Every callback the gateway can send: all directions and statuses, with and without a deal, with members that only samples
// have. Each is acknowledged with 200, names its object, and carries no state.
func TestEveryCallbackShape(t *testing.T) {
	acc := open(t, "https://api.example.club")
	ids := map[string]bool{}
	for _, direction := range []string{"in", "out"} {
		for _, status := range []string{"new", "paid", "canceled", "dispute", "expired", "recalculated"} {
			for _, deal := range []string{"", `,"deal":null`, `,"deal":[]`, `,"deal":{"id":"d","type":"in","status":"completed",
				"paymentMethod":"sberbank","paymentOption":"SBP","requisites":{"requisites":"4444 4444 4444 4444"},
				"canceledAt":"2024-11-04T14:10:45+00:00","disputeReasonData":[],"disputeResult":"ACCEPTED",
				"attachments":["https:\/\/x\/1"],"payment":null}`} {
				body := fmt.Sprintf(`{"notificationType":"invoice","notificationDate":"2024-11-04T14:00:01+00:00",
					"invoice":{"id":%q,"internalId":"op_1","type":%q,"status":%q,
					"sum":{"amount":"1000.00","currency":"RUB","subunit":2},"storeId":1,"storeName":"S","receivedSumFromTaker":null,"receivedSumFromMaker":null,
					"serviceFeeSum":null,"payoutSum":null,"rate":"99.23","createdAt":"2024-11-04T13:55:45+00:00","expireAt":"2024-11-04T14:55:45+00:00",
					"updatedAt":"2024-11-04T14:00:00+00:00"%s}}`, testID, direction, status, deal)
				require.True(t, json.Valid([]byte(body)))
				got, err := acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, "op_1"), body))
				require.NoError(t, err, body)
				require.Equal(t, 200, got.Acknowledgement.Status)
				e := got.Events[0]
				require.Equal(t, map[string]pay.Subject{"in": pay.SubjectInvoice, "out": pay.SubjectPayout}[direction], e.Subject)
				require.Equal(t, testID, e.ProviderRef)
				require.Equal(t, "op_1", e.ProviderKey)
				require.Equal(t, pay.StrengthHint, e.Strength)
				require.Nil(t, e.Invoice)
				require.Nil(t, e.Payout)
				ids[e.ProviderEventID] = true
			}
		}
	}
	require.Len(t, ids, 6, "one event a status")
	for name, body := range map[string]string{
		"no id":            `{"notificationType":"invoice","invoice":{"internalId":"op_1","type":"in"}}`,
		"a path for an id": `{"notificationType":"invoice","invoice":{"id":"../x","internalId":"op_1","type":"in"}}`,
		"no type":          `{"invoice":{"id":"x","internalId":"op_1"}}`,
		"type of tomorrow": `{"notificationType":"withdrawal","invoice":{"id":"x","internalId":"op_1"}}`,
	} {
		got, err := acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, "op_1"), body))
		require.NoError(t, err, name)
		require.Equal(t, pay.SubjectUnknown, got.Events[0].Subject, name)
		require.Equal(t, "op_1", got.Events[0].ProviderKey, "the host can still look")
	}
}

// The error table of the gateway in any letters, and the same texts with other statuses: a text counts only with its status.
func TestRefusalTextsNeedTheirStatus(t *testing.T) {
	for _, text := range []string{
		"PAYMENT_METHOD_NOT_AVAILABLE", "Invoice amount should be not less than 1000.00", "Payment option not allowed", "Payment method not allowed",
		"maxAmount can not be less than amount", "Invoice data not available", "2FA should be enabled for this operation", "Insufficient funds",
	} {
		kinds := map[pay.Kind]bool{}
		for _, spelled := range []string{text, strings.ToUpper(text), strings.ToLower(text)} {
			acc, _ := against(t, always(400, spelled))
			_, err := acc.CreateInvoice(t.Context(), request(t))
			kinds[asError(t, err).Kind] = true
		}
		require.Len(t, kinds, 1, text)
		for status, kind := range map[int]pay.Kind{404: pay.KindNotFound, 409: pay.KindInvalidState, 500: pay.KindOutcomeUnknown, 403: pay.KindAuth} {
			acc, _ := against(t, always(status, text))
			_, err := acc.CreateInvoice(t.Context(), request(t))
			require.Equal(t, kind, asError(t, err).Kind, "%d %s", status, text)
		}
	}
	for _, text := range []string{"Pay in disabled", "Pay out disabled"} {
		acc, _ := against(t, always(400, text))
		_, err := acc.CreateInvoice(t.Context(), request(t))
		require.Equal(t, pay.KindInvalidRequest, asError(t, err).Kind, text)
	}
}
