package config

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

func settable(v any) reflect.Value { return reflect.ValueOf(v).Elem() }

// located is a problem at a path whose place is known from decoding.
func (d *decoder) located(path, format string, args ...any) Problem {
	return (&Config{file: d.file, at: d.at}).problem(path, format, args...)
}

// check does what needs more than one field. It adds all problems to d.
func (c *Config) check(d *decoder) {
	add := func(path, format string, args ...any) {
		d.problems = append(d.problems, d.located(path, format, args...))
	}
	if c.Database != "" {
		add("database", "is not supported by this build yet; leave it empty for SQLite in data_dir")
	}
	if len(c.Events) > 0 {
		add("events", "outgoing webhooks are not supported by this build yet; remove the key and read GET /v1/events or /v1/events/stream")
	}
	if c.GCPercent != 0 {
		checkGCPercent("gc_percent", c.GCPercent, add)
	}
	c.checkPublicURL(add)
	c.checkPlugins(add)
	c.checkTokens(add)
	c.checkAccounts(add)
	c.checkStrayReferences(add)
}

type adder func(path, format string, args ...any)

func (c *Config) checkPublicURL(add adder) {
	if c.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.PublicURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		add("public_url", "must be an absolute http or https URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		add("public_url", "must have no user, query or fragment")
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
}

// leastMemory is below what the runtime of any plugin needs.
const leastMemory = 32 << 20

func (c *Config) checkPlugins(add adder) {
	for _, name := range slices.Sorted(maps.Keys(c.Plugins)) {
		path, p := child("plugins", name), c.Plugins[name]
		if !nameForm.MatchString(name) {
			add(path, nameRule)
		}
		if p.Memory > 0 && p.Memory < leastMemory {
			add(child(path, "memory"), "must be at least 32MiB: less than that no plugin starts with")
		}
		if p.GCPercent != 0 {
			checkGCPercent(child(path, "gc_percent"), p.GCPercent, add)
		}
		if p.Processors < 0 {
			add(child(path, "processors"), "must be at least 1; leave it out for all of the machine")
		}
		if p.Start != "" && p.Start != string(host.StartEager) && p.Start != string(host.StartLazy) {
			add(child(path, "start"), "must be eager, for a process that is started with the host, or lazy, for one that the first call starts")
		}
		if p.Unconfined {
			c.warnings = append(c.warnings, c.problem(child(path, "unconfined"), "the plugin can open every file its user can"))
		}
		for _, call := range slices.Sorted(maps.Keys(p.Timeouts)) {
			switch at := child(path, "timeouts."+shorten(call)); {
			case !slices.Contains(timeouts(), call):
				add(at, "is not a known call; known are %s", strings.Join(timeouts(), ", "))
			case time.Duration(p.Timeouts[call]) >= host.DefaultOperationTimeout:
				add(at, "must be shorter than %s, after which the host gives every call up; write for example 20s", host.DefaultOperationTimeout)
			}
		}
	}
}

func checkGCPercent(path string, percent int, add adder) {
	if percent < 10 || percent > 10_000 {
		add(path, "must be between 10 and 10000; Go's own default is 100")
	}
}

func (c *Config) checkTokens(add adder) {
	names := map[string]string{}
	for i, t := range c.APITokens {
		path := item("api_tokens", i)
		switch first, twice := names[t.Name]; {
		case t.Name == "":
			add(child(path, "name"), "is required; it is the actor in all records")
		case twice:
			add(child(path, "name"), "is the name of %s too", first)
		default:
			names[t.Name] = path
		}
		if t.Token == "" {
			add(child(path, "token"), "is required, for example ${env:PAYHOST_TOKEN}")
		}
		switch {
		case t.Scope == "" && len(t.Scopes) == 0:
			add(path, "needs scope or scopes; known are %s", strings.Join(rest.Scopes(), ", "))
		case t.Scope != "" && len(t.Scopes) > 0:
			add(child(path, "scopes"), "cannot be given together with scope")
		}
		for _, scope := range t.AllScopes() {
			if !slices.Contains(rest.Scopes(), scope) {
				add(path, "has an unknown scope; known are %s", strings.Join(rest.Scopes(), ", "))
			}
		}
	}
}

// AllScopes are the scopes of a token, however they were written.
func (t Token) AllScopes() []string {
	if t.Scope != "" {
		return []string{t.Scope}
	}
	return t.Scopes
}

func (c *Config) checkAccounts(add adder) {
	ids := map[string]string{}
	for i, a := range c.Accounts {
		path := item("accounts", i)
		switch first, twice := ids[a.ID]; {
		case a.ID == "":
			add(child(path, "id"), "is required")
		case !nameForm.MatchString(a.ID):
			add(child(path, "id"), nameRule)
		case twice:
			add(child(path, "id"), "is the id of %s too", first)
		default:
			ids[a.ID] = path
		}
		switch {
		case a.Provider == "":
			add(child(path, "provider"), "is required; it is the name of a plugin")
		case !nameForm.MatchString(a.Provider):
			add(child(path, "provider"), nameRule)
		}
		if a.Mode != "" && !slices.Contains(modes(), a.Mode) {
			add(child(path, "mode"), "must be %s", strings.Join(modes(), " or "))
		}
		if _, err := time.LoadLocation(a.TimeZone); err != nil {
			add(child(path, "time_zone"), "must be an IANA name such as Europe/Kyiv")
		}
		if len(a.Config) == 0 || a.Config[0] != '{' {
			add(child(path, "config"), "is required and must be an object")
			continue
		}
		for _, r := range referencesIn(a.Config, child(path, "config")) {
			if _, err := splitReference(r.text); err != nil {
				add(r.path, "%v", err)
			}
		}
	}
}

// checkStrayReferences refuses references where nothing would resolve them: they would be used as they are written.
func (c *Config) checkStrayReferences(add adder) {
	for path, value := range map[string]string{
		"data_dir": c.DataDir, "listen": fmt.Sprint(c.Listen), "public_url": c.PublicURL, "plugins_dir": fmt.Sprint(c.PluginsDir),
	} {
		if reference.MatchString(value) {
			add(path, "references are resolved in api_tokens and account configs only")
		}
	}
	for i, t := range c.APITokens {
		if reference.MatchString(t.Token) {
			if _, err := splitReference(t.Token); err != nil {
				add(child(item("api_tokens", i), "token"), "%v", err)
			}
		}
	}
}
