package monobank

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// providerName is the manifest's name and the suffix of the binary.
const providerName = "monobank"

// manifest describes the plugin at the given version of its own.
func manifest(version string) pay.Manifest {
	return pay.Manifest{
		Name:         providerName,
		Version:      version,
		Title:        "monobank acquiring (plata by mono)",
		DocsURL:      "https://monobank.ua/api-docs/acquiring",
		Currencies:   invoiceCurrencies(),
		ConfigSchema: json.RawMessage(configSchema),
		OptionSchemas: map[pay.Operation]json.RawMessage{
			pay.OpCreate: json.RawMessage(createSchema),
			pay.OpCharge: json.RawMessage(chargeSchema),
		},
		OperationKey: pay.KeyFormat{Alphabet: pay.KeyToken, MaxLength: 32},
		Operations: map[pay.Operation]pay.OperationSpec{
			// Nobody knows the page of an invoice whose answer was lost, except at a QR desk.
			pay.OpCreate: {
				Resolution: pay.ResolveAbandon, HumanWhen: []string{"qr_id"},
				Expected: time.Second, Maximum: 15 * time.Second,
			},
			// The invoice shows what became of it, a refund under the extRef we gave it.
			pay.OpCancel:  {Resolution: pay.ResolveResend, Expected: time.Second, Maximum: 15 * time.Second},
			pay.OpCapture: {Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second},
			pay.OpVoid:    {Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second},
			pay.OpRefund:  {Resolution: pay.ResolveLookup, Expected: time.Second, Maximum: 15 * time.Second},
			// The statement shows it under the reference we gave it; but how long the bank takes to list an
			// operation is not documented, so that absence is for a person.
			pay.OpCharge: {
				Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman, Expected: 3 * time.Second, Maximum: 15 * time.Second,
			},
		},
		Fields:  fields(),
		Actions: actions(),
		Abilities: pay.NewAbilities(
			pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel, pay.CanCapture, pay.CanVoid,
			pay.CanRefund, pay.CanGetRefund, pay.CanCharge, pay.CanHandleWebhook, pay.CanCheck,
			pay.CanListTransactions, pay.CanRunAction,
		),
		// Invoices are found by their id alone, and at once; the minute covers replication at the provider.
		VisibilityDelay: time.Minute,
		// After "failure" the page may let the payer try again while it is valid; after expiry only a
		// payment already under way can end.
		LateWindow: 72 * time.Hour,
		// The provider asks not to poll as the main method: webhooks bring the news. A look still has to come,
		// because there is no webhook for expiry and deliveries stop after three attempts.
		PollCadence: map[pay.Status]time.Duration{
			pay.StatusPending:    10 * time.Minute,
			pay.StatusProcessing: 2 * time.Minute,
			pay.StatusAuthorized: 6 * time.Hour,
		},
		// No limit is published; abuse blocks the address for about a day. Reads are what can pile up.
		RateLimits: []pay.RateLimitSpec{{
			Scope: pay.RatePerAccount, Rate: "5", Burst: 10,
			Abilities: pay.NewAbilities(pay.CanGetInvoice, pay.CanFindInvoice, pay.CanGetRefund, pay.CanCheck, pay.CanRunAction),
		}, {
			// A month of days, or a busy day in parts, at once.
			Scope: pay.RatePerAccount, Rate: "2", Burst: 60, Abilities: pay.NewAbilities(pay.CanListTransactions),
		}},
		EgressHosts: []string{"{config.base_url}"},
		StateReads:  []int{stateVersion},
		StateWrites: stateVersion,
	}
}

// fields says what becomes of the common fields.
func fields() map[string]pay.FieldSpec {
	return map[string]pay.FieldSpec{
		"reference":   {Use: pay.FieldHonoured, Note: "merchantPaymInfo.reference"},
		"description": {Use: pay.FieldHonoured, MaxLength: maxText, Note: "merchantPaymInfo.destination, shown to the payer"},
		"customer.id": {Use: pay.FieldHonoured, MaxLength: 128,
			Note: "saveCardData.walletId when a card is saved, and then required; else kept by the host"},
		"customer.email":      {Use: pay.FieldHonoured, MaxLength: 254, Note: "merchantPaymInfo.customerEmails: where the fiscal receipt goes"},
		"metadata":            {Use: pay.FieldHonoured, Note: "merchantPaymInfo.metadata, returned in the statement"},
		"purpose":             {Use: pay.FieldHonoured, Values: []string{string(pay.PurposePayment), string(pay.PurposeVerification)}, Note: "paymentType verification"},
		"capture":             {Use: pay.FieldHonoured, Values: []string{string(pay.CaptureAutomatic), string(pay.CaptureManual)}, Note: "paymentType hold, UAH only; the bank releases it after 9 days"},
		"expires_in":          {Use: pay.FieldHonoured, MaxDuration: maxValidity, Note: "validity in whole seconds; 24 hours when absent"},
		"return_urls.default": {Use: pay.FieldHonoured, Note: "redirectUrl, after success and failure alike"},
		"return_urls.success": {Use: pay.FieldHonoured, Note: "successUrl, with provider_options.separate_return_urls"},
		"return_urls.failure": {Use: pay.FieldHonoured, Note: "failUrl, with provider_options.separate_return_urls"},
		"items": {Use: pay.FieldHonoured,
			Note: "merchantPaymInfo.basketOrder; name, code, quantity and unit_price are required; options: header, footer, uktzed, tax, split_receiver_id, discounts"},
		"source":          {Use: pay.FieldHonoured, Note: "wallet/payment with a stored credential; there are no balances. reference is then the key of the operation"},
		"initiated_by":    {Use: pay.FieldHonoured, Values: []string{string(pay.InitiatedByCustomer), string(pay.InitiatedByMerchant)}, Note: "initiationKind of a charge: client or merchant; a client needs return_urls.default for 3-D Secure"},
		"save_credential": {Use: pay.FieldHonoured, Note: "saveCardData; the provider's support must enable it"},
	}
}

// invoiceCurrencies are the currencies an invoice may have.
func invoiceCurrencies() []pay.Currency { return currencies("UAH", "USD", "EUR") }

func currencies(codes ...string) []pay.Currency {
	list := make([]pay.Currency, 0, len(codes))
	for _, code := range codes {
		if c, ok := pay.LookupCurrency(code); ok {
			list = append(list, c)
		}
	}
	return list
}
