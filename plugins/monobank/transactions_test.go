package monobank_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// listAll follows the cursors to the end and returns the pages.
func listAll(t testing.TB, a account, req pay.ListTransactions) []pay.TransactionPage {
	t.Helper()
	var pages []pay.TransactionPage
	for range 10_000 {
		page, err := a.ListTransactions(t.Context(), req)
		require.NoError(t, err)
		pages = append(pages, page)
		if req.Cursor = page.NextCursor; req.Cursor == "" {
			return pages
		}
	}
	require.FailNow(t, "the listing has no end")
	return nil
}

func linesOf(pages []pay.TransactionPage) []pay.Transaction {
	var out []pay.Transaction
	for _, p := range pages {
		out = append(out, p.Transactions...)
	}
	return out
}

func TestListTransactions(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	day := b.clock.now().Add(-48 * time.Hour)
	hour := func(n int) time.Time { return day.Add(time.Duration(n) * time.Hour) }
	ids, err := b.sim.Seed([]monobanksim.SeedPayment{
		{InvoiceID: "paid", Reference: "order-1", Amount: 100_000, At: hour(1)},
		{InvoiceID: "part", Reference: "order-2", Amount: 5000, At: hour(2), Refunds: []monobanksim.SeedRefund{
			{Amount: 1000, ExtRef: "r1", At: hour(3)}, {Amount: 500, ExtRef: "r2", At: hour(30)},
			{Amount: 700, Status: monobanksim.RefundFailure}, {Amount: 800, Status: monobanksim.RefundProcessing},
		}},
		{InvoiceID: "held", Amount: 700, Status: monobanksim.StatusHold, At: hour(4)},
		{InvoiceID: "open", Amount: 800, Status: monobanksim.StatusProcessing, At: hour(5)},
		{InvoiceID: "gone", Amount: 900, Status: monobanksim.StatusFailure, At: hour(6)},
		{InvoiceID: "dollars", Amount: 4200, Captured: 2100, Currency: 840, At: hour(7)},
		{InvoiceID: "back", Amount: 300, Status: monobanksim.StatusReversed, At: hour(8)},
		{InvoiceID: "early", Amount: 1, At: day.Add(-time.Second)},
		{InvoiceID: "late", Amount: 1, At: hour(24)},
		{InvoiceID: "unpaid", Amount: 1, Status: monobanksim.StatusCreated, At: hour(9)},
	})
	require.NoError(t, err)
	require.Len(t, ids, 10)

	pages := listAll(t, b.account, pay.ListTransactions{From: day, To: hour(24)})
	require.Len(t, pages, 1)
	page := pages[0]
	require.Equal(t, day, page.WindowFrom)
	require.Equal(t, hour(24), page.WindowTo)
	require.Equal(t, hour(24), page.CompleteUntil)
	require.Equal(t, 200, page.Report.Evidence.HTTPStatus)
	require.Equal(t, []string{
		"paid payment paid 1000.00 UAH fee 13.00 UAH net 987.00 UAH order-1",
		"part payment paid 50.00 UAH order-2",
		"part refund succeeded 10.00 UAH order-2",
		"part refund succeeded 5.00 UAH order-2",
		"held payment authorized 7.00 UAH",
		"open payment processing 8.00 UAH",
		"gone payment failed 9.00 UAH",
		"dollars payment paid 21.00 USD fee 0.54 USD net 20.46 USD",
		"back payment paid 3.00 UAH",
		"back refund succeeded 3.00 UAH",
	}, plain(page.Transactions))
	require.Equal(t, hour(1), page.Transactions[0].OccurredAt)
	require.Equal(t, hour(30), page.Transactions[3].OccurredAt, "a refund comes with its payment, whenever it was made")
	require.Empty(t, page.Transactions[3].RefundRef, "the statement does not name refunds")
	requireDifferent(t, page.Transactions)
}

func plain(list []pay.Transaction) []string {
	var out []string
	for _, l := range list {
		one := fmt.Sprintf("%s %s %s %s", l.InvoiceRef, l.Kind, l.Status, l.Gross)
		if l.Fee.IsSet() {
			one += " fee " + l.Fee.String()
		}
		if l.Net.IsSet() {
			one += " net " + l.Net.String()
		}
		out = append(out, strings.TrimSpace(one+" "+l.Reference))
	}
	return out
}

