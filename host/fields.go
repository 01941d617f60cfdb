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
	for _, text := range [...]struct{ path, value string }{
		{"correlation_id", req.CorrelationID},
		{"customer.email", req.Customer.Email}, {"customer.id", req.Customer.ID},
		{"customer.name", req.Customer.Name}, {"customer.phone", req.Customer.Phone},
		{"description", req.Description},
		{"payer.country", req.Payer.Country}, {"payer.ip", req.Payer.IP},
		{"payer.locale", req.Payer.Locale}, {"payer.user_agent", req.Payer.UserAgent},
		{"payment_method", req.PaymentMethod}, {"reference", req.Reference},
	} {
		checkText(text.path, text.value, maxTextLength, problems)
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
	case len(text) > limit && utf8.RuneCountInString(text) > limit:
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
	for _, c := range m.Currencies {
		if c.Code == code && takesCurrency(account, code) {
			return c, true
		}
	}
	return pay.Currency{}, false
}

// takesCurrency reports whether an account may use a currency of its provider.
func takesCurrency(account store.Account, code string) bool {
	return account.Info == nil || account.Info.Currencies == nil || slices.Contains(account.Info.Currencies, code)
}

// currencyCodes are the manifest's codes, narrowed by what the account may use.
func currencyCodes(account store.Account, m pay.Manifest) []string {
	var codes []string
	for _, c := range m.Currencies {
		if takesCurrency(account, c.Code) {
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
	for _, link := range [...]struct{ path, url string }{
		{"return_urls.default", req.ReturnURLs.Default}, {"return_urls.failure", req.ReturnURLs.Failure}, {"return_urls.success", req.ReturnURLs.Success},
	} {
		if link.url == "" {
			continue
		}
		u, err := url.Parse(link.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(link.url) > maxURLLength {
			problems.add(link.path, "must be an absolute http or https URL of at most %d characters", maxURLLength)
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
	for _, field := range commonFields(req) {
		spec := m.Field(field.name)
		switch {
		case spec.Use == pay.FieldRequired && !field.present:
			problems.add(field.name, "is required by provider %s%s", m.Name, noteOf(spec))
		case !field.present:
		case spec.Use == pay.FieldRefused:
			problems.refuse(field.name, "is not supported by provider %s; leave it out%s", m.Name, noteOf(spec))
		default:
			checkSpec(field.name, field.text, spec, m.Name, problems)
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

// commonField is one common field of a request, with its text where it has one.
type commonField struct {
	name, text string
	present    bool
}

// commonFields says which of the fields of [pay.CommonFields] the request sets, ordered by name.
func commonFields(req CreateInvoice) [24]commonField {
	text := func(name, s string) commonField { return commonField{name, s, s != ""} }
	flag := func(name string, set bool) commonField { return commonField{name: name, present: set} }
	purpose, capture := req.Purpose, req.Capture
	if purpose == pay.PurposePayment {
		purpose = "" // the defaults are what every provider does
	}
	if capture == pay.CaptureAutomatic {
		capture = ""
	}
	return [...]commonField{
		flag("allow_partial", false), // no request can ask for it yet
		text("amount_limits.max", req.AmountLimits.Max),
		text("capture", string(capture)),
		text("customer.email", req.Customer.Email),
		text("customer.id", req.Customer.ID),
		text("customer.name", req.Customer.Name),
		text("customer.phone", req.Customer.Phone),
		text("description", req.Description),
		text("expires_in", req.ExpiresIn),
		text("initiated_by", string(req.InitiatedBy)),
		flag("items", len(req.Items) > 0),
		flag("metadata", len(req.Metadata) > 0),
		text("payer.country", req.Payer.Country),
		text("payer.ip", req.Payer.IP),
		text("payer.locale", req.Payer.Locale),
		text("payer.user_agent", req.Payer.UserAgent),
		text("payment_method", req.PaymentMethod),
		text("purpose", string(purpose)),
		text("reference", req.Reference),
		text("return_urls.default", req.ReturnURLs.Default),
		text("return_urls.failure", req.ReturnURLs.Failure),
		text("return_urls.success", req.ReturnURLs.Success),
		flag("save_credential", req.SaveCredential),
		flag("source", req.Source != nil),
	}
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
