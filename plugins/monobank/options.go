package monobank

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/sdk/pay"
)

// discountSchema is shared by the cart and its lines. The provider does not say
// whether a VALUE is in minor or major units: it is passed on as written.
const discountSchema = `{"type": "array", "maxItems": 100, "items": {
        "type": "object", "additionalProperties": false, "required": ["type", "mode", "value"],
        "properties": {
          "type": {"enum": ["DISCOUNT", "EXTRA_CHARGE"]},
          "mode": {"enum": ["PERCENT", "VALUE"]},
          "value": {"type": ["number", "string"], "minimum": 0.01, "pattern": "^[0-9]{1,17}([.][0-9]{1,2})?$",
            "description": "At most two decimals. The provider does not document the unit of a VALUE; prefer PERCENT."},
          "tax": {"type": "array", "items": {"type": "integer"}}
        }}}`

// createSchema describes provider_options of a create, in snake_case of the
// provider's names. What a common field already says is not repeated here.
const createSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "separate_return_urls": {"type": "boolean", "default": false,
      "description": "Send return_urls.success and .failure as successUrl and failUrl. The provider's support must enable them."},
    "qr_id": {"type": "string", "minLength": 1, "maxLength": 128,
      "description": "Put the amount on this QR cash desk. A lost answer is then a case for a person."},
    "code": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Terminal code of a submerchant."},
    "display_type": {"enum": ["iframe"], "description": "Make the page suit a widget."},
    "with_app_url": {"type": "boolean", "default": false, "description": "Also return a link into the bank's app."},
    "agent_fee_percent": {"type": ["number", "string"], "minimum": 0, "maximum": 100, "pattern": "^[0-9]{1,3}([.][0-9]{1,16})?$",
      "description": "The agent's own fee in percent, for example 1.42."},
    "tips_employee_id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Employee who receives tips."},
    "comment": {"type": "string", "maxLength": 280, "description": "Service note, not shown to the payer."},
    "customer_emails": {"type": "array", "maxItems": 20, "uniqueItems": true, "items": {"type": "string", "minLength": 3, "maxLength": 254},
      "description": "Further addresses for the fiscal receipt, beside customer.email."},
    "discounts": ` + discountSchema + `,
    "save_card_data": {"type": "object", "additionalProperties": false, "required": ["wallet_id"],
      "properties": {"wallet_id": {"type": "string", "minLength": 1, "maxLength": 128,
        "description": "Wallet to save the card in; customer.id when absent. Needs save_credential."}}}
  }
}`

// createOptions are the provider_options of a create.
type createOptions struct {
	SeparateReturnURLs bool             `json:"separate_return_urls"`
	QrID               string           `json:"qr_id"`
	Code               string           `json:"code"`
	DisplayType        string           `json:"display_type"`
	WithAppURL         bool             `json:"with_app_url"`
	AgentFeePercent    *exact           `json:"agent_fee_percent"`
	TipsEmployeeID     string           `json:"tips_employee_id"`
	Comment            string           `json:"comment"`
	CustomerEmails     []string         `json:"customer_emails"`
	Discounts          []discountOption `json:"discounts"`
	SaveCardData       struct {
		WalletID string `json:"wallet_id"`
	} `json:"save_card_data"`
}

// discountOption is a discount as the caller writes it.
type discountOption struct {
	Type  string  `json:"type"`
	Mode  string  `json:"mode"`
	Value exact   `json:"value"`
	Tax   []int64 `json:"tax"`
}

// discount is a discount as the provider reads it.
type discount struct {
	Type  string      `json:"type"`
	Mode  string      `json:"mode"`
	Value json.Number `json:"value"`
	Tax   []int64     `json:"tax,omitempty"`
}

// readCreateOptions reads the options as strictly as their schema, so that the
// adapter may also be called without a host.
func readCreateOptions(raw json.RawMessage) (createOptions, error) {
	var opts createOptions
	if err := readStrictly("provider_options", raw, &opts); err != nil {
		return createOptions{}, err
	}
	if opts.DisplayType != "" && opts.DisplayType != "iframe" {
		return createOptions{}, pay.Invalid("provider_options.display_type", "must be iframe")
	}
	if f := opts.AgentFeePercent; f != nil && f.GreaterThan(decimal.NewFromInt(100)) {
		return createOptions{}, pay.Invalid("provider_options.agent_fee_percent", "must be at most 100")
	}
	return opts, nil
}

// readStrictly decodes an optional object and refuses keys it does not know.
func readStrictly(path string, raw json.RawMessage, into any) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return misread(path, err)
	}
	if _, err := dec.Token(); err != io.EOF { //nolint:errorlint // The decoder returns it bare.
		return pay.Invalid(path, "is not one JSON object")
	}
	return nil
}

// buildDiscounts checks the discounts at path.
func buildDiscounts(path string, list []discountOption) ([]discount, error) {
	var out []discount
	for i, d := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case d.Type != "DISCOUNT" && d.Type != "EXTRA_CHARGE":
			return nil, pay.Invalid(at+".type", "must be DISCOUNT or EXTRA_CHARGE")
		case d.Mode != "PERCENT" && d.Mode != "VALUE":
			return nil, pay.Invalid(at+".mode", "must be PERCENT or VALUE")
		case d.Value.Sign() <= 0 || !d.Value.Truncate(2).Equal(d.Value.Decimal):
			return nil, pay.Invalid(at+".value", "must be at least 0.01 with at most two decimals")
		}
		out = append(out, discount{Type: d.Type, Mode: d.Mode, Value: d.Value.number(), Tax: d.Tax})
	}
	return out, nil
}
