package paper

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// stateVersion is the format of both the account's and the invoices' private state.
const stateVersion = 1

const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["client_id", "client_secret", "base_url"],
  "properties": {
    "client_id": {"type": "string", "minLength": 1, "description": "OAuth client."},
    "client_secret": {"type": "string", "minLength": 8, "secret": true, "description": "Its secret."},
    "base_url": {"type": "string", "minLength": 1, "description": "Address of the provider."},
    "webhooks": {"type": "boolean", "default": false, "description": "Register for webhooks; otherwise only poll."}
  }
}`

const createOptions = `{
  "type": "object",
  "additionalProperties": false,
  "properties": {"require_3ds": {"type": "boolean", "description": "Send the payer to the bank's authentication first."}}
}`

// The names of the actions.
const (
	actionSubmit3DS = "submit_3ds"
	actionUpload    = "upload_document"
)

func manifest(version string) pay.Manifest {
	lookup := pay.OperationSpec{Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second}
	return pay.Manifest{
		Name: "paper", Version: version, Title: "Paper, a provider for examples",
		Currencies: currencies("EUR", "UAH", "JPY", "KWD"), ConfigSchema: json.RawMessage(configSchema),
		OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(createOptions)},
		OperationKey:  pay.KeyFormat{Alphabet: pay.KeyToken, MaxLength: 32},
		Operations: map[pay.Operation]pay.OperationSpec{
			pay.OpCreate: lookup, pay.OpCancel: lookup, pay.OpRefund: lookup,
			// A payout that cannot be found may still be on its way: a person decides.
			pay.OpPayout:       {Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman},
			pay.OpCancelPayout: lookup,
			pay.OpAction:       {Resolution: pay.ResolveHuman},
		},
		Fields: map[string]pay.FieldSpec{
			"description":         {Use: pay.FieldHonoured, MaxLength: 140, Note: "description"},
			"return_urls.default": {Use: pay.FieldHonoured, Note: "return_url"},
			"allow_partial":       {Use: pay.FieldHonoured, Note: "allow_parts"},
		},
		Abilities: pay.NewAbilities(append(always(), pay.CanHandleWebhook)...),
		// The search follows the store by a moment.
		VisibilityDelay: 5 * time.Second,
		LateWindow:      7 * 24 * time.Hour,
		PollCadence: map[pay.Status]time.Duration{
			pay.StatusPending: time.Minute, pay.StatusProcessing: 30 * time.Second, pay.StatusPartiallyPaid: 10 * time.Minute,
		},
		RateLimits:  []pay.RateLimitSpec{{Scope: pay.RatePerAccount, Rate: "10", Burst: 20}},
		EgressHosts: []string{"{config.base_url}"},
		Actions: []pay.ActionSpec{{
			Name: actionSubmit3DS, Title: "Submit the result of 3-D Secure", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Input:      json.RawMessage(`{"type":"object","required":["pares"],"properties":{"pares":{"type":"string"}}}`),
			Resolution: pay.ResolveLookup,
		}, {
			Name: actionUpload, Title: "Upload a document", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Output:         json.RawMessage(`{"type":"object","properties":{"document":{"type":"string"}}}`),
			MaxAttachments: 1, MaxAttachmentSize: pay.MaxAttachmentSize, Resolution: pay.ResolveHuman,
		}},
		StateReads: []int{stateVersion}, StateWrites: stateVersion,
	}
}

// always are the abilities of every account; webhooks come by config.
func always() []pay.Ability {
	return []pay.Ability{
		pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel, pay.CanRefund, pay.CanGetRefund, pay.CanPayout,
		pay.CanGetPayout, pay.CanCancelPayout, pay.CanReadBalances, pay.CanListTransactions, pay.CanCheck, pay.CanMaintain, pay.CanRunAction,
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
