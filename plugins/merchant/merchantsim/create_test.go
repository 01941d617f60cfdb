package merchantsim

import (
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func TestCreateAnswersLikeTheSamples(t *testing.T) {
	g := start(t, Config{StoreID: 7, StoreName: "Shop"})
	got := g.create(map[string]any{"amount": "1000", "paymentOption": "TO_CARD", "paymentMethod": "tinkoff"})

	require.Equal(t, "order-1", got["internalId"])
	require.Equal(t, "user-1", got["userId"])
	require.Equal(t, "in", got["type"])
	require.Equal(t, "new", got["status"])
	require.Equal(t, "TO_CARD", got["paymentOption"])
	require.Equal(t, "tinkoff", got["paymentMethod"])
	require.Equal(t, map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 2.0}, got["sum"])
	require.Equal(t, 7.0, got["storeId"])
	require.Equal(t, "Shop", got["storeName"])
	require.Equal(t, "2024-11-04T13:55:45+00:00", got["createdAt"])
	require.Equal(t, "2024-11-04T14:55:45+00:00", got["expireAt"], "one hour after creation")
	require.Equal(t, g.url+"/pay/"+got["id"].(string), got["invoiceUrl"])
	for _, name := range []string{"paymentRequisites", "receivedSumFromTaker", "receivedSumFromMaker", "serviceFeeSum", "payoutSum"} {
		require.Contains(t, got, name)
		require.Nil(t, got[name], name)
	}
	require.NotContains(t, got, "expiredAt")

	deals := got["deals"].([]any)
	require.Len(t, deals, 1)
	deal := deals[0].(map[string]any)
	require.Equal(t, true, deal["isActive"])
	require.Equal(t, "transfer_waiting", deal["status"])
	require.Equal(t, "2024-11-04T14:10:45+00:00", deal["canceledAt"], "the deadline is filled while the deal is active")
	require.Equal(t, "99.23", deal["rate"])
	require.Equal(t, []any{}, deal["disputeReasonData"], "an empty list where others send null")
	require.Nil(t, deal["payment"])
	require.Nil(t, deal["qrCodeLink"])
	require.Regexp(t, `^\d{4} \d{4} \d{4} \d{4}$`, deal["requisites"].(map[string]any)["requisites"])
}

func TestSlashesAreEscapedAsInTheSamples(t *testing.T) {
	g := start(t, Config{})
	got := g.call(http.MethodPost, "/api/merchant/invoices", wanted(nil))
	require.Contains(t, got.body, `\/pay\/`)
	require.NotContains(t, strings.ReplaceAll(got.body, `\/`, ""), "/")
}

func TestRequisitesPerOption(t *testing.T) {
	g := start(t, Config{})
	seen := map[string]bool{}
	for option, form := range map[string]string{
		"SBP": `^\+7\(\d{3}\)\d{3}-\d{2}-\d{2}$`, "TO_PHONE_NUMBER": `^\+7\(`, "MOBILE_TOP_UP": `^\+7\(`,
		"TO_CARD": `^\d{4} \d{4} \d{4} \d{4}$`, "TO_ACCOUNT": `^\d{20}$`, "SBP_QR": `^https://qr\.nspk\.ru/.*sum=100000&`,
	} {
		deal := g.create(map[string]any{"paymentOption": option})["deals"].([]any)[0].(map[string]any)
		text := deal["requisites"].(map[string]any)["requisites"].(string)
		require.Equal(t, option, deal["paymentOption"])
		require.Regexp(t, form, text)
		require.False(t, seen[text], "requisites differ from deal to deal")
		seen[text] = true
		if option == "SBP_QR" {
			require.Equal(t, text, deal["qrCodeLink"])
		}
	}
	abroad := map[string]any{"paymentOption": "CROSS_BORDER", "crossBorderCurrency": "TJS"}
	for kind, form := range map[string]string{"PHONE": `^\+7\(`, "CARD": `^\d{4} `} {
		abroad["crossBorderRequisiteType"] = kind
		got := g.create(abroad)
		require.Equal(t, "TJS", got["crossBorderCurrency"])
		deal := got["deals"].([]any)[0].(map[string]any)
		require.Regexp(t, form, deal["requisites"].(map[string]any)["requisites"])
	}
}

func TestManualQRAppearsLater(t *testing.T) {
	g := start(t, Config{})
	got := g.create(map[string]any{"paymentOption": "MANUAL_SBP_QR"})
	deal := got["deals"].([]any)[0].(map[string]any)
	require.Nil(t, deal["requisites"])
	require.Nil(t, deal["qrCodeLink"])
	g.clock.advance(manualDelay)
	deal = g.get(got["id"])["deals"].([]any)[0].(map[string]any)
	require.Contains(t, deal["qrCodeLink"], "https://qr.nspk.ru/")
	require.NotNil(t, deal["requisites"])
}

