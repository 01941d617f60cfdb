package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/payhost/payhost/sdk/plugin"
)

// serveDripping serves a plugin whose answers come a byte at a time once slow is set: its handshake is held back and names another socket, before
// the plugin's own.
func serveDripping(p faultyProvider) {
	outside, err := unix.Dup(1)
	must(err)
	read, write, err := os.Pipe()
	must(err)
	must(unix.Dup2(int(write.Fd()), 1))
	go func() {
		handshake, err := bufio.NewReader(read).ReadString('\n')
		must(err)
		fields := strings.Split(handshake, "|")
		behind := fields[3]
		fields[3] = filepath.Join(filepath.Dir(behind), "drip.sock")
		l, err := net.Listen("unix", fields[3])
		must(err)
		_, err = fmt.Fprint(os.NewFile(uintptr(outside), "stdout"), strings.Join(fields, "|"))
		must(err)
		for {
			front, err := l.Accept()
			must(err)
			back, err := net.Dial("unix", behind)
			must(err)
			go func() {
				_, _ = io.Copy(back, front)
				_ = back.Close()
			}()
			go drip(front, back, p.slow)
		}
	}()
	plugin.Serve(p)
}

// drip copies answers, as they come or by the byte.
func drip(front, back net.Conn, slow *atomic.Bool) {
	defer func() { _ = front.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := back.Read(buffer)
		for rest := buffer[:n]; len(rest) > 0; {
			step := len(rest)
			if slow.Load() {
				time.Sleep(time.Second)
				step = 1
			}
			if _, err := front.Write(rest[:step]); err != nil {
				return
			}
			rest = rest[step:]
		}
		if err != nil {
			return
		}
	}
}
