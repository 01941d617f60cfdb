package payin

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	// providerName is the manifest's name and the suffix of the binary.
	providerName = "payin"
	// productionURL and testHost are the provider's two environments.
	productionURL  = "https://lk.payin-payout.net"
	productionHost = "lk.payin-payout.net"
	testHost       = "dev1.payin-payout.net"
	// stateVersion is the format of [state].
	stateVersion = 1
)

// configSchema describes the config of an account. The currencies are those the
// balance of an operator is kept in; only RUB is clearly supported for top-ups.
const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["user_id", "secret"],
  "properties": {
    "user_id": {"type": "integer", "minimum": 1, "maximum": 999999999999999999,
      "description": "Id of the API operator whose key signs the requests."},
    "secret": {"type": "string", "minLength": 1, "secret": true,
      "description": "Developer key from the operator's profile."},
    "previous_secrets": {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 8, "secret": true,
      "description": "Earlier keys that still verify callbacks after a rotation."},
    "base_url": {"type": "string", "minLength": 1, "default": "https://lk.payin-payout.net",
      "description": "Address of the provider; https://dev1.payin-payout.net is the test stand. Plain http only on loopback."},
    "service_id": {"type": "integer", "minimum": 1, "maximum": 999999999999999999,
      "description": "Id of the service the provider's managers created; without it the account has no charges and no payouts."},
    "currencies": {"type": "array", "minItems": 1, "uniqueItems": true, "default": ["RUB"],
      "items": {"enum": ["RUB", "KZT", "GBP", "USD", "EUR", "UAH"]},
      "description": "Currencies invoices may have; enable others than RUB only when the provider's managers confirm them."},
    "callback_freshness": {"type": "string", "pattern": "^[0-9]+(s|m|h)$", "default": "300s",
      "description": "How far the time in a callback may be from ours before it is only a reason to ask."}
  }
}`

// createOptions describes provider_options of a create.
const createOptions = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "is_sos_topup": {"type": "boolean", "default": true,
      "description": "Marks the invoice for this service; without it there is no callback."},
    "id_pref": {"type": "integer", "minimum": 0, "maximum": 9999,
      "description": "Payment type chosen in advance; the same as payment_method."}
  }
}`

// manifest describes the plugin at the given version of its own.
func manifest(version string) pay.Manifest {
	return pay.Manifest{
		Name:          providerName,
		Version:       version,
		Title:         "Payin-payout, service without acceptance",
		DocsURL:       "https://github.com/payin-payout/without-acceptance-service",
		Currencies:    currencies("RUB", "KZT", "GBP", "USD", "EUR", "UAH"),
		ConfigSchema:  json.RawMessage(configSchema),
		OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(createOptions)},
		OperationKey:  pay.KeyFormat{Alphabet: pay.KeyToken, MaxLength: 32},
		Operations: map[pay.Operation]pay.OperationSpec{
			// No order id is sent and none can be searched for: only a person can tell.
			pay.OpCreate: {Resolution: pay.ResolveHuman, Expected: 2 * time.Second, Maximum: 15 * time.Second},
			// external_id is unique among charges: a repeat is refused as existing, or is the first to be accepted.
			pay.OpCharge: {Resolution: pay.ResolveResend, Expected: 2 * time.Second, Maximum: 15 * time.Second},
			// Uniqueness of external_id is not stated for rewards: a repeat might pay twice.
			pay.OpPayout: {Resolution: pay.ResolveHuman, Expected: 2 * time.Second, Maximum: 15 * time.Second},
		},
		Fields: map[string]pay.FieldSpec{
			"customer.id": {Use: pay.FieldRequired, MaxLength: 18, Pattern: `[1-9][0-9]*`,
				Note: "payer_id: the provider's user whose balance is topped up or debited"},
			"source":              {Use: pay.FieldHonoured, Note: "only of the type balance, whose id is the provider's user to debit; needs config.service_id"},
			"description":         {Use: pay.FieldRequired, Note: "descr; description of a charge or reward"},
			"payment_method":      {Use: pay.FieldHonoured, MaxLength: 4, Pattern: `[0-9]+`, Note: "id_pref: numeric payment type, for example 136 for SBP"},
			"return_urls.default": {Use: pay.FieldHonoured, Note: "success_url and fail_url, where those are not given"},
			"return_urls.success": {Use: pay.FieldHonoured, Note: "success_url"},
			"return_urls.failure": {Use: pay.FieldHonoured, Note: "fail_url"},
		},
		Abilities: abilities(true),
		Actions:   actions(),
		// Bank transfers can be credited days after an invoice expired.
		LateWindow: 14 * 24 * time.Hour,
		// Limits are not documented and callbacks report success only, so looks are steady but rare.
		PollCadence: map[pay.Status]time.Duration{
			pay.StatusPending:       time.Minute,
			pay.StatusProcessing:    time.Minute,
			pay.StatusAuthorized:    10 * time.Minute,
			pay.StatusPartiallyPaid: 30 * time.Minute,
		},
		EgressHosts:    []string{"{config.base_url}"},
		StateReads:     []int{stateVersion},
		StateWrites:    stateVersion,
		AccountWebhook: true,
		WebhookTails:   []string{tailTopup, tailCharge, tailReward},
	}
}

func currencies(codes ...string) []pay.Currency {
	list := make([]pay.Currency, 0, len(codes))
	for _, code := range codes {
		if c, ok := pay.LookupCurrency(code); ok {
			list = append(list, c)
		}
	}
	return list
}
