package monobanksim

import (
	"encoding/json"
	"errors"
	"strings"
)

// fiscalItem is one line of the items of cancel and finalize.
type fiscalItem struct {
	name, code, barcode, header, footer, uktzed string

	qty json.Number
	sum *int64
	tax []int
}

// UnmarshalJSON refuses members the bank does not document, such as those that only a basket has, and misses the
// required ones.
func (f *fiscalItem) UnmarshalJSON(data []byte) error {
	err := decodeExact(data, map[string]any{
		"name": &f.name, "qty": (*exactNumber)(&f.qty), "sum": &f.sum, "code": &f.code, "barcode": &f.barcode,
		"header": &f.header, "footer": &f.footer, "tax": &f.tax, "uktzed": &f.uktzed,
	})
	if err != nil {
		return err
	}
	if f.name == "" || f.code == "" || f.qty == "" || f.sum == nil {
		return errors.New("items: name, qty, sum and code are required")
	}
	if *f.sum < 0 || strings.HasPrefix(string(f.qty), "-") {
		return errors.New("items: qty and sum must not be negative")
	}
	return nil
}

// checkItems misses the goods of a receipt that a fiscal link makes mandatory: of every return, and of a capture that
// takes another amount than was held.
func (s *Sim) checkItems(c invoiceCall, needed bool) *apiError {
	if s.config.FiscalLink && needed && len(c.items) == 0 {
		return badRequest("items are required with a fiscal link")
	}
	return nil
}
