// Package sandbox holds the peers that run an adapter inside the host's process, in an interpreter or a compiled sandbox, instead
// of in a process of its own.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// instances is how many guests or interpreters a peer has; each runs one call at a time.
const instances = 4

// Wasm is a pool of guests written in Go, compiled by wazero. A call encodes the request, runs the guest, which decodes it and
// encodes the answer, and decodes that.
type Wasm struct {
	runtime wazero.Runtime
	idle    chan *guest
	message *pluginv1.CreateInvoiceRequest
}

type guest struct {
	memory          api.Memory
	reserve, create api.Function
	buf             []byte
}

// NewWasm compiles bin/guest.wasm; the machine code is kept beside it for the next run. answer is what guests say.
func NewWasm(ctx context.Context, bin, answer string, message *pluginv1.CreateInvoiceRequest) (_ *Wasm, err error) {
	code, err := os.ReadFile(filepath.Join(bin, "guest.wasm"))
	if err != nil {
		return nil, err
	}
	said, err := os.ReadFile(answer)
	if err != nil {
		return nil, err
	}
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(bin, "wazero"))
	if err != nil {
		return nil, err
	}
	w := &Wasm{
		runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache)),
		idle:    make(chan *guest, instances), message: message,
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close(ctx))
		}
	}()
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, w.runtime); err != nil {
		return nil, err
	}
	compiled, err := w.runtime.CompileModule(ctx, code)
	if err != nil {
		return nil, err
	}
	for range instances {
		module, err := w.runtime.InstantiateModule(ctx, compiled,
			wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithSysWalltime().WithSysNanotime())
		if err != nil {
			return nil, err
		}
		g := &guest{memory: module.Memory(), reserve: module.ExportedFunction("reserve"), create: module.ExportedFunction("create")}
		if err := g.write(ctx, said); err != nil {
			return nil, err
		}
		if ok, err := module.ExportedFunction("prepare").Call(ctx); err != nil || ok[0] != 1 {
			return nil, fmt.Errorf("sandbox: the guest does not understand its answer: %w", err)
		}
		w.idle <- g
	}
	return w, nil
}

// Create is one call.
func (w *Wasm) Create(ctx context.Context, _ int) error {
	g := <-w.idle
	defer func() { w.idle <- g }()
	var err error
	if g.buf, err = (proto.MarshalOptions{}).MarshalAppend(g.buf[:0], w.message); err != nil {
		return err
	}
	if err := g.write(ctx, g.buf); err != nil {
		return err
	}
	result, err := g.create.Call(ctx)
	if err != nil {
		return err
	}
	raw, ok := g.memory.Read(uint32(result[0]>>32), uint32(result[0]))
	var answer pluginv1.CreateInvoiceResponse
	if err := proto.Unmarshal(raw, &answer); err != nil || !ok || answer.GetState() == nil {
		return fmt.Errorf("sandbox: the guest has no answer: %w", err)
	}
	return nil
}

func (g *guest) write(ctx context.Context, b []byte) error {
	at, err := g.reserve.Call(ctx, uint64(len(b)))
	if err == nil && !g.memory.Write(uint32(at[0]), b) {
		err = errors.New("sandbox: the guest's memory is too small")
	}
	return err
}

// Close ends the guests.
func (w *Wasm) Close(ctx context.Context) error { return w.runtime.Close(ctx) }
