// Package sandbox serves the three provider simulators, so that a host can be tried without an account anywhere.
//
// Each simulator has an address of its own, as the providers do. Their credentials are made up, the same at every start
// and worth nothing; [Sandbox.Accounts] are ready entries for payhost.yaml.
package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/plugins/payin/payinsim"
)

// The made-up credentials.
const (
	payinUser       = 7026
	payinService    = 12
	payinSecret     = "sandbox-payin-developer-key"
	merchantKey     = "sandbox-merchant-store-key"
	merchantSecret  = "sandbox-merchant-signing-secret"
	merchantCode2FA = "000000"
	monobankToken   = "sandbox-monobank-token"
)

// Config says where the simulators listen.
type Config struct {
	// Listen is the address of the index page. With a port other than 0, the simulators take the three ports after it;
	// with port 0 the system chooses all four.
	Listen string
	// PayinCallback is where payin sends its callbacks of top-ups, which at the real provider a person registers by hand.
	// Those of charges and rewards go beside it, if it ends in /topup. Empty sends none; see [Sandbox.SetPayinCallback].
	PayinCallback string
	// Logger receives one line for each callback that is sent.
	Logger *slog.Logger
}

// Sandbox is three simulators and their index page. Make one with [Start], end it with [Sandbox.Close].
type Sandbox struct {
	// IndexURL, PayinURL, MerchantURL and MonobankURL are where they listen.
	IndexURL, PayinURL, MerchantURL, MonobankURL string

	payin    *payinsim.Sim
	merchant *merchantsim.Sim
	monobank *monobanksim.Sim

	providers []provider

	mu     sync.Mutex // guards notice
	notice string     // what the page says once

	servers []*http.Server
	wg      sync.WaitGroup
	once    sync.Once
}

// retryDelays are the pauses before a callback is repeated. The providers wait minutes; a person at a screen does not.
func retryDelays() []time.Duration {
	return []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}
}

// Start opens the listeners and serves. Nothing is left running when it fails.
func Start(ctx context.Context, c Config) (*Sandbox, error) {
	opened, err := listeners(ctx, c.Listen)
	if err != nil {
		return nil, err
	}
	url := func(i int) string { return "http://" + opened[i].Addr().String() }
	s := &Sandbox{IndexURL: url(0), PayinURL: url(1), MerchantURL: url(2), MonobankURL: url(3)}
	s.payin = payinsim.New(payinsim.Config{
		PublicURL: s.PayinURL, UserID: payinUser, Key: payinSecret, ServiceID: payinService, RetryDelays: retryDelays(), Logger: c.Logger,
	})
	s.SetPayinCallback(c.PayinCallback)
	s.merchant = merchantsim.New(merchantsim.Config{
		PublicURL: s.MerchantURL, APIKey: merchantKey, Secret: merchantSecret, Code2FA: merchantCode2FA, RetryDelays: retryDelays(), Logger: c.Logger,
	})
	s.monobank = monobanksim.New(monobanksim.Config{
		PublicURL: s.MonobankURL, Token: monobankToken, AllowSaveCard: true, AllowReturnURLs: true, RetryDelays: retryDelays(), Logger: c.Logger,
	})
	s.providers = []provider{{"payin", s.PayinURL, s.payin}, {"merchant", s.MerchantURL, s.merchant}, {"monobank", s.MonobankURL, s.monobank}}
	for i, handler := range []http.Handler{s.page(opened[0].Addr()), s.payin, s.merchant, s.monobank} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, server)
		s.wg.Go(func() { _ = server.Serve(opened[i]) }) // ends with Close
	}
	return s, nil
}

// page serves the index page and its forms.
func (s *Sandbox) page(at net.Addr) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("POST /press", s.press)
	tcp, ok := at.(*net.TCPAddr)
	return sameOrigin(mux, ok && tcp.IP.IsLoopback())
}

// SetPayinCallback changes where payin sends its callbacks: those of top-ups to url, and if that ends in /topup, those of
// charges and rewards to the same address with /charge and /reward.
func (s *Sandbox) SetPayinCallback(url string) {
	s.payin.SetCallbackURL(url)
	charge, reward := "", ""
	if account, found := strings.CutSuffix(url, "/"+PayinTail); found {
		charge, reward = account+"/charge", account+"/reward"
	}
	s.payin.SetChargeCallbackURL(charge)
	s.payin.SetRewardCallbackURL(reward)
}

// Close stops the simulators and waits for them. Closing twice is fine.
func (s *Sandbox) Close() {
	s.once.Do(func() {
		s.payin.Close()
		s.merchant.Close()
		s.monobank.Close()
		for _, server := range s.servers {
			_ = server.Close()
		}
		s.wg.Wait()
	})
}

// listeners opens four addresses.
func listeners(ctx context.Context, address string) ([]net.Listener, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("the address must have a port, such as 127.0.0.1:9000 or 127.0.0.1:0")
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, errors.New("the port must be a number from 0 to 65535")
	}
	var opened []net.Listener
	var lc net.ListenConfig
	for range 4 {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.FormatUint(port, 10)))
		if err != nil {
			for _, l := range opened {
				_ = l.Close()
			}
			return nil, err
		}
		opened = append(opened, l)
		if port != 0 {
			port++
		}
	}
	return opened, nil
}
