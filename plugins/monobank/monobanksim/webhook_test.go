package monobanksim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shop receives webhooks and answers with the statuses of a script, then 200.
type shop struct {
	url    string
	mu     sync.Mutex
	script []int
	bodies []string
	signs  []string
}

func newShop(t *testing.T, script ...int) *shop {
	t.Helper()
	s := &shop{script: script}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.bodies, s.signs = append(s.bodies, string(body)), append(s.signs, r.Header.Get("X-Sign"))
		if len(s.script) > 0 {
			w.WriteHeader(s.script[0])
			s.script = s.script[1:]
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// verify checks a signature as the bank's page describes it, from the key text alone.
func verify(t *testing.T, key, sign, body string) bool {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(key)
	require.NoError(t, err)
	block, rest := pem.Decode(text)
	require.NotNil(t, block)
	require.Equal(t, "PUBLIC KEY", block.Type)
	require.Empty(t, rest)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	signature, err := base64.StdEncoding.DecodeString(sign)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(body))
	return ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), sum[:], signature)
}

// officialBody is the bank's signature sample: 582 bytes, no newline at the end.
const officialBody = `{
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

// TestVerifierAgainstTheBanksSample shows that this test's verifier is the bank's, before it judges the simulator.
func TestVerifierAgainstTheBanksSample(t *testing.T) {
	const key = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFQUc1LzZ3NnZubGJZb0ZmRHlYWE4vS29CbVVjTgo3NWJSUWg4MFBhaEdldnJoanFCQnI3OXNSS0JSbnpHODFUZVQ5OEFOakU1c0R3RmZ5Znhub0ZJcmZBPT0KLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0tCg=="
	const sign = "MEUCIQC/mVKhi8FKoayul2Mim3E2oaIOCNJk5dEXxTqbkeJSOQIgOM0hsW0qcP2H8iXy1aQYpmY0SJWEaWur7nQXlKDCFxA="
	require.Len(t, officialBody, 582)
	require.True(t, verify(t, key, sign, officialBody))
	require.False(t, verify(t, key, sign, officialBody+"\n"))
}

func (w *world) pubkey(t *testing.T) string {
	t.Helper()
	status, out := w.call(t, http.MethodGet, "/api/merchant/pubkey", "")
	require.Equal(t, 200, status)
	var answer struct{ Key string }
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	return answer.Key
}

func TestWebhookIsTheSignedStatus(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, nil)
	inv := w.create(t, `{"amount":4200,"webHookUrl":"`+receiver.url+`","merchantPaymInfo":{"destination":"<Кава> & чай"}}`)
	w.clock.advance(90 * time.Second)
	require.NoError(t, w.sim.Pay(inv.InvoiceID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, receiver.bodies, 1)

	_, status := w.call(t, http.MethodGet, statusPath+inv.InvoiceID, "")
	require.Equal(t, status, receiver.bodies[0])
	require.Contains(t, status, `"status":"success","payMethod":"pan","amount":4200,"ccy":980,"finalAmount":4200,`+
		`"createdDate":"2026-10-05T12:00:00Z","modifiedDate":"2026-10-05T12:01:30Z","destination":"<Кава> & чай","paymentInfo":{"rrn":"`)
	require.True(t, verify(t, w.pubkey(t), receiver.signs[0], receiver.bodies[0]))
	require.False(t, verify(t, w.pubkey(t), receiver.signs[0], receiver.bodies[0]+" "))
	require.Equal(t, 2, w.sim.PubkeyFetches())
}

func TestWebhookAttempts(t *testing.T) {
	for name, tt := range map[string]struct {
		script   []int
		attempts int
	}{
		"at once":           {nil, 1},
		"201 is not 200":    {[]int{201}, 2},
		"204 is not 200":    {[]int{204, 500}, 3},
		"three at the most": {[]int{500, 500, 500, 500}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := newShop(t, tt.script...)
			w := newWorld(t, nil)
			inv := w.create(t, `{"amount":4200,"webHookUrl":"`+receiver.url+`"}`)
			require.NoError(t, w.sim.Process(inv.InvoiceID))
			require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
			require.Len(t, receiver.bodies, tt.attempts)
		})
	}
}

func TestNoWebhookForExpired(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, nil)
	scripted := w.create(t, `{"amount":1,"webHookUrl":"`+receiver.url+`"}`)
	aged := w.create(t, `{"amount":1,"validity":60,"webHookUrl":"`+receiver.url+`"}`)
	require.NoError(t, w.sim.Expire(scripted.InvoiceID))
	w.clock.advance(time.Minute)
	for _, id := range []string{scripted.InvoiceID, aged.InvoiceID} {
		_, out := w.call(t, http.MethodGet, statusPath+id, "")
		require.Contains(t, out, `"status":"expired"`)
		require.ErrorIs(t, w.sim.Pay(id), ErrImpossible)
	}
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Empty(t, receiver.bodies)
}

func TestKeyRotation(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, nil)
	inv := w.create(t, `{"amount":4200,"webHookUrl":"`+receiver.url+`"}`)
	before := w.pubkey(t)
	require.NoError(t, w.sim.Kit().Callbacks.Script("held", 1))
	require.NoError(t, w.sim.Process(inv.InvoiceID))
	status, out := w.call(t, http.MethodPost, "/_sim/rotate-key", "")
	require.Equal(t, 200, status)
	after := w.pubkey(t)
	require.Contains(t, out, after)
	require.NotEqual(t, before, after)
	_, err := w.sim.Kit().Callbacks.Release()
	require.NoError(t, err)
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.True(t, verify(t, after, receiver.signs[0], receiver.bodies[0]))
	require.False(t, verify(t, before, receiver.signs[0], receiver.bodies[0]))
}

func TestGivenKeySigns(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	receiver := newShop(t)
	w := newWorld(t, func(c *Config) { c.Key = key })
	require.NoError(t, w.sim.Pay(w.create(t, `{"amount":1,"webHookUrl":"`+receiver.url+`"}`).InvoiceID))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	signature, err := base64.StdEncoding.DecodeString(receiver.signs[0])
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(receiver.bodies[0]))
	require.True(t, ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature))
}

func TestManyAtOnce(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+createPath,
				strings.NewReader(`{"amount":1,"webHookUrl":"`+receiver.url+`"}`))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Token", testToken)
			resp, err := w.client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			for _, inv := range w.sim.Invoices() {
				_ = w.sim.Pay(inv.InvoiceID) // one of the goroutines wins
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, w.sim.Invoices(), 20)
	require.Len(t, receiver.bodies, 20, "each invoice is paid once")
}
