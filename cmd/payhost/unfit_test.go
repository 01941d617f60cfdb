package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// unfit is a plugin that starts and describes itself, and may not be installed for one reason.
type unfit struct{ name string }

func (u unfit) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	m := pay.Manifest{
		Name: u.name, Version: "1.0.0", Title: "Unfit", Currencies: []pay.Currency{uah}, EgressHosts: []string{"api.example.com"},
		ConfigSchema: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["key"],"properties":{"key":{"type":"string"}}}`),
		Operations:   map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveHuman}},
		Abilities:    pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice),
	}
	if u.name == "sloppy" {
		m.Title, m.Operations = "", nil
	}
	return m
}

func (u unfit) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct{ Key string }
	if u.name != "credulous" && (json.Unmarshal(cfg.Config, &c) != nil || c.Key == "") {
		return nil, pay.Invalid("key", "is missing")
	}
	return nil, pay.Unsupported("open")
}

// serveUnfit is the main of this binary when it was copied to the name of a plugin.
func serveUnfit(program string) bool {
	switch program {
	case "payhost-provider-sloppy", "payhost-provider-credulous":
		plugin.Serve(unfit{program[len("payhost-provider-"):]})
	case "payhost-provider-stubborn":
		plugin.Serve(unfit{"stubborn"})
		select {}
	default:
		return false
	}
	return true
}

// A plugin that fails the base level of the kit is not installed: nothing is copied or pinned, and what was found is said with the reason.
func TestPluginThatFailsTheBaseLevelIsNotInstalled(t *testing.T) {
	t.Parallel()
	d := deploy(t, "")
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	for name, want := range map[string][]string{
		"sloppy": {
			"payhost-provider-sloppy is not installed: it fails the base level of the conformance kit:", "manifest_valid: manifest: title is empty",
			"ability create_invoice is offered and operation create says nothing about lost answers", "why it matters: ", "Correct the plugin",
		},
		"credulous": {"open_refuses: Open with no key: the error is not of kind invalid_request", "an account with a wrong config must be refused"},
		"stubborn":  {"is not installed: it does not end when it is asked to, and was killed"},
	} {
		path := filepath.Join(d.dir, "payhost-provider-"+name)
		require.NoError(t, os.WriteFile(path, content, 0o755))
		r := cli{}.run(t, "plugin", "add", "--config", d.file, path)
		require.Equal(t, exitFailed, r.code, name)
		for _, text := range want {
			require.Contains(t, r.stderr, text, name)
		}
		require.NoDirExists(t, filepath.Join(d.dir, "data", "plugins", name), name)
		require.NotContains(t, cli{}.good(t, "plugin", "ls", "--offline", "--config", d.file), name)
	}
}
