//go:build linux

package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/payhost/payhost/host/internal/restrictedtest"
	"github.com/payhost/payhost/sdk/plugin"
)

// childArg selects what the re-executed test binary does; the environment is clean, so an argument has to carry it.
const childArg = "payhost-test-child="

func TestMain(m *testing.M) {
	if err := restrictedtest.Enter(os.Args, os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], childArg) {
		runChild(strings.TrimPrefix(os.Args[1], childArg), os.Args[2:])
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var testHandshake = goplugin.HandshakeConfig{MagicCookieKey: "PROCESS_TEST", MagicCookieValue: "yes"}

// probe is the plugin: one method that does to its own process what the test asks for.
type probe struct {
	goplugin.NetRPCUnsupportedPlugin
}

const probeMethod = "/test.Probe/Do"

func (p *probe) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Probe",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Do", Handler: func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := dec(in); err != nil {
				return nil, err
			}
			command, arg, _ := strings.Cut(in.GetValue(), " ")
			text, err := perform(command, arg)
			return wrapperspb.String(text), err
		}}},
	}, p)
	return nil
}

func (p *probe) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

// realStdout and realStderr are the descriptors themselves: go-plugin replaces the variables.
var realStdout, realStderr = os.Stdout, os.Stderr

func perform(command, arg string) (string, error) {
	switch command {
	case "echo":
		return arg, nil
	case "stderr":
		_, err := fmt.Fprintln(realStderr, arg)
		return "", err
	case "stderr-flood":
		n, err := strconv.Atoi(arg)
		line := strings.Repeat("x", 1000)
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintln(realStderr, line)
		}
		return "done", err
	case "stdout-long":
		n, err := strconv.Atoi(arg)
		if err == nil {
			_, err = realStdout.WriteString(strings.Repeat("y", n) + "\nback to normal\n")
		}
		return "done", err
	case "print":
		fmt.Println(arg)
		return "", nil
	case "environ":
		b, err := os.ReadFile("/proc/self/environ")
		return string(b), err
	case "stdin":
		target, err := os.Readlink("/proc/self/fd/0")
		return target, err
	case "fds":
		return inherited, nil
	case "oversize":
		n, err := strconv.Atoi(arg)
		return strings.Repeat("z", n), err
	case "fork", "fork-setsid":
		cmd := exec.Command("/bin/sleep", "60")
		cmd.Stdout, cmd.Stderr = realStdout, realStderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: command == "fork-setsid"}
		if err := cmd.Start(); err != nil {
			return "", err
		}
		return strconv.Itoa(cmd.Process.Pid), nil
	case "print-flood":
		n, err := strconv.Atoi(arg)
		for range n {
			fmt.Println(strings.Repeat("p", 1000))
		}
		return "done", err
	case "leave-file":
		f, err := os.CreateTemp("", "left")
		if err != nil {
			return "", err
		}
		return f.Name(), f.Close()
	case "panic":
		go panic(arg)
		select {}
	case "cwd":
		return os.Getwd()
	case "exit":
		code, err := strconv.Atoi(arg)
		if err == nil {
			os.Exit(code)
		}
		return "", err
	case "argv0":
		return os.Args[0], nil
	case "getenv":
		return os.Getenv(arg), nil
	case "say-and-block":
		_, err := fmt.Fprintln(realStderr, arg)
		if err == nil {
			select {}
		}
		return "", err
	}
	return attack(command, arg)
}

// inherited is taken first thing in main, before anything of the program's own is open.
var inherited string

func runChild(mode string, args []string) {
	inherited = openDescriptors()
	switch mode {
	case "serve":
		serve(1)
	case "serve-loudly":
		fmt.Println("Hello from init!")
		fmt.Println("1|2|not a handshake")
		_, _ = os.Stdout.Write([]byte{0, 0xff, 0xfe, '\n', 0x1b, '[', '2', 'J', '\n'})
		_, _ = os.Stdout.WriteString(strings.Repeat("w", 300_000) + "\n")
		serve(1)
	case "serve-version":
		version, _ := strconv.Atoi(args[0])
		serve(version)
	case "serve-stubborn":
		serve(1)
		select {}
	case "mute":
		time.Sleep(time.Minute)
	case "silent":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("just a program")
		time.Sleep(time.Minute)
	case "exit":
		fmt.Fprintln(os.Stderr, `{"@level":"error","@message":"no good","api_token":"t0psecret"}`)
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	case "say":
		fmt.Println(strings.ReplaceAll(args[0], "DIR", os.Getenv("PLUGIN_UNIX_SOCKET_DIR")))
		time.Sleep(time.Minute)
	case "flood":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("f", 4096)); err != nil {
				return
			}
		}
	case "frozen-socket":
		frozenSocket()
	case "borrowed-socket":
		borrowedSocket()
	case "listen":
		listen(args[0])
	case "host":
		miniHost(args[0])
	case "harden":
		hardened()
	case "serve-waiting":
		serveWaiting()
	case "sandboxed":
		sandboxed(args[0], args[1])
	case "double":
		doubleFork()
	case "first":
		firstProcess(args[0])
	case "sdk":
		plugin.Serve(paper{})
	case "impostor":
		impostor()
	case "stock":
		stock(args[0])
	case "stock-plugin":
		serve(1)
	}
}

func serve(version int) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  testHandshake,
		VersionedPlugins: map[int]goplugin.PluginSet{version: {"probe": &probe{}}},
		GRPCServer:       goplugin.DefaultGRPCServer,
	})
}

func openDescriptors() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:") || strings.HasSuffix(target, "/fd") || strings.HasPrefix(target, "/sys/fs/cgroup/") {
			continue // the runtime's own: poller, processor limits; and the directory being read
		}
		out = append(out, e.Name()+"="+target)
	}
	return strings.Join(out, " ")
}
