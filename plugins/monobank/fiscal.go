package monobank

import (
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/sdk/pay"
)

// fiscalItem is one line of the receipt of a refund or of a capture. Sum is the
// price of one unit.
type fiscalItem struct {
	Name    string      `json:"name"`
	Qty     json.Number `json:"qty"`
	Sum     int64       `json:"sum"`
	Code    string      `json:"code"`
	Barcode string      `json:"barcode,omitempty"`
	Header  string      `json:"header,omitempty"`
	Footer  string      `json:"footer,omitempty"`
	Tax     []int64     `json:"tax,omitempty"`
	Uktzed  string      `json:"uktzed,omitempty"`
}

// buildFiscal turns the common items into the provider's items. A receipt has
// neither discounts nor receivers nor totals, so what would change the money is
// refused; pictures and units of measure are only left out.
func buildFiscal(items []pay.Item, currency pay.Money) ([]fiscalItem, error) {
	basket, err := buildBasket(items, currency)
	if err != nil {
		return nil, err
	}
	var out []fiscalItem
	for i, line := range basket {
		at := fmt.Sprintf("items[%d]", i)
		switch {
		case len(line.Discounts) > 0:
			return nil, pay.Invalid(at+".options.discounts", "a receipt has none; give the reduced unit_price")
		case line.SplitReceiverID != "":
			return nil, pay.Invalid(at+".options.split_receiver_id", "a receipt has none")
		}
		qty, err := readDecimal(line.Qty.String())
		if err != nil {
			return nil, pay.Invalid(at+".quantity", "%v", err)
		}
		if line.Total != nil && !decimal.NewFromInt(line.Sum).Mul(qty).Round(0).Equal(decimal.NewFromInt(*line.Total)) {
			return nil, pay.Invalid(at+".total", "must be unit_price times quantity: a receipt has no total of its own")
		}
		out = append(out, fiscalItem{
			Name: line.Name, Qty: line.Qty, Sum: line.Sum, Code: line.Code, Barcode: line.Barcode,
			Header: line.Header, Footer: line.Footer, Tax: line.Tax, Uktzed: line.Uktzed,
		})
	}
	return out, nil
}
