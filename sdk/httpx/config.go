package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Config says how an adapter's client reaches the outside. The zero Config is
// usable: direct connections, the system's certificates, the limits below.
type Config struct {
	// ProxyURL is an http, https or socks5 proxy for everything but loopback
	// addresses. Empty: direct. The environment is never consulted.
	ProxyURL string
	// CABundle holds PEM certificates that are trusted beside those of the system.
	CABundle []byte
	// UserAgent is sent where a request sets none. Default "payhost".
	UserAgent string
	// Timeout bounds a whole exchange, the body included. Default 15 s.
	Timeout time.Duration
	// ConnectTimeout bounds dialling and, separately, the TLS handshake. Default 5 s.
	ConnectTimeout time.Duration
	// MaxBody is the largest accepted body of a response in bytes. Default 1 MiB.
	MaxBody int64
	// AllowPlainHTTP permits http:// to any address. Otherwise it is refused
	// except to loopback addresses, where simulators listen.
	AllowPlainHTTP bool
}

// The defaults of [Config].
const (
	DefaultUserAgent      = "payhost"
	DefaultTimeout        = 15 * time.Second
	DefaultConnectTimeout = 5 * time.Second
	DefaultMaxBody        = 1 << 20
)

// idleTimeout is short because every server closes idle connections at some
// moment, and a request written in that moment has an unknown outcome. It is
// below the shortest defaults in wide use, the 5 s of Apache and of Node.js.
const idleTimeout = 4 * time.Second

const maxHeaderBytes = 64 << 10

// New returns a client that follows no redirect, keeps no cookies, never
// repeats a request, accepts TLS 1.2 and later, bounds times and bodies and
// passes the call's trace context on. It is safe for concurrent use. The caller
// may release its idle connections with [http.Client.CloseIdleConnections].
func New(cfg Config) (*http.Client, error) {
	if cfg.Timeout < 0 || cfg.ConnectTimeout < 0 || cfg.MaxBody < 0 {
		return nil, errors.New("httpx: timeouts and limits must not be negative")
	}
	proxy, err := proxyFunc(cfg.ProxyURL)
	if err != nil {
		return nil, err
	}
	roots, err := rootCAs(cfg.CABundle)
	if err != nil {
		return nil, err
	}
	connect := orDefault(cfg.ConnectTimeout, DefaultConnectTimeout)
	dialer := &net.Dialer{Timeout: connect}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	transport := &http.Transport{
		Proxy: proxy,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn}, nil
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    connect,
		DisableCompression:     true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		Protocols:              protocols,
	}
	return &http.Client{
		Transport: &guard{
			next:       transport,
			userAgent:  orDefault(cfg.UserAgent, DefaultUserAgent),
			maxBody:    orDefault(cfg.MaxBody, DefaultMaxBody),
			allowPlain: cfg.AllowPlainHTTP,
		},
		Timeout:       orDefault(cfg.Timeout, DefaultTimeout),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func proxyFunc(raw string) (func(*http.Request) (*url.URL, error), error) {
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The text of err repeats the URL, which may hold a password.
		return nil, errors.New("httpx: the proxy URL cannot be parsed")
	}
	switch u.Scheme {
	case "http", "https", "socks5":
	default:
		return nil, fmt.Errorf("httpx: proxy scheme %q is not http, https or socks5", u.Scheme)
	}
	if u.Host == "" {
		return nil, errors.New("httpx: the proxy URL names no host")
	}
	return func(r *http.Request) (*url.URL, error) {
		if loopback(r.URL.Hostname()) {
			return nil, nil
		}
		return u, nil
	}, nil
}

func rootCAs(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("httpx: system certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, errors.New("httpx: the CA bundle holds no PEM certificate")
	}
	return pool, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
