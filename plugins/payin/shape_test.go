package payin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// Every shape of a callback, documented or next to it, with what the host is told. The three kinds are told apart by their
// fields and, where those are the same, by the address.
func TestCallbackShapes(t *testing.T) {
	at := fmt.Sprintf("&timestamp=%d", int64(testTime))
	outcome := "external_id=op_1&service_id=12&status=1" + at
	numbers := "external_id=op_1&payment_in_id=007026-000001&payment_out_id=006034-000002&service_id=12&status=1" + at
	const none = "nothing"
	for name, c := range map[string]struct {
		tail, signed string
		subject      pay.Subject
		strength     pay.Strength
		ref, key     string
		status       string // "nothing": the event says nothing of the object; "" says only a review
		refs         int
	}{
		"plain top-up": {
			tailTopup, "payment_in_id=64522147743974&payment_in_status=1" + at,
			pay.SubjectInvoice, pay.StrengthHint, "64522147743974", "", "paid", 0,
		},
		"top-up at the account's URL": {
			"", "payment_in_id=64522147743974&payment_in_status=1" + at,
			pay.SubjectInvoice, pay.StrengthHint, "64522147743974", "", "paid", 0,
		},
		"top-up at another address": {
			tailCharge, "payment_in_id=64522147743974&payment_in_status=1" + at,
			pay.SubjectInvoice, pay.StrengthHint, "64522147743974", "", "paid", 0,
		},
		"top-up beyond 2^53": {
			tailTopup, "payment_in_id=9007199254740993&payment_in_status=1" + at,
			pay.SubjectInvoice, pay.StrengthHint, "9007199254740993", "", "paid", 0,
		},
		"top-up, another status": {
			tailTopup, "payment_in_id=1&payment_in_status=4" + at,
			pay.SubjectInvoice, pay.StrengthHint, "1", "", "", 0,
		},
		"top-up, unknown field": {
			tailTopup, "new=x&payment_in_id=1&payment_in_status=1" + at,
			pay.SubjectInvoice, pay.StrengthHint, "1", "", "paid", 0,
		},
		"plain charge": {
			tailCharge, numbers,
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "paid", 3,
		},
		"charge without numbers": {
			tailCharge, outcome,
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "paid", 1,
		},
		"charge, empty numbers": {
			tailCharge, "external_id=op_1&payment_in_id=&payment_out_id=&service_id=12&status=3" + at,
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "failed", 1,
		},
		"charge, other numbers": {
			tailCharge, "external_id=op_1&payment_in_id=64522147743974&payment_out_id=none&service_id=12&status=1" + at,
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "paid", 1,
		},
		"charge, insufficient": {
			tailCharge, strings.Replace(outcome, "status=1", "status=3", 1),
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "failed", 1,
		},
		"charge, trouble": {
			tailCharge, strings.Replace(outcome, "status=1", "status=4", 1),
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "", 1,
		},
		"charge, unknown status": {
			tailCharge, strings.Replace(outcome, "status=1", "status=7", 1),
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "", 1,
		},
		"charge, no status": {
			tailCharge, strings.Replace(outcome, "&status=1", "", 1),
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "", 1,
		},
		"charge, status with a space": {
			tailCharge, strings.Replace(outcome, "status=1", "status=1+", 1),
			pay.SubjectInvoice, pay.StrengthVerified, "op_1", "op_1", "", 1,
		},
		"plain reward": {
			tailReward, numbers,
			pay.SubjectPayout, pay.StrengthVerified, "op_1", "op_1", "succeeded", 3,
		},
		"reward, insufficient": {
			tailReward, strings.Replace(numbers, "status=1", "status=3", 1),
			pay.SubjectPayout, pay.StrengthVerified, "op_1", "op_1", "failed", 3,
		},
		"reward, trouble": {
			tailReward, strings.Replace(numbers, "status=1", "status=4", 1),
			pay.SubjectPayout, pay.StrengthVerified, "op_1", "op_1", "", 3,
		},
		"outcome at the top-up's": {
			tailTopup, numbers,
			pay.SubjectUnknown, pay.StrengthHint, "", "op_1", none, 0,
		},
		"outcome at no address": {
			"", numbers,
			pay.SubjectUnknown, pay.StrengthHint, "", "op_1", none, 0,
		},
		"outcome of another service": {
			tailReward, strings.Replace(numbers, "service_id=12", "service_id=13", 1),
			pay.SubjectPayout, pay.StrengthHint, "", "op_1", none, 0,
		},
		"outcome without a service": {
			tailCharge, strings.Replace(outcome, "service_id=12&", "", 1),
			pay.SubjectInvoice, pay.StrengthHint, "", "op_1", none, 0,
		},
		"outcome, a foreign id": {
			tailCharge, strings.Replace(outcome, "op_1", "a+b", 1),
			pay.SubjectInvoice, pay.StrengthHint, "", "a b", none, 0,
		},
		"of neither kind": {
			tailTopup, "x=1" + at,
			pay.SubjectUnknown, pay.StrengthHint, "", "", none, 0,
		},
		"half a top-up": {
			tailTopup, "payment_in_id=1" + at,
			pay.SubjectUnknown, pay.StrengthHint, "", "", none, 0,
		},
		"a pair and a status": {
			tailTopup, "payment_in_id=1-1&payment_in_status=1" + at,
			pay.SubjectUnknown, pay.StrengthHint, "", "", none, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := open(t, "https://lk.payin-payout.net", service()).HandleWebhook(t.Context(), webhook(c.tail, jsonOf(t, c.signed)))
			require.NoError(t, err)
			require.Len(t, got.Events, 1)
			e := got.Events[0]
			require.Equal(t, c.subject, e.Subject)
			require.Equal(t, c.strength, e.Strength)
			require.Equal(t, c.ref, e.ProviderRef)
			require.Equal(t, c.key, e.ProviderKey)
			switch {
			case c.status == none:
				require.Nil(t, e.Invoice)
				require.Nil(t, e.Payout)
			case c.subject == pay.SubjectPayout:
				require.Equal(t, c.status, string(e.Payout.Status))
				require.Equal(t, c.status == "", e.Payout.Review != "")
				require.Len(t, e.Payout.ProviderRefs, c.refs)
			default:
				require.Equal(t, c.status, string(e.Invoice.Status))
				require.Equal(t, c.status == "", e.Invoice.Review != "")
				require.Len(t, e.Invoice.ProviderRefs, c.refs)
			}
			require.Equal(t, 200, got.Acknowledgement.Status)
			require.JSONEq(t, `{"result":true}`, string(got.Acknowledgement.Body))
		})
	}
}

