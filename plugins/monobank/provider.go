package monobank

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// provider implements [pay.Provider].
type provider struct{ manifest pay.Manifest }

// New returns the monobank provider. version is the plugin's own version, for
// example "0.1.0"; the manifest shows it.
func New(version string) pay.Provider {
	return &provider{manifest: manifest(version)}
}

// Describe returns the manifest.
func (p *provider) Describe() pay.Manifest { return p.manifest }

// account is one merchant token. What it implements beside [pay.Account] is
// listed by the manifest's abilities. All but the key cache is immutable.
type account struct {
	config config
	base   *url.URL
	http   *http.Client
	log    *slog.Logger
	now    func() time.Time
	keys   *keyCache
}

// Open returns a handle for one merchant token. It asks the provider nothing.
func (p *provider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	if cfg.HTTP == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, pay.Errorf(pay.KindInternal, "the account was opened without an HTTP client, a clock or a logger")
	}
	c, base, err := readConfig(cfg.Config)
	if err != nil {
		return nil, err
	}
	a := &account{config: c, base: base, http: cfg.HTTP, log: cfg.Log, now: cfg.Now}
	a.keys = &keyCache{fetch: a.fetchKey, now: cfg.Now}
	return a, nil
}

// CreateInvoice asks for a payment page.
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	body, err := buildCreate(req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	res, err := a.post(ctx, pathCreate, body)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return a.readCreated(res, req)
}

// GetInvoice asks for the truth about one invoice. The provider knows only its
// own invoiceId: there is no look-up by reference.
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	if ref.ProviderRef == "" {
		return pay.InvoiceState{}, pay.Unsupported("looking up an invoice without the provider's invoiceId")
	}
	n, res, err := a.look(ctx, ref.ProviderRef)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return n.state(ref.Known, recall(ref.State), res.Evidence), nil
}

// look reads invoice/status of one invoice.
func (a *account) look(ctx context.Context, id string) (news, *httpx.Response, error) {
	res, err := a.get(ctx, pathStatus, url.Values{"invoiceId": {id}})
	if err != nil {
		return news{}, nil, err
	}
	n, err := readNews(res.Body)
	if err != nil {
		return news{}, nil, res.Garbled("%v", err)
	}
	if n.invoiceID() != id {
		return news{}, nil, mismatch("the provider answered about another invoice than the one asked for", res)
	}
	return n, res, nil
}

// mismatch is for a read whose answer contradicts what we hold: a person has to
// look, and nothing is concluded from it.
func mismatch(why string, res *httpx.Response) *pay.Error {
	return &pay.Error{
		Kind: pay.KindIntegrityMismatch, Executed: pay.ExecutedNo, Message: why, Report: pay.Report{Evidence: res.Evidence},
	}
}

// Check asks who the token belongs to. The mode cannot be seen: live and test
// tokens get the same answers.
func (a *account) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	res, err := a.get(ctx, pathDetails, nil)
	if err != nil {
		return pay.AccountInfo{}, err
	}
	return readDetails(res)
}

func report(res *httpx.Response) pay.Report { return pay.Report{Evidence: res.Evidence} }
