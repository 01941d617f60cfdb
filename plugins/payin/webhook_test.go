package payin

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// callbackBody is a signed top-up callback at the time of the test clock, or of the given one.
func callbackBody(secret string, at int64) string {
	signed := fmt.Sprintf("payment_in_id=64522147743974&payment_in_status=1&timestamp=%d", at)
	return fmt.Sprintf(`{"payment_in_id":64522147743974,"payment_in_status":1,"timestamp":%d,"tracker":" gid_3","hash":"%s"}`, at, sign(secret, signed))
}

func webhook(tail, body string) pay.WebhookRequest {
	return pay.WebhookRequest{Method: "POST", Tail: tail, Body: []byte(body), ReceivedAt: testClock()}
}

func TestTopupCallback(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net")
	got, err := acc.HandleWebhook(t.Context(), webhook(tailTopup, callbackBody(testSecret, testTime)))
	require.NoError(t, err)
	require.Equal(t, []pay.WebhookEvent{{
		Subject: pay.SubjectInvoice, ProviderRef: "64522147743974", Strength: pay.StrengthHint,
		Invoice:         &pay.InvoiceState{ProviderRef: "64522147743974", Status: pay.StatusPaid},
		ProviderEventID: "64522147743974:1", ProviderTime: time.Unix(testTime, 0).UTC(),
	}}, got.Events)
	require.Equal(t, 200, got.Acknowledgement.Status)
	require.JSONEq(t, `{"result":true}`, string(got.Acknowledgement.Body))
	require.Equal(t, []pay.Header{{Name: "Content-Type", Value: "application/json"}}, got.Acknowledgement.Headers)
	require.Equal(t, "gid_3", got.Report.Evidence.ProviderRequestID)
	require.Empty(t, got.Report.Warnings)
}

// The provider's own vector: its time is years before the test clock, so it may only lead to a question.
func TestDocumentedCallbackVector(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net")
	body := `{"payment_in_id":64522147743974,"payment_in_status":1,"timestamp":1563956853,"tracker":"t","hash":"882464846bf4b439cf58fe2b708bc4d9"}`
	got, err := acc.HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.NoError(t, err)
	require.Equal(t, "64522147743974", got.Events[0].ProviderRef)
	require.Nil(t, got.Events[0].Invoice)
	require.Equal(t, pay.StrengthHint, got.Events[0].Strength)
	require.Len(t, got.Report.Warnings, 1)
	require.JSONEq(t, `{"result":true}`, string(got.Acknowledgement.Body))
}

func TestFreshnessWindow(t *testing.T) {
	for name, c := range map[string]struct {
		window string
		offset int64
		fresh  bool
	}{
		"edge before": {"300s", -300, true}, "past": {"300s", -301, false},
		"edge after": {"300s", 300, true}, "future": {"300s", 301, false},
		"narrow": {"10s", -11, false}, "wide": {"1h", -3600, true},
	} {
		t.Run(name, func(t *testing.T) {
			acc := open(t, "https://lk.payin-payout.net", map[string]any{"callback_freshness": c.window})
			got, err := acc.HandleWebhook(t.Context(), webhook("", callbackBody(testSecret, testTime+c.offset)))
			require.NoError(t, err)
			require.Equal(t, c.fresh, got.Events[0].Invoice != nil)
			require.Equal(t, "64522147743974", got.Events[0].ProviderRef)
		})
	}
}

func TestOtherStatusesInACallbackAreNoSuccess(t *testing.T) {
	signed := fmt.Sprintf("payment_in_id=1&payment_in_status=3&timestamp=%d", int64(testTime))
	body := fmt.Sprintf(`{"payment_in_id":1,"payment_in_status":3,"timestamp":%d,"hash":"%s"}`, testTime, sign(testSecret, signed))
	got, err := open(t, "https://lk.payin-payout.net").HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.NoError(t, err)
	require.Empty(t, got.Events[0].Invoice.Status)
	require.NotEmpty(t, got.Events[0].Invoice.Review)
}

