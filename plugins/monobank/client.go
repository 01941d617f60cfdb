package monobank

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The paths of the API that this adapter uses.
const (
	pathCreate    = "/api/merchant/invoice/create"
	pathStatus    = "/api/merchant/invoice/status"
	pathCancel    = "/api/merchant/invoice/cancel"
	pathFinalize  = "/api/merchant/invoice/finalize"
	pathRemove    = "/api/merchant/invoice/remove"
	pathCharge    = "/api/merchant/wallet/payment"
	pathStatement = "/api/merchant/statement"
	pathDetails   = "/api/merchant/details"
	pathPubkey    = "/api/merchant/pubkey"
)

// get reads; its failures never leave anything unknown.
func (a *account) get(ctx context.Context, path string, query url.Values) (*httpx.Response, error) {
	return a.send(ctx, http.MethodGet, path, query, nil, nil)
}

// post sends a request that may change something, once. secrets are texts of the
// body that no error may repeat.
func (a *account) post(ctx context.Context, path string, body any, secrets ...string) (*httpx.Response, error) {
	raw, err := encode(body)
	if err != nil {
		return nil, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be written as JSON"}
	}
	return a.send(ctx, http.MethodPost, path, nil, raw, secrets)
}

func (a *account) send(ctx context.Context, method, path string, query url.Values, body []byte, secrets []string) (*httpx.Response, error) {
	secrets = append(slices.Clip(secrets), a.config.Token)
	target := a.base.JoinPath(path)
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be built"}
	}
	req.Header.Set("X-Token", a.config.Token)
	req.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if path == pathCreate || path == pathCharge { // the only calls that document them
		setIfAny(req.Header, "X-Cms", a.config.CMSName)
		setIfAny(req.Header, "X-Cms-Version", a.config.CMSVersion)
	}
	effect := httpx.ByMethod
	if query.Has("email") {
		effect = httpx.Mutates // The provider sends a letter, though it is asked by GET.
	}
	res, err := httpx.Exchange{Client: a.http, Request: req, Effect: effect, Secrets: secrets, Now: a.now}.Do(ctx)
	if err != nil {
		return nil, err
	}
	if failure := refusal(res, secrets); failure != nil {
		return nil, failure
	}
	return res, nil
}

func setIfAny(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// encode writes JSON without escaping <, > and &, which appear in URLs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// readDetails reads the answer of the details call. Not every field is worth a
// refusal: the id is what accounts are told apart by.
func readDetails(res *httpx.Response) (pay.AccountInfo, error) {
	var d struct {
		MerchantID   text `json:"merchantId"`
		MerchantName text `json:"merchantName"`
	}
	if err := json.Unmarshal(res.Body, &d); err != nil || d.MerchantID == "" {
		return pay.AccountInfo{}, res.Garbled("the details have no merchantId")
	}
	return pay.AccountInfo{
		Report:             report(res),
		ProviderAccountRef: string(d.MerchantID),
		Title:              string(d.MerchantName),
	}, nil
}
