package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// uploadTimeout bounds a call that brings files: the host takes 30 s for these and 30 s for the rest.
const uploadTimeout = 75 * time.Second

// Action is a call of one of a provider's own actions.
type Action struct {
	// Collection is the kind of object, as it stands in the path: invoices or accounts. ID is the object.
	Collection, ID string
	// Name is the action.
	Name string
	// Key is the idempotency key; empty for an action that only reads.
	Key string
	// Input is a JSON object; nil means none.
	Input json.RawMessage
	Files []File
}

// File is an attachment of an action.
type File struct {
	Name, ContentType string
	Content           []byte
}

// Actions returns the provider's own actions on an object; collection is as in [Action].
func (c *Client) Actions(ctx context.Context, collection, id string) (*rest.ActionList, error) {
	return get[rest.ActionList](ctx, c, "/v1/"+collection+"/"+url.PathEscape(id)+"/actions")
}

// RunAction runs an action. Unknown is as in [Client.CreateInvoice].
func (c *Client) RunAction(ctx context.Context, a Action) (result *host.ActionResult, unknown bool, err error) {
	path := "/v1/" + a.Collection + "/" + url.PathEscape(a.ID) + "/actions/" + url.PathEscape(a.Name)
	header := http.Header{}
	if a.Key != "" {
		header.Set("Idempotency-Key", a.Key)
	}
	result = new(host.ActionResult)
	if len(a.Files) == 0 {
		status, err := c.call(ctx, http.MethodPost, path, header, host.RunAction{Input: a.Input}, result)
		return result, status == http.StatusAccepted, err
	}
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	body, contentType, err := multipartOf(a)
	if err != nil {
		return nil, false, err
	}
	req, err := c.request(ctx, http.MethodPost, path, body)
	if err != nil {
		return nil, false, err
	}
	header.Set("Content-Type", contentType)
	maps.Copy(req.Header, header)
	status, err := c.exchange(c.streams, req, result)
	return result, status == http.StatusAccepted, err
}

// multipartOf writes input and files as an upload.
func multipartOf(a Action) (*bytes.Buffer, string, error) {
	body := new(bytes.Buffer)
	w := multipart.NewWriter(body)
	add := func(disposition, contentType string, content []byte) error {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
		if err == nil {
			_, err = part.Write(content)
		}
		return err
	}
	if a.Input != nil {
		if err := add(`form-data; name="input"`, "application/json", a.Input); err != nil {
			return nil, "", err
		}
	}
	quoted := strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "%0D", "\n", "%0A")
	for _, f := range a.Files {
		if err := add(fmt.Sprintf(`form-data; name="attachment"; filename="%s"`, quoted.Replace(f.Name)), f.ContentType, f.Content); err != nil {
			return nil, "", err
		}
	}
	return body, w.FormDataContentType(), w.Close()
}
