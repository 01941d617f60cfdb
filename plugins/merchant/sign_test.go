package merchant

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors were computed with OpenSSL and cross-checked with PHP.
func TestSignatureVectors(t *testing.T) {
	const invoices = "https://api.provider.example/api/merchant/invoices"
	for name, v := range map[string]struct{ method, url, body, want string }{
		"M1 create": {
			"POST", invoices,
			`{"type":"in","amount":"1000","currency":"RUB","notificationUrl":"https://merchant.example/webhooks/merchant","notificationToken":"merchant_notification_token","internalId":"00001","userId":"uid-1","paymentOption":null,"paymentMethod":"sberbank","startDeal":true}`,
			"ME/RHLEqH3RV+ZQ8PRpxFTSZHoc=",
		},
		"M2 get":              {"GET", invoices + "/991a0e40-8cbd-405a-80fa-c84f2e4d5c6a", "", "TR2DTdZk8exedUH6roaopsJ0CT8="},
		"M3 dispute, no body": {"POST", invoices + "/69658e0c-8aae-4849-b2fe-aa8af418ac3a/dispute", "", "oplVDNkzcFdphtK/vL7xClo/3qA="},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, v.want, signature("merchant_secret_0123456789", v.method, v.url, []byte(v.body)))
		})
	}
}

func TestNotificationToken(t *testing.T) {
	token := notificationToken(testSecret, "op_1")
	raw, err := hex.DecodeString(token)
	require.NoError(t, err)
	require.Len(t, raw, 32)
	require.Equal(t, strings.ToLower(token), token)
	require.NotEqual(t, token, notificationToken(testSecret, "op_2"))
	require.NotEqual(t, token, notificationToken("another", "op_1"))
	// HMAC-SHA256, RFC 4231 test case 2.
	require.Equal(t, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		notificationToken("Jefe", "what do ya want for nothing?"))
}
