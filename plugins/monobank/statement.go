package monobank

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
)

// statementRow is what is read of one operation in the statement.
type statementRow struct {
	InvoiceID text `json:"invoiceId"`
	Reference text `json:"reference"`
}

// statement reads the provider's list of operations between two times, both
// included. The list has no pages, so callers ask for short times. A list that
// cannot be read as a whole proves nothing and is a failure: the row that matters
// may be the unreadable one.
func (a *account) statement(ctx context.Context, from, to time.Time) ([]statementRow, *httpx.Response, error) {
	res, err := a.getStatement(ctx, from, to, "")
	if err != nil {
		return nil, nil, err
	}
	rows, ok := readOperations[statementRow](res.Body)
	if !ok || slices.ContainsFunc(rows, func(r statementRow) bool { return r.InvoiceID == "" }) {
		return nil, nil, res.Garbled("it is not a list of operations of the documented form")
	}
	return rows, res, nil
}

// getStatement asks for the operations between two times, of the whole merchant or of the submerchant with a terminal
// code.
func (a *account) getStatement(ctx context.Context, from, to time.Time, code string) (*httpx.Response, error) {
	query := url.Values{"from": {strconv.FormatInt(from.Unix(), 10)}, "to": {strconv.FormatInt(to.Unix(), 10)}}
	if code != "" {
		query.Set("code", code)
	}
	return a.get(ctx, pathStatement, query)
}

// readOperations reads {"list": [...]}. A missing or null list and a null row are failures.
func readOperations[T any](body []byte) ([]T, bool) {
	var s struct {
		List *[]*T `json:"list"`
	}
	if json.Unmarshal(body, &s) != nil || s.List == nil {
		return nil, false
	}
	rows := make([]T, 0, len(*s.List))
	for _, row := range *s.List {
		if row == nil {
			return nil, false
		}
		rows = append(rows, *row)
	}
	return rows, true
}