func TestCreateRefusals(t *testing.T) {
	g := start(t, Config{
		MinAmount: decimal.RequireFromString("1000"), MaxAmount: decimal.RequireFromString("100000"),
	})
	const blank = "this value should not be blank"
	for _, c := range []struct {
		name    string
		change  map[string]any
		status  int
		message string
		field   string
	}{
		{"no type", map[string]any{"type": nil}, 400, blank, "type"},
		{"no amount", map[string]any{"amount": nil}, 400, blank, "amount"},
		{"empty amount", map[string]any{"amount": ""}, 400, blank, "amount"},
		{"no currency", map[string]any{"currency": nil}, 400, blank, "currency"},
		{"no notificationUrl", map[string]any{"notificationUrl": nil}, 400, blank, "notificationUrl"},
		{"no notificationToken", map[string]any{"notificationToken": nil}, 400, blank, "notificationToken"},
		{"cross-border without currency", map[string]any{"paymentOption": "CROSS_BORDER"}, 400, blank, "crossBorderCurrency"},
		{"payout to nowhere", map[string]any{"type": "out"}, 400, blank, "paymentOption"},
		{"other type", map[string]any{"type": "sideways"}, 400, "This value is not valid", "type"},
		{"amount as number", map[string]any{"amount": 1000}, 400, "This value should be of type string", "amount"},
		{"internalId as number", map[string]any{"internalId": 5}, 400, "This value should be of type string", "internalId"},
		{"amount with exponent", map[string]any{"amount": "1e3"}, 400, "This value is not valid", "amount"},
		{"amount with sign", map[string]any{"amount": "+1000"}, 400, "This value is not valid", "amount"},
		{"amount with comma", map[string]any{"amount": "1000,00"}, 400, "This value is not valid", "amount"},
		{"amount with three decimals", map[string]any{"amount": "1000.001"}, 400, "This value is not valid", "amount"},
		{"zero", map[string]any{"amount": "0.00"}, 400, "This value is not valid", "amount"},
		{"below minimum", map[string]any{"amount": "999.99"}, 400, "Invoice amount should be not less than 1000.00", "amount"},
		{"above maximum", map[string]any{"amount": "100000.01"}, 400, "Invoice amount should be not greater than 100000.00", "amount"},
		{"other currency", map[string]any{"currency": "USD"}, 400, "This value is not valid", "currency"},
		{"relative URL", map[string]any{"notificationUrl": "/hook"}, 400, "This value is not a valid URL", "notificationUrl"},
		{"other scheme", map[string]any{"successUrl": "javascript:alert(1)"}, 400, "This value is not a valid URL", "successUrl"},
		{"bad cancelUrl", map[string]any{"cancelUrl": "ftp://x"}, 400, "This value is not a valid URL", "cancelUrl"},
		{"token with line break", map[string]any{"notificationToken": "a\nb"}, 400, "This value is not valid", "notificationToken"},
		{"startDeal as string", map[string]any{"startDeal": "true"}, 400, "This value should be of type boolean", "startDeal"},
		{"startDeal as number", map[string]any{"startDeal": 1}, 400, "This value should be of type boolean", "startDeal"},
		{"allowMatching as string", map[string]any{"allowMatching": "yes"}, 400, "This value should be of type boolean", "allowMatching"},
		{"matchingSettings as list", map[string]any{"matchingSettings": []int{1}}, 400, "This value should be of type object", "matchingSettings"},
		{"part amount as number", map[string]any{"matchingSettings": map[string]any{"minPartAmount": 5}}, 400, "This value should be of type string", "matchingSettings.minPartAmount"},
		{"option not allowed", map[string]any{"paymentOption": "UPI"}, 400, "Payment option not allowed", "paymentOption"},
		{"method not allowed", map[string]any{"paymentMethod": "ubrib"}, 400, "Payment method not allowed", "paymentMethod"},
		{"maxAmount below amount", map[string]any{"maxAmount": "999.99"}, 400, "maxAmount can not be less than amount", "maxAmount"},
		{"maxAmount as number", map[string]any{"maxAmount": 2000}, 400, "This value should be of type string", "maxAmount"},
		{"language", map[string]any{"lang": "fr"}, 400, "This value is not valid", "lang"},
		{"requisite type", map[string]any{"crossBorderRequisiteType": "IBAN"}, 400, "This value is not valid", "crossBorderRequisiteType"},
		{"cross-border currency", map[string]any{"crossBorderCurrency": "tjs"}, 400, "This value is not valid", "crossBorderCurrency"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.call(http.MethodPost, "/api/merchant/invoices", wanted(c.change)).refused(t, c.status, c.message, c.field)
		})
	}
	for name, body := range map[string]string{"list": "[]", "null": "null", "text": "hello", "two": "{}{}"} {
		t.Run("body is "+name, func(t *testing.T) {
			g.call(http.MethodPost, "/api/merchant/invoices", body).refused(t, 400, "Request body is not valid JSON", "")
		})
	}
	t.Run("content type", func(t *testing.T) {
		r := g.request(http.MethodPost, "/api/merchant/invoices", wanted(nil))
		r.Header.Set("Content-Type", "text/plain")
		resign(r, testSecret, "POST"+g.url+"/api/merchant/invoices")
		g.do(r).refused(t, 415, "Content-Type should be application/json", "")
	})
	t.Run("too large", func(t *testing.T) {
		got := g.call(http.MethodPost, "/api/merchant/invoices", strings.Repeat(" ", 1<<20+1))
		require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	})
	require.Empty(t, g.sim.Invoices(), "a refused create leaves no invoice")
}

