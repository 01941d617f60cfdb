package simkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// A simulator serves its operations through Handle; here the first "create" acts but its answer is lost.
func Example() {
	kit := simkit.New(simkit.Config{})
	defer kit.Close()
	invoices := 0
	mux := http.NewServeMux()
	kit.Mount(mux, func() any { return invoices })
	mux.Handle("POST /create", kit.Handle("create", func(w http.ResponseWriter, _ *http.Request) {
		invoices++
		simkit.WriteJSON(w, http.StatusOK, json.RawMessage(`{"id":"1"}`))
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	if err := kit.Faults.Add(simkit.Fault{Op: "create", Kind: simkit.FaultHTMLAfter}); err != nil {
		fmt.Println(err)
	}
	for range 2 {
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/create", nil)
		resp, err := server.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(resp.StatusCode, resp.Body.Close())
	}
	fmt.Println("invoices:", invoices)
	// Output:
	// 502 <nil>
	// 200 <nil>
	// invoices: 2
}
