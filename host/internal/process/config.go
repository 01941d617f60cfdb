package process

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// ArgvPrefix is what a plugin's argv[0] starts with; the provider name follows. Process listings show it, because a sealed
// image has no file name of its own.
const ArgvPrefix = "payhost-provider-"

// ParentPIDEnv names the variable that tells a plugin the process id of its host, so that the SDK can end the plugin when its
// parent is no longer that process.
const ParentPIDEnv = "PAYHOST_PARENT_PID"

const (
	defaultStartTimeout = 10 * time.Second
	defaultMaxMessage   = 4 << 20
)

// Config says which binary to run and how. The zero value of every optional field means its stated default.
type Config struct {
	// Name is the provider's name, of the form [a-z][a-z0-9-]{0,31}. Required.
	Name string

	// Path is the binary. It must be a regular executable file and not a symbolic link. Required.
	Path string

	// SHA256 is the expected digest in lower-case hex. Empty runs whatever the file holds, which is for development only; the
	// digest of what ran is reported by [Process.Digest] all the same.
	SHA256 string

	// Dir holds the process's socket and owns the thread it is started from. Required; shared by all processes of one host.
	Dir *RunDir

	// Args are the arguments after argv[0]. The working directory is the process's private directory, and TMPDIR names it too,
	// so that temporary files go when the process does.
	Args []string

	// Env is added to the otherwise clean environment, as KEY=value. The host's own environment is never passed on. The names
	// this package and go-plugin use (PLUGIN_…, TMPDIR, PAYHOST_PARENT_PID, PAYHOST_BUNDLE_DIR, PAYHOST_CERTIFICATE_FILE, the cookie) are refused.
	Env []string

	// Handshake carries the magic cookie. Its ProtocolVersion is not used: see Plugins. Required.
	Handshake goplugin.HandshakeConfig

	// Plugins are the plugin sets by protocol version; the highest version both sides know is chosen. Required.
	Plugins map[int]goplugin.PluginSet

	// DialOptions are applied after the package's own (size limits, peer check), so that stats handlers and interceptors can
	// be added. They also see go-plugin's own calls, whose service names start with "plugin.".
	DialOptions []grpc.DialOption

	// StartTimeout bounds everything up to a ready connection. Default 10 s.
	StartTimeout time.Duration

	// MaxMessage limits one gRPC message, in bytes, both ways. Default 4 MiB.
	MaxMessage int

	// Logger receives what the plugin logs and prints, as records with the attributes plugin, pid and, for prints, stream.
	// A slow handler costs log lines, never time of the plugin. Nil discards.
	Logger *slog.Logger

	// Redact, if set, is applied to every text of the plugin before it is logged or kept for the crash report, in addition to
	// the built-in masking of secret-looking values. It must be safe for concurrent use.
	Redact func(string) string

	// Images caches verified bytes between starts. Nil verifies and copies the whole file for this start alone.
	Images *Images

	// Files are the other files of the plugin's folder that it needs, by path relative to the folder, with the SHA-256 of each
	// in lower-case hex. Verified copies of them, and nothing else, lie in the directory that PAYHOST_BUNDLE_DIR names.
	Files map[string]string

	// Memory is the most memory in bytes that the plugin and its children may hold; above it they are ended. Go plugins are
	// asked, through GOMEMLIMIT, to stay below 90 % of it. 0 means no limit.
	Memory int64

	// GCPercent and Processors are told to plugins written in Go, as GOGC and GOMAXPROCS. Zero means 400, and all processors. Env wins.
	GCPercent, Processors int

	// MaxOpenFiles limits the plugin's open files, sockets included. Default 4096. Linux only.
	MaxOpenFiles int

	// MaxProcesses limits the processes and threads of the plugin's user, all plugins under this user together. It applies only
	// with RunAs. Default 1024. Linux only.
	MaxProcesses int

	// RunAs, if set, is the user and group that the plugin runs under. The host must be root, and Linux the system.
	RunAs *User

	// Landlock confines file access to the plugin's own files, the system's certificates and resolver files, and Paths, and
	// closes other processes to the plugin. Where the kernel does not offer it the plugin runs without; [Process.Confinement]
	// says so.
	Landlock bool

	// Certificates makes the host and the plugin know each other by certificates also where the kernel names the process at the
	// other end of a socket. Elsewhere certificates are used without it. The plugin's SDK must know them.
	Certificates bool

	// Paths are opened to a confined plugin in addition, for instance the directory that it writes recordings to.
	Paths []PathGrant
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// withDefaults returns a checked copy that no later change by the caller can reach.
func (c Config) withDefaults() (Config, error) {
	switch {
	case !namePattern.MatchString(c.Name):
		return c, fmt.Errorf("process: provider name %q is not of the form [a-z][a-z0-9-]{0,31}", c.Name)
	case c.Path == "":
		return c, fmt.Errorf("process: %s: no path to the binary", c.Name)
	case c.Dir == nil:
		return c, fmt.Errorf("process: %s: no run directory", c.Name)
	case len(c.Plugins) == 0:
		return c, fmt.Errorf("process: %s: no protocol versions", c.Name)
	case c.Handshake.MagicCookieKey == "" || c.Handshake.MagicCookieValue == "":
		return c, fmt.Errorf("process: %s: the handshake has no magic cookie", c.Name)
	case c.StartTimeout < 0 || c.MaxMessage < 0:
		return c, fmt.Errorf("process: %s: negative limit", c.Name)
	}
	if c.SHA256 != "" {
		if err := checkDigest(c.SHA256); err != nil {
			return c, fmt.Errorf("process: %s: %w", c.Name, err)
		}
	}
	for _, kv := range c.Env {
		if err := c.checkEnv(kv); err != nil {
			return c, fmt.Errorf("process: %s: %w", c.Name, err)
		}
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return c, fmt.Errorf("process: %s: %w", c.Name, err)
	}
	c.Path = path
	if err := errors.Join(c.checkLimits(), c.checkFiles(), checkRunAs(c.RunAs, c.Dir.path)); err != nil {
		return c, fmt.Errorf("process: %s: %w", c.Name, err)
	}
	if c.MaxOpenFiles == 0 {
		c.MaxOpenFiles = defaultOpenFiles
	}
	if c.MaxProcesses == 0 {
		c.MaxProcesses = defaultProcesses
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = defaultStartTimeout
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = defaultMaxMessage
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	// go-plugin writes into the map it is given, so it gets its own.
	plugins := make(map[int]goplugin.PluginSet, len(c.Plugins))
	maps.Copy(plugins, c.Plugins)
	c.Plugins = plugins
	c.Files, c.Paths = maps.Clone(c.Files), slices.Clone(c.Paths)
	c.Args, c.Env, c.DialOptions = slices.Clone(c.Args), slices.Clone(c.Env), slices.Clone(c.DialOptions)
	return c, nil
}

// checkEnv refuses variables that would change the handshake. The value is never quoted: it may be a secret.
func (c Config) checkEnv(kv string) error {
	key, _, ok := strings.Cut(kv, "=")
	switch {
	case !ok || key == "" || strings.ContainsRune(kv, 0):
		return errors.New("an Env entry is not of the form KEY=value")
	case key == ParentPIDEnv, key == BundleEnv, key == CertificateEnv, key == "TMPDIR", key == c.Handshake.MagicCookieKey, strings.HasPrefix(key, "PLUGIN_"):
		return fmt.Errorf("the environment variable %s is set by the host and cannot be given", key)
	}
	return nil
}

// argv0 is the name under which process listings show the plugin.
func (c Config) argv0() string { return ArgvPrefix + c.Name }
