package monobanksim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
)

func Example() {
	sim := monobanksim.New(monobanksim.Config{Token: "token"})
	defer sim.Close()
	server := httptest.NewServer(sim)
	defer server.Close()
	sim.SetPublicURL(server.URL)

	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost,
		server.URL+"/api/merchant/invoice/create", strings.NewReader(`{"amount":4200,"ccy":980}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Token", "token")
	resp, err := server.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, resp.Body.Close())

	id := sim.Invoices()[0].InvoiceID
	fmt.Println(sim.Pay(id))
	inv, err := sim.Invoice(id)
	fmt.Println(inv.Status, inv.Captured, err)
	// Output:
	// 200 <nil>
	// <nil>
	// success 4200 <nil>
}
