package sandbox

import (
	"encoding/json"
	"strings"
)

// Account is one entry of payhost.yaml that leads to a simulator.
type Account struct {
	ID, Provider string
	// Config is a JSON object, which is YAML too.
	Config string
}

// Accounts are entries for all three simulators.
func (s *Sandbox) Accounts() []Account {
	object := func(v any) string {
		raw, _ := json.Marshal(v) // maps of text and numbers cannot fail
		return string(raw)
	}
	return []Account{
		{"mono-main", "monobank", object(map[string]any{"token": monobankToken, "base_url": s.MonobankURL})},
		{"payin-main", "payin", object(map[string]any{"user_id": payinUser, "secret": payinSecret, "service_id": payinService, "base_url": s.PayinURL})},
		{"p2p-main", "merchant", object(map[string]any{"api_key": merchantKey, "secret": merchantSecret, "base_url": s.MerchantURL})},
	}
}

// PayinTail is what stands behind the URL of a payin account in the address of its callbacks.
const PayinTail = "topup"

// Snippet is the accounts part of a payhost.yaml.
func (s *Sandbox) Snippet() string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for _, a := range s.Accounts() {
		b.WriteString("  - {id: " + a.ID + ", provider: " + a.Provider + ", mode: sandbox, config: " + a.Config + "}\n")
	}
	return b.String()
}
