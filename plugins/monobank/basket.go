package monobank

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/sdk/pay"
)

// basketItem is one line of basketOrder. Sum is the price of one unit.
type basketItem struct {
	Name            string      `json:"name"`
	Qty             json.Number `json:"qty"`
	Sum             int64       `json:"sum"`
	Total           *int64      `json:"total,omitempty"`
	Icon            string      `json:"icon,omitempty"`
	Unit            string      `json:"unit,omitempty"`
	Code            string      `json:"code"`
	Barcode         string      `json:"barcode,omitempty"`
	Header          string      `json:"header,omitempty"`
	Footer          string      `json:"footer,omitempty"`
	Tax             []int64     `json:"tax,omitempty"`
	Uktzed          string      `json:"uktzed,omitempty"`
	SplitReceiverID string      `json:"splitReceiverId,omitempty"`
	Discounts       []discount  `json:"discounts,omitempty"`
}

// itemOptions are the options of one line.
type itemOptions struct {
	Header          string           `json:"header"`
	Footer          string           `json:"footer"`
	Uktzed          string           `json:"uktzed"`
	Tax             []int64          `json:"tax"`
	SplitReceiverID string           `json:"split_receiver_id"`
	Discounts       []discountOption `json:"discounts"`
}

// buildBasket turns the common items into basketOrder.
func buildBasket(items []pay.Item, invoice pay.Money) ([]basketItem, error) {
	var out []basketItem
	for i, item := range items {
		line, err := buildItem(fmt.Sprintf("items[%d]", i), item, invoice)
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}

func buildItem(at string, item pay.Item, invoice pay.Money) (basketItem, error) {
	var opts itemOptions
	if err := readStrictly(at+".options", item.Options, &opts); err != nil {
		return basketItem{}, err
	}
	if item.Name == "" {
		return basketItem{}, pay.Invalid(at+".name", "is required")
	}
	if item.Code == "" {
		return basketItem{}, pay.Invalid(at+".code", "is required by the provider")
	}
	qty, err := readDecimal(item.Quantity)
	if err != nil || qty.Sign() <= 0 {
		return basketItem{}, pay.Invalid(at+".quantity", "must be a positive decimal number such as 2 or 0.5")
	}
	sum, err := itemMinor(at+".unit_price", item.UnitPrice, invoice)
	if err != nil {
		return basketItem{}, err
	}
	out := basketItem{
		Name: item.Name, Qty: json.Number(qty.String()), Sum: sum, Icon: item.ImageURL, Unit: item.Unit, Code: item.Code,
		Barcode: item.Barcode, Header: opts.Header, Footer: opts.Footer, Uktzed: opts.Uktzed, SplitReceiverID: opts.SplitReceiverID,
	}
	if out.Total, err = itemTotal(at+".total", item, sum, qty, invoice); err != nil {
		return basketItem{}, err
	}
	if out.Tax, err = itemTax(at, item.TaxCodes, opts.Tax); err != nil {
		return basketItem{}, err
	}
	out.Discounts, err = buildDiscounts(at+".options.discounts", opts.Discounts)
	return out, err
}

func itemMinor(path string, m, invoice pay.Money) (int64, error) {
	if !m.IsSet() {
		return 0, pay.Invalid(path, "is required by the provider")
	}
	if m.Code() != invoice.Code() {
		return 0, pay.Invalid(path, "must be in the currency of the invoice, %s", invoice.Code())
	}
	units, err := m.Minor()
	if err != nil || units < 0 {
		return 0, pay.Invalid(path, "must not be negative and must fit in 64 bits of minor units")
	}
	return units, nil
}

// itemTotal is the stated total, or price × quantity where that is a whole
// number of minor units; otherwise the provider computes it.
func itemTotal(path string, item pay.Item, sum int64, qty decimal.Decimal, invoice pay.Money) (*int64, error) {
	if item.Total.IsSet() {
		units, err := itemMinor(path, item.Total, invoice)
		return &units, err
	}
	product := decimal.NewFromInt(sum).Mul(qty)
	units := product.IntPart()
	if !product.Equal(decimal.NewFromInt(units)) {
		return nil, nil
	}
	return &units, nil
}

func itemTax(at string, codes []string, tax []int64) ([]int64, error) {
	if len(codes) == 0 {
		return tax, nil
	}
	if len(tax) > 0 {
		return nil, pay.Invalid(at+".options.tax", "says the same as tax_codes; give one of them")
	}
	for i, code := range codes {
		n, err := strconv.ParseInt(code, 10, 32)
		if err != nil {
			return nil, pay.Invalid(fmt.Sprintf("%s.tax_codes[%d]", at, i), "must be a whole number: the provider's tax codes are")
		}
		tax = append(tax, n)
	}
	return tax, nil
}
