package monobank

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	// widestSpan is how much time one page asks for at most: the provider states no limit and lists without pages, so
	// that short times are the only way to ask for less.
	widestSpan = 24 * time.Hour
	// shortestSpan is the resolution of the list's times.
	shortestSpan = time.Second
	// listDelay is how long ago an operation must have begun to be relied on in the list. The provider does not say
	// when operations appear; this is our assumption.
	listDelay = time.Hour
	// pageSize is the number of transactions of a page when the caller does not say, and the largest.
	pageSize = 1000
	// suspectCount: a list of exactly this many rows, or a multiple, may have been cut. No limit is documented here;
	// the bank's API for persons cuts at 500 without a word.
	suspectCount = 500
)

// ListTransactions reads the statement, oldest first: payments, and with each payment the refunds of it, whatever their
// own time is, because the statement lists them nowhere else. RefundRef is always empty: the statement does not tell
// refunds apart by anything we gave them. Unpaid, expired and removed invoices are in no list of the provider.
//
// Each page is one short time of the statement, asked for with an overlap at both ends, of which only the rows that
// belong to that time are kept. A time with too much for one answer is halved, and the next page goes on with what
// fitted.
func (a *account) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	at, err := startListing(req, a.now())
	if err != nil {
		return pay.TransactionPage{}, err
	}
	limit := pageSize
	if req.Limit > 0 {
		limit = min(req.Limit, pageSize)
	}
	now := a.now()
	until := at.to // Nothing can be listed of the time to come.
	if latest := now.Add(clockSlack).Truncate(time.Second); until.After(latest) {
		until = latest
	}
	if !at.from.Before(until) {
		return pay.TransactionPage{WindowFrom: at.from, WindowTo: at.to, CompleteUntil: completeUntil(at.to, now)}, nil
	}
	window, err := a.readWindow(ctx, at, until)
	if err != nil {
		return pay.TransactionPage{}, err
	}
	page := pay.TransactionPage{
		Report: pay.Report{Evidence: window.evidence}, WindowFrom: at.from, WindowTo: window.end,
	}
	next := cursor{from: window.end, span: window.nextSpan(limit)}
	for i, row := range window.rows {
		lines, warnings := row.transactions()
		if i > 0 && len(page.Transactions)+len(lines) > limit && window.rows[i-1].before(row) {
			last := window.rows[i-1]
			page.WindowTo = row.at // The rest of this second is on the next page.
			next = cursor{from: last.at, after: last.order(), span: window.nextSpan(limit)}
			break
		}
		page.Transactions = append(page.Transactions, lines...)
		page.Report.Warnings = append(page.Report.Warnings, warnings...)
	}
	page.CompleteUntil = completeUntil(page.WindowTo, now)
	if next.after != "" || next.from.Before(until) {
		page.NextCursor = next.text()
	} else {
		page.WindowTo = at.to
		page.CompleteUntil = completeUntil(at.to, now)
	}
	return page, nil
}

// completeUntil is up to when a list that was read now and reaches to end can be relied on.
func completeUntil(end, now time.Time) time.Time {
	if sure := now.Add(-listDelay); end.After(sure) {
		return sure
	}
	return end
}

// window is one short time of the statement: what began in it, oldest first.
type window struct {
	rows     []ledgerRow
	end      time.Time
	span     time.Duration
	evidence pay.Evidence
}

// nextSpan is the time the next page asks for: what gives about limit lines, judged by this window.
func (w window) nextSpan(limit int) time.Duration {
	span := 2 * w.span
	if count := len(w.rows); count > limit/2 {
		span = w.span * time.Duration(limit) / time.Duration(count)
	}
	return min(max(span.Truncate(time.Second), shortestSpan), widestSpan)
}

// readWindow reads the time that begins at the cursor, and halves it as long as the answer is too large to be taken.
func (a *account) readWindow(ctx context.Context, at cursor, until time.Time) (window, error) {
	for span := at.span; ; span = max((span / 2).Truncate(time.Second), shortestSpan) {
		end := at.from.Add(span)
		if end.After(until) {
			end = until
		}
		w, err := a.readRows(ctx, at, end)
		w.span = span
		switch {
		case err == nil:
			return w, nil
		case span > shortestSpan && (errors.Is(err, httpx.ErrBodyTooLarge) || errors.Is(err, errMaybeCut)):
		case errors.Is(err, errMaybeCut):
			return w, nil // It cannot be asked for less; a busy second of exactly that many is possible.
		default:
			return window{}, err
		}
	}
}

// errMaybeCut is returned beside rows that may be the beginning of a longer list.
var errMaybeCut = errors.New("the list has a round number of rows")

// readRows asks for the time from the cursor to end, and some more on both sides: whether the provider includes the ends,
// and rounds them, is not documented.
func (a *account) readRows(ctx context.Context, at cursor, end time.Time) (window, error) {
	overlap := min(max(end.Sub(at.from)/12, shortestSpan), clockSlack)
	w := window{end: end}
	maybeCut := false
	for _, code := range append([]string{""}, a.config.StatementCodes...) {
		res, err := a.getStatement(ctx, at.from.Add(-overlap), end.Add(overlap), code)
		if err != nil {
			return window{}, err
		}
		rows, ok := readOperations[ledgerRow](res.Body)
		if !ok {
			return window{}, res.Garbled("it is not a list of operations of the documented form")
		}
		maybeCut = maybeCut || len(rows) > 0 && len(rows)%suspectCount == 0
		others := w.rows
		for _, row := range rows {
			if row.at = readTime(row.Date).Truncate(time.Second); row.InvoiceID == "" || row.at.IsZero() {
				return window{}, res.Garbled("an operation has no invoiceId and date")
			}
			if row.at.Before(at.from) || !row.at.Before(end) || at.after != "" && row.at.Equal(at.from) && row.order() <= at.after {
				continue
			}
			// An operation that the lists of two codes show is one; two in the same list are two.
			if !slices.ContainsFunc(others, func(o ledgerRow) bool { return !o.before(row) && !row.before(o) }) {
				w.rows = append(w.rows, row)
			}
		}
		w.evidence = res.Evidence
	}
	slices.SortStableFunc(w.rows, ledgerRow.compare)
	if maybeCut {
		return w, errMaybeCut
	}
	return w, nil
}
