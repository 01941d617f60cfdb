package host_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cut is one point at which the one mutating call of a cell breaks.
type cut struct {
	// name is the column of the table, and how tests call the point.
	name string
	// acted says whether the provider did what it was asked before the break.
	acted bool
	// unsent: the request provably never left.
	unsent bool
	// process: the plugin's process ends or freezes; all other points are breaks of the network or the answer.
	process bool
	// harmless says that an empty answer survives the break: half of nothing is nothing.
	harmless bool
}

// freezes says that the plugin's process stands still instead of ending.
func (c cut) freezes() bool { return c.name == cutFreeze || c.name == cutFreezeActed }

const (
	cutRefused     = "connection refused"
	cutTLS         = "TLS failure"
	cutMidRequest  = "cut mid-request"
	cutNoAnswer    = "cut before the answer, not acted"
	cutAnswer      = "cut before the answer, acted"
	cutMidAnswer   = "cut mid-response"
	cutStatus      = "503, not acted"
	cutStatusActed = "500, acted"
	cutPage        = "502 HTML page, not acted"
	cutPageActed   = "200 HTML page, acted"
	cutTruncated   = "truncated JSON"
	cutHang        = "timeout, not acted"
	cutHangActed   = "timeout, acted"
	cutRedirect    = "redirect"
	cutKill        = "plugin killed, not acted"
	cutKillActed   = "plugin killed, acted"
	cutFreeze      = "plugin frozen, not acted"
	cutFreezeActed = "plugin frozen, acted"
)

// cuts are the columns of the matrix.
func cuts() []cut {
	return []cut{
		{name: cutRefused, unsent: true}, {name: cutTLS, unsent: true}, {name: cutMidRequest},
		{name: cutNoAnswer}, {name: cutAnswer, acted: true}, {name: cutMidAnswer, acted: true},
		{name: cutStatus}, {name: cutStatusActed, acted: true}, {name: cutPage}, {name: cutPageActed, acted: true},
		{name: cutTruncated, acted: true, harmless: true}, {name: cutHang}, {name: cutHangActed, acted: true}, {name: cutRedirect},
		{name: cutKill, process: true}, {name: cutKillActed, acted: true, process: true}, {name: cutFreeze, process: true}, {name: cutFreezeActed, acted: true, process: true},
	}
}

// gate stands before one simulator, speaks TLS and breaks the one call that it is armed for. Every connection carries one
// request, so that what happens to a connection happens to one call.
type gate struct {
	address string
	sim     http.Handler
	good    tls.Certificate
	bad     tls.Certificate
	// held is told when a call that shall hang has come as far as it goes; free lets all held ones go.
	held, free chan struct{}
	freed      sync.Once

	mu     sync.Mutex // guards everything below
	server *http.Server
	done   chan struct{}
	cut    *cut
	match  func(method, path string) bool
	// sent counts the mutating requests that came in since the gate was armed, whole or in part.
	sent int
	// stray says that somebody came to where a redirect pointed.
	stray bool
	// dark, when not nil, holds whatever comes after the break, so that nothing is settled before the verdict was read.
	dark chan struct{}
}

func newGate(t *testing.T, certs [2]tls.Certificate) *gate {
	t.Helper()
	g := &gate{address: "127.0.0.1:0", good: certs[0], bad: certs[1], held: make(chan struct{}, 16), free: make(chan struct{})}
	require.NoError(t, g.open())
	t.Cleanup(func() {
		g.release()
		g.light()
		g.close()
	})
	return g
}

func (g *gate) url() string { return "https://" + g.address }

// open listens, after [gate.close] on the same port.
func (g *gate) open() error {
	var l net.Listener
	var err error
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if l, err = net.Listen("tcp", g.address); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		return err
	}
	server := &http.Server{Handler: g, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	server.SetKeepAlivesEnabled(false)
	done := make(chan struct{})
	g.mu.Lock()
	if g.server == nil {
		g.address = l.Addr().String()
	}
	g.server, g.done = server, done
	g.mu.Unlock()
	go func() {
		defer close(done)
		_ = server.Serve(gateListener{l, g})
	}()
	return nil
}

func (g *gate) close() {
	g.mu.Lock()
	server, done := g.server, g.done
	g.mu.Unlock()
	_ = server.Close()
	<-done
}

// arm makes the gate break the next call that match names.
func (g *gate) arm(c cut, match func(method, path string) bool) {
	g.mu.Lock()
	g.cut, g.match, g.sent = &c, match, 0
	if !c.unsent {
		g.dark = make(chan struct{})
	}
	g.mu.Unlock()
	if c.name == cutRefused {
		g.close()
	}
}

