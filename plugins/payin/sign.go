package payin

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5" // The provider's choice; see [sign].
	"encoding/hex"
	"slices"
	"strings"
)

// field is one top-level parameter with its finished contribution to the signed
// string: "k=v", several such pairs for a nested value, or nothing for a value
// that PHP leaves out.
type field struct {
	key     string
	encoded string
}

// textField returns the field of a parameter that is already text.
func textField(key, value string) field {
	return field{key: key, encoded: escape(key) + "=" + escape(value)}
}

// canonical returns the string that is signed: the fields in the order of PHP's
// uksort(…, 'strcasecmp'), joined as http_build_query joins them. The order of
// keys that differ only in case is kept. fields is not changed.
func canonical(fields []field) string {
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b field) int { return compareFold(a.key, b.key) })
	parts := make([]string, 0, len(sorted))
	for _, f := range sorted {
		if f.encoded != "" {
			parts = append(parts, f.encoded)
		}
	}
	return strings.Join(parts, "&")
}

// sign returns the provider's hash of a canonical string: HMAC-MD5 in
// lower-case hex, keyed with the bytes of the developer key as they are.
func sign(secret, canonical string) string {
	mac := hmac.New(md5.New, []byte(secret))
	mac.Write([]byte(canonical))
	return hex.EncodeToString(mac.Sum(nil))
}

// escape encodes s as PHP's urlencode does: RFC 1738, so that a space is "+"
// and "~" is encoded, with upper-case hex digits. url.QueryEscape differs in
// "~". Bytes that are no UTF-8 are encoded like all others.
func escape(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// compareFold is PHP's strcasecmp: bytes compared after folding ASCII upper
// case to lower case, a prefix first. Folding downwards puts "_" before the
// letters, which folding upwards would not.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
