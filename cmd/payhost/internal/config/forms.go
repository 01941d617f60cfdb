package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Listen says where the process listens. A port of 0 lets the system choose.
type Listen struct {
	// API serves everything that has no address of its own.
	API string `yaml:"api"`
	// Webhooks, when not empty, serves /webhooks/ there and not on API.
	Webhooks string `yaml:"webhooks"`
	// Ops, when not empty, serves /healthz and /readyz there and not on API.
	Ops string `yaml:"ops"`
}

// listenForm keeps the decoder from calling decodeNode again.
type listenForm Listen

func (l *Listen) decodeNode(d *decoder, n ast.Node, path string) {
	if _, ok := entriesOf(n); ok {
		var form listenForm
		d.decodeStruct(n, settable(&form), path)
		*l = Listen(form)
		if l.API == "" {
			d.add(n, path, "needs api: the address of everything that is not listed")
		}
	} else if text, ok := n.(*ast.StringNode); ok {
		l.API = text.Value
	} else {
		d.add(n, path, "must be an address such as 127.0.0.1:8080, or an object {api, webhooks, ops} of addresses, not %s", kindOf(n))
		return
	}
	for key, address := range map[string]string{"api": l.API, "webhooks": l.Webhooks, "ops": l.Ops} {
		if address == "" {
			continue
		}
		if err := checkAddress(address); err != nil {
			where := path
			if _, object := entriesOf(n); object {
				where = child(path, key)
			}
			d.problems = append(d.problems, d.located(where, "%v", err))
		}
	}
}

func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("must be an address with a port, such as 127.0.0.1:8080 or :8080")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("must have a port from 0 to 65535")
	}
	if strings.ContainsAny(host, " /") {
		return fmt.Errorf("must have a host name or an IP address before the port")
	}
	return nil
}

// Paths is one path or a list of them.
type Paths []string

func (p *Paths) decodeNode(d *decoder, n ast.Node, path string) {
	list, many := n.(*ast.SequenceNode)
	if !many {
		if text, ok := d.text(n, path); ok {
			*p = Paths{text}
		}
		return
	}
	for i, value := range list.Values {
		if text, ok := d.text(value, item(path, i)); ok {
			*p = append(*p, text)
		}
	}
}

func (t *Duration) decodeNode(d *decoder, n ast.Node, path string) {
	text, ok := d.text(n, path)
	if !ok {
		return
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		d.add(n, path, "must be a duration above zero, such as 20s or 1m30s")
		return
	}
	*t = Duration(parsed)
}

// leastIdle is the shortest idle_stop; the host has the same rule.
const leastIdle = time.Second

func (t *IdleStop) decodeNode(d *decoder, n ast.Node, path string) {
	text := ""
	switch n := n.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.IntegerNode:
		text = fmt.Sprint(n.Value)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed < 0 || parsed > 0 && parsed < leastIdle {
		d.add(n, path, "must be a duration of at least 1s, such as 15m, or 0 for a process that is never stopped")
		return
	}
	*t = IdleStop(parsed)
}

func (s *Size) decodeNode(d *decoder, n ast.Node, path string) {
	digits := ""
	switch n := n.(type) {
	case *ast.StringNode:
		digits = n.Value
	case *ast.IntegerNode:
		digits = fmt.Sprint(n.Value)
	}
	unit := int64(1)
	for suffix, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, unit = rest, factor
			break
		}
	}
	count, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || count <= 0 || count > (1<<62)/unit {
		d.add(n, path, "must be a size in bytes above zero, such as 256MiB or 1GiB")
		return
	}
	*s = Size(count * unit)
}
