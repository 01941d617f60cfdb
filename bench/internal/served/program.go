package served

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// Program is one running program and a client of it. It is safe for concurrent use.
type Program struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	ready  Ready
	client *http.Client
	began  time.Time
	n      atomic.Int64
	// Started is the time from the order to start it to its line.
	Started time.Duration
}

// Start starts bin/served.
func Start(ctx context.Context, o Options) (_ *Program, err error) {
	p := &Program{client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 1024}}}
	p.cmd = exec.Command(filepath.Join(o.Bin, "served"), "-naive="+strconv.FormatBool(o.Naive), "-bin", o.Bin, "-messages", o.Messages, "-dir", o.Dir,
		"-plugins", strconv.Itoa(o.Plugins), "-accounts", strconv.Itoa(o.Accounts), "-gc-percent", strconv.Itoa(o.GCPercent))
	p.cmd.Stderr = os.Stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	stop()
	p.Started = time.Since(p.began)
	if err == nil {
		err = json.Unmarshal(line, &p.ready)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("served: the program did not start: %w", err), p.Close())
	}
	return p, nil
}

// Close ends the program and what it started, and waits for it.
func (p *Program) Close() error {
	p.client.CloseIdleConnections()
	patience := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer patience.Stop()
	return errors.Join(p.stdin.Close(), p.cmd.Wait())
}

// CPU is the processor time of the program and its plugins.
func (p *Program) CPU() (time.Duration, error) {
	sum, err := round.ProcessCPU(p.cmd.Process.Pid)
	for _, pid := range p.ready.Plugins {
		used, e := round.ProcessCPU(pid)
		sum, err = sum+used, errors.Join(err, e)
	}
	return sum, err
}

// Memory is what the program has in RAM, without its plugins, and what one of its plugins has for itself, on average.
func (p *Program) Memory() (program, plugin int64, err error) {
	if program, err = round.ResidentMemory(p.cmd.Process.Pid); err != nil {
		return 0, 0, err
	}
	for _, pid := range p.ready.Plugins {
		bytes, err := round.PrivateMemory(pid)
		if err != nil {
			return 0, 0, err
		}
		plugin += bytes
	}
	return program, plugin / int64(max(1, len(p.ready.Plugins))), nil
}

// Create posts one order that nobody has posted before.
func (p *Program) Create(ctx context.Context, account string) error {
	key := fmt.Sprintf("load-%x-%d", p.began.UnixNano(), p.n.Add(1))
	body, err := Order(account, key)
	if err != nil {
		return err
	}
	raw, err := p.ask(ctx, http.MethodPost, "/v1/invoices", body, key)
	if err == nil && !bytes.Contains(raw, []byte(`"status":"pending"`)) {
		err = fmt.Errorf("served: not a pending invoice: %s", raw)
	}
	return err
}

// Get reads a path.
func (p *Program) Get(ctx context.Context, path string) ([]byte, error) {
	return p.ask(ctx, http.MethodGet, path, nil, "")
}

func (p *Program) ask(ctx context.Context, method, path string, body []byte, key string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.ready.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+Token)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(answer.Body)
	err = errors.Join(err, answer.Body.Close())
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("served: %s %s: %s: %s", method, path, answer.Status, raw)
	}
	return raw, err
}
