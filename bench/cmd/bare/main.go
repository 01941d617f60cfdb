// Command bare serves the create call with grpc-go alone, default settings, on the unix socket that it is given. It ends when
// its standard input does.
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"

	"github.com/payhost/payhost/host/bench/internal/wire"
)

func main() {
	if err := serve(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: %s SOCKET", os.Args[0])
	}
	server, err := wire.NewServer(os.Getenv(wire.AnswerEnv))
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		return err
	}
	s := grpc.NewServer()
	server.Register(s)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		s.Stop()
	}()
	return s.Serve(listener)
}
