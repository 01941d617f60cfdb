package payin

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// service is the config of an account with charges and rewards.
func service() map[string]any { return map[string]any{"service_id": 12} }

// outcomeBody is a signed callback about op_1 of service 12, with the numbers unless they are empty.
func outcomeBody(status string, at int64, numbers bool) string {
	return outcomeOf("op_1", "12", status, at, numbers)
}

func outcomeOf(id, service, status string, at int64, numbers bool) string {
	signed := fmt.Sprintf("external_id=%s&service_id=%s&status=%s&timestamp=%d", id, service, status, at)
	body := fmt.Sprintf(`{"external_id":"%s","service_id":%s,"status":%s,"timestamp":"%d"`, id, service, status, at)
	if numbers {
		signed = fmt.Sprintf("external_id=%s&payment_in_id=007026-000001&payment_out_id=006034-000002&service_id=%s&status=%s&timestamp=%d",
			id, service, status, at)
		body += `,"payment_in_id":"007026-000001","payment_out_id":"006034-000002"`
	} else {
		body += `,"payment_in_id":null,"payment_out_id":null`
	}
	return body + `,"hash":"` + sign(testSecret, signed) + `"}`
}

func TestChargeOutcomes(t *testing.T) {
	refs := map[string]string{"external_id": "op_1", "payment_in_id": "007026-000001", "payment_out_id": "006034-000002"}
	acc := open(t, "https://lk.payin-payout.net", service())
	for name, want := range map[string]struct {
		charge  pay.Status
		payout  pay.PayoutStatus
		final   bool
		decline bool
		review  bool
	}{
		"1 paid":               {charge: pay.StatusPaid, payout: pay.PayoutSucceeded, final: true},
		"3 insufficient funds": {charge: pay.StatusFailed, payout: pay.PayoutFailed, final: true, decline: true},
		"4 error":              {review: true},
		"0 not listed":         {review: true},
		"2 not listed":         {review: true},
		"8 not listed":         {review: true},
		"11 not listed":        {review: true},
		"-1 negative":          {review: true},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, _ := strings.Cut(name, " ")
			got, err := acc.HandleWebhook(t.Context(), webhook(tailCharge, outcomeBody(status, testTime, true)))
			require.NoError(t, err)
			require.Len(t, got.Events, 1)
			e := got.Events[0]
			require.Equal(t, pay.SubjectInvoice, e.Subject)
			require.Equal(t, pay.StrengthVerified, e.Strength, "no call asks about a charge, so its signed callback is believed")
			require.Equal(t, "op_1", e.ProviderKey)
			require.Equal(t, "op_1", e.ProviderRef)
			require.Equal(t, "op_1:"+status, e.ProviderEventID)
			require.Equal(t, time.Unix(testTime, 0).UTC(), e.ProviderTime)
			require.Nil(t, e.Payout)
			require.Equal(t, refs, e.Invoice.ProviderRefs)
			require.Equal(t, want.charge, e.Invoice.Status)
			require.Equal(t, want.final, e.Invoice.Final)
			require.Equal(t, want.review, e.Invoice.Review != "")
			require.False(t, e.Invoice.Amount.IsSet() || e.Invoice.Captured.IsSet(), "the callback states no amount")
			if want.review {
				require.Equal(t, status == "4", strings.Contains(e.Invoice.Review, "the provider reports an error"))
				require.Contains(t, e.Invoice.Review, "external_id", "what to quote")
			}
			if want.decline {
				require.Equal(t, pay.DeclineInsufficientFunds, e.Invoice.Attempts[0].Decline.Reason)
			}
			require.JSONEq(t, `{"result":true}`, string(got.Acknowledgement.Body))

			got, err = acc.HandleWebhook(t.Context(), webhook(tailReward, outcomeBody(status, testTime, true)))
			require.NoError(t, err)
			e = got.Events[0]
			require.Equal(t, pay.SubjectPayout, e.Subject)
			require.Equal(t, pay.StrengthVerified, e.Strength)
			require.Nil(t, e.Invoice)
			require.Equal(t, refs, e.Payout.ProviderRefs)
			require.Equal(t, want.payout, e.Payout.Status)
			require.Equal(t, want.review, e.Payout.Review != "")
			require.Equal(t, want.decline, e.Payout.Decline != nil)
		})
	}
}

