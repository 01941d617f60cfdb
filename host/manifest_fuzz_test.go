package host

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// FuzzManifest gives the host what a plugin may say of itself. Whatever it is, a request of a caller is judged without a panic, and
// a schema that cannot be used refuses instead of letting everything through.
func FuzzManifest(f *testing.F) {
	f.Add(`{"name":"fake","config_schema":{"type":"object","required":["token"]},"option_schemas":{"create":{"type":"object"}},
		"fields":{"description":{"use":"required","max_length":3,"pattern":"[a-z]+"}},"currencies":[{"code":"UAH","exponent":2}]}`, `{"token":"x"}`)
	f.Add(`{"option_schemas":{"create":{"$ref":"file:///etc/passwd"}}}`, `{}`)
	f.Add(`{"config_schema":{"$ref":"#"}}`, `{"a":{"a":{}}}`)
	f.Add(`{"name":"fake","fields":{"reference":{"use":"honoured","pattern":"("}},"currencies":[{"code":"UAH","exponent":2}]}`, ``)
	f.Fuzz(func(t *testing.T, manifest, options string) {
		var m pay.Manifest
		if json.Unmarshal([]byte(manifest), &m) != nil {
			t.Skip("not a manifest")
		}
		h := &Host{cfg: Config{}.withDefaults(), schemas: newSchemas()}
		req := CreateInvoice{Account: "main", Reference: "r", Description: "text", ProviderOptions: json.RawMessage(options)}
		req.Amount.Value, req.Amount.Currency = "1.00", "UAH"
		if len(options) == 0 {
			req.ProviderOptions = nil
		}
		_, err := h.prepare(req, store.Account{ID: "main", Tenant: DefaultTenant, Provider: "fake"}, m)
		if schema := m.OptionSchemas[pay.OpCreate]; err == nil && len(schema) > 0 && len(options) > 0 {
			if _, bad := h.schemas.compile(schema); bad != nil {
				t.Fatalf("options passed a schema that cannot be used: %v", bad)
			}
		}
		if field, ok := m.Fields["reference"]; ok && err == nil && field.Pattern == "(" {
			t.Fatal("a value passed a pattern that cannot be used")
		}
		if err != nil && strings.Contains(err.Error(), options) && len(options) > 8 {
			t.Fatal("the error repeats the options")
		}
	})
}
