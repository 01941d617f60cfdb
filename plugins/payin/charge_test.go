package payin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const acceptedAnswer = `{"status":true,"result":true,"tracker":" gid_5ed74ae21dc095.01924744"}`

func charge(t testing.TB) pay.Charge {
	req := request(t)
	req.Amount = money(t, "100.50", "RUB")
	req.Call.Try = 1
	return pay.Charge{Invoice: req, Source: pay.SourceBalance, BalanceID: "6034"}
}

func TestChargeSendsExactly(t *testing.T) {
	provider := &recorder{answer: acceptedAnswer}
	got, err := against(t, provider, service()).Charge(t.Context(), charge(t))
	require.NoError(t, err)
	sent := provider.only(t)
	require.Equal(t, "/service-of-services/create-invoice", sent.path)
	require.Equal(t, "application/json", sent.header.Get("Accept"))
	signed := "amount=100.50&description=123&external_id=op_1&payer_id=6034&service_id=12&timestamp=1591040000&user_id=7026"
	require.Equal(t, signed+"&hash="+sign(testSecret, signed), sent.body)

	require.Equal(t, pay.StatusProcessing, got.Status)
	require.False(t, got.Final)
	require.Equal(t, "op_1", got.ProviderRef, "callbacks name a charge by external_id and by nothing else")
	require.Equal(t, map[string]string{"external_id": "op_1"}, got.ProviderRefs)
	require.False(t, got.Amount.IsSet())
	require.Empty(t, got.NextActions)
	require.Empty(t, got.Report.Warnings)
	require.Equal(t, "gid_5ed74ae21dc095.01924744", got.Report.Evidence.ProviderRequestID)
}

// Whose balance is named by the source or, where it names none, by the customer.
func TestChargePayer(t *testing.T) {
	for name, c := range map[string]struct{ source, customer, payer string }{
		"both": {"6034", "6034", "6034"}, "source": {"6034", "", "6034"}, "customer": {"", "6035", "6035"},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: acceptedAnswer}
			req := charge(t)
			req.BalanceID, req.Invoice.Customer.ID = c.source, c.customer
			_, err := against(t, provider, service()).Charge(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, c.payer, provider.only(t).form(t).Get("payer_id"))
		})
	}
}

func TestChargeRefusesBeforeSending(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.Charge)
		kind   pay.Kind
		path   string
	}{
		"credential":        {func(r *pay.Charge) { r.Source = pay.SourceCredential }, pay.KindUnsupported, ""},
		"no source":         {func(r *pay.Charge) { r.Source = "" }, pay.KindUnsupported, ""},
		"with a credential": {func(r *pay.Charge) { r.Credential = &pay.StoredCredential{Token: "t"} }, pay.KindUnsupported, ""},
		"payment method":    {func(r *pay.Charge) { r.Invoice.PaymentMethod = "136" }, pay.KindUnsupported, ""},
		"return urls":       {func(r *pay.Charge) { r.Invoice.ReturnURLs.Default = "https://x.example" }, pay.KindUnsupported, ""},
		"manual capture":    {func(r *pay.Charge) { r.Invoice.Capture = pay.CaptureManual }, pay.KindUnsupported, ""},
		"save":              {func(r *pay.Charge) { r.Invoice.SaveCredential = true }, pay.KindUnsupported, ""},
		"expires":           {func(r *pay.Charge) { r.Invoice.ExpiresIn = time.Hour }, pay.KindUnsupported, ""},
		"options":           {func(r *pay.Charge) { r.Invoice.Options = json.RawMessage(`{"id_pref":1}`) }, pay.KindInvalidRequest, "provider_options"},
		"nobody":            {func(r *pay.Charge) { r.BalanceID, r.Invoice.Customer.ID = "", "" }, pay.KindInvalidRequest, "source.id"},
		"no integer":        {func(r *pay.Charge) { r.BalanceID = "x" }, pay.KindInvalidRequest, "source.id"},
		"another's balance": {func(r *pay.Charge) { r.BalanceID = "6035" }, pay.KindInvalidRequest, "source.id"},
		"no description":    {func(r *pay.Charge) { r.Invoice.Description = "" }, pay.KindInvalidRequest, "description"},
		"nothing":           {func(r *pay.Charge) { r.Invoice.Amount = pay.Money{} }, pay.KindInvalidRequest, "amount.value"},
		"negative":          {func(r *pay.Charge) { r.Invoice.Amount = money(t, "-1", "RUB") }, pay.KindInvalidRequest, "amount.value"},
		"dollars":           {func(r *pay.Charge) { r.Invoice.Amount = money(t, "1", "USD") }, pay.KindInvalidRequest, "amount.currency"},
		"no key":            {func(r *pay.Charge) { r.Invoice.Call.ProviderKey = "" }, pay.KindInvalidRequest, "provider_key"},
		"bad key":           {func(r *pay.Charge) { r.Invoice.Call.ProviderKey = "op 1" }, pay.KindInvalidRequest, "provider_key"},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: acceptedAnswer}
			req := charge(t)
			c.change(&req)
			_, err := against(t, provider, service(), map[string]any{"currencies": []string{"RUB", "USD"}}).Charge(t.Context(), req)
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Empty(t, provider.requests)
		})
	}
	_, err := open(t, "http://127.0.0.1:1").Charge(t.Context(), charge(t))
	require.ErrorIs(t, err, pay.KindUnsupported, "without a service nothing can be charged")
}

