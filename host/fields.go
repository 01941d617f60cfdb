package host

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Limits of a create request that do not depend on the provider.
const (
	maxKeyLength      = 255
	maxTextLength     = 1024
	maxMetadataKeys   = 50
	maxMetadataValue  = 512
	maxItems          = 500
	maxOptionsLength  = 64 << 10
	maxExpiresIn      = 366 * 24 * time.Hour
	maxURLLength      = 2048
	maxQuantityDigits = 18
)

// prepared is a create request that the account's provider can be asked.
type prepared struct {
	req      CreateInvoice
	account  store.Account
	manifest pay.Manifest
	call     pay.CreateInvoice
}

// prepare validates everything that can be judged without the provider and
// lists every problem by field.
func (h *Host) prepare(req CreateInvoice, account store.Account, m pay.Manifest) (prepared, error) {
	var problems fieldErrors
	p := prepared{req: req, account: account, manifest: m}
	checkTexts(req, &problems)
	amount := parseAmount(req, account, m, &problems)
	p.call = pay.CreateInvoice{
		Amount: amount, Purpose: orElse(req.Purpose, pay.PurposePayment), Reference: req.Reference, Description: req.Description,
		Customer:   pay.Customer(req.Customer),
		Payer:      pay.Payer(req.Payer),
		Capture:    orElse(req.Capture, pay.CaptureAutomatic),
		ReturnURLs: pay.ReturnURLs(req.ReturnURLs), PaymentMethod: req.PaymentMethod, Metadata: req.Metadata,
		SaveCredential: req.SaveCredential, InitiatedBy: orElse(req.InitiatedBy, pay.InitiatedByCustomer), Options: req.ProviderOptions,
	}
	checkEnums(p.call, &problems)
	checkURLs(req, &problems)
	p.call.ExpiresIn = parseExpiry(req.ExpiresIn, &problems)
	p.call.MaxAmount = parseMax(req, amount, &problems)
	p.call.Items = parseItems(req.Items, amount, &problems)
	checkSource(req.Source, &problems)
	checkFields(req, m, &problems)
	if err := h.checkOptions(req.ProviderOptions, m, pay.OpCreate, &problems); err != nil {
		return p, err
	}
	return p, problems.err()
}

func orElse[T ~string](v, fallback T) T {
	if v == "" {
		return fallback
	}
	return v
}

func checkTexts(req CreateInvoice, problems *fieldErrors) {
	texts := map[string]string{
		"reference": req.Reference, "description": req.Description, "customer.id": req.Customer.ID,
		"customer.email": req.Customer.Email, "customer.phone": req.Customer.Phone, "customer.name": req.Customer.Name,
		"payer.locale": req.Payer.Locale, "payer.ip": req.Payer.IP, "payer.user_agent": req.Payer.UserAgent,
		"payer.country": req.Payer.Country, "payment_method": req.PaymentMethod, "correlation_id": req.CorrelationID,
	}
	for _, path := range sortedKeys(texts) {
		checkText(path, texts[path], maxTextLength, problems)
	}
	checkMetadata(req.Metadata, problems)
	if len(req.ProviderOptions) > maxOptionsLength {
		problems.add("provider_options", "is larger than %d bytes", maxOptionsLength)
	}
}

func checkMetadata(metadata map[string]string, problems *fieldErrors) {
	if len(metadata) > maxMetadataKeys {
		problems.add("metadata", "has %d keys; at most %d are kept", len(metadata), maxMetadataKeys)
	}
	for _, key := range sortedKeys(metadata) {
		if key == "" || len(key) > 64 || !utf8.ValidString(key) {
			problems.add("metadata", "a key must be 1 to 64 bytes of valid UTF-8")
			continue
		}
		checkText("metadata."+key, metadata[key], maxMetadataValue, problems)
	}
}

func checkText(path, text string, limit int, problems *fieldErrors) {
	switch {
	case !utf8.ValidString(text):
		problems.add(path, "is not valid UTF-8")
	case strings.ContainsRune(text, 0):
		problems.add(path, "holds a NUL character")
	case utf8.RuneCountInString(text) > limit:
		problems.add(path, "is longer than %d characters", limit)
	}
}

func parseAmount(req CreateInvoice, account store.Account, m pay.Manifest, problems *fieldErrors) pay.Money {
	if req.Amount.Currency == "" {
		problems.add("amount.currency", "is required, for example \"UAH\"")
		return pay.Money{}
	}
	currency, ok := currencyOf(req.Amount.Currency, account, m)
	if !ok {
		problems.add("amount.currency", "%s is not a currency of account %s, which takes %s",
			quoteShort(req.Amount.Currency), account.ID, strings.Join(currencyCodes(account, m), ", "))
		return pay.Money{}
	}
	if req.Amount.Value == "" {
		problems.add("amount.value", "is required, as a decimal text such as \"100.00\"")
		return pay.Money{}
	}
	amount, err := pay.ParseMoneyIn(req.Amount.Value, currency)
	switch {
	case err != nil:
		problems.add("amount.value", "%s", err.Error())
	case amount.Sign() < 0:
		problems.add("amount.value", "must not be negative")
	case amount.IsZero() && req.Purpose != pay.PurposeVerification:
		problems.add("amount.value", "must be positive; zero is only for purpose \"verification\"")
	case !amount.IsZero() && req.Purpose == pay.PurposeVerification:
		problems.add("amount.value", "must be zero for purpose \"verification\"")
	}
	return amount
}

