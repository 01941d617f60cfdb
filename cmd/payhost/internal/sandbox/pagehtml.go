package sandbox

// pageHTML is the page. It works without its script, which only reloads it.
const pageHTML = `{{define "form"}}<form method="post" action="/press">
<input type="hidden" name="sim" value="{{.Sim}}"><input type="hidden" name="move" value="{{.Name}}">{{with .ID}}<input type="hidden" name="id" value="{{.}}">{{end}}
{{range .Fields}}<label>{{if eq .Kind "flag"}}<input type="checkbox" name="f.{{.Name}}" value="1"> {{.Label}}
{{else if .Options}}{{.Label}} <select name="f.{{.Name}}">{{range .Options}}<option>{{.}}</option>{{end}}</select>
{{else}}{{.Label}} <input name="f.{{.Name}}" value="{{.Value}}" size="9">{{end}}</label> {{end}}<button>{{.Label}}</button></form>{{end -}}

<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>payhost sandbox</title>
<style nonce="{{.Nonce}}">
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:82rem;padding:0 1rem;color:#111827}
h2{margin:2rem 0 .3rem;border-top:2px solid #d1d5db;padding-top:1rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e5e7eb;overflow-wrap:anywhere}
form{display:inline-block;margin:.1rem .4rem .1rem 0}button,input,select{font:inherit;padding:.1rem .4rem}
pre{background:#f3f4f6;padding:.6rem;overflow:auto;white-space:pre-wrap;margin:.2rem 0}
.notice{background:#ecfdf5}.warn{background:#fef3c7;padding:.1rem .4rem}small{color:#6b7280}details{margin:.3rem 0}.state{font-weight:600}
</style></head>
<body>
<h1>payhost sandbox</h1>
<p>Simulated providers. No real money, no real accounts. <label hidden id="refreshing"><input type="checkbox" id="refresh"> reload every 3 s</label></p>
{{with .Notice}}<pre class="notice" id="notice">{{.}}</pre>{{end}}
<div>All clocks:
<form method="post" action="/press"><input type="hidden" name="sim" value="*"><input type="hidden" name="move" value="clock-advance"><input type="hidden" name="f.advance" value="1h"><button>1 hour later</button></form>
<form method="post" action="/press"><input type="hidden" name="sim" value="*"><input type="hidden" name="move" value="clock-advance"><input type="hidden" name="f.advance" value="24h"><button>1 day later</button></form>
<form method="post" action="/press"><input type="hidden" name="sim" value="*"><input type="hidden" name="move" value="clock-real"><button>Real time</button></form>
{{range .Sims}}<a href="#{{.Name}}">{{.Name}}</a> {{end}}</div>
<details><summary>Accounts for payhost.yaml</summary><pre>{{.Snippet}}</pre></details>
{{range .Sims}}
<h2 id="{{.Name}}">{{.Name}}</h2>
<p><small>{{.URL}}</small> &middot; {{time .Clock.Now}} UTC{{if .Clock.Frozen}} <span class="warn">frozen</span>{{else if not .Clock.Real}} <span class="warn">moved</span>{{end}}
{{if .Clock.Timers}}&middot; {{.Clock.Timers}} timers, next {{time .Clock.Next}}{{end}}
{{if .Maintenance.On}}<span class="warn">maintenance</span>{{end}}
{{range .Latency}}<span class="warn">latency {{.Op}} {{.Min}} to {{.Max}}</span> {{end}}
{{range .Limits}}<span class="warn">limit {{.Op}} {{.Limit}} in {{.Window}}</span> {{end}}
{{range .Faults}}<span class="warn">fault {{.Op}} {{.Kind}} &times;{{.Times}}{{with .Delay}} {{.}}{{end}}{{with .Status}} {{.}}{{end}}</span> {{end}}
{{if .Held}}<span class="warn">{{.Held}} callbacks held</span>{{end}}</p>
{{if .Objects}}<table><tr><th>What</th><th>Amount</th><th>State</th><th>What can happen</th></tr>
{{range .Objects}}<tr><td>{{.Of}} {{if .Page}}<a href="{{.Page}}" target="_blank" rel="noopener noreferrer">{{.ID}}</a>{{else}}{{.ID}}{{end}}<br>{{.Description}}
<small>{{time .CreatedAt}}{{range .Details}} &middot; {{.Name}} {{.Value}}{{end}}</small></td>
<td>{{.Amount}}</td><td><span class="state">{{.State}}</span>{{if not .ExpiresAt.IsZero}}<br><small>until {{time .ExpiresAt}}</small>{{end}}</td>
<td>{{range .Buttons}}{{if not .Fields}}{{template "form" .}}{{end}}{{end}}
<details><summary>more</summary>{{range .Buttons}}{{if .Fields}}{{template "form" .}}<br>{{end}}{{end}}</details></td></tr>
{{end}}</table>{{with .More}}<p><small>and {{.}} older</small></p>{{end}}{{else}}<p><small>Nothing yet: create an invoice.</small></p>{{end}}
{{range .Groups}}<details><summary>{{.Name}}</summary>{{range .Buttons}}{{template "form" .}}<br>{{end}}</details>{{end}}
<details><summary>callbacks sent ({{len .Attempts}} newest)</summary><table>{{range .Attempts}}<tr><td>{{.Seq}}</td><td>{{time .At}}</td><td>{{.Event}}</td><td>{{.URL}}</td>
<td>attempt {{.Attempt}}: {{if .Accepted}}accepted, {{end}}{{with .Status}}{{.}}{{end}} {{.Error}}</td><td><details><summary>body</summary><pre>{{.Body}}</pre></details></td></tr>{{end}}</table></details>
<details><summary>requests received ({{len .Requests}} newest)</summary><table>{{range .Requests}}<tr><td>{{.Seq}}</td><td>{{time .At}}</td><td>{{.Op}}</td><td>{{.Method}} {{.Path}}</td>
<td>{{with .Status}}{{.}}{{else}}no answer{{end}}{{with .Fault}} <span class="warn">{{.}}</span>{{end}}{{if not .Acted}} not acted{{end}}</td><td>{{with .Body}}<details><summary>body</summary><pre>{{.}}</pre></details>{{end}}</td></tr>{{end}}</table></details>
{{end}}
<script nonce="{{.Nonce}}">
const box = document.getElementById('refresh');
document.getElementById('refreshing').hidden = false;
box.checked = sessionStorage.getItem('refresh') === 'on';
box.addEventListener('change', () => sessionStorage.setItem('refresh', box.checked ? 'on' : 'off'));
setInterval(() => { if (box.checked && !document.querySelector('details[open]')) location.reload(); }, 3000);
</script>
</body></html>
`