// refusalCase is a documented or likely text and what it means for a first try.
type refusalCase struct {
	kind pay.Kind
	rule pay.RetryRule
}

func refusals() map[string]refusalCase {
	return map[string]refusalCase{
		"incorrect timestamp":                     {pay.KindProviderUnavailable, pay.RetrySameOperation},
		"incorrect hash":                          {pay.KindAuth, pay.RetrySameOperation},
		"service not found":                       {pay.KindInvalidRequest, pay.RetryNever},
		"недостаточно денег":                      {pay.KindInvalidRequest, pay.RetryNever},
		"EXIST_IN_SYSTEM":                         {pay.KindInvalidState, pay.RetryAfterLookup},
		"Error: Error! OrderId already exists.":   {pay.KindInvalidState, pay.RetryAfterLookup},
		"Payment with account number 1 not found": {pay.KindNotFound, pay.RetryNever},
	}
}

func refusedAnswer(t testing.TB, text string) string {
	body, err := json.Marshal(map[string]any{"status": false, "user_msg": text, "tracker": " gid_1"})
	require.NoError(t, err)
	return string(body)
}

func TestChargeRefusals(t *testing.T) {
	for text, want := range refusals() {
		t.Run(text, func(t *testing.T) {
			provider := &recorder{answer: refusedAnswer(t, text)}
			_, err := against(t, provider, service()).Charge(t.Context(), charge(t))
			e := asError(t, err)
			require.Equal(t, want.kind, e.Kind)
			require.Equal(t, want.rule, e.RetryRule())
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			provider.only(t)
		})
	}
}

// A refusal of a repeat says nothing about the first request: it may have emptied the balance.
func TestRefusedRepeatSettlesNothing(t *testing.T) {
	for text, first := range refusals() {
		t.Run(text, func(t *testing.T) {
			provider := &recorder{answer: refusedAnswer(t, text)}
			req := charge(t)
			req.Invoice.Call.Try = 2
			_, err := against(t, provider, service()).Charge(t.Context(), req)
			e := asError(t, err)
			if first.rule == pay.RetrySameOperation {
				// Not this try, and the operation stays open.
				require.Equal(t, first.kind, e.Kind)
				require.False(t, e.Final())
				return
			}
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			require.Equal(t, pay.RetryAfterLookup, e.RetryRule())
			provider.only(t)
		})
	}
}

// The duplicate is the acceptance of the earlier request, whatever else the text says.
func TestChargeThatExists(t *testing.T) {
	for _, text := range []string{"invoice with external_id op_1 already exists", "Invoice with EXTERNAL_ID `op_1` already exists!"} {
		for try, warnings := range map[int]int{1: 1, 2: 0, 5: 0} {
			provider := &recorder{answer: refusedAnswer(t, text)}
			req := charge(t)
			req.Invoice.Call.Try = try
			got, err := against(t, provider, service()).Charge(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, pay.StatusProcessing, got.Status)
			require.Equal(t, "op_1", got.ProviderRef)
			require.NotNil(t, got.Report.State)
			require.Len(t, got.Report.Warnings, warnings)
			require.Equal(t, "gid_1", got.Report.Evidence.ProviderRequestID)
			provider.only(t)
		}
	}
}

