package monobank_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// The official sample of the provider's documentation.
const (
	officialKey  = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFQUc1LzZ3NnZubGJZb0ZmRHlYWE4vS29CbVVjTgo3NWJSUWg4MFBhaEdldnJoanFCQnI3OXNSS0JSbnpHODFUZVQ5OEFOakU1c0R3RmZ5Znhub0ZJcmZBPT0KLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0tCg=="
	officialSign = "MEUCIQC/mVKhi8FKoayul2Mim3E2oaIOCNJk5dEXxTqbkeJSOQIgOM0hsW0qcP2H8iXy1aQYpmY0SJWEaWur7nQXlKDCFxA="
	officialBody = `{
  "invoiceId": "p2_9ZgpZVsl3",
  "status": "created",
  "failureReason": "string",
  "amount": 4200,
  "ccy": 980,
  "finalAmount": 4200,
  "createdDate": "2019-08-24T14:15:22Z",
  "modifiedDate": "2019-08-24T14:15:22Z",
  "reference": "84d0070ee4e44667b31371d8f8813947",
  "cancelList": [
    {
      "status": "processing",
      "amount": 4200,
      "ccy": 980,
      "createdDate": "2019-08-24T14:15:22Z",
      "modifiedDate": "2019-08-24T14:15:22Z",
      "approvalCode": "662476",
      "rrn": "060189181768",
      "extRef": "635ace02599849e981b2cd7a65f417fe"
    }
  ]
}`
)

func webhook(body, sign string) pay.WebhookRequest {
	return pay.WebhookRequest{
		Method: http.MethodPost, Body: []byte(body), ReceivedAt: time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC),
		Headers: []pay.Header{{Name: "content-type", Value: "application/json"}, {Name: "x-sign", Value: sign}},
	}
}

// keyServer plays the pubkey call.
type keyServer struct {
	url     string
	fetches atomic.Int64

	mu     sync.Mutex
	status int
	body   string
}

