package httpx_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
)

func TestScrub(t *testing.T) {
	tests := map[string]string{
		"":                                    "",
		"Недостатньо коштів":                  "Недостатньо коштів",
		"card 4444111144441111 declined":      "card [card] declined",
		"card 4111 1111 1111 1111 declined":   "card [card] declined",
		"card 4111-1111-1111-1111.":           "card [card].",
		"invoice 17 4111111111111111":         "invoice [card]",
		"masked 444403******1902":             "masked 444403******1902",
		"rrn 060189181768":                    "rrn 060189181768",
		"order 4111111111111112":              "order 4111111111111112",
		"amount 4200 of 980":                  "amount 4200 of 980",
		"iban UA213223130000026007233566001":  "iban UA[card]",
		"call +380 (67) 123-45-67 now":        "call [phone] now",
		"call 380671234567 now":               "call [phone] now",
		"call 0671234567 now":                 "call [phone] now",
		"id x0671234567":                      "id x0671234567",
		"mail ivan.petrenko+1@example.com.ua": "mail [email]",
		"mail <пошта@приклад.укр>!":           "mail <[email]>!",
		"at @ alone, a@ and @b":               "at @ alone, a@ and @b",
		"two a@b.c, d@e.f":                    "two [email], [email]",
		"line\r\nbreak\x00":                   "line  break ",
		"token tok/en+1 and tok%2Fen%2B1":     "token *** and ***",
		"email=a%40b.c&phone=%2b380501112233&username=ivan&summ=10":  "email=***&phone=***&username=***&summ=10",
		"to a%40b.c or %2B380501112233":                              "to [email] or [phone]",
		`{"notificationToken": "abc","holder":"Ivan P, jr","x":"y"}`: `{"notificationToken": "***","holder":"***","x":"y"}`,
		`{\"cardToken\":\"abc\",\"n\":1,\"cvv\":123,\"b\":null}`:     `{\"cardToken\":\"***\",\"n\":1,\"cvv\":***,\"b\":null}`,
		"X-Token: 1, card: declined, name is unknown":                "X-Token: 1, card: declined, name is unknown",
		"bad \xff utf-8": "bad \uFFFD utf-8",
	}
	for in, want := range tests {
		require.Equal(t, want, httpx.Scrub(in, "tok/en+1", "", "of"), "%q", in)
	}
	require.LessOrEqual(t, len(httpx.Scrub(strings.Repeat("ї", 5000))), httpx.MaxScrubbed)
}

func TestRedactURL(t *testing.T) {
	u, err := url.Parse("https://u:p@h.example:8443/a%20b?b=2&a=1&a=3#f")
	require.NoError(t, err)
	require.Equal(t, "https://h.example:8443/a%20b?a=***&b=***", httpx.RedactURL(u))
	require.Empty(t, httpx.RedactURL(nil))
}

func FuzzScrub(f *testing.F) {
	f.Add("card 4111 1111 1111 1111", "topsecret")
	f.Add("+380 (67) 123-45-67 a@b.c \x00\xff", "x@y.z1")
	f.Add(strings.Repeat("1 ", 600), "1111")
	f.Fuzz(func(t *testing.T, text, secret string) {
		if len(text) > 900 {
			text = text[:900]
		}
		out := httpx.Scrub(text, secret)
		if !utf8.ValidString(out) || len(out) > httpx.MaxScrubbed {
			t.Fatalf("not a valid short text: %q", out)
		}
		// A secret that is made of what masks are made of may be seen in a mask.
		if len(secret) >= 4 && !strings.ContainsAny(secret, "*[] \uFFFD") && !strings.Contains("[card][phone][email]", secret) &&
			utf8.ValidString(text) && strings.Contains(out, secret) {
			t.Fatalf("the secret %q is still in %q", secret, out)
		}
		run := 0
		for _, c := range []byte(out) {
			if c < '0' || c > '9' {
				run = 0
				continue
			}
			if run++; run > 19 {
				t.Fatalf("a long run of digits is left in %q", out)
			}
		}
		if again := httpx.Scrub(out, secret); !strings.ContainsAny(secret, "*[]cardphoneemail\uFFFD ") && len(secret) >= 4 && again != out {
			t.Fatalf("scrubbing twice changes %q to %q", out, again)
		}
	})
}