// repair ends what refuses connections.
func (g *gate) repair() error {
	g.mu.Lock()
	c := g.cut
	g.cut = nil
	g.mu.Unlock()
	if c != nil && c.name == cutRefused {
		return g.open()
	}
	return nil
}

// release lets held calls go.
func (g *gate) release() { g.freed.Do(func() { close(g.free) }) }

// light lets look-ups and repeats through.
func (g *gate) light() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dark != nil {
		close(g.dark)
		g.dark = nil
	}
}

func (g *gate) requests() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sent
}

// elsewhere is where redirects point.
const elsewhere = "/elsewhere"

func (g *gate) strayed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stray
}

// take decides about a request: broken, held until light, or passed on.
func (g *gate) take(method, path string) (broken *cut, wait chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stray = g.stray || path == elsewhere
	mutates := g.match != nil && g.match(method, path)
	if mutates {
		g.sent++
	}
	if mutates && g.cut != nil && !g.cut.unsent {
		broken, g.cut = g.cut, nil
		return broken, nil
	}
	if g.cut == nil {
		wait = g.dark
	}
	return nil, wait
}

// ServeHTTP passes a request on to the simulator, or breaks it.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	broken, wait := g.take(r.Method, r.URL.Path)
	if wait != nil {
		select {
		case <-wait:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	if broken == nil {
		g.sim.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	if broken.acted {
		g.sim.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
	}
	g.breakAnswer(*broken, w, r, answer)
}

func (g *gate) breakAnswer(c cut, w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	whole := answer.Body.Bytes()
	switch c.name {
	case cutNoAnswer, cutAnswer:
	case cutMidAnswer:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(whole)+1))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(whole[:len(whole)/2])
		_ = http.NewResponseController(w).Flush()
	case cutStatus, cutStatusActed:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(map[string]int{cutStatus: http.StatusServiceUnavailable, cutStatusActed: http.StatusInternalServerError}[c.name])
		_, _ = io.WriteString(w, `{"message":"something went wrong"}`)
		return
	case cutPage, cutPageActed:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(map[string]int{cutPage: http.StatusBadGateway, cutPageActed: http.StatusOK}[c.name])
		_, _ = io.WriteString(w, "<html><body><h1>Something in between</h1></body></html>")
		return
	case cutTruncated:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(whole[:len(whole)/2])
		return
	case cutRedirect:
		http.Redirect(w, r, g.url()+elsewhere, http.StatusFound)
		return
	default: // a timeout, or the plugin's process ends meanwhile
		g.held <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-g.free:
		}
	}
	panic(http.ErrAbortHandler)
}

// gateListener hands out connections that a gate can break before a request is whole.
type gateListener struct {
	net.Listener
	gate *gate
}

// Accept starts TLS, with a certificate that nobody trusts where that is the break.
func (l gateListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := tls.Server(raw, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		l.gate.mu.Lock()
		defer l.gate.mu.Unlock()
		if l.gate.cut != nil && l.gate.cut.name == cutTLS {
			return &l.gate.bad, nil
		}
		return &l.gate.good, nil
	}})
	return &gateConn{Conn: conn, raw: raw, gate: l.gate}, nil
}

type gateConn struct {
	net.Conn
	raw   net.Conn
	gate  *gate
	begun bool
}

// Read looks at the beginning of the one request of the connection.
func (c *gateConn) Read(p []byte) (int, error) {
	if c.begun || len(p) == 0 {
		return c.Conn.Read(p)
	}
	c.begun = true
	n, err := c.Conn.Read(p[:min(len(p), 128)])
	if err != nil {
		return n, err
	}
	c.gate.mu.Lock()
	armed := c.gate.cut != nil && c.gate.cut.name == cutMidRequest
	c.gate.mu.Unlock()
	words := strings.SplitN(string(p[:n]), " ", 3)
	if !armed || len(words) < 3 {
		return n, nil
	}
	path, _, _ := strings.Cut(words[1], "?")
	if broken, _ := c.gate.take(words[0], path); broken == nil {
		return n, nil
	}
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end
	}
	_ = c.raw.Close()
	return 0, io.ErrUnexpectedEOF
}

// gateCertificates makes one certificate that the plugins are told to trust, in PEM too, and one that nobody trusts.
func gateCertificates(t *testing.T) (certs [2]tls.Certificate, trusted []byte) {
	t.Helper()
	for i := range certs {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: fmt.Sprintf("simulated provider %d", i)},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		require.NoError(t, err)
		certs[i] = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
		if i == 0 {
			trusted = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		}
	}
	return certs, trusted
}
