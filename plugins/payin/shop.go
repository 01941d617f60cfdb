package payin

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const actionCreateShop = "create_shop"

const shopInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["title", "address"],
  "properties": {
    "title": {"type": "string", "minLength": 1, "maxLength": 255, "description": "Name of the shop."},
    "address": {"type": "string", "minLength": 1, "maxLength": 1024,
      "description": "Address of the shop; the provider does not say whether of its site or of its door."}
  }
}`

const shopOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["shop_id"],
  "properties": {"shop_id": {"type": "string"}}
}`

// createShop creates a shop of the operator. Nothing makes a repeat recognisable and no call lists shops, so a lost answer is
// for a person.
func (a *account) createShop(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	var in struct {
		Title   string `json:"title"`
		Address string `json:"address"`
	}
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	switch {
	case in.Title == "":
		return pay.ActionResult{}, pay.Invalid("input.title", "is required")
	case in.Address == "":
		return pay.ActionResult{}, pay.Invalid("input.address", "is required")
	}
	got, err := a.post(ctx, "shop/api-create", httpx.Mutates, textField("title", in.Title), textField("address", in.Address))
	if err != nil {
		return pay.ActionResult{}, err
	}
	var id idText
	if json.Unmarshal(got.result, &id) != nil || !isDigits(string(id)) {
		return pay.ActionResult{}, got.response.Garbled("it accepted the shop and named no id")
	}
	return told(got.report(), struct {
		ShopID string `json:"shop_id"`
	}{string(id)})
}