func requireDifferent(t testing.TB, list []pay.Transaction) {
	t.Helper()
	seen := map[string]bool{}
	for _, l := range list {
		require.NotEmpty(t, l.ProviderID)
		require.False(t, seen[l.ProviderID], "%s is listed twice", l.ProviderID)
		seen[l.ProviderID] = true
	}
}

// TestListTransactionsPages: whatever the sizes of pages and answers, every operation is listed exactly once, in order.
func TestListTransactionsPages(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	from := b.clock.now().Add(-5 * 24 * time.Hour)
	random := rand.New(rand.NewPCG(1, 2))
	var seeds []monobanksim.SeedPayment
	for i := range 1500 {
		at := from.Add(time.Duration(random.IntN(4*24*3600)) * time.Second)
		if i%3 == 0 { // a rush within seconds
			at = from.Add(30*time.Hour + time.Duration(random.IntN(10))*time.Second)
		}
		seed := monobanksim.SeedPayment{Reference: fmt.Sprint("order-", i), Amount: int64(i + 1), At: at}
		if i%10 == 0 {
			seed.Amount *= 10
			seed.Refunds = []monobanksim.SeedRefund{{Amount: 1}, {Amount: 2}}
		}
		seeds = append(seeds, seed)
	}
	_, err := b.sim.Seed(seeds)
	require.NoError(t, err)
	for _, size := range []struct {
		limit   int
		maxBody int64
	}{{0, 0}, {1000, 100_000}, {37, 0}, {10, 80_000}} {
		client, err := httpx.New(httpx.Config{MaxBody: size.maxBody})
		require.NoError(t, err)
		t.Cleanup(client.CloseIdleConnections)
		a := openWith(t, client, b.url, b.clock, nil)
		pages := listAll(t, a, pay.ListTransactions{From: from, To: b.clock.now().Add(-time.Hour), Limit: size.limit})
		list := linesOf(pages)
		require.Len(t, list, 1500+300, size)
		requireDifferent(t, list)
		at, last := from, time.Time{}
		for _, p := range pages {
			require.False(t, p.WindowFrom.After(at), "a gap between the pages")
			at = p.WindowTo
			require.Equal(t, at, p.CompleteUntil)
			if size.limit > 0 {
				require.LessOrEqual(t, len(p.Transactions), max(size.limit, 3))
			}
			for _, l := range p.Transactions {
				if l.Kind == pay.TransactionPayment {
					require.False(t, l.OccurredAt.Before(last), "oldest first")
					last = l.OccurredAt
				}
			}
		}
		require.Equal(t, b.clock.now().Add(-time.Hour), at)
	}
}

