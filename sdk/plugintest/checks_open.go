package plugintest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

func openChecks() []check {
	return []check{{
		Check: Check{"open_missing_key", "an account with an incomplete config must be refused where a person can still correct it, with the name of the key"},
		run:   openMissingKey,
	}, {
		Check: Check{"open_wrong_type", "a config value of the wrong type that passes as empty signs every request with nothing"},
		run:   openWrongType,
	}, {
		Check: Check{"open_unknown_key", "a misspelled key that is ignored leaves a default in force that nobody chose"},
		run:   openUnknownKey,
	}, {
		Check: Check{"open_silent", "the host opens accounts when it starts and when it answers a call; a provider that is down must not keep an account closed"},
		run:   openSilent,
	}, {
		Check: Check{"open_repeatable", "a plugin runs in several generations at once, each with its own handle of the same account"},
		run:   openRepeatable,
	}}
}

// keys returns the config by keys.
func (w *world) keys() map[string]json.RawMessage {
	w.Helper()
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(w.config(), &keys); err != nil {
		w.Fatalf("plugintest: Harness.Config is no JSON object: %v", err)
	}
	return keys
}

// refused checks that a config is refused with the name of the key.
func (w *world) refused(what, key string, keys map[string]json.RawMessage) {
	w.Helper()
	doc, err := json.Marshal(keys)
	if err != nil {
		w.Fatalf("plugintest: %v", err)
	}
	_, err = w.tryOpen(doc)
	if err == nil {
		w.Errorf("Open accepted a config with %s", what)
		return
	}
	e := w.asError("Open with "+what, err)
	w.wantNothing("Open with "+what, err, pay.KindInvalidRequest)
	named := strings.Contains(e.Message, key) ||
		slices.ContainsFunc(e.Fields, func(f pay.FieldError) bool { return strings.Contains(f.Path, key) })
	if !named {
		w.Errorf("Open with %s: the error does not name %q: %v", what, key, e)
	}
}

func openMissingKey(k *kit) {
	w := k.closedWorld()
	_, required, err := schemaOf(w.manifest.ConfigSchema)
	if err != nil {
		k.Fatalf("config schema: %v", err)
	}
	if len(required) == 0 {
		k.Skipf("the config has no required keys")
	}
	for _, name := range required {
		keys := w.keys()
		delete(keys, name)
		w.refused("no "+name, name, keys)
	}
}

func openWrongType(k *kit) {
	w := k.closedWorld()
	for name, value := range w.keys() {
		keys := w.keys()
		keys[name] = json.RawMessage(`{"wrong":["type"]}`)
		if strings.HasPrefix(string(value), "{") {
			keys[name] = json.RawMessage(`"wrong type"`)
		}
		w.refused("an object as "+name, name, keys)
	}
}

func openUnknownKey(k *kit) {
	w := k.closedWorld()
	keys := w.keys()
	keys[unknownField] = json.RawMessage(`"x"`)
	w.refused("an unknown key", unknownField, keys)
}

func openSilent(k *kit) {
	w := k.closedWorld()
	w.openWith(w.config())
	if n := w.traffic.len(); n > 0 {
		k.Errorf("Open called the provider %d times", n)
	}
}

func openRepeatable(k *kit) {
	w := k.world()
	accounts := make([]pay.Account, 8)
	errs := make([]error, len(accounts))
	var wg sync.WaitGroup
	for i := range accounts {
		// Another provider is another process: the second opening of one would share the first one's handle.
		provider := w.lane.serve(w, w.probe, nil)
		cfg := pay.AccountConfig{
			AccountID: accountID, Revision: w.revision, Mode: pay.ModeSandbox, Config: w.config(), WebhookURL: w.site.WebhookURL, State: w.state,
		}
		ctx, _ := w.call()
		wg.Go(func() { accounts[i], errs[i] = provider.Open(ctx, cfg) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			k.Fatalf("opening %d of %d at once failed: %v", i+1, len(errs), err)
		}
	}
	inv := w.create()
	ctx, _ := w.call()
	got, err := accounts[0].GetInvoice(ctx, inv.ref)
	switch {
	case err != nil:
		k.Errorf("another handle of the account cannot read the invoice: %v", err)
	case got.Status != inv.get().Status:
		k.Errorf("two handles of one account see two statuses")
	}
	if w.account != nil && pay.Resolve(accounts[1]).Has(pay.CanFindInvoice) != w.offers.Has(pay.CanFindInvoice) {
		k.Errorf("two openings of one config offer different abilities")
	}
}
