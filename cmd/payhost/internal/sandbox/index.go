package sandbox

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

// Account is one entry of payhost.yaml that leads to a simulator.
type Account struct {
	ID, Provider string
	// Config is a JSON object, which is YAML too.
	Config string
}

// Accounts are entries for all three simulators.
func (s *Sandbox) Accounts() []Account {
	object := func(v any) string {
		raw, _ := json.Marshal(v) // maps of text and numbers cannot fail
		return string(raw)
	}
	return []Account{
		{"mono-main", "monobank", object(map[string]any{"token": monobankToken, "base_url": s.MonobankURL})},
		{"payin-main", "payin", object(map[string]any{"user_id": payinUser, "secret": payinSecret, "service_id": payinService, "base_url": s.PayinURL})},
		{"p2p-main", "merchant", object(map[string]any{"api_key": merchantKey, "secret": merchantSecret, "base_url": s.MerchantURL})},
	}
}

// PayinTail is what stands behind the URL of a payin account in the address of its callbacks.
const PayinTail = "topup"

// Snippet is the accounts part of a payhost.yaml.
func (s *Sandbox) Snippet() string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for _, a := range s.Accounts() {
		b.WriteString("  - {id: " + a.ID + ", provider: " + a.Provider + ", mode: sandbox, config: " + a.Config + "}\n")
	}
	return b.String()
}

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	page, err := template.New("index").Parse(indexHTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Simulators": []struct{ Name, URL string }{
			{"payin", s.PayinURL}, {"merchant", s.MerchantURL}, {"monobank", s.MonobankURL},
		},
		"Snippet": s.Snippet(),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}

const indexHTML = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>payhost sandbox</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:60rem}pre{background:#f3f4f6;padding:1rem;overflow:auto}</style>
</head>
<body>
<h1>payhost sandbox</h1>
<p>Three simulated providers. No real money, no real accounts.</p>
<ul>
{{range .Simulators}}<li><b>{{.Name}}</b>: {{.URL}}
 (<a href="{{.URL}}/_sim/invoices">invoices</a>, <a href="{{.URL}}/_sim/requests">requests</a>,
 <a href="{{.URL}}/_sim/callbacks">callbacks</a>, <a href="{{.URL}}/_sim/faults">faults</a>)</li>
{{end}}</ul>
<p>For payhost.yaml:</p>
<pre>{{.Snippet}}</pre>
</body></html>
`
