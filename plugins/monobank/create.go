package monobank

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The limits of invoice/create.
const (
	// maxValidity: the provider cuts a larger value silently, so it is refused here.
	maxValidity = 30 * 24 * time.Hour
	// defaultValidity is the provider's own default.
	defaultValidity = 24 * time.Hour
	// maxText is the length of destination and comment, in characters.
	maxText = 280
	// holdCurrency is the only one a hold may have.
	holdCurrency = "UAH"
)

// The payment types.
const (
	typeDebit        = "debit"
	typeHold         = "hold"
	typeVerification = "verification"
)

// createRequest is the body of invoice/create.
type createRequest struct {
	Amount          int64         `json:"amount"`
	Ccy             int           `json:"ccy"`
	PaymInfo        *paymInfo     `json:"merchantPaymInfo,omitempty"`
	RedirectURL     string        `json:"redirectUrl,omitempty"`
	SuccessURL      string        `json:"successUrl,omitempty"`
	FailURL         string        `json:"failUrl,omitempty"`
	WebHookURL      string        `json:"webHookUrl,omitempty"`
	Validity        int64         `json:"validity,omitempty"`
	PaymentType     string        `json:"paymentType"`
	QrID            string        `json:"qrId,omitempty"`
	Code            string        `json:"code,omitempty"`
	SaveCardData    *saveCardData `json:"saveCardData,omitempty"`
	AgentFeePercent json.Number   `json:"agentFeePercent,omitempty"`
	TipsEmployeeID  string        `json:"tipsEmployeeId,omitempty"`
	DisplayType     string        `json:"displayType,omitempty"`
	WithAppURL      bool          `json:"withAppUrl,omitempty"`
}

type saveCardData struct {
	SaveCard bool   `json:"saveCard"`
	WalletID string `json:"walletId"`
}

