package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Version is the version of the host, recorded with every try.
const Version = "0.1.0"

// Config is what a host is made of. Its zero value lacks only a Store.
type Config struct {
	// Store is the memory of the host; required. Run acquires it and the
	// caller closes it after Run has returned.
	Store *store.Store
	// Plugins are the provider binaries that may run. Several versions of one provider may stand there; one of them serves, or
	// two while one is a canary.
	Plugins []Plugin
	// Providers run in the host's own process: for tests and trusted code. The key must be the manifest's name.
	Providers map[string]pay.Provider
	// Accounts are put when Run starts, with source "config". One that cannot be put is logged and
	// reported by [Host.Accounts]; it does not stop the host.
	Accounts []Account
	// PublicURL is the base of the webhook URLs given to providers, for example
	// "https://billing.example.com/pay". Webhooks are expected below PublicURL + "/webhooks/".
	PublicURL string
	// RunDir is where sockets of plugins live; it must be short. Empty means a private directory below the
	// system's directory for temporary files.
	RunDir string
	// Logger receives the host's and the plugins' records; nil discards them.
	Logger *slog.Logger
	// Secrets resolves references such as ${env:NAME} in account configs; nil refuses them.
	Secrets SecretResolver
	// Runtime is what adapters' HTTP clients get.
	Runtime Runtime
	// Record makes accounts write down what they exchange with their providers.
	Record Record
	// Timeouts bound the stages of one operation.
	Timeouts Timeouts
	// Supervision says how plugins are watched.
	Supervision Supervision
	// MaxConcurrent is the number of calls of one operation that an account may have in flight. Zero means 64.
	MaxConcurrent int
	// WebhookBody is the largest webhook accepted, in bytes. Zero means 1 MiB.
	WebhookBody int64
	// StopTimeout bounds the drain when Run's context ends. Zero means 20 s.
	StopTimeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// KeepDumpable leaves the process readable by a debugger. By default, a host with plugins forbids its
	// own core dumps and /proc access by other processes of the same user before it reads a secret.
	KeepDumpable bool
}

// Plugin is one installed version of a provider plugin.
type Plugin struct {
	// Name is the provider's name and must equal the manifest's.
	Name string
	// Version must equal the manifest's. It may be empty where only one version is installed.
	Version string
	// Path is the binary. It may not be a symbolic link.
	Path string
	// SHA256 pins the binary's bytes, in lower-case hex. Empty runs whatever stands at Path: for development only.
	SHA256 string
	// Provider, when set, runs in the host's own process instead of a binary: for tests and trusted code.
	Provider pay.Provider
	// Attach, when set, is the socket of a plugin that somebody else runs, under a debugger for example: the host connects to it
	// instead of starting Path, does not watch its health and cannot end it. For development only.
	Attach string
	// Preferred marks the version that serves while none was chosen with [Plugins.Use].
	Preferred bool
	// Development says that nobody pinned the binary: its version is a label and need not be the manifest's.
	Development bool
	// Required makes readiness wait for the plugin.
	Required bool
	// Start says when a process is started; empty is [StartEager].
	Start PluginStart
	// IdleStop is how long a process goes on without a call; then it is stopped, and the next call starts another. A look of the resolver or the
	// poller and the verification of a webhook are calls. Zero: it goes on for ever. Else at least one second.
	IdleStop time.Duration
	// Files are other files of the binary's folder that the plugin needs, by path relative to the folder, with the SHA-256 of each
	// in lower-case hex. The plugin finds verified copies of these, and nothing else, in the directory that the environment
	// variable PAYHOST_BUNDLE_DIR names.
	Files map[string]string
	// Memory is the most memory, in bytes, that the plugin and its children may hold; above it they are ended. Zero: no limit.
	Memory int64
	// GCPercent is how far the heap of a plugin written in Go may grow, in percent of what it keeps, before it is collected (GOGC). Zero means
	// 400: the heap of a plugin is small, and Go's own default of 100 would collect it every few hundred calls. With Memory, Go is also told to
	// stay below 90 % of that, whatever the percentage.
	GCPercent int
	// Processors is how many processors a plugin written in Go uses at one time (GOMAXPROCS). Zero: all. One suits a plugin that only waits
	// for its provider: a single caller is answered sooner, because no other processor is woken for its call.
	Processors int
	// RunAs is a user of the plugin's own, which keeps it from the files and processes of the host's. The host must be root, and
	// Linux the system. Nil: the host's own user.
	RunAs *PluginUser
	// Unconfined leaves out the confinement of file access and signals, which otherwise holds wherever the kernel offers it. For plugins that
	// need files of their own that are not in Files.
	Unconfined bool
	// Unary makes every call to the plugin a gRPC call of its own, instead of sending many at once over the stream lane where the
	// plugin offers it. Calls mean the same and cost more; it is for finding out whether the lane has to do with a fault.
	Unary bool
	// Timeouts are the deadlines of single calls, in the place of [Timeouts.Adapter] and [Timeouts.Webhook]. Each must be above zero and
	// shorter than [Timeouts.Operation]. A change is taken up by [Plugins.Reload] for the next call, without a restart of the plugin.
	Timeouts map[PluginCall]time.Duration
}

