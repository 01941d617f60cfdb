package process

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// masked replaces a value that looks like a secret.
const masked = "***"

const secretWords = `token|secret|passw(?:or)?d|passphrase|authorization|api[-_]?key|private[-_]?key|signature|x-sign|cookie|cvv|cvc`

var (
	secretName  = regexp.MustCompile(`(?i)` + secretWords)
	secretField = regexp.MustCompile(`(?i)([\w-]*(?:` + secretWords + `)[\w-]*\\?["']?\s*[:=]\s*)(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|(?:(?:bearer|basic)\s+)?[^\s,;&}"']+)`)
	bearer      = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}`)
	cardNumber  = regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`)
)

// scrubber masks what must not reach logs and crash reports: values whose name says that they are secret, bearer tokens and
// card numbers. It is a second line of defence; the SDK's logger does not write secrets in the first place.
type scrubber struct {
	extra func(string) string // Config.Redact, may be nil
}

func (s scrubber) text(text string) string {
	text = secretField.ReplaceAllString(text, "${1}"+masked)
	text = bearer.ReplaceAllString(text, "${1} "+masked)
	text = cardNumber.ReplaceAllStringFunc(text, func(number string) string {
		if luhn(number) {
			return masked
		}
		return number
	})
	if s.extra != nil {
		text = s.extra(text)
	}
	return text
}

// value renders and masks one attribute.
func (s scrubber) value(key string, v any) string {
	if secretName.MatchString(key) {
		return masked
	}
	return s.text(cleanText(plain(v)))
}

// luhn reports whether the digits carry a valid card check digit; order numbers and timestamps mostly do not.
func luhn(number string) bool {
	sum, double := 0, false
	for i := len(number) - 1; i >= 0; i-- {
		if number[i] < '0' || number[i] > '9' {
			continue
		}
		d := int(number[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

// cleanText makes a plugin's text safe to print: valid UTF-8 without control characters, so that it cannot move a terminal's
// cursor or start a line of its own.
func cleanText(text string) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, unprintable) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case unprintable(r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }
