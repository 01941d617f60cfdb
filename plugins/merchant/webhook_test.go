package merchant

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const bodyFormat = `{"notificationType":"invoice","notificationDate":"2024-11-04T14:00:01+00:00","invoice":{"id":"` + testID +
	`","internalId":"%s","type":"in","status":"paid","sum":{"amount":"1000.00","currency":"RUB","subunit":2},"storeId":1,` +
	`"receivedSumFromTaker":{"amount":"1000.00","currency":"RUB","subunit":2},"rate":"99.23",` +
	`"updatedAt":"2024-11-04T14:00:00+00:00","deal":{"id":"` + dealID + `","status":"completed","requisites":{"requisites":"4444 4444 4444 4444"}}}}`

func webhook(token, body string) pay.WebhookRequest {
	return pay.WebhookRequest{
		Method: "POST", Headers: []pay.Header{{Name: "x-notification-token", Value: token}}, Body: []byte(body), ReceivedAt: testClock(),
	}
}

func TestNotification(t *testing.T) {
	acc := open(t, "https://api.example.club")
	got, err := acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, "op_1"), fmt.Sprintf(bodyFormat, "op_1")))
	require.NoError(t, err)
	require.Equal(t, []pay.WebhookEvent{{
		Subject: pay.SubjectInvoice, ProviderRef: testID, ProviderKey: "op_1", Strength: pay.StrengthHint,
		ProviderEventID: testID + ":paid:1000.00", ProviderTime: time.Date(2024, 11, 4, 14, 0, 0, 0, time.UTC),
	}}, got.Events, "the body is not signed, so it carries no state")
	require.Equal(t, 200, got.Acknowledgement.Status)
}

func TestEventIDTellsACorrectionFromARepeat(t *testing.T) {
	acc := open(t, "https://api.example.club")
	token, body := notificationToken(testSecret, "op_1"), fmt.Sprintf(bodyFormat, "op_1")
	ids := map[string]bool{}
	for _, b := range []string{body, body, strings.Replace(body, `FromTaker":{"amount":"1000.00"`, `FromTaker":{"amount":"900"`, 1), strings.Replace(body, `"paid"`, `"dispute"`, 1)} {
		got, err := acc.HandleWebhook(t.Context(), webhook(token, b))
		require.NoError(t, err)
		ids[got.Events[0].ProviderEventID] = true
	}
	require.Len(t, ids, 3)
}

func TestNotificationOfAnotherKind(t *testing.T) {
	acc := open(t, "https://api.example.club")
	body := strings.Replace(fmt.Sprintf(bodyFormat, "op_1"), `"notificationType":"invoice"`, `"notificationType":"other"`, 1)
	got, err := acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, "op_1"), body))
	require.NoError(t, err)
	require.Equal(t, pay.SubjectUnknown, got.Events[0].Subject)
}

// The direction in the body chooses what to ask about; nothing else is believed.
func TestNotificationOfAPayout(t *testing.T) {
	acc := open(t, "https://api.example.club")
	for kind, want := range map[string]pay.Subject{"in": pay.SubjectInvoice, "out": pay.SubjectPayout, "sideways": pay.SubjectUnknown} {
		body := strings.Replace(fmt.Sprintf(bodyFormat, "op_1"), `"type":"in"`, `"type":"`+kind+`"`, 1)
		got, err := acc.HandleWebhook(t.Context(), webhook(notificationToken(testSecret, "op_1"), body))
		require.NoError(t, err)
		e := got.Events[0]
		require.Equal(t, want, e.Subject)
		require.Equal(t, pay.StrengthHint, e.Strength)
		require.Equal(t, "op_1", e.ProviderKey)
		require.Nil(t, e.Payout)
		require.Nil(t, e.Invoice)
	}
}

