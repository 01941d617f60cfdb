package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// maxAnswer is the largest answer read, in bytes.
const maxAnswer = 64 << 20

// Config says which payhost to call and as whom.
type Config struct {
	// URL is the address of the API, for example "http://127.0.0.1:8080".
	URL string
	// Token is the bearer token.
	Token string
	// Timeout bounds one call, streams excepted. Zero means 40 s: longer than the host itself takes.
	Timeout time.Duration
}

// Client calls one payhost. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	calls *http.Client
	// streams has no timeout of its own: a stream ends with its context.
	streams *http.Client
}

// New returns a client. [Client.Close] ends its idle connections.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the address of payhost must be an http or https URL, such as http://127.0.0.1:8080")
	}
	if c.Timeout == 0 {
		c.Timeout = 40 * time.Second
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base: strings.TrimRight(c.URL, "/"), token: c.Token,
		calls:   &http.Client{Transport: transport, CheckRedirect: noRedirect, Timeout: c.Timeout},
		streams: &http.Client{Transport: transport, CheckRedirect: noRedirect},
	}, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.calls.CloseIdleConnections() }

// Problem is a refusal as the host worded it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	host.Problem
}

// Error returns the detail, every field error and what else a person needs to act.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" && !p.listed() {
		b.WriteString(": " + p.Detail)
	}
	for _, f := range p.Errors {
		fmt.Fprintf(&b, "\n  %s: %s", f.Path, f.Message)
	}
	note := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n  %s: %s", name, value)
		}
	}
	note("kind", string(p.Kind))
	note("executed", string(p.Executed))
	note("reason", string(p.Reason))
	note("provider code", p.ProviderCode)
	note("provider message", p.ProviderMessage)
	note("invoice", p.InvoiceID)
	note("operation", p.OperationID)
	note("retry after", p.RetryAfter)
	return b.String()
}

// listed reports whether the detail only repeats the first field error.
func (p *Problem) listed() bool {
	return len(p.Errors) > 0 && strings.HasPrefix(p.Detail, p.Errors[0].Path+": "+p.Errors[0].Message)
}

// CreateInvoice creates an invoice from a request body. Unknown reports that the outcome is not known: the invoice then
// names its unresolved operation.
func (c *Client) CreateInvoice(ctx context.Context, key string, body any) (inv *host.Invoice, unknown bool, err error) {
	return order[host.Invoice](ctx, c, "/v1/invoices", key, body)
}

// Invoice returns one invoice.
func (c *Client) Invoice(ctx context.Context, id string) (*host.Invoice, error) {
	return get[host.Invoice](ctx, c, "/v1/invoices/"+url.PathEscape(id))
}

// Refresh asks the provider for the current truth.
func (c *Client) Refresh(ctx context.Context, id string) (*host.Invoice, error) {
	return post[host.Invoice](ctx, c, "/v1/invoices/"+url.PathEscape(id)+"/refresh", nil)
}

// Invoices lists invoices; query holds the filters of GET /v1/invoices.
func (c *Client) Invoices(ctx context.Context, query url.Values) (*host.InvoicePage, error) {
	return get[host.InvoicePage](ctx, c, "/v1/invoices?"+query.Encode())
}

// Accounts lists accounts.
func (c *Client) Accounts(ctx context.Context) ([]host.AccountStatus, error) {
	list, err := get[rest.AccountList](ctx, c, "/v1/accounts")
	if err != nil {
		return nil, err
	}
	return list.Accounts, nil
}

// Account returns one account.
func (c *Client) Account(ctx context.Context, id string) (*host.AccountStatus, error) {
	return get[host.AccountStatus](ctx, c, "/v1/accounts/"+url.PathEscape(id))
}

// PutAccount creates or changes an account.
func (c *Client) PutAccount(ctx context.Context, body any) (*host.AccountStatus, error) {
	return post[host.AccountStatus](ctx, c, "/v1/accounts", body)
}

// CheckAccount proves the credentials of an account by a live call.
func (c *Client) CheckAccount(ctx context.Context, id string) (*host.AccountStatus, error) {
	return post[host.AccountStatus](ctx, c, "/v1/accounts/"+url.PathEscape(id)+"/check", nil)
}

// Operations lists operations; query holds the filters of GET /v1/operations.
func (c *Client) Operations(ctx context.Context, query url.Values) (*rest.OperationList, error) {
	return get[rest.OperationList](ctx, c, "/v1/operations?"+query.Encode())
}

