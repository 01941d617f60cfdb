package merchant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func compile(t *testing.T, schema json.RawMessage) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text string) bool {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	require.NoError(t, err)
	return s.Validate(doc) == nil
}

func TestManifest(t *testing.T) {
	m := New("1.2.3").Describe()
	require.Equal(t, "merchant", m.Name)
	require.Equal(t, "1.2.3", m.Version)
	require.Equal(t, pay.ResolveLookup, m.Operations[pay.OpCreate].Resolution)
	require.Equal(t, pay.OperationSpec{Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second}, m.Operations[pay.OpCancel])
	require.Equal(t, pay.ResolveLookup, m.Operations[pay.OpPayout].Resolution)
	require.Equal(t, pay.ResolveHuman, m.Operations[pay.OpPayout].OnAbsence, "a payout that is not found is never assumed not to exist")
	require.Equal(t, map[string][3]string{
		"available_payment_variants": {"read", "invoice", ""}, "start_deal": {"changes", "invoice", "lookup live_attempt"},
		"confirm_transfer": {"changes", "invoice", "lookup confirmation"}, "open_dispute": {"changes", "invoice", "lookup dispute"},
		"qr_code": {"read", "invoice", ""}, "accounts": {"read", "account", ""}, "currency_rates": {"read", "account", ""},
		"payment_options": {"read", "account", ""}, "payment_methods": {"read", "account", ""}, "public_payment_methods": {"read", "account", ""},
		"withdraw": {"moves_money", "account", "human"},
	}, described(m.Actions))
	require.Positive(t, m.VisibilityDelay)
	require.False(t, m.AccountWebhook)
	for field, use := range map[string]pay.FieldUse{
		"customer.id": pay.FieldHonoured, "amount_limits.max": pay.FieldHonoured, "payment_method": pay.FieldHonoured, "payer.locale": pay.FieldHonoured,
		"return_urls.default": pay.FieldHonoured, "return_urls.success": pay.FieldHonoured, "return_urls.failure": pay.FieldHonoured,
		"reference": pay.FieldStored, "description": pay.FieldStored, "metadata": pay.FieldStored, "customer.email": pay.FieldStored,
		"capture": pay.FieldRefused, "expires_in": pay.FieldRefused, "items": pay.FieldRefused, "source": pay.FieldRefused,
		"save_credential": pay.FieldRefused, "purpose": pay.FieldRefused,
	} {
		require.Equal(t, use, m.Field(field).Use, field)
	}
	for _, c := range m.Currencies {
		require.NoError(t, c.Validate(), c.Code)
	}
	require.Contains(t, m.Currencies, pay.Currency{Code: "USDT", Exponent: 8})
	// What the binary claims and what the account does must agree.
	require.Equal(t, m.Abilities, pay.Resolve(open(t, "https://api.example.club")))
}

// described is what a host does with each action: its effect, its subject, and how a lost answer is settled.
func described(specs []pay.ActionSpec) map[string][3]string {
	out := map[string][3]string{}
	for _, a := range specs {
		out[a.Name] = [3]string{string(a.Effect), string(a.Subject), strings.TrimSpace(string(a.Resolution) + " " + string(a.Leaves))}
	}
	return out
}

