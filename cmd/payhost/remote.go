package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/server"
)

// remote are the flags of every command that calls a running host.
type remote struct {
	p                            *program
	url, tokenFile, file, output *string
	// formats are the values that --output takes.
	formats []string
}

// remoteFlags adds the flags to a command. more are formats of its output beside table and json.
func (p *program) remoteFlags(cmd *cobra.Command, more ...string) *remote {
	usage := strings.Join(append([]string{"table for people, json for programs"}, more...), ", ")
	r := &remote{
		p:         p,
		formats:   append([]string{"table", "json"}, more...),
		url:       cmd.Flags().String("url", "", "address of the host's API (default: PAYHOST_URL, else from the configuration)"),
		tokenFile: cmd.Flags().String("token-file", "", "file with the API token (default: PAYHOST_TOKEN, else admin.token in data_dir)"),
		file:      configFlag(cmd),
		output:    cmd.Flags().StringP("output", "o", "table", usage),
	}
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(r.formats, cobra.ShellCompDirectiveNoFileComp))
	return r
}

// connect finds the host and the token: flags first, then the environment, then the configuration file.
func (r *remote) connect() (*client.Client, error) {
	if !slices.Contains(r.formats, *r.output) {
		last := len(r.formats) - 1
		return nil, usagef("--output must be %s or %s", strings.Join(r.formats[:last], ", "), r.formats[last])
	}
	url, token := *r.url, ""
	if url == "" {
		url, _ = r.p.lookupEnv("PAYHOST_URL")
	}
	if *r.tokenFile != "" {
		var err error
		if token, err = server.ReadToken(*r.tokenFile); err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
	} else {
		token, _ = r.p.lookupEnv("PAYHOST_TOKEN")
	}
	if url == "" || token == "" {
		cfg, err := config.Load(*r.file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usagef("no address and token of a running payhost: give --url and --token-file, set PAYHOST_URL and PAYHOST_TOKEN, "+
				"or run this where %s is", *r.file)
		case err != nil:
			return nil, err
		}
		if url == "" {
			if url, err = urlOf(cfg.Listen.API); err != nil {
				return nil, err
			}
		}
		if token == "" {
			if token, err = server.ReadToken(cfg.AdminTokenPath()); err != nil {
				return nil, fmt.Errorf("no API token: give --token-file or set PAYHOST_TOKEN (%w)", err)
			}
		}
	}
	c, err := client.New(client.Config{URL: url, Token: token})
	if err != nil {
		return nil, usagef("%w", err)
	}
	return c, nil
}

// answer makes one call of the host and prints what it returned, as JSON or for people.
func answer[T any](r *remote, call func(*client.Client) (T, error), people func(io.Writer, T)) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	v, err := call(c)
	if err != nil {
		return err
	}
	return r.show(v, func(w io.Writer) { people(w, v) })
}

// urlOf is how to reach a listen address from this machine.
func urlOf(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", usagef("listen has port 0, so the address is known only from the line that payhost serve printed: give --url or set PAYHOST_URL")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// show prints v as JSON, or calls people to print it for people.
func (r *remote) show(v any, people func(w io.Writer)) error {
	if *r.output == "json" {
		enc := json.NewEncoder(r.p.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	people(r.p.stdout)
	return nil
}

// input reads a JSON object from a file, or from standard input for "-".
func (p *program) input(name string) (map[string]any, error) {
	content, err := p.read(name)
	if err != nil {
		return nil, err
	}
	return object(content)
}

func (p *program) read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(p.stdin, 4<<20))
	}
	return os.ReadFile(name)
}

// object reads a JSON object; numbers keep their digits.
func object(content []byte) (map[string]any, error) {
	dec := json.NewDecoder(strings.NewReader(string(content)))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil || doc == nil {
		return nil, usagef("a JSON object is needed")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, usagef("there is something behind the JSON object")
	}
	return doc, nil
}
