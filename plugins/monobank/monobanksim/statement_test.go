package monobanksim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (w *world) statement(t *testing.T, query string) []map[string]any {
	t.Helper()
	status, out := w.call(t, http.MethodGet, "/api/merchant/statement?"+query, "")
	require.Equal(t, 200, status, out)
	var s struct{ List []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(out), &s))
	return s.List
}

func TestStatement(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.StatementDelay = time.Second })
	from := w.clock.read().Unix()
	add := func(kind string) string {
		w.clock.advance(time.Second)
		return w.create(t, `{"amount":4200,"paymentType":"`+kind+`","merchantPaymInfo":{"reference":"`+kind+`","metadata":{"k":"v"}}}`).InvoiceID
	}
	unpaid, expired, failed, paid, held, released := add(TypeDebit), add(TypeDebit), add(TypeDebit), add(TypeDebit), add(TypeHold), add(TypeHold)
	require.NoError(t, w.sim.Expire(expired))
	require.NoError(t, w.sim.Decline(failed, "", ""))
	require.NoError(t, w.sim.Pay(paid))
	w.play(t, paid, []step{{"cancel", `{"invoiceId":"ID","amount":1200,"extRef":"r1"}`, 200, "success"}})
	w.clock.advance(time.Second)
	require.NoError(t, w.sim.Hold(held))
	require.NoError(t, w.sim.Hold(released))
	require.NoError(t, w.sim.Reverse(released))
	require.Len(t, w.statement(t, fmt.Sprint("from=", from)), 2, "new operations are not shown yet")
	w.clock.advance(time.Second)
	list := w.statement(t, fmt.Sprint("from=", from))
	var ids []string
	for _, row := range list {
		ids = append(ids, row["invoiceId"].(string))
		require.NotContains(t, []any{StatusCreated, StatusExpired, StatusReversed}, row["status"])
	}
	require.Equal(t, []string{released, held, paid, failed}, ids, "newest first, and nothing unpaid")
	require.NotContains(t, ids, unpaid)
	row := list[2]
	require.Equal(t, TypeDebit, row["reference"])
	require.Equal(t, map[string]any{"k": "v"}, row["metadata"])
	refund := row["cancelList"].([]any)[0].(map[string]any)
	require.EqualValues(t, 1200, refund["amount"])
	require.NotContains(t, refund, "extRef")
	require.NotContains(t, refund, "status")
	require.Equal(t, StatusHold, list[0]["status"])

	require.Empty(t, w.statement(t, fmt.Sprintf("from=%d&to=%d", from-100, from)))
	for _, bad := range []string{"", "from=x", "to=1", "from=5&to=4", "from=5&to=y", "from=1&code=c", "from=1&page=2", "from=1&from=2"} {
		status, _ := w.call(t, http.MethodGet, "/api/merchant/statement?"+bad, "")
		require.Equal(t, 400, status, bad)
	}
}

func TestEffects(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200,"merchantPaymInfo":{"reference":"o1"}}`).InvoiceID
	w.play(t, id, []step{
		{"remove", `{"invoiceId":"ID"}`, 200, ""}, {"remove", `{"invoiceId":"ID"}`, 200, ""},
	})
	require.Equal(t, []Effect{{OpCreate, id, "o1", 4200}, {OpRemove, id, "", 0}}, w.sim.Effects(), "the second remove does nothing")
	id = w.create(t, `{"amount":4200}`).InvoiceID
	require.NoError(t, w.sim.Pay(id))
	w.play(t, id, []step{
		{"cancel", `{"invoiceId":"ID","amount":1000,"extRef":"r"}`, 200, ""}, {"cancel", `{"invoiceId":"ID","amount":1000,"extRef":"r"}`, 200, ""},
		{"cancel", `{"invoiceId":"ID","amount":9000,"extRef":"r"}`, 400, ""},
		{"/_sim/fail-refunds", `{}`, 200, ""},
		{"cancel", `{"invoiceId":"ID","amount":100,"extRef":"r"}`, 200, `"failure"`},
	})
	require.Equal(t, 2, w.sim.EffectsOf(OpCancel, "r"), "extRef is an echo: the same request twice refunds twice")
	status, out := w.call(t, http.MethodGet, "/_sim/effects", "")
	require.Equal(t, 200, status)
	require.Contains(t, out, `{"op":"invoice/cancel","invoice_id":"`+id+`","key":"r","amount":1000}`)
}

func TestPendingCapture(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PendingCaptures = true })
	id := w.create(t, `{"amount":4200,"paymentType":"hold"}`).InvoiceID
	w.play(t, id, []step{
		{"/_sim/capture", `{"id":"ID"}`, 409, ""},
		{"/_sim/hold", `{"id":"ID"}`, 200, ""},
		{"finalize", `{"invoiceId":"ID","amount":4000}`, 200, "success"},
		{"finalize", `{"invoiceId":"ID","amount":4000}`, 400, "BAD_REQUEST"},
		{"cancel", `{"invoiceId":"ID"}`, 500, "CANCEL_NOT_AVAILABLE"},
	})
	w.shows(t, id, `"status":"hold"`)
	w.play(t, id, []step{{"/_sim/capture", `{"id":"ID"}`, 200, `"captured":4000`}})
	require.ErrorIs(t, w.sim.FinishCapture("x"), ErrNotFound)
	require.ErrorIs(t, w.sim.FinishRefund(id, "r", true), ErrImpossible)
	require.ErrorIs(t, w.sim.FinishRefund("x", "r", true), ErrNotFound)
	require.ErrorIs(t, w.sim.PassTDS("x", true), ErrNotFound)
}

func TestFiscalItems(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.FiscalLink = true })
	const basket = `"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":4200,"code":"c"}]}`
	id := w.create(t, `{"amount":4200,"paymentType":"hold",`+basket+`}`).InvoiceID
	require.NoError(t, w.sim.Hold(id))
	w.play(t, id, []step{
		{"finalize", `{"invoiceId":"ID","amount":4000}`, 400, "items are required"},
		{"finalize", `{"invoiceId":"ID","amount":4000,"items":[{"name":"n","qty":1,"sum":4000}]}`, 400, "BAD_REQUEST"},
		{"finalize", `{"invoiceId":"ID","amount":4000,"items":[{"name":"n","qty":1,"sum":4000,"code":"c","total":4000}]}`, 400, "BAD_REQUEST"},
		{"finalize", `{"invoiceId":"ID","amount":4000,"items":[{"name":"n","qty":"1","sum":4000,"code":"c"}]}`, 400, "BAD_REQUEST"},
		{"finalize", `{"invoiceId":"ID","amount":4000,"items":[{"name":"n","qty":-1,"sum":4000,"code":"c"}]}`, 400, "BAD_REQUEST"},
		{"finalize", `{"invoiceId":"ID","amount":4000,"items":[{"name":"n","qty":1,"sum":4000,"code":"c","tax":[1],"uktzed":"u"}]}`, 200, "success"},
		{"cancel", `{"invoiceId":"ID"}`, 400, "items are required"},
		{"cancel", `{"invoiceId":"ID","items":[{"name":"n","qty":1,"sum":4000,"code":"c"}]}`, 200, "success"},
	})
}
