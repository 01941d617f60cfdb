package merchant

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// optionManualQR is the option whose requisites a person finds after the invoice was made.
const optionManualQR = "MANUAL_SBP_QR"

// The options of cross-border payments: to a card or phone, and by QR code.
const (
	optionCrossBorder = "CROSS_BORDER"
	optionQR          = "SBP_QR"
)

// manualQRDelay is when to look for them first.
const manualQRDelay = 25 * time.Second

// options are the provider_options of a create.
type options struct {
	PaymentOption            string            `json:"payment_option"`
	StartDeal                bool              `json:"start_deal"`
	CrossBorderCurrency      string            `json:"cross_border_currency"`
	CrossBorderRequisiteType string            `json:"cross_border_requisite_type"`
	AllowMatching            *bool             `json:"allow_matching"`
	MatchingSettings         *matchingSettings `json:"matching_settings"`
	Lang                     string            `json:"lang"`
	StrictlySingleTransfer   *bool             `json:"strictly_single_transfer"`
}

type matchingSettings struct {
	MaxAmount     string `json:"max_amount"`
	MinPartAmount string `json:"min_part_amount"`
	MaxPartAmount string `json:"max_part_amount"`
}

// createDTO is the body of a create. Absent fields are left out: null means "any" there too.
type createDTO struct {
	Type                     string       `json:"type"`
	Amount                   string       `json:"amount"`
	Currency                 string       `json:"currency"`
	NotificationURL          string       `json:"notificationUrl"`
	NotificationToken        string       `json:"notificationToken"`
	InternalID               string       `json:"internalId"`
	UserID                   string       `json:"userId,omitempty"`
	PaymentOption            string       `json:"paymentOption,omitempty"`
	PaymentMethod            string       `json:"paymentMethod,omitempty"`
	PaymentRequisites        *requisites  `json:"paymentRequisites,omitempty"`
	StartDeal                bool         `json:"startDeal,omitempty"`
	MaxAmount                string       `json:"maxAmount,omitempty"`
	CrossBorderCurrency      string       `json:"crossBorderCurrency,omitempty"`
	CrossBorderRequisiteType string       `json:"crossBorderRequisiteType,omitempty"`
	AllowMatching            *bool        `json:"allowMatching,omitempty"`
	MatchingSettings         *matchingDTO `json:"matchingSettings,omitempty"`
	Lang                     string       `json:"lang,omitempty"`
	SuccessURL               string       `json:"successUrl,omitempty"`
	CancelURL                string       `json:"cancelUrl,omitempty"`
	StrictlySingleTransfer   *bool        `json:"strictlySingleTransfer,omitempty"`
}

type matchingDTO struct {
	MaxAmount     string `json:"maxAmount,omitempty"`
	MinPartAmount string `json:"minPartAmount,omitempty"`
	MaxPartAmount string `json:"maxPartAmount,omitempty"`
}

// CreateInvoice asks for an invoice under the operation's provider key. A lost
// answer is settled by [account.FindInvoice]. With start_deal an invoice without
// requisites is canceled at once and reported as declined: the payer never
// gets its address, so nobody can pay it.
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	body, opts, err := a.createBody(ctx, req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return pay.InvoiceState{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written as JSON")
	}
	res, err := a.exchange(ctx, http.MethodPost, raw, "api", "merchant", "invoices")
	if err != nil {
		return pay.InvoiceState{}, err
	}
	inv, err := decodeInvoice(res.Body)
	if err != nil {
		return pay.InvoiceState{}, res.Garbled("%v", err)
	}
	if id := inv.internalID(); id != "" && id != body.InternalID {
		// Whatever became of our request, this does not tell; the look-up will.
		return pay.InvoiceState{}, res.Garbled("it is another invoice than the one asked for")
	}
	if opts.StartDeal && inv.Status == "new" {
		switch {
		case inv.Deals == nil:
			return pay.InvoiceState{}, res.Garbled("it does not say whether there are requisites")
		case len(*inv.Deals) == 0 && opts.PaymentOption != optionManualQR:
			return a.abandonEmpty(ctx, inv, res)
		}
	}
	out := a.stateOf(inv, pay.Known{Status: pay.StatusPending, Amount: req.Amount}, res.Evidence)
	if out.Status == pay.StatusPending && !out.Due.IsSet() {
		out.Due = out.Amount
	}
	if opts.StartDeal && out.Status == pay.StatusPending && !direct(out.NextActions) {
		out.Report.NextLookAt = a.now().Add(manualQRDelay)
	}
	return out, nil
}

