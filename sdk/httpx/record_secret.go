package httpx

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// minEncodedSecret is the length from which encodings of a secret are searched for: those of shorter ones are found in
// harmless texts.
const minEncodedSecret = 6

// encodingsOf returns the forms in which a secret may stand in a text: itself, escaped for URLs and JSON, in hex, and in
// base64, also where it is only a part of what was encoded, as in HTTP basic authentication.
func encodingsOf(secret string) []string {
	list := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), jsonText(secret, true), jsonText(secret, false)}
	if len(secret) < minEncodedSecret {
		return list
	}
	lower := hex.EncodeToString([]byte(secret))
	list = append(list, lower, strings.ToUpper(lower))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			list = append(list, base64Core(encoding, secret, before))
		}
	}
	return list
}

// base64Core returns the characters that do not depend on what stands before and after the secret; before is the number of
// bytes before it, modulo 3.
func base64Core(encoding *base64.Encoding, secret string, before int) string {
	text := encoding.EncodeToString(append(make([]byte, before), secret...))
	from := []int{0, 2, 3}[before]
	to := len(text)
	if (before+len(secret))%3 != 0 {
		to--
	}
	return text[from:to]
}

// jsonText returns the inside of a JSON string.
func jsonText(s string, escapeHTML bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	if err := enc.Encode(s); err != nil {
		return s
	}
	return strings.Trim(strings.TrimSpace(b.String()), `"`)
}
