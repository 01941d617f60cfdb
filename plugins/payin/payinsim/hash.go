package payinsim

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// param is one request parameter in its final text form.
type param struct{ key, value string }

// hashOf returns the provider's hash of the parameters: sorted by key as PHP's strcasecmp sorts, joined as
// http_build_query joins, then HMAC-MD5 in lower-case hex (providers/payin.md §2.1). MD5 is the provider's choice.
func hashOf(key string, params []param) string {
	mac := hmac.New(md5.New, []byte(key))
	mac.Write([]byte(phpQuery(params)))
	return hex.EncodeToString(mac.Sum(nil))
}

// phpQuery leaves params as they are; keys that differ only in case keep their order, as in PHP 8.
func phpQuery(params []param) string {
	sorted := slices.Clone(params)
	slices.SortStableFunc(sorted, func(a, b param) int { return cmp.Compare(foldASCII(a.key), foldASCII(b.key)) })
	var out strings.Builder
	for i, p := range sorted {
		if i > 0 {
			out.WriteByte('&')
		}
		phpEscape(&out, p.key)
		out.WriteByte('=')
		phpEscape(&out, p.value)
	}
	return out.String()
}

// foldASCII lowers A-Z byte by byte. strings.ToLower would also fold letters beyond ASCII, which strcasecmp does not.
func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// phpEscape is PHP's urlencode: a space is a plus sign, and unlike Go's QueryEscape the tilde is escaped.
func phpEscape(out *strings.Builder, s string) {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
			out.WriteByte(c)
		case c == ' ':
			out.WriteByte('+')
		default:
			fmt.Fprintf(out, "%%%02X", c)
		}
	}
}
