package plugin

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strconv"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/payhost/payhost/sdk/pay"
)

// parentEnv names the variable with the process id of the host; the plugin ends when that process is gone.
const parentEnv = "PAYHOST_PARENT_PID"

// Serve is the whole main function of a plugin:
//
//	func main() { plugin.Serve(monobank.Provider{Version: version}) }
//
// It completes the handshake with the host and serves p until the host says stop, when it returns, or is gone, when it exits.
// Standard output belongs to the handshake: what the plugin or a library prints goes to the host's log. The
// standard logger writes there too; [pay.AccountConfig.Log] is the structured way.
//
// Run by hand, a plugin says what it is; --version and --manifest print those and exit. With --debug it waits on a socket for a host
// that is started with --attach, so that it can run under a debugger.
func Serve(p pay.Provider) {
	// Before anything of the adapter runs: the key is the process's, not the adapter's.
	certificates, err := takeCertificates(os.Getenv(certificateEnv))
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	manifest := p.Describe()
	manifest.SDK = SDK
	if len(os.Args) == 2 && (os.Args[1] == "--debug" || os.Args[1] == "-debug") {
		if err := serveDebug(p, manifest.Name, os.Stdout, os.Stderr); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 2 {
		if text, ok := answerFlag(os.Args[1], manifest); ok {
			_, _ = io.WriteString(os.Stdout, text)
			os.Exit(0)
		}
	}
	if os.Getenv(CookieKey) != CookieValue {
		_, _ = io.WriteString(os.Stderr, introduction(manifest))
		os.Exit(1)
	}

	// go-plugin replaces the variable os.Stderr later; this is the descriptor that the host reads.
	stderr := os.Stderr
	if err := protectStdout(); err != nil {
		_, _ = fmt.Fprintf(stderr, "cannot set standard output aside: %v\n", err)
		os.Exit(1)
	}
	log.SetFlags(0)
	log.SetOutput(stderr)
	module := "payhost-provider-" + manifest.Name
	setProcessName(module)
	logger := slog.New(newLogHandler(stderr, module, levelTrace))
	if pid, err := strconv.Atoi(os.Getenv(parentEnv)); err == nil {
		go watchParent(pid, os.Getppid, func() { os.Exit(1) })
	}

	s := newServer(p, logger, time.Now)
	s.guard.keepWorkers()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{ProtocolVersion: {pluginName: &grpcPlugin{server: s}}},
		TLSProvider:      func() (*tls.Config, error) { return certificates, nil }, // nil: the host asks the kernel instead
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, serverOptions(logger)...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{
			Name: module, Level: hclog.Warn, Output: stderr, JSONFormat: true,
		}),
	})
	s.guard.end()
}

// answerFlag answers the two questions a plugin understands on its command line.
func answerFlag(arg string, m pay.Manifest) (string, bool) {
	switch arg {
	case "--version", "-version":
		return m.Name + " " + m.Version + " (" + m.SDK + ")\n", true
	case "--manifest", "-manifest":
		text, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			return "the manifest cannot be written: " + err.Error() + "\n", true
		}
		return string(text) + "\n", true
	}
	return "", false
}

// introduction is for a person who runs the binary by hand.
func introduction(m pay.Manifest) string {
	title := m.Title
	if title == "" {
		title = m.Name
	}
	return fmt.Sprintf(`This is payhost-provider-%[1]s %[2]s, the payhost plugin for %[3]s.
It is started by a payhost host and does nothing on its own. To use it:

  payhost plugin add PATH-TO-THIS-FILE    install and pin it
  payhost serve                           run it

--version prints its version, --manifest what it can do. --debug waits for a host
that is started with --attach, for running the plugin under a debugger.
`, m.Name, m.Version, title)
}

// watchParent calls gone when the process is no longer a child of pid. A parent in another process namespace shows as 0 and
// cannot be watched.
func watchParent(pid int, parent func() int, gone func()) {
	if pid <= 1 || parent() == 0 {
		return
	}
	for parent() == pid {
		time.Sleep(time.Second)
	}
	gone()
}