// createBody maps a request to the gateway's fields.
func (a *account) createBody(ctx context.Context, req pay.CreateInvoice) (createDTO, options, error) {
	var opts options
	if err := refuseUnsupported(req); err != nil {
		return createDTO{}, opts, err
	}
	if err := decodeStrict(req.Options, &opts, "provider_options"); err != nil {
		return createDTO{}, opts, err
	}
	key := either(req.Call.ProviderKey, pay.CallFrom(ctx).ProviderKey)
	if !isToken(key) {
		return createDTO{}, opts, pay.Invalid("provider_key", "the gateway's internalId needs a key of letters, digits, _ and -")
	}
	if req.WebhookURL == "" {
		return createDTO{}, opts, pay.Invalid("webhook_url", "the gateway needs an address for notifications")
	}
	if req.Amount.Sign() <= 0 {
		return createDTO{}, opts, pay.Invalid("amount.value", "must be greater than zero")
	}
	if c, known := lookupCurrency(req.Amount.Code()); !known || c.Exponent != req.Amount.Currency().Exponent {
		return createDTO{}, opts, pay.Invalid("amount.currency", "%s is not a currency of this provider", req.Amount.Code())
	}
	body := createDTO{
		Type: directionIn, Amount: req.Amount.Value(), Currency: req.Amount.Code(),
		NotificationURL: req.WebhookURL, NotificationToken: notificationToken(a.secret, key), InternalID: key,
		UserID: req.Customer.ID, PaymentOption: opts.PaymentOption, PaymentMethod: req.PaymentMethod,
		StartDeal: opts.StartDeal, CrossBorderCurrency: opts.CrossBorderCurrency,
		CrossBorderRequisiteType: opts.CrossBorderRequisiteType, AllowMatching: opts.AllowMatching,
		Lang:                   either(opts.Lang, pageLanguage(req.Payer.Locale, opts.CrossBorderCurrency != "")),
		SuccessURL:             either(req.ReturnURLs.Success, req.ReturnURLs.Default),
		CancelURL:              either(req.ReturnURLs.Failure, req.ReturnURLs.Default),
		StrictlySingleTransfer: opts.StrictlySingleTransfer,
	}
	if err := checkOptions(opts); err != nil {
		return createDTO{}, opts, err
	}
	if m := opts.MatchingSettings; m != nil {
		body.MatchingSettings = &matchingDTO{m.MaxAmount, m.MinPartAmount, m.MaxPartAmount}
	}
	if req.MaxAmount.IsSet() {
		order, err := req.MaxAmount.Cmp(req.Amount)
		if err != nil || order < 0 {
			return createDTO{}, opts, pay.Invalid("amount_limits.max", "must be in the invoice's currency and not below its amount")
		}
		body.MaxAmount = req.MaxAmount.Value()
	}
	return body, opts, nil
}

// checkOptions refuses options that the gateway documents for another flow only:
// it would ignore them, and the payer would see something else than was asked for.
func checkOptions(o options) error {
	switch {
	case o.PaymentOption == optionCrossBorder && o.CrossBorderCurrency == "":
		return pay.Invalid("provider_options.cross_border_currency", "is needed with CROSS_BORDER")
	case o.CrossBorderCurrency != "" && o.PaymentOption != optionCrossBorder && o.PaymentOption != optionQR:
		return pay.Invalid("provider_options.cross_border_currency", "belongs to payment_option CROSS_BORDER or SBP_QR")
	case o.CrossBorderRequisiteType != "" && o.PaymentOption != optionCrossBorder:
		return pay.Invalid("provider_options.cross_border_requisite_type", "belongs to payment_option CROSS_BORDER")
	}
	return checkMatching(o.AllowMatching, o.MatchingSettings)
}

// checkMatching refuses settings without the matching they set.
func checkMatching(allow *bool, settings *matchingSettings) error {
	if settings != nil && (allow == nil || !*allow) {
		return pay.Invalid("provider_options.matching_settings", "needs allow_matching")
	}
	return nil
}

// refuseUnsupported refuses what the gateway cannot do. The host refuses it by
// the manifest; this holds for callers without a host too.
func refuseUnsupported(req pay.CreateInvoice) error {
	switch {
	case req.Capture == pay.CaptureManual:
		return pay.Unsupported("capture: manual")
	case req.Purpose == pay.PurposeVerification:
		return pay.Unsupported("purpose: verification")
	case req.ExpiresIn != 0:
		return pay.Unsupported("expires_in")
	case len(req.Items) > 0:
		return pay.Unsupported("items")
	case req.SaveCredential:
		return pay.Unsupported("save_credential")
	}
	return nil
}

// pageLanguage returns the language of the payment page for a BCP 47 tag, empty
// when the page has none. Kyrgyz is documented for requests in another currency only.
func pageLanguage(locale string, crossBorder bool) string {
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if slices.Contains([]string{"ru", "en", "bn", "uz", "az", "es", "ko"}, language) || language == "ky" && crossBorder {
		return language
	}
	return ""
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
