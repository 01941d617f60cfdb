package merchant

import (
	"bytes"
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/pay"
)

const qrOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["content_type", "svg"],
  "properties": {
    "content_type": {"const": "image/svg+xml"},
    "svg": {"type": "string",
      "description": "The picture as the gateway sent it. Show it as an image; inside a page of yours it could run scripts."}
  }
}`

// qrCode reads the picture of the deal's QR code. The address is public: whoever
// knows the invoice's id may read it, so no key is sent there.
func (a *account) qrCode(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	res, err := a.do(ctx, call{
		method: http.MethodGet, segments: []string{"api", "public", "invoices", req.Invoice.ProviderRef, "qr-code"},
		public: true, accept: "image/svg+xml",
	})
	if err != nil {
		return pay.ActionResult{}, err
	}
	// The picture holds the receiver's requisites, so it is no evidence to keep.
	res.Evidence.Raw = nil
	if !isSVG(res.Body) {
		return pay.ActionResult{}, res.Garbled("it is no picture")
	}
	return answered(res, map[string]string{"content_type": "image/svg+xml", "svg": string(res.Body)})
}

// isSVG reports whether a body is an SVG document and not, for example, an HTML page that has a picture in it.
func isSVG(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	for _, opening := range []string{"<?", "<!--", "<!DOCTYPE svg"} {
		if rest, ok := bytes.CutPrefix(body, []byte(opening)); ok {
			_, rest, _ = bytes.Cut(rest, []byte(">"))
			return isSVG(rest)
		}
	}
	return utf8.Valid(body) && (bytes.HasPrefix(body, []byte("<svg ")) || bytes.HasPrefix(body, []byte("<svg>")))
}
