package paper

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// RunAction implements [pay.ActionProvider].
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if req.Invoice == nil || req.Invoice.ProviderRef == "" {
		return pay.ActionResult{}, pay.Invalid("invoice", "is missing")
	}
	path := "/v2/invoices/" + url.PathEscape(req.Invoice.ProviderRef)
	switch req.Name {
	case actionSubmit3DS:
		return a.submit3DS(ctx, path, req)
	case actionUpload:
		return a.upload(ctx, path, req)
	}
	return pay.ActionResult{}, pay.Unsupported("action " + req.Name)
}

func (a *account) submit3DS(ctx context.Context, path string, req pay.Action) (pay.ActionResult, error) {
	var in struct {
		PaRes string `json:"pares"`
	}
	if json.Unmarshal(req.Input, &in) != nil || in.PaRes == "" {
		return pay.ActionResult{}, pay.Invalid("input.pares", "is missing")
	}
	var got invoiceDTO
	report, err := a.post(ctx, path+"/authentication", in, &got)
	if err != nil {
		return pay.ActionResult{}, err
	}
	state, err := got.state(report, req.Invoice.ProviderRef, http.MethodPost)
	if err != nil {
		return pay.ActionResult{}, err
	}
	return pay.ActionResult{Report: report, Invoice: &state}, nil
}

// upload streams the file; it is never held in memory here.
func (a *account) upload(ctx context.Context, path string, req pay.Action) (pay.ActionResult, error) {
	if len(req.Attachments) != 1 || req.Attachments[0].Content == nil {
		return pay.ActionResult{}, pay.Invalid("attachments", "must be exactly one file")
	}
	file := req.Attachments[0]
	var got struct {
		Document string `json:"document"`
	}
	query := url.Values{"name": {file.Name}}
	report, err := a.send(ctx, http.MethodPost, path+"/documents?"+query.Encode(), file.ContentType, file.Content, httpx.Mutates, &got)
	if err != nil {
		return pay.ActionResult{}, err
	}
	output, err := json.Marshal(map[string]string{"document": got.Document})
	if err != nil {
		return pay.ActionResult{}, pay.Errorf(pay.KindInternal, "the output cannot be written")
	}
	return pay.ActionResult{Report: report, Output: output}, nil
}