func TestListTransactionsReadsRows(t *testing.T) {
	const base = `"invoiceId":"i1","date":"2026-03-01T10:00:00Z"`
	for name, tt := range map[string]struct {
		row     string
		want    []string
		warning string
	}{
		"unknown status": {`"status":"paid","amount":4200,"ccy":980`, []string{"i1 payment  42.00 UAH"}, `unknown status "paid"`},
		"no status":      {`"amount":4200,"ccy":980`, []string{"i1 payment  42.00 UAH"}, "unknown status"},
		"beyond floats": {`"status":"success","amount":9007199254740993,"ccy":980,"profitAmount":9007199254740992`,
			[]string{"i1 payment paid 90071992547409.93 UAH fee 0.01 UAH net 90071992547409.92 UAH"}, ""},
		"profit above the amount": {`"status":"success","amount":100,"ccy":980,"profitAmount":101`, []string{"i1 payment paid 1.00 UAH net 1.01 UAH"}, ""},
		"negative profit":         {`"status":"success","amount":100,"ccy":980,"profitAmount":-1`, []string{"i1 payment paid 1.00 UAH"}, ""},
		"null members": {`"status":"success","amount":100,"ccy":980,"profitAmount":null,"cancelList":null,"shortQrId":null,"reference":null`,
			[]string{"i1 payment paid 1.00 UAH"}, ""},
		"members to come": {`"status":"success","amount":100,"ccy":980,"splitReceiverList":[{"splitReceiverId":7}],"new":{}`,
			[]string{"i1 payment paid 1.00 UAH"}, ""},
		"number of a name": {`"status":"success","amount":100,"ccy":980,"reference":17`, []string{"i1 payment paid 1.00 UAH 17"}, ""},
		"unknown currency": {`"status":"success","amount":100,"ccy":1`, []string{"i1 payment paid no amount"}, "currency"},
		"no amount":        {`"status":"success","ccy":980`, []string{"i1 payment paid no amount"}, ""},
		"negative amount":  {`"status":"success","amount":-1,"ccy":980`, []string{"i1 payment paid no amount"}, ""},
		"released hold": {`"status":"hold","amount":100,"ccy":980,"cancelList":[{"amount":100,"ccy":980,"date":"2026-03-01T11:00:00Z"}]`,
			[]string{"i1 payment canceled 1.00 UAH"}, ""},
		"hold, part given": {`"status":"hold","amount":100,"ccy":980,"cancelList":[{"amount":99,"ccy":980,"date":"2026-03-01T11:00:00Z"}]`,
			[]string{"i1 payment authorized 1.00 UAH"}, ""},
		"refund of no ccy": {`"status":"success","amount":100,"ccy":840,"cancelList":[{"amount":40,"date":"2026-03-01T11:00:00Z"}]`,
			[]string{"i1 payment paid 1.00 USD", "i1 refund succeeded 0.40 USD"}, ""},
		"refunds, one time": {`"status":"success","amount":100,"ccy":980,"cancelList":[{"amount":2,"ccy":980},{"amount":1,"ccy":980}]`,
			[]string{"i1 payment paid 1.00 UAH", "i1 refund succeeded 0.01 UAH", "i1 refund succeeded 0.02 UAH"}, ""},
		"failure and refund": {`"status":"failure","amount":100,"ccy":980,"cancelList":[{"amount":2,"ccy":980}]`, []string{"i1 payment failed 1.00 UAH"}, ""},
	} {
		a, _ := at(t, map[string]answer{listPath: {200, `{"list":[{` + base + `,` + tt.row + `}]}`}})
		day := newClock().now().Add(-12 * time.Hour)
		page, err := a.ListTransactions(t.Context(), pay.ListTransactions{From: day, To: day.Add(11 * time.Hour)})
		require.NoError(t, err, name)
		require.Equal(t, tt.want, plain(page.Transactions), name)
		requireDifferent(t, page.Transactions)
		if tt.warning == "" {
			require.Empty(t, page.Report.Warnings, name)
		} else {
			require.Contains(t, strings.Join(page.Report.Warnings, " "), tt.warning, name)
		}
	}
}

// TestListTransactionsOfOneInvoice: failed attempts beside a payment are told apart, and a line that the provider really
// shows twice keeps one id, so that the caller sees the duplicate.
func TestListTransactionsOfOneInvoice(t *testing.T) {
	line := func(status, date string) string {
		return `{"invoiceId":"i1","status":"` + status + `","amount":100,"ccy":980,"date":"` + date + `"}`
	}
	rows := strings.Join([]string{
		line("success", "2026-03-01T10:00:05Z"), line("success", "2026-03-01T10:00:05Z"), line("failure", "2026-03-01T10:00:03+00:00"),
		line("failure", "2026-03-01T12:00:01+02:00"),
	}, ",")
	a, _ := at(t, map[string]answer{listPath: {200, `{"list":[` + rows + `]}`}})
	for _, limit := range []int{1, 100} {
		pages := listAll(t, a, pay.ListTransactions{From: newClock().now().Add(-12 * time.Hour), To: newClock().now(), Limit: limit})
		var ids []string
		for _, l := range linesOf(pages) {
			ids = append(ids, l.ProviderID)
		}
		first := time.Date(2026, 3, 1, 10, 0, 1, 0, time.UTC).Unix()
		require.Equal(t, []string{fmt.Sprint("i1/failed/", first), fmt.Sprint("i1/failed/", first+2), "i1", "i1"}, ids)
	}
}

