package monobank

import (
	"context"
	"encoding/json"
	"net/url"
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
	res, err := a.get(ctx, pathStatement, url.Values{
		"from": {strconv.FormatInt(from.Unix(), 10)}, "to": {strconv.FormatInt(to.Unix(), 10)},
	})
	if err != nil {
		return nil, nil, err
	}
	rows, ok := readStatement(res.Body)
	if !ok {
		return nil, nil, res.Garbled("it is not a list of operations of the documented form")
	}
	return rows, res, nil
}

func readStatement(body []byte) ([]statementRow, bool) {
	var s struct {
		List *[]*statementRow `json:"list"`
	}
	if json.Unmarshal(body, &s) != nil || s.List == nil {
		return nil, false
	}
	rows := make([]statementRow, 0, len(*s.List))
	for _, row := range *s.List {
		if row == nil || row.InvoiceID == "" {
			return nil, false
		}
		rows = append(rows, *row)
	}
	return rows, true
}
