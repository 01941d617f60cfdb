package simkit

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret stood.
const hidden = "[hidden]"

// redactor hides secrets and card numbers in what the control surface shows. The logs themselves keep what the operations
// received, so that a test in Go can look at it.
type redactor struct {
	names   map[string]bool // folded
	headers []string
	json    *regexp.Regexp
	form    *regexp.Regexp
	part    *regexp.Regexp
	digits  *regexp.Regexp
}

// secretNames are hidden in every simulator, however they are spelled: case, "_" and "-" do not count.
func secretNames() []string {
	return []string{"pan", "cvv", "cvc", "cvv2", "cardNumber", "cardToken", "token", "secret", "password", "apiKey", "notificationToken", "exp", "expiry"}
}

func secretHeaders() []string {
	return []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Notification-Token"}
}

func newRedactor(headers, fields []string) *redactor {
	r := &redactor{headers: append(secretHeaders(), headers...), names: map[string]bool{},
		digits: regexp.MustCompile(`\b(?:[0-9]{14,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?)\b`)}
	var spelled []string
	for _, name := range append(secretNames(), fields...) {
		r.names[fold(name)] = true
		letters := strings.Split(fold(name), "")
		spelled = append(spelled, strings.Join(letters, "[_-]?"))
	}
	name := "(?i:" + strings.Join(spelled, "|") + ")"
	// A broken body must not show what a whole one hides: the closing quote is not required.
	r.json = regexp.MustCompile(`("` + name + `"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[0-9][0-9.eE+-]*)`)
	r.form = regexp.MustCompile(`((?:^|[&?])` + name + `=)[^&\s]*`)
	r.part = regexp.MustCompile(`(name="` + name + `"[^\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)[^\r\n]*`)
	return r
}

func fold(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

// text hides the values of secret members, parameters and form parts, and the middle of card numbers.
func (r *redactor) text(s string) string {
	for _, pattern := range []*regexp.Regexp{r.json, r.form, r.part} {
		s = pattern.ReplaceAllString(s, "${1}"+hidden)
	}
	return r.cards(s)
}

func (r *redactor) cards(s string) string {
	return r.digits.ReplaceAllStringFunc(s, func(found string) string {
		digits := strings.NewReplacer(" ", "", "-", "").Replace(found)
		if !cardNumber(digits) {
			return found
		}
		return digits[:6] + "******" + digits[len(digits)-4:]
	})
}

// cardNumber tells card numbers from ids by length, first digit and check digit. Fourteen digits, which some providers'
// ids have, count only with the beginnings of the one card scheme that uses them.
func cardNumber(digits string) bool {
	switch n := len(digits); {
	case n < 14 || n > 19 || digits[0] < '2' || digits[0] > '6':
		return false
	case n == 14 && !slices.Contains([]string{"30", "36", "38", "39"}, digits[:2]):
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func (r *redactor) values(in url.Values) url.Values {
	out := url.Values{}
	for name, values := range in {
		for _, v := range values {
			if r.names[fold(name)] {
				v = hidden
			}
			out.Add(name, r.text(v))
		}
	}
	return out
}

func (r *redactor) header(in http.Header) http.Header {
	out := in.Clone()
	for _, name := range r.headers {
		if out.Get(name) != "" {
			out.Set(name, hidden)
		}
	}
	for name, values := range out {
		for i, v := range values {
			out[name][i] = r.text(v)
		}
	}
	return out
}

func (r *redactor) requests(list []Request) []Request {
	for i := range list {
		q := &list[i]
		q.Path, q.Query, q.Header, q.Body = r.text(q.Path), r.values(q.Query), r.header(q.Header), r.text(q.Body)
	}
	return list
}

func (r *redactor) attempts(list []Attempt) []Attempt {
	for i := range list {
		a := &list[i]
		a.URL, a.Header, a.Body, a.Error = r.text(a.URL), r.header(a.Header), r.text(a.Body), r.text(a.Error)
	}
	return list
}

func (r *redactor) callbacks(list []Callback) []Callback {
	for i := range list {
		list[i].URL, list[i].Body = r.text(list[i].URL), []byte(r.text(string(list[i].Body)))
	}
	return list
}
