package payinsim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/payhost/payhost/plugins/payin/payinsim"
)

// The request is the dossier's vector P1, therefore the clock stands still at its time.
func Example() {
	sim := payinsim.New(payinsim.Config{
		UserID: 7026,
		Key:    "some_key",
		Now:    func() time.Time { return time.Unix(1591040000, 0) },
	})
	defer sim.Close()
	server := httptest.NewServer(sim)
	defer server.Close()
	sim.SetPublicURL(server.URL)

	form := url.Values{
		"user_id": {"7026"}, "payer_id": {"6034"}, "summ": {"10"}, "currency_id": {"643"}, "descr": {"123"},
		"timestamp": {"1591040000"}, "is_sos_topup": {"1"}, "hash": {"387b52f334afe4c2b92d89a1451954ad"},
	}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost,
		server.URL+"/payment-in/create-invoice", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := server.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, resp.Body.Close())

	fmt.Println(sim.Pay("006034-000001"))
	fmt.Println(sim.Expire("006034-000001"))
	fmt.Println(len(sim.Invoices()), sim.Invoices()[0].Status)
	// Output:
	// 200 <nil>
	// <nil>
	// payinsim: invoice 006034-000001 cannot go from "paid" to "expired": impossible move
	// 1 1
}
