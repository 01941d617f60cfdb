package hop

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/wire"
	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// Names of the subjects.
const (
	Ours      = "payhost, unary"
	Bare      = "bare grpc-go"
	AutoMTLS  = "go-plugin + AutoMTLS"
	InProcess = "payhost, in process"
	Direct    = "Go call"
)

// Bench holds one process of each kind.
type Bench struct {
	starter *Starter
	proc    *process.Process
	account pay.Account
	inside  pay.Account
	direct  pay.Account
	stock   *Stock
	bare    *bare
	capture *wire.Capture
	dir     string
}

// AnswerFile is where the answer of the peers lies in a directory.
func AnswerFile(dir string) string { return filepath.Join(dir, "answer.pb") }

// Start starts the processes; bin holds the programs, dir is for what they need.
func Start(ctx context.Context, bin, dir string) (_ *Bench, err error) {
	b := &Bench{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if b.starter, err = NewStarter(bin); err != nil {
		return nil, err
	}
	if b.proc, err = b.starter.Start(ctx); err != nil {
		return nil, err
	}
	b.capture = &wire.Capture{ClientConnInterface: b.proc.Conn()}
	captured, err := Open(ctx, b.capture)
	if err != nil {
		return nil, err
	}
	if err := Create(ctx, captured, echo.Request()); err != nil {
		return nil, err
	}
	if err := b.capture.Save(AnswerFile(dir)); err != nil {
		return nil, err
	}
	if b.account, err = Open(ctx, b.proc.Conn()); err != nil {
		return nil, err
	}
	if b.stock, err = StartStock(bin, AnswerFile(dir)); err != nil {
		return nil, err
	}
	if b.bare, err = startBare(ctx, bin, AnswerFile(dir), dir); err != nil {
		return nil, err
	}
	guarded, err := plugin.InProcess(echo.Provider{}, plugin.ClientConfig{})
	if err != nil {
		return nil, err
	}
	if b.inside, err = guarded.Open(ctx, echo.Opening()); err != nil {
		return nil, err
	}
	b.direct, err = echo.Provider{}.Open(ctx, echo.Opening())
	return b, err
}

// Captured is the call that all peers carry.
func (b *Bench) Captured() *wire.Capture { return b.capture }

// Close ends all processes.
func (b *Bench) Close() error {
	var err error
	if b.bare != nil {
		err = b.bare.stop()
	}
	if b.stock != nil {
		b.stock.Stop()
	}
	if b.proc != nil {
		b.proc.Kill()
	}
	if b.starter != nil {
		err = errors.Join(err, b.starter.Close())
	}
	return errors.Join(err, os.RemoveAll(AnswerFile(b.dir)))
}

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject {
	req, message := echo.Request(), b.capture.Request()
	return []round.Subject{
		{
			Name: Ours, Elsewhere: of(b.proc.PID()),
			Call: func(ctx context.Context, _ int) error { return Create(ctx, b.account, req) },
		}, {
			Name: Bare, Elsewhere: of(b.bare.cmd.Process.Pid),
			Call: func(ctx context.Context, _ int) error { return b.bare.create(ctx, message) },
		}, {
			Name: AutoMTLS, Elsewhere: of(b.stock.PID()),
			Call: func(ctx context.Context, _ int) error { return b.stock.Create(ctx, message) },
		}, {
			Name: InProcess,
			Call: func(ctx context.Context, _ int) error { return Create(ctx, b.inside, req) },
		}, {
			Name: Direct,
			Call: func(ctx context.Context, _ int) error { return Create(ctx, b.direct, req) },
		},
	}
}

func of(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) { return round.ProcessCPU(pid) }
}
