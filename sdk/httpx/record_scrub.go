package httpx

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// scrubber replaces secrets and personal data by placeholders and remembers which stands for what. It is not safe for
// concurrent use.
//
// Placeholders are numbered in the order in which values are met, so that whoever repeats an exchange with other secrets and other
// persons gets the same ones: that is how a replay finds the request it is looking for.
type scrubber struct {
	secrets []string
	forms   []replacement // of secrets, longest first
	known   []replacement // values found by the name of their field, longest first
	look    forms
	names   map[string]string   // class and value → placeholder
	last    map[string]int      // class → the number used last
	values  map[string]string   // placeholder → the value it stands for
	seen    map[string]struct{} // values in known
}

// replacement is a text and the class and value its placeholder is made from.
type replacement struct{ text, class, value string }

const placeholderPrefix = "SCRUBBED_"

// minKnown is the length from which a value is also looked for outside of its field.
const minKnown = 5

// forms are how values look that are found wherever they stand. They are compiled with a scrubber: as variables of the package, every plugin
// process would compile them when it starts, and few ever record.
type forms struct{ placeholder, iban, time *regexp.Regexp }

func compileForms() forms {
	return forms{
		placeholder: regexp.MustCompile(`SCRUBBED_([A-Z]+)_([0-9]{1,9})`),
		iban:        regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b`),
		time:        regexp.MustCompile(`^[0-9]{2,4}[-./][0-9]{2}[-./][0-9]{2,4}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?[0-9.,:+\- Z]*$`),
	}
}

func newScrubber(secrets []string) *scrubber {
	s := &scrubber{look: compileForms(), names: map[string]string{}, last: map[string]int{}, values: map[string]string{}, seen: map[string]struct{}{}}
	s.addSecrets(secrets)
	return s
}

func (s *scrubber) addSecrets(secrets []string) {
	for _, secret := range secrets {
		if secret == "" || slices.Contains(s.secrets, secret) {
			continue
		}
		s.secrets = append(s.secrets, secret)
		if len(secret) < 4 {
			continue // masked where it is a whole value; a part of a word is no secret
		}
		for _, form := range encodingsOf(secret) {
			s.forms = append(s.forms, replacement{form, classSecret, secret})
		}
	}
	sortReplacements(s.forms)
}

func sortReplacements(list []replacement) {
	slices.SortStableFunc(list, func(a, b replacement) int {
		if d := len(b.text) - len(a.text); d != 0 {
			return d
		}
		return strings.Compare(a.text, b.text)
	})
}

// placeholder returns what stands for value, always the same. Placeholders stand for themselves.
func (s *scrubber) placeholder(class, value string) string {
	if m := s.look.placeholder.FindStringSubmatch(value); m != nil && m[0] == value {
		s.reserve(m)
		return value
	}
	key := class + "\x00" + value
	if p, ok := s.names[key]; ok {
		return p
	}
	s.last[class]++
	p := placeholderPrefix + class + "_" + strconv.Itoa(s.last[class])
	s.names[key], s.values[p] = p, value
	return p
}

// reserve keeps the number of a placeholder that came from outside from being given to something else.
func (s *scrubber) reserve(match []string) {
	if n, err := strconv.Atoi(match[2]); err == nil {
		s.last[match[1]] = max(s.last[match[1]], n)
	}
}

// remember makes text find a value that was recognised by its field everywhere else.
func (s *scrubber) remember(class, value string) {
	if _, ok := s.seen[value]; ok || len(value) < minKnown || strings.Contains(value, placeholderPrefix) {
		return
	}
	s.seen[value] = struct{}{}
	s.known = append(s.known, replacement{value, class, value})
	sortReplacements(s.known)
}

// text replaces what has a form that gives it away: secrets, values met before, e-mail addresses, IBANs, card and phone numbers.
func (s *scrubber) text(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	for _, m := range s.look.placeholder.FindAllStringSubmatch(text, -1) {
		s.reserve(m)
	}
	if slices.Contains(s.secrets, text) {
		return s.placeholder(classSecret, text)
	}
	for _, list := range [][]replacement{s.forms, s.known} {
		for _, r := range list {
			if strings.Contains(text, r.text) {
				text = strings.ReplaceAll(text, r.text, s.placeholder(r.class, r.value))
			}
		}
	}
	// Only where an escape hides something is it undone: other texts stay as they are.
	if plain := plainSigns(text); plain != text && s.masked(plain) != plain {
		text = plain
	}
	return s.masked(text)
}

// masked is the part of text that needs no memory of what was met before.
func (s *scrubber) masked(text string) string {
	text = replaceFields(text, s.placeholder)
	text = replaceEmails(text, func(address string) string { return s.placeholder(classEmail, address) })
	text = s.look.iban.ReplaceAllStringFunc(text, func(found string) string {
		if !validIBAN(found) {
			return found
		}
		return s.placeholder(classIBAN, found)
	})
	return replaceDigits(text, func(mask, run string) string {
		if mask == maskPhone {
			return s.placeholder(classPhone, digitsOf(run))
		}
		return s.placeholder(classCard, digitsOf(run))
	})
}

// value replaces a whole value of a named field. A class given by the name, or inherited from what the field stands in, decides;
// else the form of the value does.
func (s *scrubber) value(name, inherited, value string) string {
	class := orDefault(classOf(name), inherited)
	switch {
	case value == "" || s.look.placeholder.FindString(value) == value:
		return s.text(value)
	case class == classCard && strings.ContainsAny(value, "*xX•") && strings.Count(value, "")-1 <= 24 && len(digitsOf(value)) <= 10:
		return value // masked by the provider already
	case class != "":
		key := value
		if class == classCard || class == classPhone {
			key = orDefault(digitsOf(value), value)
		}
		s.remember(class, value)
		return s.placeholder(class, key)
	}
	if address := webAddress(value); address != nil {
		return s.url(value)
	}
	if len(value) > maxPlainValue && isBase64(value) {
		return base64.StdEncoding.EncodeToString([]byte(s.placeholder(classFile, value)))
	}
	if !telling(name) && !s.machineText(value) {
		return s.placeholder(classText, value)
	}
	return s.text(value)
}

// maxPlainValue is the length up to which an unknown value may be an id.
const maxPlainValue = 256

// machineText recognises ids, codes, amounts and times: one word of ASCII, or a time.
func (s *scrubber) machineText(v string) bool {
	if len(v) > maxPlainValue {
		return false
	}
	return s.look.time.MatchString(v) || !strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' })
}

// url replaces user information, and what the path and the values of the query give away. An address without any comes back
// byte for byte.
func (s *scrubber) url(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return s.text(raw)
	}
	user, path, query, fragment := u.User, s.text(u.Path), s.form(u.RawQuery), s.value("", "", u.Fragment)
	if user == nil && path == u.Path && query == u.RawQuery && fragment == u.Fragment {
		return raw
	}
	if user != nil {
		u.User = url.User(s.placeholder(classSecret, user.String()))
	}
	if path != u.Path {
		u.Path, u.RawPath = path, ""
	}
	if fragment != u.Fragment {
		u.Fragment, u.RawFragment = fragment, ""
	}
	u.RawQuery = query
	return u.String()
}

// form replaces the values of a query or form, one after the other; pairs that need no change are left byte for byte.
func (s *scrubber) form(raw string) string {
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, value, has := strings.Cut(pair, "=")
		plain := unescaped(name)
		if clean := s.text(plain); clean != plain {
			name = url.QueryEscape(clean)
		}
		content := unescaped(value)
		if clean := s.structured(plain, "", content, 0); clean != content {
			value = url.QueryEscape(clean)
		}
		pairs[i] = name
		if has {
			pairs[i] += "=" + value
		}
	}
	return strings.Join(pairs, "&")
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// leaks reports whether a secret is still there. It is the last look at a finished file.
func (s *scrubber) leaks(text string) bool {
	return slices.ContainsFunc(s.forms, func(r replacement) bool { return strings.Contains(text, r.text) })
}

func webAddress(v string) *url.URL {
	if !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "https://") || strings.ContainsAny(v, " \t\r\n") {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

func isBase64(v string) bool {
	_, err := base64.StdEncoding.DecodeString(v)
	return err == nil
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// validIBAN checks the two check digits (ISO 13616, modulo 97).
func validIBAN(s string) bool {
	rest := 0
	for _, c := range []byte(s[4:] + s[:4]) {
		n := int(c - '0')
		if c >= 'A' {
			n = int(c-'A') + 10
			rest = (rest*10 + n/10) % 97
			n %= 10
		}
		rest = (rest*10 + n) % 97
	}
	return rest == 1
}
