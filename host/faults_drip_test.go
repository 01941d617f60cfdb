package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// serveDripping is a plugin whose answers come a byte at a time once the adapter wants it: it stands before a plugin of its own,
// whose socket it hands on.
func serveDripping() {
	must(os.Setenv("PAYHOST_PARENT_PID", strconv.Itoa(os.Getpid())))
	read, write, err := os.Pipe()
	must(err)
	confirmed, confirm, err := os.Pipe()
	must(err)
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	cmd := orphan(faultPrefix + "dripping")
	cmd.Stdout, cmd.ExtraFiles = write, []*os.File{confirmed}
	must(cmd.Start())
	handshake, err := bufio.NewReader(read).ReadString('\n')
	must(err)
	fields := strings.Split(handshake, "|")
	behind := fields[3]
	fields[3] = filepath.Join(filepath.Dir(behind), "drip.sock")
	l, err := net.Listen("unix", fields[3])
	must(err)
	fmt.Print(strings.Join(fields, "|"))
	var slow atomic.Bool
	go func() {
		<-wanted
		slow.Store(true)
		_, _ = confirm.Write([]byte{1})
	}()
	for {
		front, err := l.Accept()
		must(err)
		back, err := net.Dial("unix", behind)
		must(err)
		go func() {
			_, _ = io.Copy(back, front)
			_ = back.Close()
		}()
		go drip(front, back, &slow)
	}
}

// dripFromNowOn asks the process before this one to drip, and returns when it does.
func dripFromNowOn() error {
	if err := syscall.Kill(os.Getppid(), syscall.SIGUSR1); err != nil {
		return err
	}
	_, err := os.NewFile(3, "confirmed").Read(make([]byte, 1))
	return err
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
