package merchantsim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/payhost/payhost/plugins/merchant/merchantsim"
)

// A merchant creates an invoice, the payer pays, the merchant is told.
func Example() {
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var told struct{ Invoice struct{ Status string } }
		_ = json.NewDecoder(r.Body).Decode(&told)
		fmt.Println("told:", told.Invoice.Status, "token:", r.Header.Get("X-Notification-Token"))
	}))
	defer shop.Close()

	sim := merchantsim.New(merchantsim.Config{APIKey: "store-key", Secret: "merchant-secret"})
	defer sim.Close()
	gateway := httptest.NewServer(sim)
	defer gateway.Close()
	sim.SetPublicURL(gateway.URL)

	address := gateway.URL + "/api/merchant/invoices"
	body := `{"type":"in","amount":"1000.00","currency":"RUB","internalId":"order-1","startDeal":true,` +
		`"notificationUrl":"` + shop.URL + `","notificationToken":"t0ken"}`
	mac := hmac.New(sha1.New, []byte("merchant-secret"))
	mac.Write([]byte("POST" + address + body))
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Identity", "store-key")
	request.Header.Set("X-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println("create:", response.StatusCode)

	if err := sim.Pay("order-1"); err != nil {
		fmt.Println(err)
	}
	if err := sim.Idle(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, invoice := range sim.Invoices() {
		fmt.Println(invoice.InternalID, invoice.Status, invoice.Received.StringFixed(2), invoice.Currency)
	}
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// create: 200
	// told: paid token: t0ken
	// order-1 paid 1000.00 RUB
}
