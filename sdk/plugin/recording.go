package plugin

import (
	"encoding/json"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// openRecorders makes the recorders that the host asks for. One that cannot be made is said in the log: recording never keeps a
// plugin from working. Recorders of an earlier configure stay with the accounts that were opened under it, and let go of their
// directory with them.
func (g *guard) openRecorders(list []Recording, provider string) map[string]*httpx.Recorder {
	recorders := map[string]*httpx.Recorder{}
	for _, r := range list {
		recorder, err := httpx.NewRecorder(httpx.RecorderConfig{
			Dir: r.Dir, Account: r.AccountID, Provider: provider, MaxExchanges: r.MaxExchanges, MaxBytes: r.MaxBytes, Log: g.log, Now: g.now,
		})
		if err != nil {
			g.log.Error("the account cannot be recorded", "account", r.AccountID, "error", err.Error())
			continue
		}
		recorders[r.AccountID] = recorder
	}
	return recorders
}

// recorded returns the way out of an account, through its recorder if it has one.
func (g *guard) recorded(cfg pay.AccountConfig) *http.Client {
	g.mu.Lock()
	recorder := g.recorders[cfg.AccountID]
	g.mu.Unlock()
	if recorder == nil {
		return cfg.HTTP
	}
	manifest, err := g.manifest()
	if err != nil {
		return cfg.HTTP // without the schema nobody knows what is secret
	}
	recorder.AddSecrets(secretsOf(manifest.ConfigSchema, cfg.Config)...)
	g.log.Warn("exchanges of the account are recorded", "account", cfg.AccountID, "revision", cfg.Revision)
	return recorder.Client(cfg.HTTP)
}

// secretsOf returns the texts of config that the schema marks as secret, at any depth. Of a schema that cannot be read all texts
// are.
func secretsOf(schema, config json.RawMessage) []string {
	var value any
	if json.Unmarshal(config, &value) != nil {
		return nil
	}
	var s secretSchema
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		s = secretSchema{Secret: true}
	}
	return s.find(value)
}

// secretSchema is what has to be read of a JSON Schema to find secrets.
type secretSchema struct {
	Secret     bool                    `json:"secret"`
	Properties map[string]secretSchema `json:"properties"`
	Items      *secretSchema           `json:"items"`
}

func (s secretSchema) find(value any) []string {
	var list []string
	switch v := value.(type) {
	case string:
		if s.Secret {
			list = append(list, v)
		}
	case []any:
		items := secretSchema{}
		if s.Items != nil {
			items = *s.Items
		}
		items.Secret = items.Secret || s.Secret
		for _, e := range v {
			list = append(list, items.find(e)...)
		}
	case map[string]any:
		for name, e := range v {
			child := s.Properties[name]
			child.Secret = child.Secret || s.Secret
			list = append(list, child.find(e)...)
		}
	}
	return list
}
