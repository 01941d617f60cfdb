package httpx

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The masks that [Scrub] puts in place of what it finds.
const (
	maskSecret = "***"
	maskCard   = "[card]"
	maskPhone  = "[phone]"
	maskEmail  = "[email]"
)

// MaxScrubbed is the largest text [Scrub] returns, in bytes.
const MaxScrubbed = 1024

// maxScrubInput bounds the work on a hostile text.
const maxScrubInput = 64 << 10

// RedactURL writes u for an error text: scheme, host and path, and of the query
// only the names. User information and the fragment are dropped.
func RedactURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme + "://")
	}
	b.WriteString(u.Host)
	b.WriteString(u.EscapedPath())
	if u.RawQuery == "" {
		return b.String()
	}
	names := make([]string, 0, 4)
	for name := range u.Query() {
		names = append(names, url.QueryEscape(name)+"="+maskSecret)
	}
	slices.Sort(names)
	return b.String() + "?" + strings.Join(names, "&")
}

// Scrub makes a text of a provider fit for errors and logs: the given secrets,
// card numbers (13 to 19 digits that pass the Luhn check), longer runs of
// digits, e-mail addresses and phone numbers are masked, and so are the values of
// fields such as "token":… and phone=… in a text that repeats a request. Control characters
// become spaces, and the text is cut to [MaxScrubbed] bytes. Card numbers may be
// grouped by single spaces or hyphens. Secrets shorter than four bytes are not
// searched for: they would mask ordinary words.
func Scrub(text string, secrets ...string) string {
	if len(text) > maxScrubInput {
		text = text[:maxScrubInput]
	}
	for _, s := range longestFirst(secrets) {
		text = strings.ReplaceAll(text, s, maskSecret)
		if q := url.QueryEscape(s); q != s {
			text = strings.ReplaceAll(text, q, maskSecret)
		}
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	text = replaceFields(plainSigns(text), func(_, _ string) string { return maskSecret })
	text = maskDigits(maskEmails(text))
	if len(text) > MaxScrubbed {
		cut := MaxScrubbed
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return text
}

func longestFirst(secrets []string) []string {
	list := slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < 4 })
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

func maskEmails(s string) string {
	return replaceEmails(s, func(string) string { return maskEmail })
}

// replaceEmails puts what replace returns in place of every e-mail address.
func replaceEmails(s string, replace func(address string) string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		start := at
		for start > 0 && emailByte(s[start-1]) {
			start--
		}
		end := at + 1
		for end < len(s) && emailByte(s[end]) {
			end++
		}
		if start == at || end == at+1 {
			b.WriteString(s[:at+1])
		} else {
			b.WriteString(s[:start] + replace(s[start:end]))
			at = end - 1
		}
		s = s[at+1:]
	}
}

// emailByte accepts letters of any script: internationalised addresses are
// personal too.
func emailByte(c byte) bool {
	return letterOrDigit(c) || c >= utf8.RuneSelf || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0
}

func letterOrDigit(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
