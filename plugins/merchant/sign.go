package merchant

import (
	"crypto/hmac"
	"crypto/sha1" // The provider's choice; see [signature].
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// signature returns X-Signature: standard Base64 of the HMAC-SHA1 of method,
// full URL and body without separators. Body is empty for GET, for multipart
// and for a POST without one; otherwise it is the bytes that are sent.
func signature(secret, method, url string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(method + url))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// notificationToken returns the token of one invoice, lower-case hex. It differs
// from invoice to invoice, so that one that leaks proves nothing about another,
// and needs no storage.
func notificationToken(secret, internalID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(internalID))
	return hex.EncodeToString(mac.Sum(nil))
}
