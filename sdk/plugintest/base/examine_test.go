package base_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
	"github.com/payhost/payhost/sdk/plugintest/base"
	"github.com/payhost/payhost/sdk/plugintest/paper"
)

// altered is a good plugin with one thing changed.
type altered struct {
	pay.Provider
	manifest func(*pay.Manifest)
	open     func(cfg pay.AccountConfig) error
}

func (a altered) Describe() pay.Manifest {
	m := a.Provider.Describe()
	if a.manifest != nil {
		a.manifest(&m)
	}
	return m
}

func (a altered) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	if a.open != nil {
		if err := a.open(cfg); err != nil {
			return nil, err
		}
		return deaf{}, nil
	}
	return a.Provider.Open(ctx, cfg)
}

// deaf is an account that can nothing.
type deaf struct{}

func (deaf) CreateInvoice(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, pay.Unsupported("create")
}

func (deaf) GetInvoice(context.Context, pay.InvoiceRef) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, pay.Unsupported("get")
}

// examine runs the base level over the wire, as the host does.
func examine(t *testing.T, p pay.Provider) error {
	t.Helper()
	client, stop, err := plugin.Loopback(t.Context(), p)
	require.NoError(t, err)
	defer stop()
	return base.Examine(t.Context(), client)
}

func TestGoodPluginPassesTheBaseLevel(t *testing.T) {
	require.NoError(t, examine(t, paper.New("1.0.0")))
}

// Each fault is found by the check it is for, and by no other.
func TestFaultsAreFound(t *testing.T) {
	set := func(f func(*pay.Manifest)) altered { return altered{manifest: f} }
	open := func(f func(pay.AccountConfig) error) altered { return altered{open: f} }
	for name, c := range map[string]struct {
		plugin      altered
		check, want string
	}{
		"no title":      {set(func(m *pay.Manifest) { m.Title = "" }), "manifest_valid", "title is empty"},
		"no egress":     {set(func(m *pay.Manifest) { m.EgressHosts = nil }), "manifest_valid", "egress hosts are missing"},
		"short key":     {set(func(m *pay.Manifest) { m.OperationKey.MaxLength = 4 }), "manifest_valid", "too few to be unique"},
		"no resolution": {set(func(m *pay.Manifest) { delete(m.Operations, pay.OpCreate) }), "manifest_operations", "says nothing about lost answers"},
		"silent secret": {set(func(m *pay.Manifest) {
			m.ConfigSchema = json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"api_key":{"type":"string"}}}`)
		}), "manifest_secrets", `"api_key" looks like a secret`},
		"accepts anything": {open(func(pay.AccountConfig) error { return nil }), "open_refuses", "Open with an unknown key: it was accepted"},
		"wrong kind":       {open(func(pay.AccountConfig) error { return pay.Errorf(pay.KindAuth, "no") }), "open_refuses", "is not of kind invalid_request"},
		"names nothing":    {open(func(pay.AccountConfig) error { return pay.Errorf(pay.KindInvalidRequest, "bad config") }), "open_refuses", "the error names none of"},
	} {
		t.Run(name, func(t *testing.T) {
			c.plugin.Provider = paper.New("1.0.0")
			err := examine(t, c.plugin)
			failure, ok := errors.AsType[*base.Failure](err)
			require.True(t, ok, "%v", err)
			require.Contains(t, err.Error(), c.want)
			for _, f := range failure.Findings {
				require.Equal(t, c.check, f.Check, f.Text)
				require.NotEmpty(t, f.Why)
			}
		})
	}
}

func ExampleExamine() {
	sloppy := altered{Provider: paper.New("1.0.0"), manifest: func(m *pay.Manifest) { m.Title = "" }}
	client, stop, err := plugin.Loopback(context.Background(), sloppy)
	if err != nil {
		return
	}
	defer stop()
	err = base.Examine(context.Background(), client)
	if failure, ok := errors.AsType[*base.Failure](err); ok {
		fmt.Println(failure.Findings[0].Check, "-", failure.Findings[0].Text)
	}
	// Output: manifest_valid - manifest: title is empty
}
