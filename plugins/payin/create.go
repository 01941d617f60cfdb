package payin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// options are the provider_options of a create.
type options struct {
	IsSosTopup *bool        `json:"is_sos_topup"`
	IDPref     *json.Number `json:"id_pref"`
}

// state is what later look-ups need: the search takes the invoice number, not
// the payment id, and no answer after the first repeats the link. Kind is empty
// for a top-up and [stateCharge] for a charge, which has neither.
type state struct {
	Kind     string `json:"kind,omitempty"`
	PrettyID string `json:"pretty_id,omitempty"`
	PayLink  string `json:"pay_link,omitempty"`
}

// created is the result of a create.
type created struct {
	PayLink     string `json:"pay_link"`
	PaymentID   idText `json:"payment_in_id"`
	InnerID     idText `json:"payment_in_inner_id"`
	InnerIDUser idText `json:"payment_in_inner_id_user"`
	PrettyID    idText `json:"pretty_id"`
}

// CreateInvoice asks for a top-up invoice. The API has no order id and no
// idempotency, so a lost answer is an unknown outcome that only a person can
// settle; it is harmless until somebody gets the link, and nobody has it.
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	fields, err := a.createFields(req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	got, err := a.post(ctx, "payment-in/create-invoice", httpx.Mutates, fields...)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	var c created
	if err := json.Unmarshal(got.result, &c); err != nil || !isDigits(string(c.PaymentID)) {
		return pay.InvoiceState{}, got.response.Garbled("it accepted the invoice and named no payment_in_id")
	}
	return a.createdState(c, got), nil
}

// createFields maps a request to the provider's parameters. Everything is final
// text: what is signed is what is sent.
func (a *account) createFields(req pay.CreateInvoice) ([]field, error) {
	if err := refuseUnsupported(req); err != nil {
		return nil, err
	}
	if !isID(req.Customer.ID) {
		return nil, pay.Invalid("customer.id", "payin needs the payer's id at the provider, a positive integer")
	}
	if req.Description == "" {
		return nil, pay.Invalid("description", "payin needs a description")
	}
	if req.Amount.Sign() <= 0 {
		return nil, pay.Invalid("amount.value", "must be greater than zero")
	}
	currency, ok := pay.LookupCurrency(req.Amount.Code())
	if !ok || !slices.Contains(a.currencies, currency.Code) {
		return nil, pay.Invalid("amount.currency", "%s is not enabled for this account; see config.currencies", req.Amount.Code())
	}
	opts, err := decodeOptions(req.Options)
	if err != nil {
		return nil, err
	}
	fields := []field{
		textField("payer_id", req.Customer.ID),
		textField("summ", req.Amount.Value()),
		textField("currency_id", fmt.Sprintf("%03d", currency.Numeric)),
		textField("descr", req.Description),
	}
	optional := func(key, value string) {
		if value != "" {
			fields = append(fields, textField(key, value))
		}
	}
	preference, err := preferredMethod(req.PaymentMethod, opts.IDPref)
	if err != nil {
		return nil, err
	}
	optional("id_pref", preference)
	optional("success_url", either(req.ReturnURLs.Success, req.ReturnURLs.Default))
	optional("fail_url", either(req.ReturnURLs.Failure, req.ReturnURLs.Default))
	if opts.IsSosTopup == nil || *opts.IsSosTopup {
		// Whether the provider reads 0 as false is not documented, so false is left out.
		fields = append(fields, textField("is_sos_topup", "1"))
	}
	return fields, nil
}

// refuseUnsupported refuses what the API cannot do. The host refuses it by the manifest;
// this holds for callers without a host too.
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
	case req.MaxAmount.IsSet():
		return pay.Unsupported("amount_limits.max")
	case req.SaveCredential:
		return pay.Unsupported("save_credential")
	}
	return nil
}

func decodeOptions(raw json.RawMessage) (options, error) {
	var o options
	if len(raw) == 0 {
		return o, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return o, pay.Invalid("provider_options", "payin takes is_sos_topup (boolean) and id_pref (integer)")
	}
	return o, nil
}

// preferredMethod returns the payment type as the provider's number, from the
// common field or from the option of the same meaning.
func preferredMethod(method string, option *json.Number) (string, error) {
	if method != "" {
		if n, err := strconv.ParseUint(method, 10, 16); err != nil || n > 9999 {
			return "", pay.Invalid("payment_method", "payin takes the number of a payment type, for example 136 for SBP")
		}
	}
	if option == nil {
		return method, nil
	}
	if n, err := strconv.ParseUint(option.String(), 10, 16); err != nil || n > 9999 {
		return "", pay.Invalid("provider_options.id_pref", "must be an integer from 0 to 9999")
	}
	if method != "" && method != option.String() {
		return "", pay.Invalid("provider_options.id_pref", "contradicts payment_method")
	}
	return option.String(), nil
}

// createdState describes an accepted invoice. A link that is not an https URL is
// never shown to a payer.
func (a *account) createdState(c created, got answer) pay.InvoiceState {
	out := pay.InvoiceState{
		Report:       got.report(),
		ProviderRef:  string(c.PaymentID),
		ProviderRefs: map[string]string{},
		Status:       pay.StatusPending,
	}
	for name, id := range map[string]idText{
		"pretty_id": c.PrettyID, "payment_in_inner_id": c.InnerID, "payment_in_inner_id_user": c.InnerIDUser,
	} {
		if id != "" {
			out.ProviderRefs[name] = string(id)
		}
	}
	keep := state{PrettyID: string(c.PrettyID), PayLink: c.PayLink}
	if !isPrettyID(keep.PrettyID) {
		out.Review = "the provider gave no invoice number, so this invoice cannot be looked up"
		keep.PrettyID = ""
	}
	if !a.payable(keep.PayLink) {
		out.Status = ""
		out.Review = "the provider accepted the invoice and gave no usable payment link"
		keep.PayLink = ""
	}
	out.NextActions = redirect(keep.PayLink)
	if data, err := json.Marshal(keep); err == nil {
		out.Report.State = &pay.State{Version: stateVersion, Data: data}
	}
	return out
}

// payable reports whether a payer may be sent to link.
func (a *account) payable(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == a.base.Scheme)
}

func redirect(link string) []pay.NextAction {
	if link == "" {
		return nil
	}
	return []pay.NextAction{{ID: "pay_link", Type: pay.NextRedirect, URL: link}}
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