// paymInfo is the order data.
type paymInfo struct {
	Reference      string            `json:"reference,omitempty"`
	Destination    string            `json:"destination,omitempty"`
	Comment        string            `json:"comment,omitempty"`
	CustomerEmails []string          `json:"customerEmails,omitempty"`
	Discounts      []discount        `json:"discounts,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
	BasketOrder    []basketItem      `json:"basketOrder,omitempty"`
}

func (p paymInfo) empty() bool {
	return p.Reference == "" && p.Destination == "" && p.Comment == "" &&
		len(p.CustomerEmails)+len(p.Discounts)+len(p.Metadata)+len(p.BasketOrder) == 0
}

// buildCreate turns a request into the provider's words, or says which field
// cannot be said in them. Nothing is dropped in silence.
func buildCreate(req pay.CreateInvoice) (createRequest, error) {
	opts, err := readCreateOptions(req.Options)
	if err != nil {
		return createRequest{}, err
	}
	out := createRequest{
		WebHookURL:     req.WebhookURL,
		RedirectURL:    req.ReturnURLs.Default,
		QrID:           opts.QrID,
		Code:           opts.Code,
		TipsEmployeeID: opts.TipsEmployeeID,
		DisplayType:    opts.DisplayType,
		WithAppURL:     opts.WithAppURL,
	}
	if opts.AgentFeePercent != nil {
		out.AgentFeePercent = opts.AgentFeePercent.number()
	}
	for _, step := range []func(*createRequest, pay.CreateInvoice, createOptions) error{
		setAmount, setType, setReturnURLs, setValidity, setSaveCard, setPaymInfo,
	} {
		if err := step(&out, req, opts); err != nil {
			return createRequest{}, err
		}
	}
	return out, nil
}

func setAmount(out *createRequest, req pay.CreateInvoice, _ createOptions) error {
	ccy := req.Amount.Currency()
	if !slices.Contains(invoiceCurrencies(), ccy) {
		// The host refuses it by the manifest; this holds for callers without a host too.
		return pay.Invalid("amount.currency", "%s is not a currency of this provider", ccy.Code)
	}
	units, err := req.Amount.Minor()
	if err != nil {
		return pay.Invalid("amount.value", "%v", err)
	}
	switch {
	case req.Purpose == pay.PurposeVerification && units != 0:
		return pay.Invalid("amount.value", "must be 0 for a verification")
	case req.Purpose != pay.PurposeVerification && units <= 0:
		return pay.Invalid("amount.value", "must be positive")
	}
	out.Amount, out.Ccy = units, ccy.Numeric
	return nil
}

func setType(out *createRequest, req pay.CreateInvoice, opts createOptions) error {
	switch req.Purpose {
	case "", pay.PurposePayment:
		out.PaymentType = typeDebit
	case pay.PurposeVerification:
		out.PaymentType = typeVerification
	default:
		return pay.Invalid("purpose", "%q is not known to this provider", req.Purpose)
	}
	switch req.Capture {
	case "", pay.CaptureAutomatic:
	case pay.CaptureManual:
		if out.PaymentType == typeVerification {
			return pay.Invalid("capture", "a verification takes no money, so there is nothing to capture")
		}
		if req.Amount.Code() != holdCurrency {
			return pay.Invalid("capture", "the provider holds money in %s only", holdCurrency)
		}
		out.PaymentType = typeHold
	default:
		return pay.Invalid("capture", "%q is not known to this provider", req.Capture)
	}
	if opts.WithAppURL && (out.PaymentType == typeVerification || opts.QrID != "") {
		return pay.Invalid("provider_options.with_app_url", "is not available for QR desks and verifications")
	}
	return nil
}

func setReturnURLs(out *createRequest, req pay.CreateInvoice, opts createOptions) error {
	if opts.SeparateReturnURLs {
		out.SuccessURL, out.FailURL = req.ReturnURLs.Success, req.ReturnURLs.Failure
		return nil
	}
	const msg = "the provider has one return address; set provider_options.separate_return_urls when its support enabled separate ones"
	switch def := req.ReturnURLs.Default; {
	case req.ReturnURLs.Success != "" && req.ReturnURLs.Success != def:
		return pay.Invalid("return_urls.success", msg)
	case req.ReturnURLs.Failure != "" && req.ReturnURLs.Failure != def:
		return pay.Invalid("return_urls.failure", msg)
	}
	return nil
}

func setValidity(out *createRequest, req pay.CreateInvoice, _ createOptions) error {
	switch d := req.ExpiresIn; {
	case d == 0:
	case d < 0 || d%time.Second != 0:
		return pay.Invalid("expires_in", "must be whole seconds")
	case d > maxValidity:
		return pay.Invalid("expires_in", "must be at most 30 days")
	default:
		out.Validity = int64(d / time.Second)
	}
	return nil
}

// setSaveCard asks for a token. A wallet belongs to one customer: without an id
// the token could not be attributed, so one is required.
func setSaveCard(out *createRequest, req pay.CreateInvoice, opts createOptions) error {
	wallet := opts.SaveCardData.WalletID
	if !req.SaveCredential && req.Purpose != pay.PurposeVerification {
		if wallet != "" {
			return pay.Invalid("provider_options.save_card_data", "needs save_credential")
		}
		return nil
	}
	if wallet == "" {
		wallet = req.Customer.ID
	}
	if wallet == "" {
		return pay.Invalid("customer.id", "is required to save a card: it becomes the provider's walletId")
	}
	out.SaveCardData = &saveCardData{SaveCard: true, WalletID: wallet}
	return nil
}

func setPaymInfo(out *createRequest, req pay.CreateInvoice, opts createOptions) error {
	if utf8.RuneCountInString(req.Description) > maxText {
		return pay.Invalid("description", "must have at most %d characters", maxText)
	}
	if utf8.RuneCountInString(opts.Comment) > maxText {
		return pay.Invalid("provider_options.comment", "must have at most %d characters", maxText)
	}
	emails := slices.Clone(opts.CustomerEmails)
	if e := req.Customer.Email; e != "" && !slices.Contains(emails, e) {
		emails = slices.Insert(emails, 0, e)
	}
	basket, err := buildBasket(req.Items, req.Amount)
	if err != nil {
		return err
	}
	discounts, err := buildDiscounts("provider_options.discounts", opts.Discounts)
	if err != nil {
		return err
	}
	info := paymInfo{
		Reference: req.Reference, Destination: req.Description, Comment: opts.Comment,
		CustomerEmails: emails, Discounts: discounts, Metadata: req.Metadata, BasketOrder: basket,
	}
	if !info.empty() {
		out.PaymInfo = &info
	}
	return nil
}

// readCreated reads the answer of invoice/create. An answer that cannot be read
// leaves the outcome unknown.
func (a *account) readCreated(res *httpx.Response, req pay.CreateInvoice) (pay.InvoiceState, error) {
	var c struct {
		InvoiceID text `json:"invoiceId"`
		PageURL   text `json:"pageUrl"`
		AppURL    text `json:"appUrl"`
	}
	if err := json.Unmarshal(res.Body, &c); err != nil {
		return pay.InvoiceState{}, res.Garbled("it is not a JSON object of the documented form")
	}
	if c.InvoiceID == "" || !webPage(string(c.PageURL)) {
		return pay.InvoiceState{}, res.Garbled("it has no invoiceId and pageUrl")
	}
	validity := req.ExpiresIn
	if validity == 0 {
		validity = defaultValidity
	}
	expires := a.now().Add(validity)
	actions := []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: string(c.PageURL), ExpiresAt: expires}}
	if c.AppURL != "" {
		actions = append(actions, pay.NextAction{ID: "app", Type: pay.NextDeeplink, URL: string(c.AppURL), ExpiresAt: expires})
	}
	return pay.InvoiceState{
		Report:      report(res),
		ProviderRef: string(c.InvoiceID),
		Status:      pay.StatusPending,
		NextActions: actions,
		ExpiresAt:   expires,
	}, nil
}

func webPage(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}
