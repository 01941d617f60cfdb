// Package commit measures durable creates: the whole engine with its two transactions beside programs that write the same rows in
// as many transactions without it.
package commit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// Engine is a running host on a real file with the echo provider in its own process.
type Engine struct {
	*host.Host
	store *store.Store
	path  string
	stop  context.CancelFunc
	ended chan error
	n     atomic.Int64
}

// StartEngine runs a host on a new database in dir. provider is usually [echo.Provider].
func StartEngine(dir string, provider pay.Provider) (*Engine, error) {
	return startEngine(dir, host.Config{Providers: map[string]pay.Provider{echo.Name: provider}})
}

// StartPlugins is [StartEngine] with plugin processes, which are versions of the echo provider.
func StartPlugins(dir string, versions ...host.Plugin) (*Engine, error) {
	return startEngine(dir, host.Config{Plugins: versions})
}

func startEngine(dir string, cfg host.Config) (*Engine, error) {
	e := &Engine{path: filepath.Join(dir, "engine.db"), ended: make(chan error, 1)}
	var err error
	if e.store, err = sqlite.Open(e.path, sqlite.Options{}); err != nil {
		return nil, err
	}
	cfg.Store, cfg.PublicURL, cfg.MaxConcurrent = e.store, "https://billing.example.com/pay", 512
	cfg.Accounts = []host.Account{{ID: echo.AccountID, Provider: echo.Name, Config: json.RawMessage(echo.Config)}}
	if e.Host, err = host.New(cfg); err != nil {
		return nil, errors.Join(err, e.store.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	go func() { e.ended <- e.Run(ctx) }()
	select {
	case <-e.Ready():
		return e, nil
	case err := <-e.ended:
		stop()
		return nil, errors.Join(errors.New("commit: the host did not start"), err, e.store.Close())
	}
}

// Close stops the host and closes its database.
func (e *Engine) Close() error {
	e.stop()
	return errors.Join(<-e.ended, e.store.Close())
}

// Create makes one invoice that no call made before.
func (e *Engine) Create(ctx context.Context) (*host.Invoice, error) {
	key := keyOf(e.n.Add(1))
	return e.CreateInvoice(ctx, host.CreateInvoice{
		IdempotencyKey: key, Account: echo.AccountID, Amount: host.Amount{Value: "1250.50", Currency: "UAH"}, Reference: "order-" + key,
		Description: "Order 2026-000123", Customer: host.Customer{ID: "customer-" + key},
		ReturnURLs: host.ReturnURLs{Default: "https://shop.example.com/orders/2026-000123"},
		Metadata:   map[string]string{"order": "2026-000123", "channel": "web"}, CorrelationID: "checkout-77",
	})
}

func keyOf(n int64) string { return fmt.Sprintf("bench-%012d", n) }
