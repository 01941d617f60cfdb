package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/cmd/payhost/internal/sandbox"
	"github.com/payhost/payhost/cmd/payhost/internal/server"
	"github.com/payhost/payhost/sdk/plugin"
)

// limit bounds the whole demo; with Keep, everything but the waiting at the end.
const limit = 60 * time.Second

// Options are what a command gives to [Run].
type Options struct {
	// PluginsDir is the folder with the payhost-provider-* binaries.
	PluginsDir string
	// DataDir keeps the database and the plugin store. Empty means a temporary folder, removed at the end.
	DataDir string
	// Keep leaves everything running after the last invoice, until ctx ends.
	Keep bool
	// Out receives the steps, for people.
	Out io.Writer
	// Logger receives the records of the host, its plugins and the simulators.
	Logger *slog.Logger
	// Cut, when closed, stops without draining.
	Cut <-chan struct{}
	// LookupEnv reads the environment for references.
	LookupEnv func(string) (string, bool)
}

// demo is one run.
type demo struct {
	Options
	dir     string
	box     *sandbox.Sandbox
	client  *client.Client
	browser *browser
	started time.Time
}

func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.Out, format+"\n", args...) // a closed terminal must not stop the clean-up
}

// Run starts everything, sells, pays, gives money back, loses an answer, and ends what it started. It returns nil only if every
// invoice became paid, the refund succeeded and the host found out what the lost answer had said.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{Options: o, dir: o.DataDir, browser: newBrowser(), started: time.Now().UTC()}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "payhost-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	if d.box, err = sandbox.Start(timed, sandbox.Config{Listen: "127.0.0.1:0", Logger: o.Logger}); err != nil {
		return err
	}
	defer d.box.Close()
	d.say("payhost demo: three providers as plugin processes, against simulators, on SQLite")
	d.say("")
	d.say("Simulators             payin    %s", d.box.PayinURL)
	d.say("                       merchant %s", d.box.MerchantURL)
	d.say("                       monobank %s", d.box.MonobankURL)
	cfg, err := d.configure()
	if err != nil {
		return err
	}
	if err := d.pin(timed, cfg); err != nil {
		return err
	}
	return d.serve(ctx, timed, cfg)
}

// configure writes a payhost.yaml as a person would and loads it. One secret stands in a file of its own, as it should.
func (d *demo) configure() (*config.Config, error) {
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		return nil, err
	}
	var yaml strings.Builder
	fmt.Fprintf(&yaml, "# Written by payhost demo.\ndata_dir: %q\nlisten: 127.0.0.1:0\n", filepath.Join(dir, "data"))
	yaml.WriteString(d.box.Snippet())
	path := filepath.Join(dir, "demo.yaml")
	if err := os.WriteFile(path, []byte(yaml.String()), 0o600); err != nil {
		return nil, err
	}
	return config.Load(path)
}

// pin adds the plugin binaries as payhost plugin add does.
func (d *demo) pin(ctx context.Context, cfg *config.Config) error {
	store := lockfile.Store{DataDir: cfg.DataDir}
	title := "Pinned plugins"
	for _, name := range []string{"payin", "merchant", "monobank"} {
		source := filepath.Join(d.PluginsDir, lockfile.FilePrefix+name)
		if _, err := os.Stat(source); err != nil {
			return fmt.Errorf("there is no plugin binary %s; build it with make build, or name its folder with --plugins", source)
		}
		added, err := store.Add(ctx, lockfile.Addition{
			Source: source, Describe: server.Examine(d.Logger), Protocol: plugin.ProtocolVersion, By: "payhost demo", At: d.started,
		})
		if err != nil {
			return err
		}
		d.say("%-22s %s, %.23s…", title, added.ID(), added.Digest)
		title = ""
	}
	return nil
}

// serve runs the server around the selling.
func (d *demo) serve(ctx, timed context.Context, cfg *config.Config) error {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ready := make(chan server.Running, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- server.Run(life, server.Options{
			Config: cfg, Secrets: cfg.Secrets(d.LookupEnv), Logger: d.Logger, Cut: d.Cut,
			Ready: func(r server.Running) { ready <- r },
		})
	}()
	var sold error
	select {
	case running := <-ready:
		sold = d.shop(ctx, timed, running)
	case err := <-ended:
		return err
	case <-timed.Done():
		sold = errors.New("the host was not ready in time")
	}
	stop()
	return errors.Join(sold, <-ended)
}

// shop sells all orders over the REST surface.
func (d *demo) shop(ctx, timed context.Context, running server.Running) error {
	token, err := server.ReadToken(running.AdminTokenPath)
	if err != nil {
		return err
	}
	if d.client, err = client.New(client.Config{URL: running.API, Token: token}); err != nil {
		return err
	}
	defer d.client.Close()
	// At the real provider a person registers this address by hand.
	d.box.SetPayinCallback(running.PublicURL + "/webhooks/payin-main/" + sandbox.PayinTail)
	d.say("Host                   %s, data in %s", running.API, d.dir)
	list, err := d.client.Plugins(timed)
	if err != nil {
		return err
	}
	title := "Running plugins"
	for _, p := range list {
		d.say("%-22s %s %s, process %d, containment %s", title, p.Name, p.State, p.PID, p.Containment)
		title = ""
	}
	var results []result
	for i, o := range orders() {
		r := d.sell(timed, i+1, o)
		if r.err != nil {
			d.say("   FAILED              %v", r.err)
		}
		results = append(results, r)
	}
	steps := []error{d.step(d.giveBack(timed, len(results)+1, results)), d.step(d.loseAnswer(timed, len(results)+2))}
	err = errors.Join(append(steps, d.summary(results))...)
	if err == nil {
		d.say("One was refunded, and one lost answer was found again.")
	}
	if d.Keep && ctx.Err() == nil {
		d.invite(running)
		<-ctx.Done()
	}
	return err
}

// step reports a step that did not end as it should.
func (d *demo) step(err error) error {
	if err != nil {
		d.say("   FAILED              %v", err)
	}
	return err
}

// summary prints the table and says whether all went well.
func (d *demo) summary(results []result) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"invoice", "account", "amount", "captured", "refunded", "status", "because of"})
	paid := 0
	for _, r := range results {
		if r.err == nil {
			paid++
		}
		if r.invoice == nil {
			t.AppendRow(table.Row{"none", r.order.request.Account, r.order.request.Amount.Value + " " + r.order.request.Amount.Currency, "", "", "failed", ""})
			continue
		}
		t.AppendRow(table.Row{r.invoice.ID, r.invoice.Account, r.invoice.Amount, r.invoice.AmountCaptured, r.invoice.AmountRefunded, r.invoice.Status, r.cause})
	}
	d.say("\n%s\n", t.Render())
	if paid != len(results) {
		return fmt.Errorf("only %d of %d invoices were paid", paid, len(results))
	}
	d.say("All %d invoices were paid.", paid)
	return nil
}

// invite says how to go on by hand.
func (d *demo) invite(r server.Running) {
	d.say("")
	d.say("Everything is still running. Try, in another terminal:")
	d.say("  export PAYHOST_URL=%s PAYHOST_TOKEN=$(cat %s)", r.API, r.AdminTokenPath)
	d.say("  payhost invoice ls")
	d.say("  payhost invoice create --account mono-main --amount 42.00 --currency UAH --description Tea")
	d.say("  payhost invoice timeline ID")
	d.say("  payhost event watch")
	d.say("The simulators are listed at %s. Press Ctrl-C to end.", d.box.IndexURL)
}
