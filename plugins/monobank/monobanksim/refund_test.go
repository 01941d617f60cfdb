package monobanksim

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// step is one call on an invoice, or a scripting call when path starts with /_sim/.
type step struct {
	path, in string
	status   int
	out      string
}

func (w *world) play(t *testing.T, id string, steps []step) {
	t.Helper()
	for _, s := range steps {
		path := s.path
		if !strings.HasPrefix(path, "/_sim/") {
			path = "/api/merchant/invoice/" + path
		}
		status, out := w.call(t, http.MethodPost, path, strings.ReplaceAll(s.in, "ID", id))
		require.Equal(t, s.status, status, "%s %s: %s", s.path, s.in, out)
		require.Contains(t, out, s.out)
	}
}

func (w *world) shows(t *testing.T, id, want string) {
	t.Helper()
	_, out := w.call(t, http.MethodGet, statusPath+id, "")
	require.Contains(t, out, want)
}

func TestRefunds(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200}`).InvoiceID
	w.play(t, id, []step{
		{"cancel", `{"invoiceId":"ID"}`, 500, "CANCEL_NOT_AVAILABLE"},
		{"/_sim/pay", `{"id":"ID"}`, 200, "success"},
		{"cancel", `{"invoiceId":"ID","amount":4201}`, 400, "WRONG_CANCEL_AMOUNT"},
		{"cancel", `{"invoiceId":"ID","amount":0}`, 400, "WRONG_CANCEL_AMOUNT"},
		{"cancel", `{"invoiceId":"ID","sum":1}`, 400, "BAD_REQUEST"},
		{"cancel", `{"amount":1}`, 400, "BAD_REQUEST"},
		{"cancel", `{"invoiceId":"x"}`, 404, "1004"},
		{"cancel", `{"invoiceId":"ID","amount":1200,"extRef":"r1"}`, 200, `{"status":"success","createdDate":"`},
	})
	w.shows(t, id, `"status":"success","payMethod":"pan","amount":4200,"ccy":980,"finalAmount":3000`)
	w.shows(t, id, `"extRef":"r1"`)
	w.play(t, id, []step{
		{"cancel", `{"invoiceId":"ID"}`, 200, `"success"`},
		{"cancel", `{"invoiceId":"ID"}`, 400, "WRONG_CANCEL_AMOUNT"},
	})
	w.shows(t, id, `"status":"reversed"`)
	w.shows(t, id, `"finalAmount":0`)
}

func TestPendingRefunds(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PendingRefunds = true })
	id := w.create(t, `{"amount":4200}`).InvoiceID
	w.play(t, id, []step{
		{"/_sim/pay", `{"id":"ID"}`, 200, ""},
		{"cancel", `{"invoiceId":"ID"}`, 200, `{"status":"processing"`},
		{"cancel", `{"invoiceId":"ID"}`, 400, "WRONG_CANCEL_AMOUNT"},
		{"/_sim/refunds", `{"id":"ID","fail":true}`, 200, `"status":"failure"`},
	})
	w.shows(t, id, `"status":"success"`)
	w.shows(t, id, `"finalAmount":4200`)
	w.play(t, id, []step{
		{"cancel", `{"invoiceId":"ID","amount":4200}`, 200, `{"status":"processing"`},
		{"/_sim/refunds", `{"id":"ID"}`, 200, `"status":"reversed"`},
	})
}

func TestHoldCaptureAndRelease(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200,"paymentType":"hold"}`).InvoiceID
	w.play(t, id, []step{
		{"finalize", `{"invoiceId":"ID","amount":4200}`, 400, "BAD_REQUEST"},
		{"/_sim/hold", `{"id":"ID"}`, 200, ""},
		{"finalize", `{"invoiceId":"ID"}`, 400, "amount is required"},
		{"finalize", `{"invoiceId":"ID","amount":4201}`, 400, "BAD_REQUEST"},
		{"finalize", `{"invoiceId":"ID","amount":4000}`, 200, `{"status":"success"}`},
		{"finalize", `{"invoiceId":"ID","amount":200}`, 400, "BAD_REQUEST"},
	})
	w.shows(t, id, `"finalAmount":4000`)

	id = w.create(t, `{"amount":4200,"paymentType":"hold"}`).InvoiceID
	w.play(t, id, []step{
		{"/_sim/hold", `{"id":"ID"}`, 200, ""},
		{"cancel", `{"invoiceId":"ID","amount":1}`, 400, "WRONG_CANCEL_AMOUNT"},
		{"cancel", `{"invoiceId":"ID"}`, 200, `"success"`},
	})
	w.shows(t, id, `"status":"reversed"`)
}

func TestRemove(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200}`).InvoiceID
	status, out := w.call(t, http.MethodPost, "/api/merchant/invoice/remove", `{"invoiceId":"`+id+`"}`)
	require.Equal(t, 200, status)
	require.Empty(t, out)
	w.shows(t, id, `"status":"created"`)
	require.ErrorIs(t, w.sim.Pay(id), ErrImpossible)
	require.NoError(t, w.sim.Expire(id))

	id = w.create(t, `{"amount":4200}`).InvoiceID
	w.play(t, id, []step{
		{"remove", `{"invoiceId":"ID","amount":1}`, 400, "BAD_REQUEST"},
		{"/_sim/processing", `{"id":"ID"}`, 200, ""},
		{"remove", `{"invoiceId":"ID"}`, 400, "INVOICE_ALREADY_USED"},
	})
}