func TestUnknownFieldsAreSigned(t *testing.T) {
	signed := fmt.Sprintf("New=%%D0%%9F&payment_in_id=1&payment_in_status=1&timestamp=%d", int64(testTime))
	body := fmt.Sprintf(`{"payment_in_id":"1","payment_in_status":"1","timestamp":"%d","New":"П","none":null,"hash":"%s"}`, testTime, sign(testSecret, signed))
	got, err := open(t, "https://lk.payin-payout.net").HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Events[0].Invoice.Status)
}

func TestSecretRotation(t *testing.T) {
	body := callbackBody("older_key", testTime)
	_, err := open(t, "https://lk.payin-payout.net").HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.ErrorIs(t, err, pay.KindAuth)
	rotated := open(t, "https://lk.payin-payout.net", map[string]any{"previous_secrets": []string{"oldest", "older_key"}})
	_, err = rotated.HandleWebhook(t.Context(), webhook(tailTopup, body))
	require.NoError(t, err)
	_, err = rotated.HandleWebhook(t.Context(), webhook(tailTopup, callbackBody(testSecret, testTime)))
	require.NoError(t, err)
}

func TestUnverifiableCallbacks(t *testing.T) {
	valid := callbackBody(testSecret, testTime)
	hash := valid[strings.LastIndex(valid, `":"`)+3 : len(valid)-2]
	for name, body := range map[string]string{
		"empty":          "",
		"not json":       "payment_in_id=1",
		"array":          "[" + valid + "]",
		"no hash":        strings.Replace(valid, `,"hash":"`+hash+`"`, "", 1),
		"empty hash":     strings.Replace(valid, hash, "", 1),
		"upper-case":     strings.Replace(valid, hash, strings.ToUpper(hash), 1),
		"hash is null":   strings.Replace(valid, `"`+hash+`"`, "null", 1),
		"other status":   strings.Replace(valid, `"payment_in_status":1`, `"payment_in_status":11`, 1),
		"other id":       strings.Replace(valid, `"payment_in_id":6`, `"payment_in_id":7`, 1),
		"added field":    strings.Replace(valid, `{`, `{"x":1,`, 1),
		"repeated field": strings.Replace(valid, `{`, `{"payment_in_status":1,`, 1),
		"only a hash":    `{"hash":"` + sign(testSecret, "") + `"}`,
		"nothing signed": `{"tracker":"x","hash":"` + sign(testSecret, "") + `"}`,
		"other key":      callbackBody("another", testTime),
		"empty key":      callbackBody("", testTime),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := open(t, "https://lk.payin-payout.net").HandleWebhook(t.Context(), webhook(tailTopup, body))
			require.ErrorIs(t, err, pay.KindAuth)
			require.Empty(t, got.Events)
			require.NotContains(t, err.Error(), testSecret)
		})
	}
}

// No change of the signed content or of the hash is accepted. tracker is outside the signature, so the body has none.
func TestMutatedCallbacksAreRefused(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net")
	valid := strings.Replace(callbackBody(testSecret, testTime), `"tracker":" gid_3",`, "", 1)
	_, err := acc.HandleWebhook(t.Context(), webhook(tailTopup, valid))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for tried < 400 {
		mutated := []byte(valid)
		at := random.IntN(len(mutated))
		switch random.IntN(3) {
		case 0:
			mutated[at] ^= byte(1 << random.IntN(8))
		case 1:
			mutated = append(mutated[:at], mutated[at+1:]...)
		case 2:
			mutated = append(mutated[:at], append([]byte{byte(random.IntN(256))}, mutated[at:]...)...)
		}
		// White space between JSON tokens is no content.
		if strings.Join(strings.Fields(string(mutated)), "") == valid {
			continue
		}
		tried++
		got, err := acc.HandleWebhook(t.Context(), webhook(tailTopup, string(mutated)))
		require.ErrorIs(t, err, pay.KindAuth, "%s", mutated)
		require.Empty(t, got.Events)
	}
}