// TestListTransactionsAsksShortTimes pins the calls: at most a day each, with an overlap, never far into the future.
func TestListTransactionsAsksShortTimes(t *testing.T) {
	a, d := at(t, map[string]answer{listPath: {200, `{"list":[]}`}})
	now := newClock().now()
	from := now.Add(-60 * time.Hour)
	pages := listAll(t, a, pay.ListTransactions{From: from, To: now.Add(24 * time.Hour)})
	asks := func(from, to time.Time) string {
		return fmt.Sprintf("GET /api/merchant/statement?from=%d&to=%d", from.Unix(), to.Unix())
	}
	const slack = 10 * time.Minute
	require.Equal(t, []string{
		asks(from.Add(-slack), from.Add(24*time.Hour+slack)),
		asks(from.Add(24*time.Hour-slack), from.Add(48*time.Hour+slack)),
		asks(from.Add(48*time.Hour-slack), now.Add(slack+slack)),
	}, d.asked)
	last := pages[len(pages)-1]
	require.Equal(t, now.Add(24*time.Hour), last.WindowTo)
	require.Equal(t, now.Add(-time.Hour), last.CompleteUntil, "the last hour may still come")

	d.asked = nil
	page, err := a.ListTransactions(t.Context(), pay.ListTransactions{From: now.Add(time.Hour), To: now.Add(2 * time.Hour)})
	require.NoError(t, err)
	require.Empty(t, page.NextCursor)
	require.Empty(t, d.asked, "the future has no operations")
	require.Equal(t, now.Add(-time.Hour), page.CompleteUntil)
}

// TestListTransactionsBounds: the end belongs to the next listing, so that days neither share nor lose an operation.
func TestListTransactionsBounds(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	day := b.clock.now().Add(-72 * time.Hour)
	_, err := b.sim.Seed([]monobanksim.SeedPayment{
		{InvoiceID: "first", Amount: 1, At: day}, {InvoiceID: "last", Amount: 1, At: day.Add(24*time.Hour - time.Second)},
		{InvoiceID: "next", Amount: 1, At: day.Add(24 * time.Hour)},
	})
	require.NoError(t, err)
	ids := func(from, to time.Time) []string {
		var out []string
		for _, l := range linesOf(listAll(t, b.account, pay.ListTransactions{From: from, To: to, Limit: 1})) {
			out = append(out, l.InvoiceRef)
		}
		return out
	}
	require.Equal(t, []string{"first", "last"}, ids(day, day.Add(24*time.Hour)))
	require.Equal(t, []string{"next"}, ids(day.Add(24*time.Hour), day.Add(48*time.Hour)))
	require.Equal(t, []string{"first", "last", "next"}, ids(day, time.Time{}), "without an end it is now")
	require.Equal(t, []string{"next"}, ids(day.Add(24*time.Hour+time.Millisecond), day.Add(24*time.Hour+2*time.Millisecond)),
		"a part of a second widens the listing to the second")
}

// TestListTransactionsSuspectsACut: a list of 500 rows may be the newest 500 of more, so shorter times are asked for.
func TestListTransactionsSuspectsACut(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	day := b.clock.now().Add(-48 * time.Hour)
	var seeds []monobanksim.SeedPayment
	for i := range 500 {
		seeds = append(seeds, monobanksim.SeedPayment{Amount: 1, At: day.Add(time.Duration(i*100) * time.Second)})
	}
	_, err := b.sim.Seed(seeds)
	require.NoError(t, err)
	pages := listAll(t, b.account, pay.ListTransactions{From: day, To: day.Add(24 * time.Hour)})
	require.Greater(t, len(pages), 1)
	require.Len(t, linesOf(pages), 500)

	rush := make([]monobanksim.SeedPayment, 500)
	for i := range rush {
		rush[i] = monobanksim.SeedPayment{Amount: 1, At: day.Add(25 * time.Hour)}
	}
	_, err = b.sim.Seed(rush)
	require.NoError(t, err)
	list := linesOf(listAll(t, b.account, pay.ListTransactions{From: day.Add(25 * time.Hour), To: day.Add(26 * time.Hour)}))
	require.Len(t, list, 500, "a second cannot be divided")
}

func TestListTransactionsOfSubmerchants(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	day := b.clock.now().Add(-48 * time.Hour)
	_, err := b.sim.Seed([]monobanksim.SeedPayment{
		{InvoiceID: "own", Amount: 1, At: day}, {InvoiceID: "a1", Amount: 1, At: day, Code: "code-a"}, {InvoiceID: "b1", Amount: 1, At: day, Code: "code-b"},
	})
	require.NoError(t, err)
	a := open(t, b.url, b.clock, map[string]any{"statement_codes": []string{"code-a", "code-b"}})
	list := linesOf(listAll(t, a, pay.ListTransactions{From: day, To: day.Add(time.Hour)}))
	requireDifferent(t, list)
	require.Len(t, list, 3)
	var codes []string
	for _, r := range b.sim.Kit().Requests.Of(monobanksim.OpStatement) {
		codes = append(codes, r.Query.Get("code"))
	}
	require.Equal(t, []string{"", "code-a", "code-b"}, codes)
}

