package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// faultPrefix begins the names of plugins that misbehave; the rest of the name says how.
const faultPrefix = "fault-"

// serveFault is the main of a misbehaving plugin.
func serveFault(name string) {
	p := faultyProvider{name: name, version: "1.0.0", slow: &atomic.Bool{}}
	switch strings.TrimPrefix(name, faultPrefix) {
	case "drip":
		serveDripping(p)
		return
	case "exit-at-start":
		os.Exit(3)
	case "no-handshake":
		fmt.Println("Hello, I am a plugin.")
		time.Sleep(time.Minute)
	case "garbled-handshake":
		fmt.Println("1|1|carrier-pigeon|loft|grpc|")
		time.Sleep(time.Minute)
	case "protocol-99":
		speakOnly(99)
	case "protocol-0":
		speakOnly(0)
	case "other-name":
		p.name = "somebody-else"
	case "other-version":
		p.version = "9.9.9"
	case "slow-start":
		time.Sleep(1500 * time.Millisecond)
	case "ignore-term":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		plugin.Serve(p)
		select {} // an author's main that does not return
	}
	plugin.Serve(p)
}

// speakOnly says which protocol it speaks, as a plugin of another age would, and waits for a caller.
func speakOnly(protocol int) {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "p.sock")
	l, err := net.Listen("unix", path)
	must(err)
	fmt.Printf("1|%d|unix|%s|grpc|\n", protocol, path)
	_, _ = l.Accept()
	time.Sleep(time.Minute)
}

// faultyProvider behaves until it is asked for an order whose reference begins with "fault". It is its own bank: every
// order it accepted is pending.
type faultyProvider struct {
	name, version string
	slow          *atomic.Bool
}

func (p faultyProvider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	return pay.Manifest{
		Name: p.name, Version: p.version, Currencies: []pay.Currency{uah},
		ConfigSchema: json.RawMessage(`{"type":"object","properties":{"poor":{"type":"boolean"}}}`),
		Operations:   map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveLookup}, pay.OpCancel: {Resolution: pay.ResolveLookup}},
		Abilities:    pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel),
	}
}

func (p faultyProvider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct {
		Poor bool `json:"poor"`
	}
	if err := json.Unmarshal(cfg.Config, &c); err != nil {
		return nil, pay.Invalid("config", "is not an object")
	}
	return faultyAccount{strings.TrimPrefix(p.name, faultPrefix), c.Poor, p.slow}, nil
}

type faultyAccount struct {
	fault string
	poor  bool
	slow  *atomic.Bool
}

func (a faultyAccount) Abilities() pay.Abilities {
	if a.poor {
		return pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice)
	}
	return pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel)
}

func (a faultyAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	state := pay.InvoiceState{ProviderRef: "f-" + req.Call.ProviderKey, Status: pay.StatusPending}
	if !strings.HasPrefix(req.Reference, "fault") {
		return state, nil
	}
	return a.misbehave(ctx, req, state)
}

func (a faultyAccount) GetInvoice(_ context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return pay.InvoiceState{ProviderRef: "f-" + ref.ProviderKey, Status: pay.StatusPending}, nil
}

func (a faultyAccount) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return a.GetInvoice(ctx, req.Invoice)
}

func (a faultyAccount) CancelInvoice(_ context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{ProviderRef: req.Invoice.ProviderRef, Status: pay.StatusCanceled}, nil
}

func (a faultyAccount) misbehave(ctx context.Context, req pay.CreateInvoice, state pay.InvoiceState) (pay.InvoiceState, error) {
	switch a.fault {
	case "freeze":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {} // other threads run for another moment
	case "hang":
		select {}
	case "fork":
		if err := fork(); err != nil {
			return state, err
		}
		os.Exit(1)
	case "double-fork":
		orphan, err := doubleFork()
		state.Data = map[string]string{"orphan": strconv.Itoa(orphan)}
		return state, err
	case "hold-fds":
		for range 5000 {
			if fd, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0); err != nil || fd < 0 {
				break
			}
		}
	case "spin":
		for range 2 * runtime.NumCPU() {
			go func() {
				for { //nolint:revive,staticcheck // burning the processor is the point
				}
			}()
		}
	case "eat-memory":
		eaten := make([]byte, 256<<20)
		for i := 0; i < len(eaten); i += 4096 {
			eaten[i] = 1
		}
		go func() { time.Sleep(time.Hour); runtime.KeepAlive(eaten) }()
	case "flood":
		go flood()
	case "long-lines":
		line := append([]byte(strings.Repeat("x", 1<<20)), '\n')
		for range 16 {
			printRaw(1, line)
			printRaw(2, line)
		}
	case "garbage":
		noise := make([]byte, 1<<20)
		for i := range noise {
			noise[i] = byte(rand.Uint32())
		}
		printRaw(1, noise)
		printRaw(2, noise)
	case "odd-message":
		for _, line := range []string{`{"@message": 1}`, `{"@level": 7}`, `{"@timestamp": []}`, `{"@message": null, "@level": {}}`, `{`, "panic: no"} {
			printRaw(1, []byte(line+"\n"))
			printRaw(2, []byte(line+"\n"))
		}
	case "huge-answer":
		state.FinalReason = strings.Repeat("z", 200<<20)
	case "panic":
		panic("an adapter that panics")
	case "panic-goroutine":
		go panic("a goroutine that panics")
		select {}
	case "exit-zero":
		os.Exit(0)
	case "lie-amount":
		state.Status, state.Amount, state.Captured = pay.StatusPaid, faultMoney("999999.00", "UAH"), faultMoney("999999.00", "UAH")
	case "lie-currency":
		state.Status, state.Amount, state.Captured = pay.StatusPaid, faultMoney("10.00", "USD"), faultMoney("10.00", "USD")
	case "lie-status":
		state.Status = "splendid"
	case "lie-id":
		state.ProviderRef = "f-the-same-for-every-order"
	case "drip":
		a.slow.Store(true)
	case "rude-error":
		return pay.InvoiceState{}, errors.New("\x00\xff{\"@message\": 1}" + strings.Repeat("é\xc3", 4096))
	}
	return state, ctx.Err()
}

func faultMoney(value, currency string) pay.Money {
	m, err := pay.ParseMoney(value, currency)
	must(err)
	return m
}

// printRaw writes to a descriptor past everything that the SDK does with it.
func printRaw(fd int, text []byte) {
	for len(text) > 0 {
		n, err := syscall.Write(fd, text)
		if err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
			return
		}
		text = text[max(n, 0):]
	}
}

// flood prints 100 000 lines a second until it is ended.
func flood() {
	lines := []byte(strings.Repeat("[INFO] the same line again and again\n", 1000))
	ticker := time.NewTicker(10 * time.Millisecond)
	for range ticker.C {
		printRaw(2, lines)
	}
}
