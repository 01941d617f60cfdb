package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	st, err := sqlite.Open(filepath.Join(dir, "payhost.db"), sqlite.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	if err := st.Acquire(ctx); err != nil {
		panic(err)
	}

	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	account := store.Account{ID: "mono-main", Provider: "monobank", State: "active", CreatedAt: now}
	invoice := store.Invoice{ID: "inv_1", AccountID: "mono-main", Status: pay.StatusPending, CreatedAt: now}
	err = st.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertAccount(&account); err != nil {
			return err
		}
		return tx.InsertInvoice(&invoice)
	})
	fmt.Println("stored:", err)

	// The change and the event that tells of it are one commit.
	stale := invoice
	err = st.Write(ctx, func(tx *store.Tx) error {
		invoice.Status = pay.StatusPaid
		if err := tx.UpdateInvoice(&invoice); err != nil {
			return err
		}
		return tx.AppendEvent(&store.Event{ID: "evt_1", Type: "invoice.paid", ObjectType: "invoice", ObjectID: invoice.ID})
	})
	fmt.Println("paid:", err, "version", invoice.Version)

	err = st.Write(ctx, func(tx *store.Tx) error { return tx.UpdateInvoice(&stale) })
	fmt.Println("too late:", errors.Is(err, store.ErrConflict))
	events, err := st.Events(ctx, store.EventFilter{})
	fmt.Println(events[0].Type, events[0].Position, events[0].Sequence, err)
	// Output:
	// stored: <nil>
	// paid: <nil> version 2
	// too late: true
	// invoice.paid 1 1 <nil>
}
