package monobank

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// defaultBaseURL serves live and test tokens alike: the token selects the mode.
const defaultBaseURL = "https://api.monobank.ua"

// configSchema describes the config of an account.
const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["token"],
  "properties": {
    "token": {"type": "string", "minLength": 4, "maxLength": 256, "pattern": "^[!-~]+$", "secret": true,
      "description": "Merchant token (X-Token). A token from web.monobank.ua is live, one from api.monobank.ua is for tests."},
    "base_url": {"type": "string", "minLength": 1, "default": "https://api.monobank.ua",
      "description": "Address of the provider. Plain http only on loopback."},
    "cms_name": {"type": "string", "maxLength": 100, "pattern": "^[ -~]*$",
      "description": "Name of the shop software, sent as X-Cms with each new invoice."},
    "cms_version": {"type": "string", "maxLength": 100, "pattern": "^[ -~]*$",
      "description": "Version of the shop software, sent as X-Cms-Version."},
    "statement_codes": {"type": "array", "maxItems": 20, "uniqueItems": true,
      "items": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
      "description": "Terminal codes of submerchants whose statements are listed beside the merchant's own."}
  }
}`

// config is an account's config as it is written.
type config struct {
	Token      string `json:"token"`
	BaseURL    string `json:"base_url"`
	CMSName    string `json:"cms_name"`
	CMSVersion string `json:"cms_version"`
	// StatementCodes are terminal codes of submerchants.
	StatementCodes []string `json:"statement_codes"`
}

// readConfig reads a config strictly. Its errors name keys, never values.
func readConfig(raw json.RawMessage) (config, *url.URL, error) {
	c := config{BaseURL: defaultBaseURL}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return config{}, nil, misread("config", err)
	}
	if len(c.Token) < 4 || !visible(c.Token, '!') {
		return config{}, nil, pay.Invalid("config.token", "must be the merchant's token: at least 4 visible ASCII characters")
	}
	if !visible(c.CMSName, ' ') {
		return config{}, nil, pay.Invalid("config.cms_name", "must be visible ASCII: it is sent as a header")
	}
	if !visible(c.CMSVersion, ' ') {
		return config{}, nil, pay.Invalid("config.cms_version", "must be visible ASCII: it is sent as a header")
	}
	for i, code := range c.StatementCodes {
		if code == "" || !visible(code, '!') || slices.Contains(c.StatementCodes[:i], code) {
			return config{}, nil, pay.Invalid("config.statement_codes", "must be different terminal codes of visible ASCII characters")
		}
	}
	base, err := readBase(c.BaseURL)
	if err != nil {
		return config{}, nil, pay.Invalid("config.base_url", "%v", err)
	}
	return c, base, nil
}

// misread words a failure of encoding/json without the value it met.
func misread(path string, err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return pay.Invalid(path+"."+wrong.Field, "has the wrong type")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return pay.Invalid(path+"."+strings.Trim(name, `"`), "is not a known key")
	}
	return pay.Invalid(path, "is not a JSON object of the documented form")
}

// visible reports whether s may be sent as a header value.
func visible(s string, lowest byte) bool {
	for _, c := range []byte(s) {
		if c < lowest || c > '~' {
			return false
		}
	}
	return true
}

// readBase checks the provider's address: the token travels in a header, so
// only https leaves the machine.
func readBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errors.New("must be an absolute URL such as " + defaultBaseURL)
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