func TestSchemas(t *testing.T) {
	config := compile(t, New("1").Describe().ConfigSchema)
	options := compile(t, New("1").Describe().OptionSchemas[pay.OpCreate])
	require.True(t, valid(t, config, `{"api_key":"k","secret":"s","base_url":"https://api.example.club"}`))
	for _, bad := range []string{
		`{}`, `{"api_key":"k","secret":"s"}`, `{"api_key":"","secret":"s","base_url":"https://x"}`,
		`{"api_key":"k","secret":"s","base_url":"https://x","foo":1}`, `{"api_key":"k","secret":"s","base_url":"https://x","previous_secrets":"y"}`,
	} {
		require.False(t, valid(t, config, bad), bad)
	}
	require.True(t, valid(t, options, `{}`))
	require.True(t, valid(t, options, `{"payment_option":"SBP_QR","start_deal":true,"cross_border_currency":"TJS","cross_border_requisite_type":"CARD",
		"allow_matching":true,"matching_settings":{"max_amount":"2000.00","min_part_amount":"1","max_part_amount":"2"},"lang":"ky","strictly_single_transfer":false}`))
	for _, bad := range []string{
		`{"start_deal":"true"}`, `{"startDeal":true}`, `{"payment_option":"sbp"}`, `{"cross_border_requisite_type":"IBAN"}`, `{"lang":"uk"}`,
		`{"matching_settings":{"max_amount":2000}}`, `{"matching_settings":{"maxAmount":"1"}}`, `{"matching_settings":{"max_amount":"1e3"}}`,
		`{"max_amount":"1"}`, `{"payment_method":"sberbank"}`, `{"internal_id":"x"}`, `[]`,
	} {
		require.False(t, valid(t, options, bad), bad)
	}
	payout := compile(t, New("1").Describe().OptionSchemas[pay.OpPayout])
	require.True(t, valid(t, payout, `{"payment_option":"SBP","allow_matching":true,"matching_settings":{"max_amount":"1"}}`))
	for _, bad := range []string{`{"start_deal":true}`, `{"payment_method":"x"}`, `{"payment_option":"sbp"}`, `[]`} {
		require.False(t, valid(t, payout, bad), bad)
	}
	var doc struct {
		Properties map[string]struct {
			Secret bool `json:"secret"`
		} `json:"properties"`
	}
	require.NoError(t, json.Unmarshal([]byte(configSchema), &doc))
	for name, property := range doc.Properties {
		require.Equal(t, name != "base_url" && name != "withdrawals", property.Secret, name)
	}
}

func TestOpenNamesTheKey(t *testing.T) {
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	for raw, path := range map[string]string{
		`{"secret":"s3cr3t","base_url":"https://x.example"}`:                                            "config.api_key",
		`{"api_key":"s3cr3t\n","secret":"s3cr3t","base_url":"https://x.example"}`:                       "config.api_key",
		`{"api_key":1,"secret":"s3cr3t","base_url":"https://x.example"}`:                                "config.api_key",
		`{"api_key":"s3cr3t","base_url":"https://x.example"}`:                                           "config.secret",
		`{"api_key":"s3cr3t","secret":"s3cr3t","previous_secrets":[""],"base_url":"https://x.example"}`: "config.previous_secrets",
		`{"api_key":"s3cr3t","secret":"s3cr3t"}`:                                                        "config.base_url",
		`{"api_key":"s3cr3t","secret":"s3cr3t","base_url":"http://x.example"}`:                          "config.base_url",
		`{"api_key":"s3cr3t","secret":"s3cr3t","base_url":"https://s3cr3t:p@x.example"}`:                "config.base_url",
		`{"api_key":"s3cr3t","secret":"s3cr3t","base_url":"https://x.example/?k=s3cr3t"}`:               "config.base_url",
		`{"api_key":"s3cr3t","secret":"s3cr3t","base_url":"https://x.example","sekret":"s3cr3t"}`:       "config.sekret",
		`"s3cr3t"`: "config",
	} {
		_, err := New("1").Open(t.Context(), pay.AccountConfig{
			Config: json.RawMessage(raw), HTTP: client, Now: testClock, Log: slog.New(slog.DiscardHandler),
		})
		e := asError(t, err)
		require.Equal(t, pay.KindInvalidRequest, e.Kind, raw)
		require.Equal(t, path, e.Fields[0].Path, raw)
		require.NotContains(t, fmt.Sprintf("%v %+v", err, e.Fields), "s3cr3t", raw)
	}
}

// The address is part of the signature: it has one spelling.
func TestBaseSpelling(t *testing.T) {
	for base, want := range map[string]string{
		"https://API.example.club/":        "https://api.example.club",
		"https://api.example.club:443":     "https://api.example.club",
		"https://api.example.club:8443/p/": "https://api.example.club:8443/p",
		"http://127.0.0.1:8081":            "http://127.0.0.1:8081",
	} {
		require.Equal(t, want, open(t, base).base.String())
	}
}
