package hop

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/wire"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// Names of the subjects.
const (
	Stream    = "payhost, stream"
	Unary     = "payhost, unary"
	Bare      = "bare grpc-go"
	BareTuned = "bare grpc-go, GOGC=400 on both sides"
	AutoMTLS  = "go-plugin + AutoMTLS"
	InProcess = "payhost, in process"
	Direct    = "Go call"
)

// Bench holds one process of each kind.
type Bench struct {
	capture *wire.Capture
	dir     string
	ours    []round.Subject
	peers   []round.Subject
	ends    []func() error
	// Missing says which peers are not there and why.
	Missing []string
}

// Record makes one create with our plugin, keeps its messages and writes them into dir, where the peers find them.
func Record(ctx context.Context, bin, dir string) (_ *wire.Capture, err error) {
	starter, err := NewStarter(bin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, starter.Close()) }()
	proc, err := starter.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer proc.Kill()
	capture := &wire.Capture{ClientConnInterface: proc.Conn()}
	account, err := Open(ctx, capture, true) // only plain calls can be looked into
	if err != nil {
		return nil, err
	}
	if err := Create(ctx, account, echo.Request()); err != nil {
		return nil, err
	}
	return capture, capture.Save(dir)
}

// Start starts the processes; bin holds the programs, dir is for what they need. A peer that does not start is missing.
func Start(ctx context.Context, bin, dir string) (_ *Bench, err error) {
	b := &Bench{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if b.capture, err = Record(ctx, bin, dir); err != nil {
		return nil, err
	}
	if err := b.startOurs(ctx, bin); err != nil {
		return nil, err
	}
	b.startPeers(ctx, bin)
	return b, b.startInside(ctx)
}

func (b *Bench) startOurs(ctx context.Context, bin string) error {
	starter, err := NewStarter(bin)
	if err != nil {
		return err
	}
	b.ends = append(b.ends, starter.Close)
	for _, name := range []string{Stream, Unary} {
		proc, err := starter.Start(ctx)
		if err != nil {
			return err
		}
		b.ends = append(b.ends, func() error {
			proc.Kill()
			return nil
		})
		account, err := Open(ctx, proc.Conn(), name == Unary)
		if err != nil {
			return err
		}
		subject := creates(name, account, of(proc.PID()))
		tuned := subject
		tuned.Name, tuned.Around = name+round.Tuned, round.Collector(round.TunedPercent)
		b.ours = append(b.ours, subject, tuned)
	}
	return nil
}

func (b *Bench) startPeers(ctx context.Context, bin string) {
	message := b.capture.Request()
	for _, peer := range []struct {
		name, socket string
		env          []string
		around       func() func()
	}{{name: Bare, socket: "bare.sock"}, {name: BareTuned, socket: "tuned.sock", env: []string{"GOGC=400"}, around: round.Collector(round.TunedPercent)}} {
		bare, err := startBare(ctx, bin, b.AnswerFile(), filepath.Join(b.dir, peer.socket), peer.env...)
		if err != nil {
			b.Missing = append(b.Missing, fmt.Sprintf("%s: %v", peer.name, err))
			continue
		}
		b.ends = append(b.ends, bare.stop)
		b.peers = append(b.peers, round.Subject{
			Name: peer.name, Elsewhere: of(bare.cmd.Process.Pid), Around: peer.around,
			Call: func(ctx context.Context, _ int) error { return bare.create(ctx, message) },
		})
	}
	stock, err := StartStock(bin, b.AnswerFile())
	if err != nil {
		b.Missing = append(b.Missing, fmt.Sprintf("%s: %v", AutoMTLS, err))
		return
	}
	b.ends = append(b.ends, func() error {
		stock.Stop()
		return nil
	})
	b.peers = append(b.peers, round.Subject{
		Name: AutoMTLS, Elsewhere: of(stock.PID()),
		Call: func(ctx context.Context, _ int) error { return stock.Create(ctx, message) },
	})
}

func (b *Bench) startInside(ctx context.Context) error {
	guarded, err := plugin.InProcess(echo.Provider{}, plugin.ClientConfig{})
	if err != nil {
		return err
	}
	inside, err := guarded.Open(ctx, echo.Opening())
	if err != nil {
		return err
	}
	direct, err := echo.Provider{}.Open(ctx, echo.Opening())
	b.peers = append(b.peers, creates(InProcess, inside, nil), creates(Direct, direct, nil))
	return err
}

func creates(name string, account pay.Account, elsewhere func() (time.Duration, error)) round.Subject {
	req := echo.Request()
	return round.Subject{Name: name, Elsewhere: elsewhere, Call: func(ctx context.Context, _ int) error { return Create(ctx, account, req) }}
}

// Captured is the call that all peers carry.
func (b *Bench) Captured() *wire.Capture { return b.capture }

// AnswerFile is where the answer of the peers lies.
func (b *Bench) AnswerFile() string { return filepath.Join(b.dir, wire.AnswerFile) }

// Close ends all processes, those that started last first.
func (b *Bench) Close() error {
	var err error
	for i := len(b.ends) - 1; i >= 0; i-- {
		err = errors.Join(err, b.ends[i]())
	}
	return err
}

// Ours are our subjects with a process of their own.
func (b *Bench) Ours() []round.Subject { return append([]round.Subject(nil), b.ours...) }

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject { return append(b.Ours(), b.peers...) }

func of(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) { return round.ProcessCPU(pid) }
}