// Operation returns one operation with its tries.
func (c *Client) Operation(ctx context.Context, id string) (*host.Operation, error) {
	return get[host.Operation](ctx, c, "/v1/operations/"+url.PathEscape(id))
}

// Events lists events; query holds after and limit.
func (c *Client) Events(ctx context.Context, query url.Values) (*rest.EventList, error) {
	return get[rest.EventList](ctx, c, "/v1/events?"+query.Encode())
}

// Plugins lists plugins.
func (c *Client) Plugins(ctx context.Context) ([]host.PluginStatus, error) {
	list, err := get[rest.PluginList](ctx, c, "/v1/plugins")
	if err != nil {
		return nil, err
	}
	return list.Plugins, nil
}

// Plugin returns one plugin with its manifest.
func (c *Client) Plugin(ctx context.Context, name string) (*rest.Plugin, error) {
	return get[rest.Plugin](ctx, c, "/v1/plugins/"+url.PathEscape(name))
}

// OrderPlugin is restart, rollback, pause or resume of a plugin.
func (c *Client) OrderPlugin(ctx context.Context, name, order, reason string) (*rest.Plugin, error) {
	return post[rest.Plugin](ctx, c, "/v1/plugins/"+url.PathEscape(name)+"/"+order, map[string]string{"reason": reason})
}

// UsePlugin makes another version of a plugin serve.
func (c *Client) UsePlugin(ctx context.Context, name string, req host.UsePlugin) (*rest.Plugin, error) {
	return post[rest.Plugin](ctx, c, "/v1/plugins/"+url.PathEscape(name)+"/use", req)
}

// PluginLogs returns the newest log lines of a plugin.
func (c *Client) PluginLogs(ctx context.Context, name string) (*host.PluginLogs, error) {
	return get[host.PluginLogs](ctx, c, "/v1/plugins/"+url.PathEscape(name)+"/logs")
}

// ReloadPlugins makes the host read again what is installed and configured.
func (c *Client) ReloadPlugins(ctx context.Context) ([]host.PluginStatus, error) {
	list, err := post[rest.PluginList](ctx, c, "/v1/plugins/reload", nil)
	if err != nil {
		return nil, err
	}
	return list.Plugins, nil
}

// PluginRemoval asks whether a version could be removed.
func (c *Client) PluginRemoval(ctx context.Context, name, version string) (*rest.PluginRemoval, error) {
	return get[rest.PluginRemoval](ctx, c, "/v1/plugins/"+url.PathEscape(name)+"/versions/"+url.PathEscape(version))
}

func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	out := new(T)
	_, err := c.call(ctx, http.MethodGet, path, nil, nil, out)
	return out, err
}

func post[T any](ctx context.Context, c *Client, path string, body any) (*T, error) {
	out := new(T)
	_, err := c.call(ctx, http.MethodPost, path, nil, body, out)
	return out, err
}

// call makes one exchange and decodes a good answer into out.
func (c *Client) call(ctx context.Context, method, path string, header http.Header, body, out any) (status int, err error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := c.request(ctx, method, path, reader)
	if err != nil {
		return 0, err
	}
	maps.Copy(req.Header, header)
	return c.exchange(c.calls, req, out)
}

// exchange sends a request and decodes a good answer into out.
func (c *Client) exchange(by *http.Client, req *http.Request, out any) (status int, err error) {
	res, err := by.Do(req)
	if err != nil {
		return 0, c.unreachable(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, c.unreachable(err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, problemOf(res, raw)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return res.StatusCode, fmt.Errorf("the answer of %s %s is not the JSON this program knows: %w", req.Method, req.URL.Path, err)
	}
	return res.StatusCode, nil
}

func (c *Client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// UnreachableError says that there was no answer. Whether a create was carried out is then not known: ask again with the
// same idempotency key.
type UnreachableError struct {
	URL string
	Err error
}

// Error names the address.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from payhost at %s: %v", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

func (c *Client) unreachable(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the whole URL once more
	}
	return &UnreachableError{URL: c.base, Err: err}
}

func problemOf(res *http.Response, raw []byte) error {
	p := new(Problem)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(raw, p) == nil && p.Status != 0 {
		return p
	}
	return fmt.Errorf("%s answered %s, which is not an answer of payhost; is the URL right?", res.Request.URL.Host, res.Status)
}
