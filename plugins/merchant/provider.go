package merchant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// provider implements [pay.Provider].
type provider struct{ manifest pay.Manifest }

// New returns the merchant provider. version is the plugin's own version, for
// example "0.1.0"; the manifest shows it.
func New(version string) pay.Provider {
	return &provider{manifest: manifest(version)}
}

// Describe returns the manifest.
func (p *provider) Describe() pay.Manifest { return p.manifest }

// config is the config of an account as it is written.
type config struct {
	APIKey          string   `json:"api_key"`
	Secret          string   `json:"secret"`
	PreviousSecrets []string `json:"previous_secrets"`
	BaseURL         string   `json:"base_url"`
	Withdrawals     bool     `json:"withdrawals"`
}

// account implements [pay.Account], [pay.InvoiceFinder], [pay.Canceler],
// [pay.PayoutCreator], [pay.PayoutGetter], [pay.BalanceReader],
// [pay.ActionProvider], [pay.WebhookHandler] and [pay.Checker]. It is immutable
// after Open and so safe for concurrent use.
type account struct {
	apiKey   string
	secret   string
	previous []string
	base     *url.URL
	http     *http.Client
	now      func() time.Time
	// withdrawals says whether the action withdraw may run.
	withdrawals bool
}

// Open returns a handle for one store.
func (p *provider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c config
	if err := decodeConfig(cfg.Config, &c); err != nil {
		return nil, err
	}
	if cfg.HTTP == nil || cfg.Now == nil {
		return nil, pay.Errorf(pay.KindInternal, "the account was opened without an HTTP client or a clock")
	}
	if c.APIKey == "" || strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, pay.Invalid("config.api_key", "must be the store's key, in printable characters without spaces")
	}
	if c.Secret == "" {
		return nil, pay.Invalid("config.secret", "must not be empty")
	}
	if slices.Contains(c.PreviousSecrets, "") {
		return nil, pay.Invalid("config.previous_secrets", "must not hold an empty text")
	}
	base, err := parseBase(c.BaseURL)
	if err != nil {
		return nil, pay.Invalid("config.base_url", "%v", err)
	}
	return &account{
		apiKey: c.APIKey, secret: c.Secret, previous: c.PreviousSecrets, base: base, http: cfg.HTTP, now: cfg.Now,
		withdrawals: c.Withdrawals,
	}, nil
}

// decodeConfig reads a config strictly. Its errors name keys, never values,
// because a value may be a secret.
func decodeConfig(raw json.RawMessage, into *config) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return pay.Invalid("config."+wrong.Field, "has the wrong type")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return pay.Invalid("config."+strings.Trim(name, `"`), "is not a known key")
	}
	return pay.Invalid("config", "is not a JSON object of the documented form")
}

// parseBase checks the address of the gateway and brings it into the one
// spelling that is signed: no slash at the end and no default port, because the
// gateway signs the address as it knows it.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New(`must be an absolute URL such as "https://api.example.club"`)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must have no user, query or fragment")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return nil, errors.New("must be https; plain http is accepted on loopback only")
	}
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":443")
	}
	u.Host = strings.ToLower(u.Host)
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}