// PluginUser is a user and a group, by their numbers; neither may be 0.
type PluginUser struct{ UID, GID uint32 }

// Runtime is the outside world as adapters see it.
type Runtime struct {
	// ProxyURL is an HTTP proxy; empty: none. The environment is never asked.
	ProxyURL string
	// CABundlePEM are certificates trusted beside the system's roots.
	CABundlePEM []byte
	// UserAgent is sent to providers; empty means "payhost/VERSION".
	UserAgent string
	// HTTPTimeout bounds one exchange with a provider; zero means 15 s.
	HTTPTimeout time.Duration
	// AllowPlainHTTP lets base_urls be http:// on any address, not only on loopback. For test networks.
	AllowPlainHTTP bool
}

// DefaultOperationTimeout is [Timeouts.Operation] where nothing else is set.
const DefaultOperationTimeout = 25 * time.Second

// Timeouts bound the stages of one operation; each must be shorter than the one
// before it.
type Timeouts struct {
	// Operation is how long the engine waits for a plugin. Zero means 25 s.
	Operation time.Duration
	// Adapter is the deadline an adapter sees. Zero means 20 s. [Plugin.Timeouts] sets other ones for single calls of one plugin.
	Adapter time.Duration
	// Start is how long a call waits for a plugin that is starting. Zero means 5 s.
	Start time.Duration
	// Webhook bounds the verification of one webhook. Zero means 10 s.
	Webhook time.Duration
	// FirstLook is how soon after a lost answer the provider is asked what happened; further looks back off from it.
	// Zero means 1 s.
	FirstLook time.Duration
}

// SecretResolver turns a reference in an account's config into its value.
type SecretResolver interface {
	// Resolve gets what stands inside ${…}, for example "env:MONO_TOKEN". Its errors must not hold the value.
	Resolve(ctx context.Context, reference string) (string, error)
}

// Account is one merchant account as a caller puts it.
type Account struct {
	// ID is [a-z][a-z0-9-]{0,31}.
	ID string `json:"id"`
	// Tenant is "default" when empty.
	Tenant string `json:"tenant,omitempty"`
	// Provider is the name of a plugin.
	Provider string `json:"provider"`
	// Mode is "live" when empty.
	Mode pay.Mode `json:"mode,omitempty"`
	// TimeZone is an IANA name; empty means UTC.
	TimeZone string            `json:"time_zone,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	// Config is checked against the provider's schema. Strings may be references such as ${env:NAME}.
	Config json.RawMessage `json:"config"`
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = systemClock
	}
	if c.Runtime.UserAgent == "" {
		c.Runtime.UserAgent = "payhost/" + Version
	}
	orDuration(&c.Runtime.HTTPTimeout, 15*time.Second)
	orDuration(&c.Timeouts.Operation, DefaultOperationTimeout)
	orDuration(&c.Timeouts.Adapter, 20*time.Second)
	orDuration(&c.Timeouts.Start, 5*time.Second)
	orDuration(&c.Timeouts.Webhook, 10*time.Second)
	orDuration(&c.Timeouts.FirstLook, time.Second)
	orDuration(&c.StopTimeout, 20*time.Second)
	c.Supervision = c.Supervision.withDefaults()
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = 64
	}
	if c.WebhookBody == 0 {
		c.WebhookBody = 1 << 20
	}
	return c
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}
