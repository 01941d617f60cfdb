package simkit

import (
	"bytes"
	"html/template"
	"net/http"
)

// PayPage is what a simulator shows at an invoice's payment link.
type PayPage struct {
	// Provider is the name in the heading; the page says itself that it is a simulator.
	Provider string
	// Amount is the sum with its currency, ready to read, such as "10.50 RUB".
	Amount string
	// Description is the purpose the payer reads.
	Description string
	// Status is the invoice's state in the provider's words.
	Status string
	// Details are further rows, such as the invoice's number.
	Details []Detail
	// Message tells the result of the last click, if any.
	Message string
	// Buttons are the moves possible now; each posts one form to the simulator.
	Buttons []Button
	// ReturnURL is the merchant's page the payer goes back to; empty shows no link. Only http and https addresses
	// become links.
	ReturnURL string
}

// Detail is one row of the page.
type Detail struct {
	// Name and Value are shown as they are.
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Button is one form of the page.
type Button struct {
	// Label is the text on the button.
	Label string
	// Action is the address the form posts to.
	Action string
	// Fields are sent with it unseen.
	Fields []Detail
	// Inputs are fields the person may change.
	Inputs []Input
}

// Input is one visible field in front of a button.
type Input struct {
	// Name is the form field's, Label the text before it, Value what it holds at first.
	Name, Label, Value string
}

// WritePayPage answers with the page. It loads nothing from outside and must not be cached.
func WritePayPage(w http.ResponseWriter, status int, page PayPage) {
	tmpl, err := template.New("pay").Parse(payPageHTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, page); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	writeHTML(w, status, out.String())
}

const payPageHTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Provider}} simulator: {{.Amount}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; background: #f3f4f6; color: #111827; margin: 0; }
main { max-width: 30rem; margin: 8vh auto; background: #fff; padding: 2rem; border-radius: 12px; box-shadow: 0 1px 8px #0002; }
h1 { font-size: 1rem; color: #6b7280; margin: 0; }
.amount { font-size: 2.2rem; font-weight: 600; margin: .3rem 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; }
dt { color: #6b7280; } dd { margin: 0; overflow-wrap: anywhere; }
form { display: inline-block; margin: .3rem .3rem .3rem 0; }
button { font: inherit; padding: .5rem 1rem; border: 1px solid #9ca3af; border-radius: 8px; background: #f9fafb; cursor: pointer; }
input { font: inherit; width: 5rem; padding: .4rem; border: 1px solid #9ca3af; border-radius: 8px; }
.message { background: #ecfdf5; padding: .5rem 1rem; border-radius: 8px; }
</style>
</head>
<body><main>
<h1>{{.Provider}} &middot; simulator, no real money</h1>
<p class="amount">{{.Amount}}</p>
<p>{{.Description}}</p>
{{with .Message}}<p class="message">{{.}}</p>{{end}}
<dl><dt>Status</dt><dd id="status">{{.Status}}</dd>{{range .Details}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>{{end}}</dl>
{{range .Buttons}}<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}
{{range .Inputs}}<label>{{.Label}} <input name="{{.Name}}" value="{{.Value}}"></label> {{end}}<button>{{.Label}}</button>
</form>{{end}}
{{with .ReturnURL}}<p><a id="return" href="{{.}}">Return to the shop</a></p>{{end}}
</main></body>
</html>
`