// The limits themselves, and every optional field at once, are accepted.
func TestCreateAccepts(t *testing.T) {
	g := start(t, Config{
		MinAmount: decimal.RequireFromString("1000"), MaxAmount: decimal.RequireFromString("100000"),
	})
	g.create(map[string]any{"amount": "1000"})
	g.create(map[string]any{"amount": "100000.00"})
	g.create(map[string]any{
		"maxAmount": "1000.00", "allowMatching": true, "lang": "ru", "strictlySingleTransfer": true,
		"matchingSettings":  map[string]any{"maxAmount": "1000", "minPartAmount": "1", "maxPartAmount": "2.50"},
		"paymentRequisites": map[string]any{"requisites": "4444", "holder": "A"}, "paymentOption": nil, "paymentMethod": nil,
		"successUrl": "https://shop.example/ok", "cancelUrl": "https://shop.example/no", "aFieldNobodyKnows": 1,
	})
	g.create(map[string]any{"internalId": nil, "userId": nil})
	invoices := g.sim.Invoices()
	require.Len(t, invoices, 4)
	require.Equal(t, "https://shop.example/ok", invoices[2].SuccessURL)
	require.True(t, invoices[2].AllowMatching)
	require.Equal(t, "ru", invoices[2].Lang)
}

func TestDirectionSwitchedOff(t *testing.T) {
	g := start(t, Config{PayinDisabled: true})
	g.call(http.MethodPost, "/api/merchant/invoices", wanted(nil)).refused(t, 404, "Pay in disabled", "")
	g = start(t, Config{PayoutDisabled: true})
	g.call(http.MethodPost, "/api/merchant/invoices", wantedOut(nil)).refused(t, 404, "Pay out disabled", "")
}

func TestErrorShapes(t *testing.T) {
	g := start(t, Config{ErrorShape: ErrorObject})
	bad := wanted(map[string]any{"startDeal": "x"})
	got := g.call(http.MethodPost, "/api/merchant/invoices", bad)
	require.Equal(t, map[string]any{"message": "This value should be of type boolean", "field": "startDeal"}, got.object(t))

	require.NoError(t, g.sim.SetErrorShape(ErrorText))
	got = g.call(http.MethodPost, "/api/merchant/invoices", bad)
	require.Equal(t, "This value should be of type boolean", got.body)
	require.Contains(t, got.header.Get("Content-Type"), "text/plain")
	require.Equal(t, "null", g.call(http.MethodGet, "/api/merchant/nowhere", "").body)

	require.Equal(t, 200, g.post("/_sim/error-shape", "application/json", `{"shape":"array"}`).status)
	g.call(http.MethodPost, "/api/merchant/invoices", bad).refused(t, 400, "This value should be of type boolean", "startDeal")
	require.ErrorIs(t, g.sim.SetErrorShape("xml"), ErrInput)
}

func TestArrayAnswers(t *testing.T) {
	g := start(t, Config{})
	require.Equal(t, 200, g.post("/_sim/array-answers", "application/json", `{"on":true}`).status)
	got := g.call(http.MethodPost, "/api/merchant/invoices", wanted(nil))
	require.True(t, strings.HasPrefix(got.body, "[{") && strings.HasSuffix(got.body, "}]"), got.body)
	id := g.sim.Invoices()[0].ID
	require.True(t, strings.HasPrefix(g.call(http.MethodGet, "/api/merchant/invoices/"+id, "").body, "[{"))
	g.sim.SetArrayAnswers(false)
	require.Equal(t, id, g.get(id)["id"])
}

func TestAmountRaisedWithinMaxAmount(t *testing.T) {
	g := start(t, Config{})
	require.NoError(t, g.sim.SetAmountRaise("0.37"))
	plain := g.create(nil)
	require.Nil(t, plain["receivedSumFromTaker"], "without maxAmount the amount is never raised")
	require.Equal(t, "1000", g.sim.Invoices()[0].Due.String())

	raised := g.create(map[string]any{"maxAmount": "1001.00"})
	require.Equal(t, "1000.00", raised["sum"].(map[string]any)["amount"])
	require.Equal(t, "1000.37", raised["receivedSumFromTaker"].(map[string]any)["amount"])

	capped := g.create(map[string]any{"maxAmount": "1000.20"})
	require.Equal(t, "1000.20", capped["receivedSumFromTaker"].(map[string]any)["amount"])

	require.NoError(t, g.sim.Pay(raised["id"].(string)))
	require.Equal(t, "1000.37", g.get(raised["id"])["receivedSumFromTaker"].(map[string]any)["amount"],
		"the exact payment is the raised amount")
	require.NoError(t, g.sim.SetAmountRaise("0"))
	require.Nil(t, g.create(map[string]any{"maxAmount": "1001.00"})["receivedSumFromTaker"])
	require.ErrorIs(t, g.sim.SetAmountRaise("-1"), ErrInput)
}
