package plugintest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// forgery is a genuine webhook changed in one way.
type forgery struct {
	name string
	req  pay.WebhookRequest
}

// forgeries returns at least 50 changes of a genuine webhook: of its bytes, its fields, its headers and its address.
func forgeries(genuine pay.WebhookRequest) []forgery {
	var list []forgery
	add := func(name string, change func(*pay.WebhookRequest)) {
		req := genuine
		req.Body = bytes.Clone(genuine.Body)
		req.Headers = slices.Clone(genuine.Headers)
		change(&req)
		list = append(list, forgery{name, req})
	}
	body := func(name string, b []byte) { add(name, func(r *pay.WebhookRequest) { r.Body = b }) }
	for _, b := range []string{"null", "{}", "[]", "0", `""`, "\xff\xfe\x00", "<xml/>", "a=b&c=d", strings.Repeat(`{"a":`, 2000), strings.Repeat("9", 4096)} {
		body("body "+brief(b), []byte(b))
	}
	body("empty body", nil)
	add("nothing at all", func(r *pay.WebhookRequest) { r.Body, r.Headers = nil, nil })
	add("no headers", func(r *pay.WebhookRequest) { r.Headers = nil })
	n := len(genuine.Body)
	for i := 1; i < 10; i++ {
		body(fmt.Sprintf("body cut after %d of %d bytes", n*i/10, n), bytes.Clone(genuine.Body[:n*i/10]))
	}
	flips := 0
	for i := 0; i < n && flips < 60; i++ {
		// Every byte of a short body, and evenly spread ones of a long one.
		if at := i * max(n/60, 1); at < n {
			if changed, ok := another(genuine.Body[at]); ok {
				flips++
				b := bytes.Clone(genuine.Body)
				b[at] = changed
				body(fmt.Sprintf("byte %d of the body changed", at), b)
			}
		}
	}
	body("body twice", append(bytes.Clone(genuine.Body), genuine.Body...))
	body("a byte before the body", append([]byte("1"), genuine.Body...))
	body("a byte after the body", append(bytes.Clone(genuine.Body), '1'))
	for name, b := range changedFields(genuine.Body) {
		body(name, b)
	}
	for i, h := range genuine.Headers {
		add("header "+h.Name+" removed", func(r *pay.WebhookRequest) { r.Headers = slices.Delete(r.Headers, i, i+1) })
		add("header "+h.Name+" empty", func(r *pay.WebhookRequest) { r.Headers[i].Value = "" })
		add("header "+h.Name+" changed", func(r *pay.WebhookRequest) {
			v := []byte(h.Value)
			for at := len(v) / 2; at < len(v); at++ {
				if c, ok := another(v[at]); ok {
					v[at] = c
					break
				}
			}
			r.Headers[i].Value = string(v)
		})
	}
	add("another query", func(r *pay.WebhookRequest) { r.RawQuery = "status=paid&amount=1&id=1" })
	return list
}

// another returns a letter or digit of the same kind, so that the text stays well-formed and says something else.
func another(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return '0' + (c-'0'+1)%10, true
	case c >= 'a' && c <= 'z':
		return 'a' + (c-'a'+1)%26, true
	case c >= 'A' && c <= 'Z':
		return 'A' + (c-'A'+1)%26, true
	}
	return c, false
}

// changedFields takes fields of a JSON object or a form away and changes them one by one.
func changedFields(body []byte) map[string][]byte {
	out := map[string][]byte{}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) == nil {
		for name, value := range object {
			rest := maps.Clone(object)
			delete(rest, name)
			out["field "+name+" removed"] = mustJSON(rest)
			rest[name] = json.RawMessage(`"forged"`)
			out["field "+name+" replaced by a text"] = mustJSON(rest)
			rest[name] = json.RawMessage(`1`)
			out["field "+name+" replaced by 1"] = mustJSON(rest)
			rest[name] = json.RawMessage(`null`)
			out["field "+name+" replaced by null"] = mustJSON(rest)
			if bytes.HasPrefix(value, []byte(`"`)) && len(value) > 2 {
				if c, ok := another(value[1]); ok {
					changed := bytes.Clone(value)
					changed[1] = c
					rest[name] = changed
					out["field "+name+" changed"] = mustJSON(rest)
				}
			}
		}
		return out
	}
	pairs := strings.Split(string(body), "&")
	for i, pair := range pairs {
		name, _, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		out["field "+name+" removed"] = []byte(strings.Join(slices.Delete(slices.Clone(pairs), i, i+1), "&"))
		changed := slices.Clone(pairs)
		changed[i] = name + "=1"
		out["field "+name+" replaced by 1"] = []byte(strings.Join(changed, "&"))
	}
	return out
}

func mustJSON(v any) []byte {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil // every value here came from JSON
	}
	return doc
}
