package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
)

// shopHostProcess is the name under which this binary is a host of the shop's plugin.
const shopHostProcess = "shop-host"

// hostProcess is a host that may be killed and started again on the same file. It takes commands by line.
type hostProcess struct {
	t    *testing.T
	dir  string
	base string
	list string

	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
}

func newHostProcess(t *testing.T, s *shop, list []host.Plugin) *hostProcess {
	t.Helper()
	dir, err := os.MkdirTemp("", "ph") //nolint:usetesting // t.TempDir is too long for a socket
	require.NoError(t, err)
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	p := &hostProcess{t: t, dir: dir, base: s.URL, list: string(raw)}
	t.Cleanup(func() {
		p.kill()
		require.NoError(t, os.RemoveAll(dir))
	})
	return p
}

// start runs the host until it is ready and returns the pids of its plugins.
func (p *hostProcess) start() (plugins []int) {
	p.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), thisBinary(p.t), filepath.Join(p.dir, "payhost.db"), p.base, p.list)
	cmd.Args[0] = "payhost-provider-" + shopHostProcess
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(p.t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, cmd.Start())
	p.cmd, p.input, p.output = cmd, input, bufio.NewReader(output)
	for field := range strings.FieldsSeq(p.answer()) {
		pid, err := strconv.Atoi(field)
		require.NoError(p.t, err)
		plugins = append(plugins, pid)
	}
	return plugins
}

func (p *hostProcess) tell(command string) {
	p.t.Helper()
	_, err := fmt.Fprintln(p.input, command)
	require.NoError(p.t, err)
}

func (p *hostProcess) answer() string {
	p.t.Helper()
	line, err := p.output.ReadString('\n')
	require.NoError(p.t, err, "the host process does not answer")
	return strings.TrimSpace(line)
}

func (p *hostProcess) command(command string) string {
	p.t.Helper()
	p.tell(command)
	return p.answer()
}

// kill is kill -9.
func (p *hostProcess) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		p.awaitEnd()
	}
}

// end lets the host drain.
func (p *hostProcess) end() {
	_ = p.input.Close()
	p.awaitEnd()
}

func (p *hostProcess) awaitEnd() {
	_ = p.cmd.Wait()
	_ = p.input.Close()
	p.cmd = nil
}

// runShopHost is a host process: it prints the pids of its plugins when it is ready, obeys commands, and drains when its input ends.
func runShopHost(database, base, plugins string) {
	var list []host.Plugin
	must(json.Unmarshal([]byte(plugins), &list))
	st, err := sqlite.Open(database, sqlite.Options{})
	must(err)
	cfg := host.Config{Store: st, PublicURL: hosttest.PublicURL, RunDir: filepath.Dir(database)}
	shopConfig(&cfg, base, list...)
	h, err := host.New(cfg)
	must(err)
	ctx, drain := context.WithCancel(context.Background())
	go func() {
		defer drain()
		<-h.Ready()
		var pids []string
		for _, p := range h.Plugins().List() {
			pids = append(pids, strconv.Itoa(p.PID))
		}
		fmt.Println(strings.Join(pids, " "))
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			obey(ctx, h, lines.Text())
		}
	}()
	must(h.Run(ctx))
	must(st.Close())
}

// obey carries out one command; those that can end the process run beside the next.
func obey(ctx context.Context, h *host.Host, line string) {
	verb, object, _ := strings.Cut(line, " ")
	status, err := h.Plugins().Status(shopPlugin)
	must(err)
	switch verb {
	case "version":
		fmt.Println(status.Version)
	case "choice":
		if status.Choice == nil {
			fmt.Println("none")
			return
		}
		fmt.Println(status.Choice.Version)
	case "create":
		if _, err := h.CreateInvoice(ctx, order("shop-main", object)); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("ok")
	case "use-and-die":
		began := time.Now()
		go func() {
			_ = h.Consume(ctx, "death", func(_ context.Context, ev host.Event) error {
				var data struct{ Version string }
				if ev.Type == "plugin.switched" && json.Unmarshal(ev.Data, &data) == nil && data.Version == object &&
					ev.OccurredAt.After(began) {
					return syscall.Kill(os.Getpid(), syscall.SIGKILL)
				}
				return nil
			})
		}()
		fallthrough
	case "use":
		go func() { _, _ = h.Plugins().Use(ctx, shopPlugin, use(object, 0)) }()
	}
}