func TestListTransactionsRefuses(t *testing.T) {
	a, d := at(t, map[string]answer{listPath: {200, `{"list":[]}`}})
	now := newClock().now()
	good, err := a.ListTransactions(t.Context(), pay.ListTransactions{From: now.Add(-48 * time.Hour), To: now})
	require.NoError(t, err)
	require.NotEmpty(t, good.NextCursor)
	d.asked = nil
	for name, req := range map[string]pay.ListTransactions{
		"no beginning":    {To: now},
		"before 1970":     {From: time.Unix(-1, 0), To: now},
		"backwards":       {From: now, To: now.Add(-time.Second)},
		"not a cursor":    {From: now.Add(-time.Hour), To: now, Cursor: "?"},
		"empty object":    {From: now.Add(-time.Hour), To: now, Cursor: "e30"},
		"another listing": {From: now.Add(-time.Hour), To: now, Cursor: good.NextCursor},
		"a longer cursor": {From: now.Add(-48 * time.Hour), To: now, Cursor: good.NextCursor + "A"},
	} {
		_, err := a.ListTransactions(t.Context(), req)
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
	}
	require.Empty(t, d.asked)
	for name, tt := range map[string]struct {
		answer answer
		want   pay.Kind
	}{
		"empty":       {answer{200, ""}, pay.KindProviderUnavailable},
		"page":        {answer{200, "<html>"}, pay.KindProviderUnavailable},
		"no list":     {answer{200, "{}"}, pay.KindProviderUnavailable},
		"null list":   {answer{200, `{"list":null}`}, pay.KindProviderUnavailable},
		"null row":    {answer{200, `{"list":[null]}`}, pay.KindProviderUnavailable},
		"no id":       {answer{200, `{"list":[{"date":"2026-03-01T10:00:00Z"}]}`}, pay.KindProviderUnavailable},
		"no date":     {answer{200, `{"list":[{"invoiceId":"i1"}]}`}, pay.KindProviderUnavailable},
		"not minor":   {answer{200, `{"list":[{"invoiceId":"i1","date":"2026-03-01T10:00:00Z","amount":1.5}]}`}, pay.KindProviderUnavailable},
		"too many":    {refuses("TMR"), pay.KindRateLimited},
		"forbidden":   {refuses("FORBIDDEN"), pay.KindAuth},
		"bad request": {refuses("BAD_REQUEST"), pay.KindInvalidRequest},
		"internal":    {refuses("INTERNAL_ERROR"), pay.KindProviderUnavailable},
	} {
		a, _ := at(t, map[string]answer{listPath: tt.answer})
		_, err := a.ListTransactions(t.Context(), pay.ListTransactions{From: now.Add(-time.Hour), To: now})
		require.ErrorIs(t, err, tt.want, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
	}
}

// TestListTransactionsTooLarge: one second that is larger than any answer may be is a failure, not a shorter list.
func TestListTransactionsTooLarge(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	day := b.clock.now().Add(-48 * time.Hour)
	_, err := b.sim.Seed([]monobanksim.SeedPayment{{Amount: 1, At: day, Reference: strings.Repeat("x", 4096)}})
	require.NoError(t, err)
	client, err := httpx.New(httpx.Config{MaxBody: 1024})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	_, err = openWith(t, client, b.url, b.clock, nil).ListTransactions(t.Context(), pay.ListTransactions{From: day, To: day.Add(time.Hour)})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	asked := b.sim.Kit().Requests.Of(monobanksim.OpStatement)
	require.Less(t, len(asked), 25)
	last := asked[len(asked)-1].Query
	seconds := func(name string) int64 { n, _ := strconv.ParseInt(last.Get(name), 10, 64); return n }
	require.LessOrEqual(t, seconds("to")-seconds("from"), int64(3))
	require.Equal(t, http.MethodGet, asked[0].Method)
}