// Nobody without the secret can announce a payout: every change of token or key is refused.
func TestMutatedPayoutNotificationsAreRefused(t *testing.T) {
	acc := open(t, "https://api.example.club")
	const key = "op_01hzy3abcdefgh"
	out := strings.Replace(bodyFormat, `"type":"in"`, `"type":"out"`, 1)
	token := notificationToken(testSecret, key)
	random := rand.New(rand.NewPCG(7, 8))
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEF"
	for tried := 0; tried < 300; {
		token, key := token, key
		target := &key
		if random.IntN(2) == 0 {
			target = &token
		}
		at := random.IntN(len(*target))
		*target = (*target)[:at] + string(alphabet[random.IntN(len(alphabet))]) + (*target)[at+random.IntN(2):]
		if token == notificationToken(testSecret, key) {
			continue
		}
		tried++
		got, err := acc.HandleWebhook(t.Context(), webhook(token, fmt.Sprintf(out, key)))
		require.ErrorIs(t, err, pay.KindAuth, "%s %s", token, key)
		require.Empty(t, got.Events)
	}
}

func TestTokenRotation(t *testing.T) {
	body, old := fmt.Sprintf(bodyFormat, "op_1"), notificationToken("older", "op_1")
	_, err := open(t, "https://api.example.club").HandleWebhook(t.Context(), webhook(old, body))
	require.ErrorIs(t, err, pay.KindAuth)
	rotated := open(t, "https://api.example.club", map[string]any{"previous_secrets": []string{"oldest", "older"}})
	for _, token := range []string{old, notificationToken(testSecret, "op_1")} {
		_, err = rotated.HandleWebhook(t.Context(), webhook(token, body))
		require.NoError(t, err)
	}
}

func TestUnverifiableNotifications(t *testing.T) {
	acc := open(t, "https://api.example.club")
	body, token := fmt.Sprintf(bodyFormat, "op_1"), notificationToken(testSecret, "op_1")
	for name, req := range map[string]pay.WebhookRequest{
		"no header":         {Method: "POST", Body: []byte(body)},
		"empty token":       webhook("", body),
		"upper-case":        webhook(strings.ToUpper(token), body),
		"token of another":  webhook(notificationToken(testSecret, "op_2"), body),
		"other secret":      webhook(notificationToken("x", "op_1"), body),
		"empty secret":      webhook(notificationToken("", "op_1"), body),
		"empty internal id": webhook(notificationToken(testSecret, ""), fmt.Sprintf(bodyFormat, "")),
		"null internal id":  webhook(notificationToken(testSecret, ""), strings.Replace(body, `"internalId":"op_1"`, `"internalId":null`, 1)),
		"no internal id":    webhook(token, strings.Replace(body, `"internalId":"op_1",`, "", 1)),
		"not json":          webhook(token, "op_1"),
		"empty body":        webhook(token, ""),
		"other address": func() pay.WebhookRequest {
			r := webhook(token, body)
			r.Invoice = &pay.InvoiceRef{ProviderKey: "op_2"}
			return r
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := acc.HandleWebhook(t.Context(), req)
			require.ErrorIs(t, err, pay.KindAuth)
			require.Empty(t, got.Events)
			asError(t, err)
		})
	}
}

// The token proves internalId and nothing else, so those two are mutated.
func TestMutatedNotificationsAreRefused(t *testing.T) {
	acc := open(t, "https://api.example.club")
	const key = "op_01hzy3abcdefgh"
	token := notificationToken(testSecret, key)
	_, err := acc.HandleWebhook(t.Context(), webhook(token, fmt.Sprintf(bodyFormat, key)))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(3, 4))
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDEF"
	mutate := func(s string) string {
		at := random.IntN(len(s))
		switch random.IntN(3) {
		case 0:
			return s[:at] + s[at+1:]
		case 1:
			return s[:at] + string(alphabet[random.IntN(len(alphabet))]) + s[at:]
		}
		return s[:at] + string(alphabet[random.IntN(len(alphabet))]) + s[at+1:]
	}
	for tried := 0; tried < 400; {
		token, key := token, key
		if random.IntN(2) == 0 {
			token = mutate(token)
		} else {
			key = mutate(key)
		}
		if token == notificationToken(testSecret, key) {
			continue
		}
		tried++
		got, err := acc.HandleWebhook(t.Context(), webhook(token, fmt.Sprintf(bodyFormat, key)))
		require.ErrorIs(t, err, pay.KindAuth, "%s %s", token, key)
		require.Empty(t, got.Events)
	}
}
