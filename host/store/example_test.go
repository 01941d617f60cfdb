package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// What a job writes is encoded and sealed before it waits for its turn.
func ExampleDraft() {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	ctx, now := context.Background(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err = st.Write(ctx, func(tx *store.Tx) error {
		return tx.InsertAccount(&store.Account{ID: "mono-main", Provider: "monobank", State: "active", CreatedAt: now})
	})
	if err != nil {
		panic(err)
	}

	op := store.Operation{
		ID: "op_1", AccountID: "mono-main", Kind: pay.OpCreate, IdempotencyKey: "order-1", ObjectType: "invoice", ObjectID: "inv_1", InvoiceID: "inv_1",
		CustomerID: "anna", Request: json.RawMessage(`{"phone": "+380..."}`), State: store.OperationRunning, CreatedAt: now,
	}
	draft := st.Draft(op)
	draft.InsertOperation(op)
	draft.InsertInvoice(store.Invoice{ID: "inv_1", AccountID: "mono-main", CustomerID: "anna", Status: pay.StatusCreating, CreatedAt: now})
	draft.AppendEvent(store.Event{ID: "evt_1", Type: "invoice.created", ObjectType: "invoice", ObjectID: "inv_1"})
	steps, err := draft.Steps()
	if err != nil {
		panic(err)
	}
	err = st.Write(ctx, func(tx *store.Tx) error { return tx.Do(steps) })
	fmt.Println("stored:", err)
	stored, err := st.Operation(ctx, "op_1")
	fmt.Println(string(stored.Request), "version", stored.Version, err)
	// Output:
	// stored: <nil>
	// {"phone": "+380..."} version 1 <nil>
}