func currencyOf(code string, account store.Account, m pay.Manifest) (pay.Currency, bool) {
	if !slices.Contains(currencyCodes(account, m), code) {
		return pay.Currency{}, false
	}
	i := slices.IndexFunc(m.Currencies, func(c pay.Currency) bool { return c.Code == code })
	return m.Currencies[i], true
}

// currencyCodes are the manifest's codes, narrowed by what the account may use.
func currencyCodes(account store.Account, m pay.Manifest) []string {
	var codes []string
	for _, c := range m.Currencies {
		if account.Info == nil || account.Info.Currencies == nil || slices.Contains(account.Info.Currencies, c.Code) {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

func checkEnums(c pay.CreateInvoice, problems *fieldErrors) {
	if c.Purpose != pay.PurposePayment && c.Purpose != pay.PurposeVerification {
		problems.add("purpose", "must be \"payment\" or \"verification\"")
	}
	if c.Capture != pay.CaptureAutomatic && c.Capture != pay.CaptureManual {
		problems.add("capture", "must be \"automatic\" or \"manual\"")
	}
	if c.InitiatedBy != pay.InitiatedByCustomer && c.InitiatedBy != pay.InitiatedByMerchant {
		problems.add("initiated_by", "must be \"customer\" or \"merchant\"")
	}
}

func checkSource(source *Source, problems *fieldErrors) {
	if source == nil {
		return
	}
	if source.Type != pay.SourceCredential && source.Type != pay.SourceBalance {
		problems.add("source.type", "must be \"credential\" or \"balance\"")
	}
	if source.ID == "" {
		problems.add("source.id", "is required: a credential's id, or whose balance")
	}
	checkText("source.id", source.ID, 255, problems)
}

func checkURLs(req CreateInvoice, problems *fieldErrors) {
	urls := map[string]string{
		"return_urls.default": req.ReturnURLs.Default,
		"return_urls.success": req.ReturnURLs.Success,
		"return_urls.failure": req.ReturnURLs.Failure,
	}
	for _, path := range sortedKeys(urls) {
		if urls[path] == "" {
			continue
		}
		u, err := url.Parse(urls[path])
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(urls[path]) > maxURLLength {
			problems.add(path, "must be an absolute http or https URL of at most %d characters", maxURLLength)
		}
	}
}

func parseExpiry(text string, problems *fieldErrors) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		problems.add("expires_in", "must be a duration such as \"24h\" or \"30m\"")
	case d < time.Second || d%time.Second != 0:
		problems.add("expires_in", "must be a positive number of whole seconds")
	case d > maxExpiresIn:
		problems.add("expires_in", "must be at most %s", maxExpiresIn)
	default:
		return d
	}
	return 0
}

func parseMax(req CreateInvoice, amount pay.Money, problems *fieldErrors) pay.Money {
	if req.AmountLimits.Max == "" || !amount.IsSet() {
		return pay.Money{}
	}
	most, err := pay.ParseMoneyIn(req.AmountLimits.Max, amount.Currency())
	if err != nil {
		problems.add("amount_limits.max", "%s", err.Error())
		return pay.Money{}
	}
	if c, err := most.Cmp(amount); err != nil || c < 0 {
		problems.add("amount_limits.max", "must not be below amount.value")
	}
	return most
}

func parseItems(items []Item, amount pay.Money, problems *fieldErrors) []pay.Item {
	if len(items) > maxItems {
		problems.add("items", "has %d lines; at most %d are accepted", len(items), maxItems)
		return nil
	}
	if !amount.IsSet() {
		return nil
	}
	var out []pay.Item
	for i, item := range items {
		path := "items." + itoa(i)
		parsed := pay.Item{
			Name: item.Name, Code: item.Code, Quantity: orElse(item.Quantity, "1"), Unit: item.Unit, Barcode: item.Barcode,
			ImageURL: item.ImageURL, TaxCodes: item.TaxCodes, Options: item.Options,
		}
		if item.Name == "" {
			problems.add(path+".name", "is required")
		}
		checkText(path+".name", item.Name, maxTextLength, problems)
		checkQuantity(path+".quantity", parsed.Quantity, problems)
		parsed.UnitPrice = parseItemPrice(path+".unit_price", item.UnitPrice, true, amount, problems)
		parsed.Total = parseItemPrice(path+".total", item.Total, false, amount, problems)
		out = append(out, parsed)
	}
	return out
}

func checkQuantity(path, text string, problems *fieldErrors) {
	d, err := decimal.NewFromString(text)
	if err != nil || len(text) > maxQuantityDigits || strings.ContainsAny(text, "eE+") || d.Sign() <= 0 {
		problems.add(path, "must be a positive decimal number such as \"1\" or \"0.5\"")
	}
}

func parseItemPrice(path, text string, required bool, amount pay.Money, problems *fieldErrors) pay.Money {
	if text == "" {
		if required {
			problems.add(path, "is required, as a decimal text in %s", amount.Code())
		}
		return pay.Money{}
	}
	price, err := pay.ParseMoneyIn(text, amount.Currency())
	if err != nil {
		problems.add(path, "%s", err.Error())
	} else if price.Sign() < 0 {
		problems.add(path, "must not be negative")
	}
	return price
}

// checkFields compares the request with what the provider does with each common field.
func checkFields(req CreateInvoice, m pay.Manifest, problems *fieldErrors) {
	present := presentFields(req)
	for _, name := range sortedKeys(pay.CommonFields()) {
		spec, value := m.Field(name), present[name]
		switch {
		case spec.Use == pay.FieldRequired && !value.present:
			problems.add(name, "is required by provider %s%s", m.Name, noteOf(spec))
		case !value.present:
		case spec.Use == pay.FieldRefused:
			problems.refuse(name, "is not supported by provider %s; leave it out%s", m.Name, noteOf(spec))
		default:
			checkSpec(name, value.text, spec, m.Name, problems)
		}
	}
}

func noteOf(spec pay.FieldSpec) string {
	if spec.Note == "" {
		return ""
	}
	return " (" + spec.Note + ")"
}

func checkSpec(name, text string, spec pay.FieldSpec, provider string, problems *fieldErrors) {
	if spec.MaxLength > 0 && utf8.RuneCountInString(text) > spec.MaxLength {
		problems.add(name, "is longer than the %d characters provider %s takes", spec.MaxLength, provider)
	}
	if len(spec.Values) > 0 && !slices.Contains(spec.Values, text) {
		problems.add(name, "must be one of %s for provider %s", strings.Join(spec.Values, ", "), provider)
	}
	if spec.Pattern != "" {
		re, err := regexp.Compile(`^(?:` + spec.Pattern + `)$`)
		switch {
		case err != nil:
			problems.add(name, "cannot be checked: provider %s declares a pattern that cannot be used", provider)
		case !re.MatchString(text):
			problems.add(name, "must match %s for provider %s%s", spec.Pattern, provider, noteOf(spec))
		}
	}
	if spec.MaxDuration > 0 {
		if d, err := time.ParseDuration(text); err == nil && d > spec.MaxDuration {
			problems.add(name, "is longer than the %s provider %s allows", spec.MaxDuration, provider)
		}
	}
}

type fieldValue struct {
	present bool
	text    string
}

// presentFields says which common fields the request sets, and their text where they have one.
func presentFields(req CreateInvoice) map[string]fieldValue {
	text := func(s string) fieldValue { return fieldValue{s != "", s} }
	flag := func(b bool) fieldValue { return fieldValue{present: b} }
	values := map[string]fieldValue{
		"reference": text(req.Reference), "description": text(req.Description),
		"customer.id": text(req.Customer.ID), "customer.email": text(req.Customer.Email),
		"customer.phone": text(req.Customer.Phone), "customer.name": text(req.Customer.Name),
		"payer.locale": text(req.Payer.Locale), "payer.ip": text(req.Payer.IP),
		"payer.user_agent": text(req.Payer.UserAgent), "payer.country": text(req.Payer.Country),
		"metadata": flag(len(req.Metadata) > 0), "initiated_by": text(string(req.InitiatedBy)),
		"expires_in": text(req.ExpiresIn), "payment_method": text(req.PaymentMethod),
		"return_urls.default": text(req.ReturnURLs.Default), "return_urls.success": text(req.ReturnURLs.Success),
		"return_urls.failure": text(req.ReturnURLs.Failure), "items": flag(len(req.Items) > 0),
		"amount_limits.max": text(req.AmountLimits.Max), "save_credential": flag(req.SaveCredential),
		"source": flag(req.Source != nil),
	}
	// The defaults are what every provider does.
	if req.Purpose != pay.PurposePayment {
		values["purpose"] = text(string(req.Purpose))
	}
	if req.Capture != pay.CaptureAutomatic {
		values["capture"] = text(string(req.Capture))
	}
	return values
}

// checkOptions validates provider_options against the schema the provider declares for the operation.
func (h *Host) checkOptions(options json.RawMessage, m pay.Manifest, op pay.Operation, problems *fieldErrors) error {
	options = bytes.TrimSpace(options)
	if len(options) == 0 || string(options) == "null" {
		return nil
	}
	schema, ok := m.OptionSchemas[op]
	if !ok {
		problems.refuse("provider_options", "provider %s takes none for %s", m.Name, op)
		return nil
	}
	if options[0] != '{' {
		problems.add("provider_options", "must be an object")
		return nil
	}
	if err := h.schemas.check(schema, options, "provider_options", problems); err != nil {
		return pay.Errorf(pay.KindPluginFault, "provider %s declares an unusable schema of its options: %w", m.Name, err)
	}
	return nil
}
