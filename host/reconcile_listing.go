package host

import (
	"context"
	"slices"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Bounds of one listing, against an adapter that never ends.
const (
	listingPage = 1000
	maxListed   = 2_000_000
	maxPages    = 100_000
)

// listing reads the provider's ledger page by page and hands each transaction to take. It returns what the pages
// covered and up to when the provider calls its ledger complete; the zero time when it does not say.
//
// A page may cover less than was asked for. Where the last page does, the rest is asked for again, as long as that
// leads anywhere.
func (r *reconciler) listing(ctx context.Context, ask span, take func(page int, tx pay.Transaction) error) (covered coverage, complete time.Time, err error) {
	pages, listed := 0, 0
	for from := ask.from; from.Before(ask.to); {
		var cursors []string
		for cursor := ""; ; {
			page, err := r.page(ctx, span{from, ask.to}, cursor)
			if err != nil {
				return covered, complete, err
			}
			shown := span{page.WindowFrom, page.WindowTo}
			if shown.from.IsZero() {
				shown.from = from
			}
			if shown.to.IsZero() {
				shown.to = ask.to
			}
			covered.add(shown)
			if page.CompleteUntil.After(complete) {
				complete = page.CompleteUntil
			}
			pages++
			listed += len(page.Transactions)
			for _, tx := range page.Transactions {
				if err := take(pages, tx); err != nil {
					return covered, complete, err
				}
			}
			cursor = page.NextCursor
			switch {
			case cursor == "":
			case slices.Contains(cursors, cursor):
				return covered, complete, pay.Errorf(pay.KindPluginFault, "the plugin lists the same page again and again")
			case pages >= maxPages || listed >= maxListed:
				return covered, complete, pay.Errorf(pay.KindInvalidRequest,
					"the provider lists more than one run can compare (%d transactions so far); ask for a shorter window", listed)
			}
			if cursor == "" {
				break
			}
			cursors = append(cursors[max(0, len(cursors)-64):], cursor)
		}
		reached := covered.through(from)
		if !reached.After(from) {
			break
		}
		from = reached
	}
	return covered, complete, nil
}

// page reads one page of the provider's ledger.
func (r *reconciler) page(ctx context.Context, ask span, cursor string) (page pay.TransactionPage, err error) {
	err = r.patiently(ctx, func(ctx context.Context) error {
		return r.call(ctx, pay.CanListTransactions, "", func(ctx context.Context, use *accountUse, account store.Account) error {
			ctx, cancel := use.within(ctx, CallList)
			defer cancel()
			lister, err := pay.Offered[pay.TransactionLister](use.account, pay.CanListTransactions)
			if err != nil {
				return err
			}
			call := r.h.readCall(ctx, account)
			page, err = lister.ListTransactions(pay.WithCall(ctx, call), pay.ListTransactions{
				Call: call, From: ask.from, To: ask.to, Cursor: cursor, Limit: listingPage,
			})
			return err
		})
	})
	return page, err
}
