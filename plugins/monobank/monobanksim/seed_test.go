package monobanksim

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSeed(t *testing.T) {
	w := newWorld(t, nil)
	at := w.clock.read().Add(-time.Hour)
	ids, err := w.sim.Seed([]SeedPayment{
		{Reference: "r", Amount: 4200, At: at, Refunds: []SeedRefund{{Amount: 100, ExtRef: "back"}, {Amount: 50, Status: RefundFailure}}},
		{InvoiceID: "two", Amount: 100, At: at, Code: "c1"},
		{InvoiceID: "two", Amount: 100, At: at.Add(time.Second)},
		{InvoiceID: "unpaid", Amount: 100, Status: StatusCreated},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"two", "two", "unpaid"}, ids[1:])
	list := w.statement(t, fmt.Sprint("from=", at.Unix()))
	require.Len(t, list, 3)
	require.Equal(t, "two", list[0]["invoiceId"], "a second line under one id")
	require.Equal(t, "r", list[2]["reference"])
	require.Len(t, list[2]["cancelList"], 1, "a failed refund gave nothing back")
	require.Len(t, w.statement(t, fmt.Sprint("code=c1&from=", at.Unix())), 1)
	status, out := w.call(t, http.MethodGet, "/api/merchant/invoice/status?invoiceId="+ids[0], "")
	require.Equal(t, 200, status)
	require.Contains(t, out, `"finalAmount":4100`)
	require.Contains(t, out, `"extRef":"back"`)
	require.Empty(t, w.sim.Effects(), "no call of the merchant did it")

	for name, bad := range map[string]SeedPayment{
		"no amount":     {},
		"captured more": {Amount: 1, Captured: 2},
		"refund":        {Amount: 1, Refunds: []SeedRefund{{}}},
		"refund status": {Amount: 1, Refunds: []SeedRefund{{Amount: 1, Status: "done"}}},
	} {
		_, err := w.sim.Seed([]SeedPayment{{Amount: 5}, bad})
		require.ErrorIs(t, err, ErrImpossible, name)
	}
	require.Len(t, w.sim.Invoices(), 4, "all or none")
}
