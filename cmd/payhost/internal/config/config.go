package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// Config is the content of payhost.yaml after all checks that need nothing but the file.
type Config struct {
	// DataDir holds the database, the seal key, the admin token and the plugin store. "data" when absent. Load makes
	// it absolute: a relative path in the file is relative to the folder of the file.
	DataDir string `yaml:"data_dir"`
	// Database is empty for SQLite in DataDir. This build knows nothing else, so Load refuses any other value.
	Database string `yaml:"database"`
	// Listen says where the process listens. 127.0.0.1:8080 when absent.
	Listen Listen `yaml:"listen"`
	// PublicURL is the base of the webhook URLs given to providers; empty means the bound address.
	PublicURL string `yaml:"public_url"`
	// GCPercent is how far the heap of the host itself may grow, in percent of what it keeps, before it is collected. Zero leaves it to
	// Go, whose default is 100 and whose environment variables GOGC and GOMEMLIMIT are heeded.
	GCPercent int `yaml:"gc_percent"`
	// PluginsDir are the folders searched for payhost-provider-* binaries by serve --dev. Absolute after Load.
	PluginsDir Paths `yaml:"plugins_dir"`
	// Plugins are settings by provider name.
	Plugins map[string]Plugin `yaml:"plugins"`
	// APITokens may call /v1. None: serve makes an admin token of its own.
	APITokens []Token `yaml:"api_tokens"`
	// Events are endpoints for outgoing webhooks. This build sends none, so Load refuses a list that is not empty.
	Events []Endpoint `yaml:"events"`
	// Accounts are put when the host starts, with source "config".
	Accounts []Account `yaml:"accounts"`

	file     string
	dir      string // what relative paths are relative to
	at       map[string]position
	warnings []Problem
}

// Plugin are the settings of one provider plugin.
type Plugin struct {
	// Version selects one of the pinned versions; needed only when several are pinned.
	Version string `yaml:"version"`
	// Required makes /readyz wait for the plugin.
	Required bool `yaml:"required"`
	// Memory is the most that the plugin and its children may hold; above it they are ended.
	Memory Size `yaml:"memory"`
	// RunAs is the user the plugin runs under: a name, or UID:GID. The host must be root.
	RunAs string `yaml:"run_as"`
	// Unconfined leaves out the confinement of file access and signals.
	Unconfined bool `yaml:"unconfined"`
	// Unary keeps calls off the stream lane.
	Unary bool `yaml:"unary"`
	// GCPercent and Processors are as in [host.Plugin].
	GCPercent  int `yaml:"gc_percent"`
	Processors int `yaml:"processors"`
	// Start is "eager" or "lazy"; empty means eager.
	Start string `yaml:"start"`
	// IdleStop is how long a process goes on without a call; 0, and absent, means for ever.
	IdleStop IdleStop `yaml:"idle_stop"`
	// Timeouts are the deadlines of single calls, by the names of [host.PluginCalls]; each is shorter than [host.DefaultOperationTimeout].
	Timeouts map[string]Duration `yaml:"timeouts"`
}

// Token is one caller of the API.
type Token struct {
	// Name is the actor in all records of what the token did.
	Name string `yaml:"name"`
	// Token is the secret or a reference to it.
	Token string `yaml:"token"`
	// Scope is one scope, Scopes are several; exactly one of the two is given.
	Scope  string   `yaml:"scope"`
	Scopes []string `yaml:"scopes"`
}

// Endpoint receives outgoing webhooks.
type Endpoint struct {
	// URL is where to send, Secret signs.
	URL    string `yaml:"url"`
	Secret string `yaml:"secret"`
}

// Account is one merchant account.
type Account struct {
	// ID and Provider are names of the form [a-z][a-z0-9-]{0,31}.
	ID       string `yaml:"id"`
	Provider string `yaml:"provider"`
	// Tenant, Mode, TimeZone and Labels are as in [host.Account].
	Tenant   string            `yaml:"tenant"`
	Mode     string            `yaml:"mode"`
	TimeZone string            `yaml:"time_zone"`
	Labels   map[string]string `yaml:"labels"`
	// Config is the provider's own object, with its references unresolved.
	Config json.RawMessage `yaml:"config"`
}

// File is the path of the file as it was given to [Load], for messages.
func (c *Config) File() string { return c.file }

// Warnings are settings that are accepted and have no effect in this build.
func (c *Config) Warnings() []Problem { return c.warnings }

// SQLitePath is the database file.
func (c *Config) SQLitePath() string { return filepath.Join(c.DataDir, "payhost.db") }

// AdminTokenPath is where serve writes the token it makes when there are no api_tokens.
func (c *Config) AdminTokenPath() string { return filepath.Join(c.DataDir, "admin.token") }

// maxFile is the largest configuration read, in bytes.
const maxFile = 4 << 20

// Load reads and checks a file. Its error is of type [Problems] when the content is at fault.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; name the file with --config, or start from payhost.example.yaml: %w", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return Parse(content, path, filepath.Dir(abs))
}

// Parse checks the content of a file. Name stands in messages; dir is what relative paths are relative to.
func Parse(content []byte, name, dir string) (*Config, error) {
	c := &Config{file: name, dir: dir, at: map[string]position{}}
	d := &decoder{file: name, at: c.at}
	d.decodeFile(content, c)
	if len(d.problems) == 0 {
		c.complete()
		c.check(d)
	}
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return c, nil
}

func (c *Config) complete() {
	absolute := func(p string) string {
		if !filepath.IsAbs(p) {
			p = filepath.Join(c.dir, p)
		}
		return filepath.Clean(p)
	}
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	c.DataDir = absolute(c.DataDir)
	if len(c.PluginsDir) == 0 {
		c.PluginsDir = Paths{"plugins"}
	}
	for i, p := range c.PluginsDir {
		c.PluginsDir[i] = absolute(p)
	}
	if c.Listen == (Listen{}) {
		c.Listen.API = "127.0.0.1:8080"
	}
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

const nameRule = "must be a name of the form [a-z][a-z0-9-]{0,31}"

// Problem tells where in the file something is wrong; it returns a plain error when the path is not in the file.
func (c *Config) problem(path, format string, args ...any) Problem {
	p := Problem{File: c.file, Path: path, Message: fmt.Sprintf(format, args...)}
	// What is missing has no place of its own; the object it is missing from has.
	for at := path; ; at = parent(at) {
		if pos, ok := c.at[at]; ok {
			p.Line, p.Column = pos.line, pos.column
			return p
		}
		if at == "" {
			return p
		}
	}
}

func modes() []string { return []string{string(pay.ModeLive), string(pay.ModeSandbox)} }

// timeouts are the calls of a plugin that plugins.NAME.timeouts can name.
func timeouts() []string {
	var names []string
	for _, call := range host.PluginCalls() {
		names = append(names, string(call))
	}
	return names
}

// Duration is written like "20s" or "1m30s".
type Duration time.Duration

// IdleStop is written like "15m" or "1h"; "0" is never.
type IdleStop time.Duration

// Size is a number of bytes, written like "256MiB", "1GiB" or "500000".
type Size int64
