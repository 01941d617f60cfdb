package plugin

import (
	"log/slog"
	"net/http"
	"time"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/httpx"
)

// Runtime is what the host decides for everything a plugin does. The zero Runtime is usable: direct connections, the
// system's certificates, the SDK's limits.
type Runtime struct {
	// ProxyURL is an http, https or socks5 proxy for all provider calls but those to loopback addresses. Empty: direct. The
	// plugin's environment decides nothing.
	ProxyURL string
	// CABundle holds PEM certificates that are trusted beside those of the system.
	CABundle []byte
	// UserAgent stands before the plugin's own product token. Default "payhost".
	UserAgent string
	// MaxResponseBytes is the largest accepted body of a provider's answer. Default 1 MiB.
	MaxResponseBytes int64
	// Timeout bounds one provider call. Default 15 s.
	Timeout time.Duration
	// ConnectTimeout bounds connecting. Default 5 s.
	ConnectTimeout time.Duration
	// AllowPlainHTTP permits http:// to any address. Otherwise it is refused except to loopback addresses, where simulators
	// listen.
	AllowPlainHTTP bool
	// Record logs every provider exchange at debug level: method, address without its query, status and time, never a body.
	Record bool
	// Recordings are accounts whose exchanges are written into files, scrubbed; see [httpx.Recorder].
	Recordings []Recording
	// HostVersion and HostInstance tell the plugin's log who its host is.
	HostVersion, HostInstance string
	// Features are optional parts of the protocol the host understands, beside those that [Client] adds itself.
	Features []string
}

// Recording says where the exchanges of one account are written.
type Recording struct {
	// AccountID is the account.
	AccountID string
	// Dir is an existing directory with mode 0700, absolute.
	Dir string
	// MaxExchanges is the number of files Dir may hold. Default 2000.
	MaxExchanges int
	// MaxBytes is the size they may have together. Default 64 MiB.
	MaxBytes int64
}

// Info is what a plugin says about itself beside its manifest.
type Info struct {
	// SDK is for example "payhost-go/1.0.0".
	SDK string
	// Runtime is the language and platform, for example "go1.26.0 linux/amd64".
	Runtime string
	// Features are optional parts of the protocol the plugin understands.
	Features []string
}

// Health is how a plugin is.
type Health struct {
	// OpenAccounts is the number of handles held.
	OpenAccounts int64
	// RunningCalls are calls in adapters; AbandonedCalls are those among them whose deadline has passed.
	RunningCalls, AbandonedCalls int64
	// AnsweredCalls counts since the start of the process.
	AnsweredCalls int64
}

func toRuntime(r Runtime) *pluginv1.Runtime {
	return &pluginv1.Runtime{
		ProxyUrl:    r.ProxyURL,
		CaBundlePem: r.CABundle,
		Http: &pluginv1.HttpLimits{
			MaxResponseBytes: r.MaxResponseBytes,
			Timeout:          toDuration(nil, r.Timeout),
			ConnectTimeout:   toDuration(nil, r.ConnectTimeout),
		},
		UserAgent:      r.UserAgent,
		Record:         r.Record,
		HostVersion:    r.HostVersion,
		HostInstance:   r.HostInstance,
		Features:       r.Features,
		AllowPlainHttp: r.AllowPlainHTTP,
		Recordings:     each(r.Recordings, toRecording),
	}
}

func fromRuntime(r *pluginv1.Runtime) Runtime {
	return Runtime{
		ProxyURL:         r.GetProxyUrl(),
		CABundle:         r.GetCaBundlePem(),
		UserAgent:        r.GetUserAgent(),
		MaxResponseBytes: r.GetHttp().GetMaxResponseBytes(),
		Timeout:          fromDuration(r.GetHttp().GetTimeout()),
		ConnectTimeout:   fromDuration(r.GetHttp().GetConnectTimeout()),
		AllowPlainHTTP:   r.GetAllowPlainHttp(),
		Record:           r.GetRecord(),
		HostVersion:      r.GetHostVersion(),
		HostInstance:     r.GetHostInstance(),
		Features:         r.GetFeatures(),
		Recordings:       each(r.GetRecordings(), fromRecording),
	}
}

func toRecording(r Recording) *pluginv1.Recording {
	return &pluginv1.Recording{AccountId: r.AccountID, Directory: r.Dir, MaxExchanges: int32(r.MaxExchanges), MaxBytes: r.MaxBytes}
}

func fromRecording(r *pluginv1.Recording) Recording {
	return Recording{AccountID: r.GetAccountId(), Dir: r.GetDirectory(), MaxExchanges: int(r.GetMaxExchanges()), MaxBytes: r.GetMaxBytes()}
}

// httpClient makes the one client that all accounts of the plugin share.
func (r Runtime) httpClient(product string, log *slog.Logger) (*http.Client, error) {
	agent := r.UserAgent
	if agent == "" {
		agent = httpx.DefaultUserAgent
	}
	client, err := httpx.New(httpx.Config{
		ProxyURL:       r.ProxyURL,
		CABundle:       r.CABundle,
		UserAgent:      agent + " " + product,
		Timeout:        r.Timeout,
		ConnectTimeout: r.ConnectTimeout,
		MaxBody:        r.MaxResponseBytes,
		AllowPlainHTTP: r.AllowPlainHTTP,
	})
	if err != nil {
		return nil, err
	}
	if r.Record {
		client.Transport = &recorder{next: client.Transport, log: log}
	}
	return client, nil
}

// recorder logs exchanges without anything that could be secret.
type recorder struct {
	next http.RoundTripper
	log  *slog.Logger
}

// RoundTrip implements [http.RoundTripper].
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	res, err := r.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = res.StatusCode
	}
	r.log.DebugContext(req.Context(), "provider exchange",
		"method", req.Method, "url", httpx.RedactURL(req.URL), "status", status, "took", time.Since(start))
	return res, err
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (r *recorder) CloseIdleConnections() {
	if c, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
