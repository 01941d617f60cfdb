package monobanksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// maxText is the longest destination and comment, in characters.
const maxText = 280

// paymInfo is merchantPaymInfo with its documented members only.
type paymInfo struct {
	reference      string
	destination    string
	comment        string
	customerEmails []string
	discounts      []discount
	metadata       map[string]string
	basket         []basketItem
}

type basketItem struct {
	name, icon, unit, code, barcode, header, footer, uktzed, splitReceiverID string

	qty       json.Number
	sum       *int64
	total     *int64
	tax       []int
	discounts []discount
}

type discount struct {
	kind, mode string
	value      json.Number
	tax        []int
}

// UnmarshalJSON refuses members the bank does not document and misses the required ones.
func (b *basketItem) UnmarshalJSON(data []byte) error {
	err := decodeExact(data, map[string]any{
		"name": &b.name, "qty": (*exactNumber)(&b.qty), "sum": &b.sum, "total": &b.total, "icon": &b.icon,
		"unit": &b.unit, "code": &b.code, "barcode": &b.barcode, "header": &b.header, "footer": &b.footer,
		"uktzed": &b.uktzed, "tax": &b.tax, "splitReceiverId": &b.splitReceiverID, "discounts": &b.discounts,
	})
	if err != nil {
		return err
	}
	if b.name == "" || b.code == "" || b.qty == "" || b.sum == nil {
		return errors.New("basketOrder: name, qty, sum and code are required")
	}
	if *b.sum < 0 || strings.HasPrefix(string(b.qty), "-") {
		return errors.New("basketOrder: qty and sum must not be negative")
	}
	return nil
}

// UnmarshalJSON refuses members the bank does not document and values it does not list.
func (d *discount) UnmarshalJSON(data []byte) error {
	err := decodeExact(data, map[string]any{"type": &d.kind, "mode": &d.mode, "value": (*exactNumber)(&d.value), "tax": &d.tax})
	if err != nil {
		return err
	}
	value, err := decimal.NewFromString(string(d.value))
	if err != nil {
		return errors.New("discounts: value is required")
	}
	switch {
	case d.kind != "DISCOUNT" && d.kind != "EXTRA_CHARGE":
		return fmt.Errorf("discounts: unknown type %q", d.kind)
	case d.mode != "PERCENT" && d.mode != "VALUE":
		return fmt.Errorf("discounts: unknown mode %q", d.mode)
	case value.LessThan(decimal.New(1, -2)):
		return errors.New("discounts: value must be at least 0.01")
	}
	return nil
}

// exactNumber takes a JSON number as its text and, unlike json.Number, refuses a string that holds one.
type exactNumber json.Number

// UnmarshalJSON keeps the digits as written. An exponent is refused, so that nobody can ask for a number of a million
// digits.
func (n *exactNumber) UnmarshalJSON(data []byte) error {
	if len(data) > 32 || strings.Trim(string(data), "-.0123456789") != "" {
		return errors.New("not a plain number")
	}
	*n = exactNumber(data)
	return nil
}

// parsePaymInfo reads merchantPaymInfo; nil data means that it was not sent.
func parsePaymInfo(data json.RawMessage) (paymInfo, error) {
	var p paymInfo
	if data == nil {
		return p, nil
	}
	err := decodeExact(data, map[string]any{
		"reference": &p.reference, "destination": &p.destination, "comment": &p.comment,
		"customerEmails": &p.customerEmails, "discounts": &p.discounts, "metadata": &p.metadata, "basketOrder": &p.basket,
	})
	if err != nil {
		return p, err
	}
	if utf8.RuneCountInString(p.destination) > maxText || utf8.RuneCountInString(p.comment) > maxText {
		return p, fmt.Errorf("destination and comment have at most %d characters", maxText)
	}
	for i, email := range p.customerEmails {
		if !strings.Contains(email, "@") || slices.Contains(p.customerEmails[:i], email) {
			return p, fmt.Errorf("customerEmails: entry %d is no address or a repeated one", i+1)
		}
	}
	return p, nil
}

// checkBasket compares the basket with the amount when no discount is involved. The documents give no explicit check;
// client authors name a mismatch as a usual cause of refusal.
func (s *Sim) checkBasket(p paymInfo, amount int64) *apiError {
	if len(p.basket) == 0 {
		if s.config.FiscalLink {
			return badPaymInfo("basketOrder is required with a fiscal link")
		}
		return nil
	}
	whole := decimal.Zero
	for _, item := range p.basket {
		if len(item.discounts) > 0 {
			return nil
		}
		qty, err := decimal.NewFromString(string(item.qty))
		if err != nil {
			return badPaymInfo("basketOrder: qty: %v", err)
		}
		total := qty.Mul(decimal.NewFromInt(*item.sum)).Round(0)
		if item.total != nil && !total.Equal(decimal.NewFromInt(*item.total)) {
			return badPaymInfo("basketOrder: total of %q is not qty times sum", item.name)
		}
		whole = whole.Add(total)
	}
	if len(p.discounts) == 0 && !whole.Equal(decimal.NewFromInt(amount)) {
		return badPaymInfo("basketOrder adds up to %s, amount is %d", whole, amount)
	}
	return nil
}
