package served

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
)

// Database is the name of the host's database in its directory.
const Database = "engine.db"

// openHost is the product: REST, host, plugin processes, SQLite.
func openHost(ctx context.Context, o Options) (*backend, error) {
	st, err := sqlite.Open(filepath.Join(o.Dir, Database), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	cfg := host.Config{Store: st, PublicURL: "https://billing.example.com/pay", MaxConcurrent: 512}
	for p := range max(1, o.Plugins) {
		cfg.Plugins = append(cfg.Plugins, host.Plugin{
			Name: PluginOf(p), Version: "1.0.0", Path: filepath.Join(o.Bin, "plugin"), Preferred: true, Required: true,
		})
		for n := range max(1, o.Accounts) {
			cfg.Accounts = append(cfg.Accounts, host.Account{ID: AccountOf(p, n), Provider: PluginOf(p), Config: json.RawMessage(echo.Config)})
		}
	}
	h, err := host.New(cfg)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	b := &backend{close: func() error {
		stop()
		return errors.Join(<-ended, st.Close())
	}}
	if err := serving(h, ended); err != nil {
		return nil, errors.Join(err, b.close())
	}
	for _, status := range h.Plugins().List() {
		b.plugins = append(b.plugins, status.PID)
	}
	api, err := rest.New(h, rest.Config{Tokens: []rest.Token{{Name: "billing", Token: Token, Scopes: []string{rest.ScopeAPI}}}})
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.HandleFunc("GET /round", func(w http.ResponseWriter, r *http.Request) {
		if err := lookRound(r.Context(), st); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	b.handler = mux
	return b, nil
}

// serving waits until all plugins serve.
func serving(h *host.Host, ended chan error) error {
	give := time.NewTimer(2 * time.Minute)
	defer give.Stop()
	for {
		problem := h.ReadyProblem()
		if problem == nil {
			return nil
		}
		select {
		case err := <-ended:
			ended <- nil // for close
			return errors.Join(errors.New("served: the host did not start"), err)
		case <-give.C:
			return problem
		case <-time.After(time.Millisecond):
		}
	}
}

// lookRound makes the reads of one round of the resolver and the poller, which are what such a round costs while nothing is due.
func lookRound(ctx context.Context, st *store.Store) error {
	due := time.Now().Add(time.Second)
	_, err := st.Operations(ctx, store.OperationFilter{
		States: []store.OperationState{store.OperationUnknown, store.OperationQueued, store.OperationDone}, LookBefore: due, Limit: 500,
	})
	if err != nil {
		return err
	}
	if _, err := st.Invoices(ctx, store.InvoiceFilter{LookBefore: due, Limit: 500}); err != nil {
		return err
	}
	_, err = st.Payouts(ctx, store.PayoutFilter{LookBefore: due, Limit: 500})
	return err
}
