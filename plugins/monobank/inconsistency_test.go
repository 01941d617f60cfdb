package monobank_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// The provider's own page about create contradicts its schema in seven places; here is a test for each.

// members are all names of members in a JSON text, at any depth.
func members(t *testing.T, body string) []string {
	t.Helper()
	var names []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				names = append(names, name)
				walk(member)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	var v any
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	walk(v)
	return names
}

// The sample's merchantPayload and its members do not exist; merchantPaymInfo does, and has no amount.
func TestSampleOrderDataDoesNotExist(t *testing.T) {
	url, s := canned(t, 200, created)
	_, err := open(t, url, newClock(), nil).CreateInvoice(t.Context(), everyField(t))
	require.NoError(t, err)
	require.NotContains(t, members(t, s.body), "merchantPayload")
	var body struct {
		Info map[string]json.RawMessage `json:"merchantPaymInfo"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.body), &body))
	for _, name := range []string{"id", "description", "amount", "ccy"} {
		require.NotContains(t, body.Info, name)
	}
	require.Contains(t, body.Info, "reference")
	require.Contains(t, body.Info, "destination")
}

// The sample's saveCardData.returnUrl does not exist; the members are saveCard and walletId.
func TestSampleSaveCardDataDoesNotExist(t *testing.T) {
	url, s := canned(t, 200, created)
	_, err := open(t, url, newClock(), nil).CreateInvoice(t.Context(), pay.CreateInvoice{
		Amount: money(t, "1", "UAH"), SaveCredential: true, Customer: pay.Customer{ID: "c1"}, ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/"},
	})
	require.NoError(t, err)
	require.Contains(t, s.body, `"saveCardData":{"saveCard":true,"walletId":"c1"}`)
	require.NotContains(t, members(t, s.body), "returnUrl")
}

// The sample's qrId and code are placeholders: sent unasked they would bind the invoice to a desk or a submerchant.
func TestSamplePlaceholdersAreNotSentUnasked(t *testing.T) {
	url, s := canned(t, 200, created)
	req := everyField(t)
	req.Options = nil
	req.ReturnURLs = pay.ReturnURLs{Default: "https://shop.example/"}
	_, err := open(t, url, newClock(), nil).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	for _, name := range []string{"qrId", "tipsEmployeeId", "agentFeePercent", "displayType", "withAppUrl", "successUrl", "failUrl"} {
		require.NotContains(t, members(t, s.body), name)
	}
	var body map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(s.body), &body))
	require.NotContains(t, body, "code", "beside the product codes of the basket")
}

// The page promises a webhook at every change, but none comes for expired: a time to look is told, and looks are planned.
func TestExpiryHasNoWebhook(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	state := b.create(t, func(r *pay.CreateInvoice) { r.ExpiresIn = time.Hour })
	require.Equal(t, b.clock.now().Add(time.Hour), state.ExpiresAt)
	require.NotZero(t, monobank.New("1").Describe().PollCadence[pay.StatusPending])
	b.clock.add(time.Hour)
	require.Equal(t, pay.StatusExpired, b.status(t, state.ProviderRef, pay.Known{Status: pay.StatusPending}).Status)
	require.Empty(t, b.sim.Kit().Callbacks.Attempts(), "no webhook was sent")
}

// "success" may come before "processing": the provider's own time says which is newer, not the order of arrival.
func TestSuccessMayComeBeforeProcessing(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	id := b.create(t, nil).ProviderRef
	require.NoError(t, b.sim.Kit().Callbacks.Script("held", 2))
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Process(id))
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Pay(id))
	held := b.sim.Kit().Callbacks.Held()
	require.Len(t, held, 2)
	_, err := b.sim.Kit().Callbacks.Release(held[1].Seq)
	require.NoError(t, err)
	late := b.news(t, pay.Known{})
	_, err = b.sim.Kit().Callbacks.Release(held[0].Seq)
	require.NoError(t, err)
	early := b.news(t, pay.Known{Status: pay.StatusPaid})
	// They are read alike in both orders; the time alone orders them.
	require.True(t, late.ProviderTime.After(early.ProviderTime))
	require.Equal(t, late.ProviderTime, late.Invoice.Report.Evidence.ProviderTime)
	require.Equal(t, pay.StatusProcessing, early.Invoice.Status)
	require.Equal(t, pay.StatusPaid, late.Invoice.Status)
}

// The page lacks fields that the schema has: all of them can be sent.
func TestFieldsThePageLacksCanBeSent(t *testing.T) {
	url, s := canned(t, 200, created)
	a := open(t, url, newClock(), nil)
	_, err := a.CreateInvoice(t.Context(), everyField(t))
	require.NoError(t, err)
	sent := members(t, s.body)
	req := everyField(t)
	req.Options = json.RawMessage(`{"with_app_url":true,"separate_return_urls":true}`)
	_, err = a.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	sent = append(sent, members(t, s.body)...)
	for _, name := range []string{"successUrl", "failUrl", "displayType", "withAppUrl", "agentFeePercent", "tipsEmployeeId", "metadata", "splitReceiverId"} {
		require.Contains(t, sent, name)
	}
	req.ExpiresIn = 30*24*time.Hour + time.Second
	_, err = a.CreateInvoice(t.Context(), req)
	require.ErrorIs(t, err, pay.KindInvalidRequest, "a longer one would be cut without a word")
	_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "EUR"), Capture: pay.CaptureManual})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "a hold is in hryvnias")
}

// A schema example shows 59 beside "wrong CVV"; the table, which is right, has insufficient funds there.
func TestCode59IsInsufficientFunds(t *testing.T) {
	for code, want := range map[string]pay.DeclineReason{"59": pay.DeclineInsufficientFunds, "80": pay.DeclineGeneric, "81": pay.DeclineGeneric} {
		got, err := statusOf(t, invoice("failure", `"errCode":"`+code+`","failureReason":"Неправильний CVV код"`), pay.Known{})
		require.NoError(t, err)
		require.Equal(t, want, got.Attempts[0].Decline.Reason, code)
		require.Equal(t, "Неправильний CVV код", got.Attempts[0].Decline.Message, "the text is kept and drives nothing")
	}
}

// TestNumbersBeyondFloats: amounts are read digit by digit, up to 64 bits.
func TestNumbersBeyondFloats(t *testing.T) {
	body := invoice("success", `"finalAmount":4200,"paymentInfo":{"maskedPan":"4*","fee":9007199254740991}`)
	body = strings.ReplaceAll(body, "4200", "9007199254740993")
	got, err := statusOf(t, body, pay.Known{})
	require.NoError(t, err)
	require.Equal(t, "90071992547409.93 UAH", got.Captured.String())
	require.Equal(t, "90071992547409.91 UAH", got.Attempts[0].Fee.String())
	require.Equal(t, "9007199254740993", got.Data["finalAmount"])

	url, s := canned(t, 200, created)
	_, err = open(t, url, newClock(), nil).CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "90071992547409.93", "UAH")})
	require.NoError(t, err)
	require.Contains(t, s.body, `"amount":9007199254740993,`)
	_, err = open(t, url, newClock(), nil).CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "92233720368547758.08", "UAH")})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "one more than fits")
}

// TestMetadataAreStrings: the provider refuses numbers and booleans, and the common field has texts only.
func TestMetadataAreStrings(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	id := b.create(t, func(r *pay.CreateInvoice) { r.Metadata = map[string]string{"n": "17", "b": "true", "": "x"} }).ProviderRef
	got, err := b.sim.Invoice(id)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"n": "17", "b": "true", "": "x"}, got.Metadata)
}