// ambiguous are answers that leave the outcome of any mutating call unknown.
func ambiguous() map[string]*recorder {
	return map[string]*recorder{
		"html":                 {answer: "<html>ok</html>"},
		"html 404":             {status: 404, answer: "<html>no</html>"},
		"empty":                {},
		"truncated":            {answer: acceptedAnswer[:20]},
		"no status":            {answer: `{"result":true}`},
		"status is text":       {answer: `{"status":"true","result":true}`},
		"no result":            {answer: `{"status":true}`},
		"result false":         {answer: `{"status":true,"result":false}`},
		"result null":          {answer: `{"status":true,"result":null}`},
		"result text":          {answer: `{"status":true,"result":"true"}`},
		"result 1":             {answer: `{"status":true,"result":1}`},
		"result object":        {answer: `{"status":true,"result":{}}`},
		"false without a text": {answer: `{"status":false}`},
		"true under HTTP 400":  {status: 400, answer: acceptedAnswer},
		"500":                  {status: 500, answer: `{"status":false,"user_msg":"oops"}`},
		"502 html":             {status: 502, answer: "<html>"},
		"504 accepted":         {status: 504, answer: acceptedAnswer},
		"408":                  {status: 408},
		"redirect":             {status: 302, header: http.Header{"Location": {"/login"}}},
		"two documents":        {answer: acceptedAnswer + acceptedAnswer},
	}
}

func TestChargeAmbiguousAnswers(t *testing.T) {
	for name, provider := range ambiguous() {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, provider, service()).Charge(t.Context(), charge(t))
			e := asError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			provider.only(t)
		})
	}
}

// Every try has the time of that try under its signature, and the same external_id.
func TestEveryTryIsSignedAnew(t *testing.T) {
	provider := &recorder{answer: acceptedAnswer}
	acc := against(t, provider, service())
	now := testClock()
	acc.now = func() time.Time { return now }
	for try := 1; try <= 3; try++ {
		req := charge(t)
		req.Invoice.Call.Try = try
		_, err := acc.Charge(t.Context(), req)
		require.NoError(t, err)
		now = now.Add(11 * time.Second)
	}
	require.Len(t, provider.requests, 3)
	stamps, hashes := map[string]bool{}, map[string]bool{}
	for _, r := range provider.requests {
		form := r.form(t)
		stamps[form.Get("timestamp")], hashes[form.Get("hash")] = true, true
		require.Equal(t, "op_1", form.Get("external_id"))
	}
	require.Len(t, stamps, 3)
	require.Len(t, hashes, 3)
}

func TestChargeWithoutAConnection(t *testing.T) {
	_, err := open(t, "http://127.0.0.1:1", service()).Charge(t.Context(), charge(t))
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, asError(t, err).WasExecuted())
	// The certificate of this server is nobody's: the handshake fails, and nothing was sent.
	server := httptest.NewTLSServer(&recorder{answer: acceptedAnswer})
	defer server.Close()
	_, err = open(t, server.URL, service()).Charge(t.Context(), charge(t))
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, asError(t, err).WasExecuted())
}

// The provider cannot be asked about a charge. What is known is repeated; what is not is for a person; absence is never claimed.
func TestGetCharge(t *testing.T) {
	provider := &recorder{answer: acceptedAnswer}
	acc := against(t, provider, service())
	made, err := acc.Charge(t.Context(), charge(t))
	require.NoError(t, err)
	created := testClock()
	for name, c := range map[string]struct {
		known  pay.Status
		age    time.Duration
		status pay.Status
		review bool
		look   bool
	}{
		"young":      {pay.StatusProcessing, 0, pay.StatusProcessing, false, true},
		"almost old": {pay.StatusProcessing, outcomePatience - time.Second, pay.StatusProcessing, false, true},
		"old":        {pay.StatusProcessing, outcomePatience, "", true, false},
		"not known":  {"", 0, "", true, false},
		"creating":   {pay.StatusCreating, 0, "", true, false},
		"paid":       {pay.StatusPaid, time.Hour, pay.StatusPaid, false, false},
		"failed":     {pay.StatusFailed, time.Hour, pay.StatusFailed, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			acc.now = func() time.Time { return created.Add(c.age) }
			for _, state := range []*pay.State{made.Report.State, nil} {
				got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{
					InvoiceID: "inv_1", ProviderKey: "op_1", ProviderRef: made.ProviderRef, ProviderRefs: made.ProviderRefs, State: state,
					Known: pay.Known{Status: c.known, CreatedAt: created},
				})
				require.NoError(t, err)
				require.Equal(t, c.status, got.Status)
				require.Equal(t, c.review, got.Review != "")
				require.Equal(t, c.look, !got.Report.NextLookAt.IsZero())
				require.Equal(t, "op_1", got.ProviderRef)
				require.True(t, got.Report.Evidence.ProviderTime.IsZero(), "an observation of nothing must not outdate a callback")
				require.False(t, got.Captured.IsSet() || got.Received.IsSet() || got.Final)
			}
		})
	}
	provider.only(t)
}