// Numbers that are null are left out of the signed text.
func TestOutcomeWithoutNumbers(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	got, err := acc.HandleWebhook(t.Context(), webhook(tailCharge, outcomeBody("3", testTime, false)))
	require.NoError(t, err)
	require.Equal(t, pay.StatusFailed, got.Events[0].Invoice.Status)
	require.Equal(t, map[string]string{"external_id": "op_1"}, got.Events[0].Invoice.ProviderRefs)
}

// What is signed and not ours to believe names an object and says nothing of it.
func TestOutcomesThatAreOnlyHints(t *testing.T) {
	for name, c := range map[string]struct {
		tail, body string
		config     map[string]any
		subject    pay.Subject
	}{
		"no tail":         {"", outcomeBody("1", testTime, true), service(), pay.SubjectUnknown},
		"top-up address":  {tailTopup, outcomeBody("1", testTime, true), service(), pay.SubjectUnknown},
		"another service": {tailCharge, outcomeOf("op_1", "13", "1", testTime, true), service(), pay.SubjectInvoice},
		"no service":      {tailReward, outcomeBody("1", testTime, true), nil, pay.SubjectPayout},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := open(t, "https://lk.payin-payout.net", c.config).HandleWebhook(t.Context(), webhook(c.tail, c.body))
			require.NoError(t, err)
			e := got.Events[0]
			require.Equal(t, c.subject, e.Subject)
			require.Equal(t, pay.StrengthHint, e.Strength)
			require.Equal(t, "op_1", e.ProviderKey)
			require.Nil(t, e.Invoice)
			require.Nil(t, e.Payout)
		})
	}
}

// A late callback is a reason to ask; its event is another one than that of a repeat signed anew.
func TestLateOutcomes(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	for _, tail := range []string{tailCharge, tailReward} {
		late, err := acc.HandleWebhook(t.Context(), webhook(tail, outcomeBody("1", testTime-301, true)))
		require.NoError(t, err)
		e := late.Events[0]
		require.Equal(t, pay.StrengthHint, e.Strength)
		require.Len(t, late.Report.Warnings, 1)
		if tail == tailCharge {
			require.Empty(t, e.Invoice.Status)
			require.Contains(t, e.Invoice.Review, `"1"`)
		} else {
			require.Empty(t, e.Payout.Status)
			require.Contains(t, e.Payout.Review, `"1"`)
		}
		fresh, err := acc.HandleWebhook(t.Context(), webhook(tail, outcomeBody("1", testTime, true)))
		require.NoError(t, err)
		require.NotEqual(t, e.ProviderEventID, fresh.Events[0].ProviderEventID)
	}
}

// No change of what is signed is accepted, in either kind of callback.
func TestMutatedOutcomesAreRefused(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	random := rand.New(rand.NewPCG(5, 6))
	for _, tail := range []string{tailCharge, tailReward} {
		valid := outcomeBody("3", testTime, true)
		_, err := acc.HandleWebhook(t.Context(), webhook(tail, valid))
		require.NoError(t, err)
		for tried := 0; tried < 300; {
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
			got, err := acc.HandleWebhook(t.Context(), webhook(tail, string(mutated)))
			require.ErrorIs(t, err, pay.KindAuth, "%s", mutated)
			require.Empty(t, got.Events)
		}
	}
}

// A genuine callback cannot be turned into one about another object, outcome or time.
func TestForgedOutcomes(t *testing.T) {
	acc := open(t, "https://lk.payin-payout.net", service())
	valid := outcomeBody("3", testTime, true)
	for name, body := range map[string]string{
		"paid":           strings.Replace(valid, `"status":3`, `"status":1`, 1),
		"paid, as text":  strings.Replace(valid, `"status":3`, `"status":"1"`, 1),
		"another id":     strings.Replace(valid, `"op_1"`, `"op_2"`, 1),
		"another time":   strings.Replace(valid, strconv.Itoa(testTime), strconv.Itoa(testTime+1), 1),
		"added status":   strings.Replace(valid, `{`, `{"payment_in_status":1,`, 1),
		"repeated":       strings.Replace(valid, `{`, `{"status":1,`, 1),
		"no numbers":     strings.Replace(valid, `"007026-000001"`, `null`, 1),
		"another number": strings.Replace(valid, `006034-000002`, `006034-000003`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			for _, tail := range []string{tailCharge, tailReward, tailTopup} {
				got, err := acc.HandleWebhook(t.Context(), webhook(tail, body))
				require.ErrorIs(t, err, pay.KindAuth)
				require.Empty(t, got.Events)
			}
		})
	}
}
