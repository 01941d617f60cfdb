package httpx_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
)

// An exchange is recorded without its secret and its customer, and repeated without the provider for another customer.
func ExampleNewReplay() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"created"}`) }))
	defer provider.Close()
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	pay := func(client *http.Client, token, email string) {
		ctx := context.Background()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, provider.URL+"/pay?token="+token, strings.NewReader(`{"amount":4200,"email":"`+email+`"}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		res, err := httpx.Do(ctx, client, req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(res.Body))
	}

	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	recorder, err := httpx.NewRecorder(httpx.RecorderConfig{Dir: dir, Secrets: []string{"the-merchants-token"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pay(recorder.Client(client), "the-merchants-token", "ivan@example.com")
	client.CloseIdleConnections()
	if err := recorder.Close(); err != nil {
		fmt.Println(err)
	}
	provider.Close()

	recordings, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		fmt.Println(err)
		return
	}
	replay, err := httpx.NewReplay(os.DirFS(recordings[0]), "another-token")
	if err != nil {
		fmt.Println(err)
		return
	}
	pay(replay.Client(), "another-token", "olena@example.com")
	fmt.Println(replay.Done())
	// Output:
	// {"status":"created"}
	// {"status":"created"}
	// <nil>
}
