//go:build linux

package process_test

import (
	"context"
	"fmt"
	"os"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/payhost/payhost/host/internal/process"
)

// A host starts one process, talks to it, and stops it. The plugin here is the test program itself.
func Example() {
	dir, err := process.OpenRunDir("") // in the temporary directory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = dir.Close() }()
	images := process.NewImages()
	defer func() { _ = images.Close() }()

	binary, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := process.Start(context.Background(), process.Config{
		Name:      "example",
		Path:      binary,
		Args:      []string{"payhost-test-child=serve"},
		Dir:       dir,
		Images:    images,
		Handshake: goplugin.HandshakeConfig{MagicCookieKey: "PROCESS_TEST", MagicCookieValue: "yes"},
		Plugins:   map[int]goplugin.PluginSet{1: {}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := grpc_health_v1.NewHealthClient(p.Conn()).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	fmt.Println(answer.GetStatus(), err)
	fmt.Println("stopped:", p.Stop(context.Background()))
	<-p.Exited()
	fmt.Println(p.Exit())
	// Output:
	// SERVING <nil>
	// stopped: <nil>
	// exited with code 0
}
