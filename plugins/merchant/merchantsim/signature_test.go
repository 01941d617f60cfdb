package merchantsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// referenceSignature is written from the documentation, apart from sign.
func referenceSignature(secret, text string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The vectors M1 to M3 of the protocol notes, computed there with OpenSSL.
func TestSignatureVectors(t *testing.T) {
	const host = "https://api.provider.example"
	const create = `{"type":"in","amount":"1000","currency":"RUB","notificationUrl":"https://merchant.example/webhooks/merchant","notificationToken":"merchant_notification_token","internalId":"00001","userId":"uid-1","paymentOption":null,"paymentMethod":"sberbank","startDeal":true}`
	for _, v := range []struct{ name, method, path, kind, body, want string }{
		{"M1 create", "POST", "/api/merchant/invoices", "application/json", create, "ME/RHLEqH3RV+ZQ8PRpxFTSZHoc="},
		{"M2 get", "GET", "/api/merchant/invoices/991a0e40-8cbd-405a-80fa-c84f2e4d5c6a", "", "", "TR2DTdZk8exedUH6roaopsJ0CT8="},
		{"M3 multipart", "POST", "/api/merchant/invoices/69658e0c-8aae-4849-b2fe-aa8af418ac3a/dispute",
			"multipart/form-data; boundary=x", "--x--", "oplVDNkzcFdphtK/vL7xClo/3qA="},
	} {
		t.Run(v.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), v.method, host+v.path, strings.NewReader(v.body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", v.kind)
			r.Header.Set("X-Identity", testKey)
			r.Header.Set("X-Signature", v.want)
			sim := New(Config{PublicURL: host, APIKey: testKey, Secret: testSecret})
			defer sim.Close()
			require.Empty(t, sim.refuseAuth(r, []byte(v.body)))
			require.Equal(t, v.want, sign(testSecret, v.method, host+v.path, signedBody(r, []byte(v.body))))
		})
	}
}

func TestUnauthorized(t *testing.T) {
	g := start(t, Config{})
	const path = "/api/merchant/invoices"
	body := wanted(nil)
	for name, spoil := range map[string]func(*http.Request){
		"no identity":      func(r *http.Request) { r.Header.Del("X-Identity") },
		"other identity":   func(r *http.Request) { r.Header.Set("X-Identity", "another-store") },
		"two identities":   func(r *http.Request) { r.Header.Add("X-Identity", testKey) },
		"no signature":     func(r *http.Request) { r.Header.Del("X-Signature") },
		"empty signature":  func(r *http.Request) { r.Header.Set("X-Signature", "") },
		"other secret":     func(r *http.Request) { resign(r, "another", "POST"+g.url+path+body) },
		"space in text":    func(r *http.Request) { resign(r, testSecret, "POST "+g.url+path+body) },
		"path only":        func(r *http.Request) { resign(r, testSecret, "POST"+path+body) },
		"other method":     func(r *http.Request) { resign(r, testSecret, "PUT"+g.url+path+body) },
		"body left out":    func(r *http.Request) { resign(r, testSecret, "POST"+g.url+path) },
		"body respaced":    func(r *http.Request) { resign(r, testSecret, "POST"+g.url+path+strings.ReplaceAll(body, ":", ": ")) },
		"trailing slash":   func(r *http.Request) { resign(r, testSecret, "POST"+g.url+path+"/"+body) },
		"query not signed": func(r *http.Request) { r.URL.RawQuery = "a=1" },
		"body signed though not JSON": func(r *http.Request) {
			r.Header.Set("Content-Type", "text/plain")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := g.request(http.MethodPost, path, body)
			spoil(r)
			g.do(r).refused(t, http.StatusUnauthorized, "Unauthorized", "")
		})
	}
	require.Empty(t, g.sim.Invoices(), "a refused request must not create an invoice")

	t.Run("hex instead of base64", func(t *testing.T) {
		r := g.request(http.MethodPost, path, body)
		r.Header.Set("X-Signature", "304fd11cb12a1f7455f9943c3d1a711534991e87")
		g.do(r).refused(t, http.StatusUnauthorized, "Unauthorized", "")
	})
	t.Run("signed query is accepted", func(t *testing.T) {
		require.Equal(t, http.StatusOK, g.call(http.MethodGet, "/api/merchant/payment-methods?currency=RUB", "").status)
	})
	t.Run("every signed endpoint asks", func(t *testing.T) {
		id := g.create(nil)["id"].(string)
		for _, at := range []string{
			"GET " + path + "/" + id, "GET " + path + "/internal-id/order-1", "POST " + path + "/" + id + "/cancel",
			"GET " + path + "/" + id + "/available-payment-variants", "POST " + path + "/" + id + "/start-deal",
			"GET /api/merchant/payment-options", "GET /api/merchant/payment-methods",
		} {
			method, address, _ := strings.Cut(at, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, g.url+address, nil)
			require.NoError(t, err)
			g.do(r).refused(t, http.StatusUnauthorized, "Unauthorized", "")
		}
	})
}

// A simulator without credentials must serve nobody rather than everybody.
func TestEmptyCredentialsMatchNothing(t *testing.T) {
	sim := New(Config{PublicURL: "http://gateway.example"})
	defer sim.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway.example/x", nil)
	require.NoError(t, err)
	r.Header.Set("X-Identity", "")
	r.Header.Set("X-Signature", referenceSignature("", "GEThttp://gateway.example/x"))
	require.NotEmpty(t, sim.refuseAuth(r, nil))
}

func resign(r *http.Request, secret, text string) {
	r.Header.Set("X-Signature", referenceSignature(secret, text))
}