// Every shape of an answer, with what it means to a call that changes something and to one that reads.
func TestAnswerShapes(t *testing.T) {
	type meaning struct {
		changing, reading pay.Kind
		executed          pay.Executed
	}
	refused := meaning{pay.KindInvalidRequest, pay.KindInvalidRequest, pay.ExecutedNo}
	unknown := meaning{pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown}
	for body, want := range map[string]meaning{
		`{"status":false,"user_msg":"no","tracker":" gid_1"}`:             refused,
		`{"status":false,"user_msg":" no ","tracker":null}`:               refused,
		`{"status":false,"user_msg":"no","result":{"payment_in_id":"1"}}`: refused,
		`{"status":false,"user_msg":"no"}`:                                refused,
		`{"status":false,"user_msg":""}`:                                  unknown,
		`{"status":false,"user_msg":" "}`:                                 unknown,
		`{"status":false,"user_msg":null}`:                                unknown,
		`{"status":false,"user_msg":["no"]}`:                              unknown,
		`{"status":false,"error":"no"}`:                                   unknown,
		`{"status":0,"user_msg":"no"}`:                                    unknown,
		`{"error":"no"}`:                                                  unknown,
		`{"user_msg":"no"}`:                                               unknown,
		`"no"`:                                                            unknown,
		`false`:                                                           unknown,
		"<html>no</html>":                                                 unknown,
		"":                                                                unknown,
	} {
		_, err := against(t, &recorder{answer: body}).CreateInvoice(t.Context(), request(t))
		e := asError(t, err)
		require.Equal(t, want.changing, e.Kind, body)
		require.Equal(t, want.executed, e.WasExecuted(), body)
		_, err = against(t, &recorder{answer: body}).GetInvoice(t.Context(), ref(pay.StatusPending))
		e = asError(t, err)
		require.Equal(t, want.reading, e.Kind, body)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted(), body)
	}
}

// The tracker is quoted to the provider's support without the space that every sample begins with, and is never needed.
func TestTracker(t *testing.T) {
	for tracker, want := range map[string]string{
		`" gid_5ed74ae21dc095.01924744"`: "gid_5ed74ae21dc095.01924744", `"gid_1"`: "gid_1", `null`: "", `7`: "", `{}`: "", `" "`: "",
	} {
		got, err := against(t, &recorder{answer: `{"status":true,"result":{},"tracker":` + tracker + `}`}).ReadBalances(t.Context(), pay.ReadBalances{})
		require.NoError(t, err, tracker)
		require.Equal(t, want, got.Report.Evidence.ProviderRequestID)
		_, err = against(t, &recorder{answer: `{"status":false,"user_msg":"no","tracker":` + tracker + `}`}).ReadBalances(t.Context(), pay.ReadBalances{})
		require.Equal(t, want, asError(t, err).Report.Evidence.ProviderRequestID)
	}
}
