package plugintest

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

func secretChecks() []check {
	return []check{{
		Check: Check{"secrets_hidden", "errors, results and logs are stored, shown and shipped to others; a credential in one of them is public"},
		run:   secretsHidden,
	}}
}

// minSecret is the length below which a secret could be found by accident.
const minSecret = 8

// secrets returns the texts that must not come out of the adapter.
func (w *world) secrets() []string {
	w.Helper()
	list := append(secretsOf(w.manifest.ConfigSchema, w.config()), w.harness.Secrets...)
	for _, s := range list {
		if len(s) < minSecret {
			w.Fatalf("plugintest: a secret of the harness has %d bytes; use at least %d, so that finding it means something", len(s), minSecret)
		}
	}
	return list
}

// hides checks that no secret stands in text.
func (w *world) hides(where, text string) {
	w.Helper()
	for i, secret := range w.secrets() {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			at := max(strings.Index(text, secret), 0)
			w.Errorf("%s: secret %d of the config comes out after %q", where, i+1, brief(text[max(at-40, 0):at]))
		}
	}
}

func secretsHidden(k *kit) {
	w := k.world()
	if len(w.secrets()) == 0 {
		k.Skipf("the config has no secrets")
	}
	w.hides("manifest", texts(w.manifest))
	inv := w.create()
	w.hides("CreateInvoice", texts(inv.last))
	w.hides("GetInvoice", texts(inv.get()))
	for _, f := range []fault{
		faultEcho400, faultEcho401, faultEcho500, faultEcho200, faultRedirect, faultHTML, faultTruncated, faultLost,
	} {
		w.traffic.always(f)
		for _, a := range w.attempts(inv) {
			if w.offers.Has(a.ability) {
				ctx, _ := w.call()
				w.hides(string(a.ability)+" with "+string(f), errorTexts(a.call(ctx)))
			}
		}
		state, err := w.send(w.request())
		w.hides("CreateInvoice with "+string(f), errorTexts(err)+texts(state))
		state, err = inv.tryGet()
		w.hides("GetInvoice with "+string(f), errorTexts(err)+texts(state))
	}
	w.traffic.always(faultNone)
	w.refusedConfigs()
	w.panicked(inv)
	w.hides("the log", w.logs.String())
}

// refusedConfigs checks what Open says about configs it refuses, while the other keys still hold secrets.
func (w *world) refusedConfigs() {
	w.Helper()
	for name, value := range w.keys() {
		for _, broken := range []string{`{"wrong":["type"]}`, `12`, `""`, `[` + string(value) + `,1]`, `"\u0000` + strings.Trim(string(value), `"`) + `"`} {
			keys := w.keys()
			keys[name] = json.RawMessage(broken)
			doc, err := json.Marshal(keys)
			if err != nil {
				continue // the value was no text
			}
			_, err = w.tryOpen(doc)
			w.hides("Open with a broken "+name, errorTexts(err))
		}
	}
	keys := w.keys()
	keys[unknownField] = json.RawMessage(`1`)
	if doc, err := json.Marshal(keys); err == nil {
		_, err = w.tryOpen(doc)
		w.hides("Open with an unknown key", errorTexts(err))
	}
	doc := w.config()
	_, err := w.tryOpen(doc[:len(doc)-1])
	w.hides("Open with a config that is no JSON", errorTexts(err))
}

// panicked checks what is said about a panic.
func (w *world) panicked(inv *invoice) {
	w.Helper()
	w.probe.panicFromNowOn(true)
	defer w.probe.panicFromNowOn(false)
	ctx, call := w.call()
	_, err := w.account.GetInvoice(pay.WithCall(ctx, call), inv.ref)
	w.hides("a panic", errorTexts(err))
}
