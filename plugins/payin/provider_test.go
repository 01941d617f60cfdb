package payin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

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
	p := New("1.2.3")
	m := p.Describe()
	require.Equal(t, "payin", m.Name)
	require.Equal(t, "1.2.3", m.Version)
	require.Equal(t, pay.ResolveHuman, m.Operations[pay.OpCreate].Resolution)
	require.Equal(t, []string{"topup", "charge", "reward"}, m.WebhookTails)
	require.True(t, m.AccountWebhook)
	require.Len(t, m.Currencies, 6)
	for field, use := range map[string]pay.FieldUse{
		"customer.id": pay.FieldRequired, "description": pay.FieldRequired, "payment_method": pay.FieldHonoured,
		"return_urls.default": pay.FieldHonoured, "return_urls.success": pay.FieldHonoured, "return_urls.failure": pay.FieldHonoured,
		"reference": pay.FieldStored, "metadata": pay.FieldStored, "customer.email": pay.FieldStored,
		"capture": pay.FieldRefused, "expires_in": pay.FieldRefused, "items": pay.FieldRefused, "source": pay.FieldHonoured,
		"amount_limits.max": pay.FieldRefused, "save_credential": pay.FieldRefused, "purpose": pay.FieldRefused,
	} {
		require.Equal(t, use, m.Field(field).Use, field)
	}
	// What the binary claims and what the account does must agree.
	require.Equal(t, m.Abilities, pay.Resolve(open(t, "https://lk.payin-payout.net", service())))
	require.Equal(t, pay.ResolveResend, m.Operations[pay.OpCharge].Resolution)
	require.Equal(t, pay.ResolveHuman, m.Operations[pay.OpPayout].Resolution)
	// Without a service there is nothing to charge through or to reward from.
	require.Equal(t, pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanReadBalances, pay.CanHandleWebhook, pay.CanCheck, pay.CanRunAction),
		pay.Resolve(open(t, "https://lk.payin-payout.net")))
}

func TestSchemas(t *testing.T) {
	config := compile(t, New("1").Describe().ConfigSchema)
	options := compile(t, New("1").Describe().OptionSchemas[pay.OpCreate])
	require.True(t, valid(t, config, `{"user_id":7026,"secret":"x"}`))
	require.True(t, valid(t, config, `{"user_id":7026,"secret":"x","previous_secrets":["y"],"base_url":"https://dev1.payin-payout.net","service_id":12,"currencies":["RUB","USD"],"callback_freshness":"5m"}`))
	for _, bad := range []string{
		`{}`, `{"user_id":"7026","secret":"x"}`, `{"user_id":7026}`, `{"user_id":7026,"secret":""}`, `{"user_id":7026,"secret":"x","foo":1}`,
		`{"user_id":0,"secret":"x"}`, `{"user_id":1,"secret":"x","currencies":["BTC"]}`, `{"user_id":1,"secret":"x","callback_freshness":"soon"}`,
	} {
		require.False(t, valid(t, config, bad), bad)
	}
	require.True(t, valid(t, options, `{"is_sos_topup":false,"id_pref":136}`))
	for _, bad := range []string{`{"is_sos_topup":1}`, `{"id_pref":"136"}`, `{"payer_id":1}`, `[]`} {
		require.False(t, valid(t, options, bad), bad)
	}
	var doc struct {
		Properties map[string]struct {
			Secret bool `json:"secret"`
		} `json:"properties"`
	}
	require.NoError(t, json.Unmarshal([]byte(configSchema), &doc))
	for name, property := range doc.Properties {
		require.Equal(t, name == "secret" || name == "previous_secrets", property.Secret, name)
	}
}

func TestOpenNamesTheKey(t *testing.T) {
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	for raw, path := range map[string]string{
		`{"secret":"s3cr3t"}`:                                     "config.user_id",
		`{"user_id":1.5,"secret":"s3cr3t"}`:                       "config.user_id",
		`{"user_id":"abc","secret":"s3cr3t"}`:                     "config",
		`{"user_id":1}`:                                           "config.secret",
		`{"user_id":1,"secret":7}`:                                "config.secret",
		`{"user_id":1,"secret":"s3cr3t","previous_secrets":[""]}`: "config.previous_secrets",
		`{"user_id":1,"secret":"s3cr3t","base_url":"http://lk.payin-payout.net"}`: "config.base_url",
		`{"user_id":1,"secret":"s3cr3t","base_url":"lk.payin-payout.net"}`:        "config.base_url",
		`{"user_id":1,"secret":"s3cr3t","base_url":"https://u:p@x.example"}`:      "config.base_url",
		`{"user_id":1,"secret":"s3cr3t","base_url":"https://x.example?a=1"}`:      "config.base_url",
		`{"user_id":1,"secret":"s3cr3t","currencies":["XXX"]}`:                    "config.currencies",
		`{"user_id":1,"secret":"s3cr3t","callback_freshness":"-1s"}`:              "config.callback_freshness",
		`{"user_id":1,"secret":"s3cr3t","callback_freshness":"never"}`:            "config.callback_freshness",
		`{"user_id":1,"secret":"s3cr3t","service_id":-1}`:                         "config.service_id",
		`{"user_id":1,"secret":"s3cr3t","sekret":"s3cr3t"}`:                       "config.sekret",
		`[]`: "config",
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

func TestEnvironmentByAddress(t *testing.T) {
	for base, want := range map[string]pay.Mode{
		"https://dev1.payin-payout.net/": pay.ModeSandbox, "https://lk.payin-payout.net": pay.ModeLive, "https://payin.example": "",
	} {
		require.Equal(t, want, open(t, base).mode())
	}
}

// What the provider has no call for is neither offered nor half there: the host refuses it by name.
func TestNotOffered(t *testing.T) {
	acc := pay.Account(open(t, "https://lk.payin-payout.net", service()))
	m := New("1").Describe()
	for _, ability := range []pay.Ability{
		pay.CanFindInvoice, pay.CanCancel, pay.CanCapture, pay.CanVoid, pay.CanRefund, pay.CanGetRefund, pay.CanCancelPayout, pay.CanListTransactions,
		pay.CanRouteWebhook, pay.CanMaintain,
	} {
		require.False(t, pay.Resolve(acc).Has(ability), ability)
		require.False(t, m.Abilities.Has(ability), ability)
	}
	_, cancels := acc.(pay.Canceler)
	_, refunds := acc.(pay.Refunder)
	_, captures := acc.(pay.Capturer)
	_, lists := acc.(pay.TransactionLister)
	_, finds := acc.(pay.InvoiceFinder)
	require.False(t, cancels || refunds || captures || lists || finds)
	for _, op := range []pay.Operation{pay.OpCancel, pay.OpCapture, pay.OpVoid, pay.OpRefund, pay.OpCancelPayout} {
		require.NotContains(t, m.Operations, op)
	}
}
