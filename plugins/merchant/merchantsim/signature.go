package merchantsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"mime"
	"net/http"
)

// The names of the two headers that authenticate a request of a merchant. HTTP
// compares header names without case, so brands that print x-Identity agree.
const (
	headerIdentity  = "X-Identity"
	headerSignature = "X-Signature"
)

// sign computes the X-Signature of a request: the standard Base64 of the 20 raw
// bytes of HMAC-SHA1 over method, full URL and body, without separators. The
// English documentation prints a space after the method and says "SHA1"; the
// Russian one and every code sample agree with this function.
func sign(secret, method, url string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(method))
	mac.Write([]byte(url))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedBody returns the part of the body that takes part in the signature: all
// of it for JSON, nothing for GET, multipart and every other content type.
func signedBody(r *http.Request, body []byte) []byte {
	if r.Method == http.MethodGet || !isJSON(r) {
		return nil
	}
	return body
}

// isJSON reports whether the request declares a JSON body; parameters such as
// charset are allowed.
func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// refuseAuth returns why the request is not authentic, or "" when it is. The
// reason is for the log only: the gateway answers every cause with the same
// 401, and the reason names neither the key nor the expected signature.
func (s *Sim) refuseAuth(r *http.Request, body []byte) string {
	identity, signature := r.Header.Values(headerIdentity), r.Header.Values(headerSignature)
	switch {
	case s.cfg.APIKey == "" || *s.secret.Load() == "":
		return "the simulator has no APIKey or no Secret"
	case len(identity) != 1:
		return "there must be exactly one X-Identity header"
	case len(signature) != 1:
		return "there must be exactly one X-Signature header"
	case !hmac.Equal([]byte(identity[0]), []byte(s.cfg.APIKey)):
		return "X-Identity is not the key of this store"
	}
	url := s.publicURL() + r.URL.RequestURI()
	want := sign(*s.secret.Load(), r.Method, url, signedBody(r, body))
	if !hmac.Equal([]byte(signature[0]), []byte(want)) {
		return "X-Signature does not match " + r.Method + " " + url + " and the body"
	}
	return ""
}