func newKeyServer(t testing.TB, key string) *keyServer {
	s := &keyServer{status: 200, body: fmt.Sprintf(`{"key":%q}`, key)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.Path != "/api/merchant/pubkey" || r.Header.Get("X-Token") != token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(s.body))
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *keyServer) answer(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

// signer is a key of our own.
func signer(t testing.TB, curve elliptic.Curve) (key *ecdsa.PrivateKey, published string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	return key, base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func sign(t testing.TB, key *ecdsa.PrivateKey, body string) string {
	t.Helper()
	digest := sha256.Sum256([]byte(body))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(sig)
}

func TestOfficialSampleVerifies(t *testing.T) {
	require.Len(t, officialBody, 582)
	digest := sha256.Sum256([]byte(officialBody))
	require.Equal(t, "b68de0ef3e300b8813f0c39f87feea8519bd2b0628b5c2400b7bd1256f3bf58f", hex.EncodeToString(digest[:]))

	keys := newKeyServer(t, officialKey)
	a := open(t, keys.url, newClock(), nil)
	result, err := a.HandleWebhook(t.Context(), webhook(officialBody, officialSign))
	require.NoError(t, err)
	require.Equal(t, 200, result.Acknowledgement.Status)
	require.Len(t, result.Events, 1)
	e := result.Events[0]
	require.Equal(t, pay.SubjectInvoice, e.Subject)
	require.Equal(t, pay.StrengthVerified, e.Strength)
	require.Equal(t, "p2_9ZgpZVsl3", e.ProviderRef)
	require.Equal(t, time.Date(2019, 8, 24, 14, 15, 22, 0, time.UTC), e.ProviderTime)
	require.Equal(t, pay.StatusPending, e.Invoice.Status)
	require.Equal(t, "42.00 UAH", e.Invoice.Amount.String())
	require.Equal(t, pay.RefundPending, e.Invoice.Refunds[0].Status)
	require.Equal(t, "635ace02599849e981b2cd7a65f417fe", e.Invoice.Refunds[0].ProviderKey)
	require.Equal(t, officialBody, string(e.Invoice.Report.Evidence.Raw))
	require.Equal(t, hex.EncodeToString(digest[:16]), e.ProviderEventID)

	again, err := a.HandleWebhook(t.Context(), webhook(officialBody, officialSign))
	require.NoError(t, err)
	require.Equal(t, result, again, "a repeat reads the same")
	require.EqualValues(t, 1, keys.fetches.Load(), "the key is cached")
}

// Nothing promises low values of s: the other signature of the same r is as good.
func TestHighSIsAccepted(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(officialSign)
	require.NoError(t, err)
	var pair struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(raw, &pair)
	require.NoError(t, err)
	require.Less(t, pair.S.BitLen(), 255, "the sample has a low s")
	pair.S.Sub(elliptic.P256().Params().N, pair.S)
	twin, err := asn1.Marshal(pair)
	require.NoError(t, err)
	a := open(t, newKeyServer(t, officialKey).url, newClock(), nil)
	_, err = a.HandleWebhook(t.Context(), webhook(officialBody, base64.StdEncoding.EncodeToString(twin)))
	require.NoError(t, err)
}

// TestNoMutationIsAccepted alters body or signature in many ways. Only whitespace
// may differ in meaning-preserving ways, and even that is signed.
func TestNoMutationIsAccepted(t *testing.T) {
	keys := newKeyServer(t, officialKey)
	a := open(t, keys.url, newClock(), nil)
	try := func(what, body, sign string) {
		t.Helper()
		_, err := a.HandleWebhook(t.Context(), webhook(body, sign))
		require.ErrorIs(t, err, pay.KindAuth, "%s accepted", what)
	}
	for what, body := range map[string]string{
		"final newline": officialBody + "\n", "empty": "", "compact": strings.NewReplacer("\n", "", "  ", "").Replace(officialBody),
		"four spaces": strings.ReplaceAll(officialBody, "  ", "    "), "CRLF": strings.ReplaceAll(officialBody, "\n", "\r\n"),
		"byte order mark": "\uFEFF" + officialBody,
	} {
		try(what, body, officialSign)
	}
	for what, s := range map[string]string{
		"no signature": "", "newline": officialSign[:40] + "\n" + officialSign[40:], "no padding": strings.TrimRight(officialSign, "="),
		"space": " " + officialSign, "url alphabet": strings.NewReplacer("/", "_", "+", "-").Replace(officialSign), "twice": officialSign + officialSign,
		"garbage": "AAAA", "zeroes": base64.StdEncoding.EncodeToString([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}),
	} {
		try(what, officialBody, s)
	}
	raw, err := base64.StdEncoding.DecodeString(officialSign)
	require.NoError(t, err)
	random := mathrand.New(mathrand.NewPCG(1, 2))
	const each = 200
	for i := range each {
		body := mutate(random, []byte(officialBody))
		try(fmt.Sprintf("body %d", i), string(body), officialSign)
		sig := mutate(random, raw)
		try(fmt.Sprintf("signature %d", i), officialBody, base64.StdEncoding.EncodeToString(sig))
	}
	require.EqualValues(t, 1, keys.fetches.Load(), "forgeries must not become calls of the provider")
}

// mutate returns a copy that differs: one bit flipped, one byte removed, added or doubled, or a cut.
func mutate(random *mathrand.Rand, in []byte) []byte {
	for {
		out := slices.Clone(in)
		at := random.IntN(len(out))
		switch random.IntN(5) {
		case 0:
			out[at] ^= 1 << random.IntN(8)
		case 1:
			out = slices.Delete(out, at, at+1)
		case 2:
			out = slices.Insert(out, at, byte(random.IntN(256)))
		case 3:
			out = slices.Insert(out, at, out[at])
		case 4:
			out = out[:at]
		}
		if string(out) != string(in) {
			return out
		}
	}
}

func TestKeyRotation(t *testing.T) {
	oldKey, oldPublished := signer(t, elliptic.P256())
	newKey, newPublished := signer(t, elliptic.P256())
	keys := newKeyServer(t, oldPublished)
	c := newClock()
	a := open(t, keys.url, c, nil)
	body := invoice("success", "")
	handle := func(key *ecdsa.PrivateKey) error {
		_, err := a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		return err
	}
	require.NoError(t, handle(oldKey))
	keys.answer(200, fmt.Sprintf(`{"key":%q}`, newPublished))

	c.add(59 * time.Second)
	require.ErrorIs(t, handle(newKey), pay.KindAuth)
	require.EqualValues(t, 1, keys.fetches.Load(), "no second fetch within a minute")

	c.add(time.Second)
	require.NoError(t, handle(newKey), "one refetch, then verified")
	require.EqualValues(t, 2, keys.fetches.Load())
	require.ErrorIs(t, handle(oldKey), pay.KindAuth)
	require.NoError(t, handle(newKey))
	require.EqualValues(t, 2, keys.fetches.Load())
}

func TestKeyThatCannotBeFetched(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	_, other := signer(t, elliptic.P384())
	body := invoice("success", "")
	for name, answer := range map[string]struct {
		status int
		body   string
	}{
		"server error": {500, `{"errCode":"INTERNAL_ERROR","errText":"x"}`},
		"bad token":    {403, `{"errCode":"FORBIDDEN","errText":"x"}`},
		"no key":       {200, `{}`},
		"not base64":   {200, `{"key":"***"}`},
		"not PEM":      {200, `{"key":"AAAA"}`},
		"other curve":  {200, fmt.Sprintf(`{"key":%q}`, other)},
		"html":         {200, `<html>`},
	} {
		keys := newKeyServer(t, published)
		keys.answer(answer.status, answer.body)
		c := newClock()
		a := open(t, keys.url, c, nil)
		_, err := a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.ErrorIs(t, err, pay.KindProviderUnavailable, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
		_, err = a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.ErrorIs(t, err, pay.KindProviderUnavailable, name)
		require.EqualValues(t, 1, keys.fetches.Load(), "%s: throttled", name)

		keys.answer(200, fmt.Sprintf(`{"key":%q}`, published))
		c.add(5 * time.Second)
		_, err = a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.NoError(t, err, name)

		// With a key in the cache, a refetch that fails is no verdict on the signature.
		keys.answer(answer.status, answer.body)
		c.add(time.Minute)
		forged := webhook(body+" ", sign(t, key, body))
		_, err = a.HandleWebhook(t.Context(), forged)
		require.ErrorIs(t, err, pay.KindProviderUnavailable, name)
		_, err = a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.NoError(t, err, "%s: the cached key still verifies", name)
	}
}

func TestParallelWebhooksShareOneFetch(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	keys := newKeyServer(t, published)
	a := open(t, keys.url, newClock(), nil)
	body := invoice("success", "")
	request := webhook(body, sign(t, key, body))
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		wg.Go(func() { _, errs[i] = a.HandleWebhook(t.Context(), request) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, keys.fetches.Load())
}

func TestFetchOutlivesTheWebhookThatStartedIt(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	asked, release := make(chan struct{}), make(chan struct{})
	client := &http.Client{Transport: answering(func(*http.Request) (int, string) {
		close(asked)
		<-release
		return 200, fmt.Sprintf(`{"key":%q}`, published)
	})}
	a := openWith(t, client, "https://api.monobank.ua", newClock(), nil)
	body := invoice("success", "")
	request := webhook(body, sign(t, key, body))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := a.HandleWebhook(ctx, request)
		first <- err
	}()
	<-asked
	cancel()
	require.ErrorIs(t, <-first, pay.KindProviderUnavailable)
	close(release)
	_, err := a.HandleWebhook(t.Context(), request)
	require.NoError(t, err, "the second webhook gets the key the first one asked for")
}

func TestEventsThatOnlyCauseALook(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	keys := newKeyServer(t, published)
	a := open(t, keys.url, newClock(), nil)
	handle := func(body string, invoice *pay.InvoiceRef) pay.WebhookEvent {
		req := webhook(body, sign(t, key, body))
		req.Invoice = invoice
		result, err := a.HandleWebhook(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, result.Events, 1)
		return result.Events[0]
	}
	for name, body := range map[string]string{
		"no date":        `{"invoiceId":"i1","status":"success","amount":4200,"ccy":980}`,
		"unreadable":     `{"invoiceId":"i1","status":"success","amount":4200,"ccy":980,"modifiedDate":"now"}`,
		"null date":      `{"invoiceId":"i1","status":"success","amount":4200,"ccy":980,"modifiedDate":null}`,
		"reversed alone": invoice("reversed", ""),
	} {
		e := handle(body, nil)
		require.Equal(t, pay.StrengthHint, e.Strength, name)
		require.Equal(t, pay.SubjectInvoice, e.Subject, name)
		require.Equal(t, "i1", e.ProviderRef, name)
		require.Nil(t, e.Invoice, name)
	}
	for name, body := range map[string]string{"empty": ``, "subscription": `{"subscriptionId":"s1","status":"active"}`, "text": `ok`} {
		e := handle(body, nil)
		require.Equal(t, pay.StrengthHint, e.Strength, name)
		require.Equal(t, pay.SubjectUnknown, e.Subject, name)
	}
	held := &pay.InvoiceRef{ProviderRef: "i1", Known: pay.Known{Status: pay.StatusAuthorized, Capture: pay.CaptureManual}}
	e := handle(invoice("reversed", ""), held)
	require.Equal(t, pay.StrengthVerified, e.Strength)
	require.Equal(t, pay.StatusCanceled, e.Invoice.Status)
	held.ProviderRef = "another"
	require.Equal(t, pay.StrengthHint, handle(invoice("reversed", ""), held).Strength, "what is known of another invoice says nothing")
}

func FuzzWebhook(f *testing.F) {
	key, published := signer(f, elliptic.P256())
	f.Add([]byte(officialBody), officialSign, false)
	f.Add([]byte(invoice("reversed", "")), "", true)
	f.Add([]byte(`{"invoiceId":"i1","status":"hold","amount":1,"ccy":980,"modifiedDate":"2026-03-01T12:00:00Z"}`), "MAYCAQECAQE=", true)
	client := &http.Client{Transport: answering(func(*http.Request) (int, string) { return 200, fmt.Sprintf(`{"key":%q}`, published) })}
	a := openWith(f, client, "https://api.monobank.ua", newClock(), nil)
	f.Fuzz(func(t *testing.T, body []byte, signature string, genuine bool) {
		if genuine {
			signature = sign(t, key, string(body))
		}
		result, err := a.HandleWebhook(t.Context(), webhook(string(body), signature))
		if !genuine {
			if err == nil {
				t.Fatalf("accepted %q with %q", body, signature)
			}
			return
		}
		if err != nil {
			t.Fatalf("a genuine webhook was refused: %v", err)
		}
		for _, e := range result.Events {
			if e.Strength == pay.StrengthVerified && (e.Invoice == nil || e.ProviderRef == "" || e.ProviderTime.IsZero()) {
				t.Fatalf("believed without an invoice or a time: %+v", e)
			}
		}
	})
}
