package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// miniHost is a host that starts one plugin and waits to be killed.
func miniHost(parent string) {
	dir, err := OpenRunDir(parent)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	self, _ := os.Executable()
	p, err := Start(context.Background(), Config{
		Name: "probe", Path: self, Dir: dir, Args: []string{childArg + "serve-stubborn"}, Handshake: testHandshake,
		Plugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("ready", p.PID(), dir.Path())
	time.Sleep(time.Minute)
}

// hardened prints whether the process can be dumped, before and after, and whether a plugin still starts.
func hardened() {
	dumpable := func() int {
		v, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		return v
	}
	before := dumpable()
	err := Harden()
	fmt.Println(before, dumpable(), err)
	miniHost(os.Args[2])
}

// H5, H6: when the host is killed its plugin dies with it, and the next host removes its directory, but not a living one's.
func TestHazard05HostKilled(t *testing.T) {
	parent, err := os.MkdirTemp("", "pt")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(parent)) }()
	foreign := filepath.Join(parent, "ph-foreign")
	require.NoError(t, os.Mkdir(foreign, 0o700), "no lock file: not ours")
	living, err := OpenRunDir(parent)
	require.NoError(t, err)
	defer func() { require.NoError(t, living.Close()) }()

	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(self, childArg+"host", parent)
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	fields := strings.Fields(line)
	require.Equal(t, "ready", fields[0], line)
	plugin, err := strconv.Atoi(fields[1])
	require.NoError(t, err)
	require.True(t, running(plugin))
	require.NoError(t, host.Process.Kill())
	_ = host.Wait() // it was killed, so this is an error
	eventually(t, "the plugin dies with its host", func() bool { return !running(plugin) })
	require.DirExists(t, fields[2], "otherwise the sweep shows nothing")

	next, err := OpenRunDir(parent)
	require.NoError(t, err)
	require.NoDirExists(t, fields[2])
	require.DirExists(t, living.Path())
	require.DirExists(t, foreign)
	require.NoError(t, next.Close())
	require.NoError(t, next.Close(), "twice is fine")
}

func TestHarden(t *testing.T) {
	parent, err := os.MkdirTemp("", "pt")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(parent)) }()
	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(self, childArg+"harden", parent)
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "1 0 <nil>\n", line)
	line, err = r.ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(line, "ready "), "a hardened host starts plugins: %s", line)
	require.NoError(t, host.Process.Kill())
	_ = host.Wait()
}

// The host must not talk to a socket that another process serves.
func TestPeerCheck(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, checkPeer(conn, os.Getpid()))
	require.NoError(t, checkPeer(conn, syscall.Getpgrp()), "the group counts")
	require.ErrorContains(t, checkPeer(conn, os.Getpid()+1), "not to the plugin")
}

func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pt")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// The sealed image cannot be changed, not even by its owner.
func TestImageIsSealed(t *testing.T) {
	images := NewImages()
	img, err := images.acquire(copySelf(t, 0), "")
	require.NoError(t, err)
	require.NotNil(t, img.sealed, "%v", img.reason)
	_, err = img.sealed.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, syscall.EPERM)
	require.Error(t, img.sealed.Truncate(1))
	require.NoError(t, images.Close())
	require.NotNil(t, img.sealed, "in use")
	images.release(img)
	require.Nil(t, img.sealed, "freed by the last user")
}

// Generation after generation, descriptors do not pile up.
func TestNoDescriptorLeak(t *testing.T) {
	b := newBench(t)
	round := func() {
		p := b.start(b.config("serve"))
		mustAsk(t, p, "echo hi")
		require.NoError(t, p.Stop(t.Context()))
		p = b.start(b.config("serve"))
		p.Kill()
		_, err := Start(t.Context(), b.config("exit", "3"))
		require.Error(t, err)
	}
	round()
	before := len(strings.Fields(openDescriptorsOf(t)))
	round()
	round()
	require.Len(t, strings.Fields(openDescriptorsOf(t)), before)
}

func openDescriptorsOf(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%s ", e.Name())
	}
	return b.String()
}

// frozenSocket announces a socket that accepts by the kernel's backlog only and never speaks HTTP/2.
func frozenSocket() {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "frozen")
	ln, err := net.Listen("unix", path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", path, strings.Join(os.Args[2:], "|"))
	time.Sleep(time.Minute)
	_ = ln.Close()
}

// borrowedSocket announces a socket in the right place that a process outside the plugin's group serves.
func borrowedSocket() {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "borrowed")
	cmd := exec.Command("/proc/self/exe", childArg+"listen", path) // os.Executable names a file that does not exist
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	lifeline, err := cmd.StdinPipe() // the other process ends when this one does
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = bufio.NewReader(out).ReadString('\n')
	fmt.Printf("1|1|unix|%s|grpc\n", path)
	time.Sleep(time.Minute)
	_ = lifeline.Close()
}

func listen(path string) {
	ln, err := net.Listen("unix", path)
	fmt.Println("listening", err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = ln.Close()
}

func TestBorrowedSocketIsRefused(t *testing.T) {
	b := newBench(t)
	_, err := Start(t.Context(), b.config("borrowed-socket"))
	require.ErrorContains(t, err, "peer check: the socket belongs to process")
	b.requireEmpty()
}

// Where sealed memory cannot be executed, a private copy of the verified bytes is.
func TestPrivateCopyInsteadOfSealedMemory(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	img, err := b.images.acquire(cfg.Path, "")
	require.NoError(t, err)
	require.NoError(t, img.sealed.Close())
	img.sealed = nil // what a kernel with vm.memfd_noexec=2 leaves
	b.images.release(img)
	if p, ok := b.startCopy(cfg); ok {
		exe, err := os.Readlink("/proc/" + strconv.Itoa(p.PID()) + "/exe")
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(exe, b.dir.Path()), exe)
		info, err := os.Stat(exe)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o500), info.Mode().Perm())
		require.Equal(t, digestOf(t, cfg.Path), p.Digest())
		p.Kill()
		b.requireEmpty()
	}

	target := filepath.Join(t.TempDir(), "copy")
	err = copyVerified(cfg.Path, strings.Repeat("0", 64), target, 0o500)
	require.ErrorContains(t, err, "refusing to run it")
	require.NoFileExists(t, target)
}

func TestRunsFromSealedMemory(t *testing.T) {
	b := newBench(t)
	exe, err := os.Readlink("/proc/" + strconv.Itoa(b.start(b.config("serve")).PID()) + "/exe")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(exe, "/memfd:"), exe)
}

// Starts and ends of many processes at once do not get in each other's way.
func TestManyAtOnce(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			p, err := Start(t.Context(), b.config("serve"))
			if err == nil && i%2 == 0 {
				err = p.Stop(t.Context())
			} else if err == nil {
				var stops sync.WaitGroup
				for range 3 {
					stops.Go(p.Kill)
				}
				stops.Wait()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	b.requireEmpty()
}

func BenchmarkStart(b *testing.B) {
	dir, err := OpenRunDir("")
	require.NoError(b, err)
	defer func() { require.NoError(b, dir.Close()) }()
	images := NewImages()
	defer func() { require.NoError(b, images.Close()) }()
	self, err := os.Executable()
	require.NoError(b, err)
	cfg := Config{
		Name: "probe", Path: self, Dir: dir, Images: images, Args: []string{childArg + "serve"}, Handshake: testHandshake,
		Plugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}},
	}
	for b.Loop() {
		p, err := Start(b.Context(), cfg)
		require.NoError(b, err)
		p.Kill()
	}
}
