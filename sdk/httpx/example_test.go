package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The provider takes the request and breaks the connection: whether it acted is
// not known, and the error says so.
func ExampleDo() {
	provider := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer provider.Close()

	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	ctx := context.Background()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, provider.URL+"/pay", strings.NewReader("{}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = httpx.Do(ctx, client, req)
	fmt.Println(errors.Is(err, pay.KindOutcomeUnknown), pay.AsError(err).WasExecuted(), pay.AsError(err).RetryRule())
	// Output: true unknown after_lookup
}
