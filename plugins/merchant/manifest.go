package merchant

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// providerName is the manifest's name and the suffix of the binary.
const providerName = "merchant"

// usdt is the currency of merchant balances, fees and net amounts.
func usdt() pay.Currency { return pay.Currency{Code: "USDT", Exponent: 8} }

const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["api_key", "secret", "base_url"],
  "properties": {
    "api_key": {"type": "string", "minLength": 1, "secret": true,
      "description": "Key of the store, sent as X-Identity."},
    "secret": {"type": "string", "minLength": 1, "secret": true,
      "description": "Secret of the merchant; it signs requests and makes notification tokens."},
    "previous_secrets": {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 8, "secret": true,
      "description": "Earlier secrets whose notification tokens are still accepted after a rotation."},
    "base_url": {"type": "string", "minLength": 1,
      "description": "Address of the brand's API, for example https://api.example.club. Plain http only on loopback."},
    "withdrawals": {"type": "boolean", "default": false,
      "description": "Allow the action withdraw, which sends the merchant's own balance to a wallet."}
  }
}`

// createOptions describes provider_options of a create: the provider's own
// fields in snake_case, without those that common fields carry.
const createOptions = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "payment_option": {"type": "string", "pattern": "^[A-Z0-9_]{1,64}$",
      "description": "How to pay, for example SBP, TO_CARD or SBP_QR. Without it the gateway may choose any."},
    "start_deal": {"type": "boolean", "default": false,
      "description": "Ask for requisites at once instead of only sending the payer to the gateway's page."},
    "cross_border_currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "For CROSS_BORDER and QR cross-border (SBP_QR), for example TJS."},
    "cross_border_requisite_type": {"enum": ["PHONE", "CARD"], "description": "Where a CROSS_BORDER payment goes."},
    "allow_matching": {"type": "boolean", "description": "Let the gateway put the amount together from several payments."},
    "matching_settings": {"type": "object", "additionalProperties": false,
      "description": "Limits of matching: max_amount, min_part_amount and max_part_amount. Needs allow_matching.", "properties": {
      "max_amount": {"$ref": "#/$defs/amount"},
      "min_part_amount": {"$ref": "#/$defs/amount"},
      "max_part_amount": {"$ref": "#/$defs/amount"}}},
    "lang": {"enum": ["ru", "en", "bn", "uz", "az", "es", "ko", "ky"],
      "description": "Language of the payment page; by default that of payer.locale."},
    "strictly_single_transfer": {"type": "boolean", "description": "Passed on; the gateway does not document it."}
  },
  "$defs": {"amount": {"type": "string", "pattern": "^[0-9]{1,18}([.][0-9]{1,8})?$"}}
}`

// payoutOptions describes provider_options of a payout.
const payoutOptions = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "payment_option": {"type": "string", "pattern": "^[A-Z0-9_]{1,64}$",
      "description": "How to pay out. By default TO_CARD to a card, SBP to a phone and TO_ACCOUNT to an account."},
    "allow_matching": {"type": "boolean", "description": "Let the gateway put the amount together from several payments."},
    "matching_settings": {"type": "object", "additionalProperties": false,
      "description": "Limits of matching: max_amount, min_part_amount and max_part_amount. Needs allow_matching.", "properties": {
      "max_amount": {"$ref": "#/$defs/amount"},
      "min_part_amount": {"$ref": "#/$defs/amount"},
      "max_part_amount": {"$ref": "#/$defs/amount"}}}
  },
  "$defs": {"amount": {"type": "string", "pattern": "^[0-9]{1,18}([.][0-9]{1,8})?$"}}
}`

// manifest describes the plugin at the given version of its own.
func manifest(version string) pay.Manifest {
	return pay.Manifest{
		Name:         providerName,
		Version:      version,
		Title:        "Merchant API, white-label P2P gateway",
		DocsURL:      "https://docs.bridgepay.club/en/api-reference/merchant-api/",
		Currencies:   currencies(),
		ConfigSchema: json.RawMessage(configSchema),
		OptionSchemas: map[pay.Operation]json.RawMessage{
			pay.OpCreate: json.RawMessage(createOptions), pay.OpPayout: json.RawMessage(payoutOptions),
		},
		// The id travels in a URL path that is signed; these characters need no escaping.
		OperationKey: pay.KeyFormat{Alphabet: pay.KeyToken, MaxLength: 32},
		Operations: map[pay.Operation]pay.OperationSpec{
			pay.OpCreate: {Resolution: pay.ResolveLookup, Expected: 3 * time.Second, Maximum: 15 * time.Second},
			pay.OpCancel: {Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second},
			// A payout that is not found may still be on its way inside the gateway; nobody pays it out again unasked.
			pay.OpPayout: {Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman, Expected: 3 * time.Second, Maximum: 15 * time.Second},
		},
		Fields: map[string]pay.FieldSpec{
			"customer.id":       {Use: pay.FieldHonoured, Note: "userId"},
			"amount_limits.max": {Use: pay.FieldHonoured, Note: "maxAmount: the gateway may raise the amount up to it to make amounts unique"},
			"payment_method": {Use: pay.FieldHonoured, MaxLength: 64, Pattern: `[A-Za-z0-9_-]+`,
				Note: "paymentMethod, the bank's code; the option is provider_options.payment_option"},
			"payer.locale":        {Use: pay.FieldHonoured, Note: "lang, where the payment page has the language"},
			"return_urls.default": {Use: pay.FieldHonoured, Note: "successUrl and cancelUrl, where those are not given"},
			"return_urls.success": {Use: pay.FieldHonoured, Note: "successUrl"},
			"return_urls.failure": {Use: pay.FieldHonoured, Note: "cancelUrl"},
		},
		Abilities: pay.NewAbilities(
			pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel, pay.CanPayout, pay.CanGetPayout,
			pay.CanReadBalances, pay.CanHandleWebhook, pay.CanCheck, pay.CanRunAction,
		),
		Actions: actions(),
		// A request may still be on its way inside the gateway after ours was given up.
		VisibilityDelay: 30 * time.Second,
		// Support and disputes settle expired invoices days later.
		LateWindow: 7 * 24 * time.Hour,
		// Callbacks are tried for two minutes only and say nothing of deals; deals live 4 to 30 minutes.
		PollCadence: map[pay.Status]time.Duration{
			pay.StatusPending:    30 * time.Second,
			pay.StatusProcessing: time.Minute,
		},
		EgressHosts: []string{"{config.base_url}"},
	}
}

// currencies are all of ISO 4217, because every brand and store has its own, and
// USDT, in which the gateway states fees and net amounts. A live check narrows
// them to the store's.
func currencies() []pay.Currency {
	codes := pay.CurrencyCodes()
	list := make([]pay.Currency, 0, len(codes)+1)
	for _, code := range codes {
		if c, ok := pay.LookupCurrency(code); ok {
			list = append(list, c)
		}
	}
	return append(list, usdt())
}
