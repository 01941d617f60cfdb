package paper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

type provider struct{ manifest pay.Manifest }

// New returns the paper provider; version is the plugin's own.
func New(version string) pay.Provider { return &provider{manifest(version)} }

// Describe implements [pay.Provider].
func (p *provider) Describe() pay.Manifest { return p.manifest }

type config struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	BaseURL      string `json:"base_url"`
	Webhooks     bool   `json:"webhooks"`
}

// account is immutable after Open. A new token is a new State, and the host opens the account again with it.
type account struct {
	config config
	tokens tokens
	http   *http.Client
	now    func() time.Time
}

// tokens is the private State of an account.
type tokens struct {
	Access        string    `json:"access"`
	Refresh       string    `json:"refresh"`
	Until         time.Time `json:"until"`
	WebhookID     string    `json:"webhook_id,omitempty"`
	WebhookURL    string    `json:"webhook_url,omitempty"`
	WebhookSecret string    `json:"webhook_secret,omitempty"`
	// PreviousSecret still verifies webhooks that were under way when the registration changed.
	PreviousSecret string `json:"previous_secret,omitempty"`
}

// Open implements [pay.Provider].
func (p *provider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c config
	dec := json.NewDecoder(bytes.NewReader(cfg.Config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, misread(err)
	}
	for key, value := range map[string]string{"client_id": c.ClientID, "client_secret": c.ClientSecret, "base_url": c.BaseURL} {
		if value == "" {
			return nil, pay.Invalid("config."+key, "must not be empty")
		}
	}
	if base, err := url.Parse(c.BaseURL); err != nil || base.Host == "" {
		return nil, pay.Invalid("config.base_url", "must be an absolute URL")
	}
	a := &account{config: c, http: cfg.HTTP, now: cfg.Now}
	if s := cfg.State; s != nil && s.Version == stateVersion {
		// A state that cannot be read is none: Maintain makes a new one.
		_ = json.Unmarshal(s.Data, &a.tokens)
	}
	return a, nil
}

// misread names the key and never the value, which may be a secret.
func misread(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return pay.Invalid("config."+wrong.Field, "has the wrong type")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return pay.Invalid("config."+strings.Trim(name, `"`), "is not a known key")
	}
	return pay.Invalid("config", "is not a JSON object of the documented form")
}

// Abilities implements [pay.AbilityTeller]: an account that only polls handles no webhooks.
func (a *account) Abilities() pay.Abilities {
	list := always()
	if a.config.Webhooks {
		list = append(list, pay.CanHandleWebhook)
	}
	return pay.NewAbilities(list...)
}
