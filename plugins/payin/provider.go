package payin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// New returns the payin provider. version is the plugin's own version, for
// example "0.1.0"; the manifest shows it.
func New(version string) pay.Provider {
	return &provider{manifest: manifest(version)}
}

// Describe returns the manifest.
func (p *provider) Describe() pay.Manifest { return p.manifest }

// config is the config of an account as it is written.
type config struct {
	UserID            json.Number `json:"user_id"`
	Secret            string      `json:"secret"`
	PreviousSecrets   []string    `json:"previous_secrets"`
	BaseURL           string      `json:"base_url"`
	ServiceID         json.Number `json:"service_id"`
	Currencies        []string    `json:"currencies"`
	CallbackFreshness string      `json:"callback_freshness"`
}

// account implements [pay.Account], [pay.Charger], [pay.PayoutCreator],
// [pay.PayoutGetter], [pay.BalanceReader], [pay.WebhookHandler], [pay.Checker]
// and [pay.ActionProvider]. It is immutable after Open and so safe for concurrent use.
type account struct {
	userID     string
	serviceID  string // empty: the account has no charges and no rewards
	abilities  pay.Abilities
	secret     string
	previous   []string
	base       *url.URL
	currencies []string
	freshness  time.Duration
	http       *http.Client
	now        func() time.Time
}

// Open returns a handle for one API operator.
func (p *provider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	c := config{BaseURL: productionURL, Currencies: []string{"RUB"}, CallbackFreshness: "300s"}
	if err := decodeConfig(cfg.Config, &c); err != nil {
		return nil, err
	}
	if cfg.HTTP == nil || cfg.Now == nil {
		return nil, pay.Errorf(pay.KindInternal, "the account was opened without an HTTP client or a clock")
	}
	if !isID(c.UserID.String()) {
		return nil, pay.Invalid("config.user_id", "must be a positive integer")
	}
	if c.ServiceID != "" && !isID(c.ServiceID.String()) {
		return nil, pay.Invalid("config.service_id", "must be a positive integer")
	}
	if c.Secret == "" {
		return nil, pay.Invalid("config.secret", "must not be empty")
	}
	if slices.Contains(c.PreviousSecrets, "") {
		return nil, pay.Invalid("config.previous_secrets", "must not hold an empty text")
	}
	for _, code := range c.Currencies {
		if !slices.ContainsFunc(p.manifest.Currencies, func(known pay.Currency) bool { return known.Code == code }) {
			return nil, pay.Invalid("config.currencies", "%q is not a currency of this provider", code)
		}
	}
	base, err := parseBase(c.BaseURL)
	if err != nil {
		return nil, pay.Invalid("config.base_url", "%v", err)
	}
	freshness, err := time.ParseDuration(c.CallbackFreshness)
	if err != nil || freshness <= 0 {
		return nil, pay.Invalid("config.callback_freshness", "must be a positive duration such as \"300s\"")
	}
	return &account{
		userID: c.UserID.String(), serviceID: c.ServiceID.String(), abilities: abilities(c.ServiceID != ""),
		secret: c.Secret, previous: c.PreviousSecrets, base: base,
		currencies: c.Currencies, freshness: freshness, http: cfg.HTTP, now: cfg.Now,
	}, nil
}

// Abilities tells what the account can do: charges and rewards need a service.
func (a *account) Abilities() pay.Abilities { return a.abilities }

func abilities(service bool) pay.Abilities {
	list := []pay.Ability{
		pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanReadBalances, pay.CanHandleWebhook, pay.CanCheck, pay.CanRunAction,
	}
	if service {
		list = append(list, pay.CanCharge, pay.CanPayout, pay.CanGetPayout)
	}
	return pay.NewAbilities(list...)
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

// parseBase checks the address of the provider. Requests carry personal data
// and a signature, so only https leaves the machine.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("must be an absolute URL such as %q", productionURL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must have no user, query or fragment")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return nil, errors.New("must be https; plain http is accepted on loopback only")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// isID reports whether s is a positive integer of at most 18 digits, as text.
func isID(s string) bool {
	return s != "" && len(s) <= 18 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}
