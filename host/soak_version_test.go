package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// shopPlugin is the provider of the upgrade tests, of which several versions exist.
const shopPlugin = "shop"

// versionMark ends a binary that carries a shopVersion; before it stand the version as JSON and its length in 8 bytes.
const versionMark = "payhost-version\n"

// shopVersion is what one version of the plugin is like. Processes find theirs behind the end of their own program, so that
// versions are different bytes and need no compiler.
type shopVersion struct {
	Version string
	// Reads and Writes are versions of private states; zero writes none.
	Reads  []int
	Writes int
	// Flaw is how the version is broken; empty for a good one.
	Flaw string
}

// The flaws of versions.
const (
	flawExit        = "exit"          // ends during every create, after the shop has acted
	flawVague       = "vague"         // every create ends in an error that says nothing, after the shop has acted
	flawExitAtStart = "exit at start" // never serves
	flawNoAccount   = "no account"    // opens none
	flawSlowOpen    = "slow open"     // opens when the shop lets it
	flawPoor        = "poor"          // finds nothing any more
)

// binaryOf writes a program that is this version of the plugin.
func binaryOf(t *testing.T, dir string, v shopVersion) string {
	t.Helper()
	src, err := os.Open(thisBinary(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, src.Close()) }()
	path := filepath.Join(dir, "shop-"+v.Version+"-"+v.Flaw)
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	require.NoError(t, err)
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	trailer := append(binary.BigEndian.AppendUint64(raw, uint64(len(raw))), versionMark...)
	_, err = io.Copy(dst, io.MultiReader(src, bytes.NewReader(trailer)))
	require.NoError(t, err)
	require.NoError(t, dst.Close())
	return path
}

// versionOfThisBinary returns what stands behind the end of the running program.
func versionOfThisBinary() (v shopVersion, ok bool) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return v, false
	}
	defer func() { _ = self.Close() }()
	end := make([]byte, 8+len(versionMark))
	size, err := self.Seek(int64(-len(end)), io.SeekEnd)
	if err != nil {
		return v, false
	}
	if _, err := io.ReadFull(self, end); err != nil || string(end[8:]) != versionMark {
		return v, false
	}
	raw := make([]byte, binary.BigEndian.Uint64(end))
	if _, err := self.ReadAt(raw, size-int64(len(raw))); err != nil {
		return v, false
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, false
	}
	if v.Flaw == flawExitAtStart {
		os.Exit(4)
	}
	return v, true
}

// counter is the way to the shop: by HTTP from a plugin process, directly from one in this process.
type counter interface {
	ask(ctx context.Context, what, version, key, invoice string) (found bool, err error)
}

// shopProvider is the adapter of shop. desk is nil in a process of its own.
type shopProvider struct {
	name string
	shopVersion
	desk counter
}

func (p shopProvider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	return pay.Manifest{
		Name: p.name, Version: p.Version, Currencies: []pay.Currency{uah}, StateReads: p.Reads, StateWrites: p.Writes,
		ConfigSchema: json.RawMessage(`{"type":"object","properties":{"base_url":{"type":"string"}}}`),
		Operations:   map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveLookup}},
		Abilities:    p.abilities(),
	}
}

func (p shopProvider) abilities() pay.Abilities {
	all := pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice)
	return slices.DeleteFunc(all, func(a pay.Ability) bool { return a == pay.CanFindInvoice && p.Flaw == flawPoor })
}

func (p shopProvider) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct {
		BaseURL string `json:"base_url"`
	}
	if err := json.Unmarshal(cfg.Config, &c); err != nil {
		return nil, pay.Invalid("config", "is not an object")
	}
	a := &shopAccount{version: p.shopVersion, abilities: p.abilities(), desk: p.desk}
	if a.desk == nil {
		a.desk = remoteDesk{c.BaseURL, cfg.HTTP}
	}
	switch p.Flaw {
	case flawNoAccount:
		return nil, pay.Invalid("config.base_url", "is not what this version wants")
	case flawSlowOpen:
		_, err := a.desk.ask(ctx, "open", p.Version, "", "")
		return a, err
	}
	return a, nil
}

// shopAccount tells the shop about calls that it should not have got any more.
type shopAccount struct {
	version   shopVersion
	abilities pay.Abilities
	desk      counter
	calls     atomic.Int64
	closed    atomic.Bool
}

func (a *shopAccount) Abilities() pay.Abilities { return a.abilities }

func (a *shopAccount) Close() error {
	a.closed.Store(true)
	if a.calls.Load() > 0 {
		_, err := a.desk.ask(context.Background(), "closed during a call", a.version.Version, "", "")
		return err
	}
	return nil
}

func (a *shopAccount) do(ctx context.Context, what, key, invoice string) (pay.InvoiceState, error) {
	a.calls.Add(1)
	defer a.calls.Add(-1)
	if a.closed.Load() {
		_, _ = a.desk.ask(ctx, "called after the end", a.version.Version, key, invoice)
	}
	found, err := a.desk.ask(ctx, what, a.version.Version, key, invoice)
	switch {
	case err != nil:
		return pay.InvoiceState{}, err
	case !found:
		return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "no such order")
	}
	state := pay.InvoiceState{ProviderRef: "s-" + key, Status: pay.StatusPending}
	if a.version.Writes > 0 {
		state.Report.State = &pay.State{Version: a.version.Writes, Data: []byte("x")}
	}
	return state, nil
}

func (a *shopAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	state, err := a.do(ctx, "create", req.Call.ProviderKey, req.InvoiceID)
	switch a.version.Flaw {
	case flawExit:
		os.Exit(5)
	case flawVague:
		return pay.InvoiceState{}, errors.New("something went wrong")
	}
	return state, err
}

func (a *shopAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	if ref.State != nil && !slices.Contains(a.version.Reads, ref.State.Version) {
		return pay.InvoiceState{}, pay.Errorf(pay.KindInternal, "version %s cannot read state %d", a.version.Version, ref.State.Version)
	}
	return a.do(ctx, "get", ref.ProviderKey, ref.InvoiceID)
}

func (a *shopAccount) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return a.do(ctx, "get", req.Invoice.ProviderKey, req.Invoice.InvoiceID)
}

// remoteDesk asks the shop over HTTP.
type remoteDesk struct {
	base string
	http *http.Client
}

func (d remoteDesk) ask(ctx context.Context, what, version, key, invoice string) (bool, error) {
	q := neturl.Values{"what": {what}, "version": {version}, "key": {key}, "invoice": {invoice}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+"/?"+q.Encode(), nil)
	if err != nil {
		return false, err
	}
	res, err := httpx.Do(ctx, d.http, req)
	if err != nil {
		return false, err
	}
	return res.Status == http.StatusOK, nil
}
