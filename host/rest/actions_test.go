package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// part is one part of an upload.
type part struct{ name, file, contentType, content string }

func parts(t *testing.T, list ...part) edit {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range list {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, p.name)}}
		if p.file != "" {
			h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, p.name, p.file))
		}
		if p.contentType != "" {
			h.Set("Content-Type", p.contentType)
		}
		one, err := w.CreatePart(h)
		require.NoError(t, err)
		_, err = io.WriteString(one, p.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return func(r *http.Request) {
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
	}
}

const payer = `{"payer":{"name":"Olena"}}`

func inputPart() part { return part{name: "input", contentType: "application/json", content: payer} }

func receiptPart(content string) part {
	return part{name: "attachment", file: "receipt.pdf", contentType: "application/pdf", content: content}
}

// A transfer is confirmed with files, and the key stands for these files.
func TestActionWithAttachments(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/actions/confirm_transfer"
	send := func(k string, list ...part) reply {
		return s.call("POST", path, token(apiToken), key(k), parts(t, list...))
	}
	var result host.ActionResult
	send("u-1", receiptPart("paid"), inputPart(), part{name: "attachment", file: "../b.bin", content: "proof"}).want(http.StatusOK).into(&result)
	require.JSONEq(t, `{"ran":"confirm_transfer"}`, string(result.Output))
	require.Equal(t, []string{"receipt.pdf application/pdf paid", "b.bin application/octet-stream proof"}, s.provider.files)
	require.Equal(t, inv.ID, result.Invoice.ID)

	r := send("u-1", inputPart(), receiptPart("paid"), part{name: "attachment", file: "b.bin", content: "proof"}).want(http.StatusOK)
	require.Equal(t, "true", r.header.Get("Idempotency-Replayed"), "the order of input and files means nothing")
	send("u-1", inputPart(), receiptPart("PAID"), part{name: "attachment", file: "b.bin", content: "proof"}).
		problem(http.StatusUnprocessableEntity, pay.KindIdempotencyMismatch)
	s.post(path, apiToken, "u-1", `{"input":`+payer+`}`).problem(http.StatusUnprocessableEntity, pay.KindIdempotencyMismatch)
	require.Equal(t, 1, s.provider.changed())

	// The bytes reach neither the log nor the journal.
	require.NotContains(t, s.log.String(), "receipt.pdf")
}

// Every refusal names the part, and nothing is sent.
func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.MaxBody = 4000 })
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/actions/"
	large := strings.Repeat("x", 1001)
	for name, c := range map[string]struct {
		action string
		parts  []part
		status int
		path   string
	}{
		"a file too large":    {"confirm_transfer", []part{inputPart(), receiptPart("x"), receiptPart(large)}, 413, "attachments.1"},
		"input too large":     {"confirm_transfer", []part{{name: "input", content: `{"a":"` + strings.Repeat("x", 4000) + `"}`}}, 413, "input"},
		"too many files":      {"confirm_transfer", []part{inputPart(), receiptPart("1"), receiptPart("2"), receiptPart("3")}, 422, "attachments"},
		"no files here":       {"remind", []part{receiptPart("1")}, 422, "attachments"},
		"input of some type":  {"confirm_transfer", []part{{name: "input", contentType: "text/xml", content: payer}}, 415, "input"},
		"two inputs":          {"confirm_transfer", []part{inputPart(), inputPart()}, 422, "input"},
		"an unknown part":     {"confirm_transfer", []part{inputPart(), {name: "comment", content: "hi"}}, 422, "comment"},
		"a file without name": {"confirm_transfer", []part{inputPart(), {name: "attachment", content: "x"}}, 422, "attachments.0.name"},
		"a file of no type":   {"confirm_transfer", []part{inputPart(), {name: "attachment", file: "x", contentType: "x; =", content: "x"}}, 422, "attachments.0.content_type"},
		"input not valid":     {"confirm_transfer", []part{{name: "input", content: `{"payer":{}}`}, receiptPart("1")}, 422, "input.payer.name"},
		"input no object":     {"confirm_transfer", []part{{name: "input", content: `[1]`}}, 422, "input"},
		"input twice a key":   {"confirm_transfer", []part{{name: "input", content: `{"a":1,"a":2}`}}, 400, "a"},
		"no input":            {"confirm_transfer", []part{receiptPart("1")}, 422, "input.payer"},
	} {
		p := s.in(t).call("POST", path+c.action, token(apiToken), key("k"), parts(t, c.parts...)).problem(c.status, pay.KindInvalidRequest)
		require.Equal(t, []string{c.path}, p.paths(), name)
		require.Equal(t, pay.ExecutedNo, p.Executed, name)
	}
	p := s.call("POST", path+"confirm_transfer", token(apiToken), key("k"), parts(t, part{name: "input", content: `1},"x":{"a":1`})).
		problem(http.StatusBadRequest, pay.KindInvalidRequest)
	require.Contains(t, p.Detail, "the part input is not valid JSON")
	s.call("POST", path+"confirm_transfer", token(apiToken), key("k"), header("Content-Type", "multipart/form-data; boundary=b"), body("--b\r\nrubbish")).
		problem(http.StatusBadRequest, pay.KindInvalidRequest)
	s.call("POST", path+"confirm_transfer", token(apiToken), key("k"), header("Content-Type", "multipart/form-data"), body("x")).
		problem(http.StatusBadRequest, pay.KindInvalidRequest)
	s.call("POST", path+"confirm_transfer", token(apiToken), key("k"), header("Content-Type", "text/plain"), body("x")).
		problem(http.StatusUnsupportedMediaType, pay.KindInvalidRequest)
	// Scope and key are asked for before the files; and other calls take no uploads.
	s.call("POST", path+"confirm_transfer", token(apiToken), parts(t, inputPart())).problem(http.StatusBadRequest, pay.KindInvalidRequest)
	s.call("POST", "/v1/invoices/"+inv.ID+"/cancel", token(apiToken), key("k"), parts(t, inputPart())).
		problem(http.StatusUnsupportedMediaType, pay.KindInvalidRequest)
	require.Zero(t, s.provider.changed())
}

// An upload that does not come to its end is given up, one that is far too large is not read.
func TestUploadsHaveLimits(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Timeout = 3 * time.Second })
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/actions/confirm_transfer"
	slow, end := io.Pipe()
	t.Cleanup(func() { _ = end.Close() })
	go func() { _, _ = io.WriteString(end, "--b\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{") }()
	s.call("POST", path, token(apiToken), key("k"), func(r *http.Request) {
		r.Body, r.ContentLength = slow, -1
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	}).problem(http.StatusRequestTimeout, pay.KindInvalidRequest)

	endless := &zeros{}
	s.call("POST", path, token(apiToken), key("k"), func(r *http.Request) {
		head := "--b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"x\"\r\n\r\n"
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(head), endless)), -1
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	}).problem(http.StatusRequestEntityTooLarge, pay.KindInvalidRequest)
	require.Less(t, endless.read.Load(), int64(16<<20), "it is not read to an end")
	require.Zero(t, s.provider.changed())
}

// zeros is a file without an end.
type zeros struct{ read atomic.Int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read.Add(int64(len(p)))
	return len(p), nil
}

func TestActionsOfPayoutsAndListing(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var payout host.Payout
	s.post("/v1/payouts", adminToken, "p-1", payoutBody("salary")).want(http.StatusCreated).into(&payout)
	var result host.ActionResult
	s.post("/v1/payouts/"+payout.ID+"/actions/note", apiToken, "n-1", "").want(http.StatusOK).into(&result)
	require.Equal(t, payout.ID, result.Payout.ID)
	s.post("/v1/payouts/po_none/actions/note", apiToken, "n-2", "").problem(http.StatusNotFound, pay.KindNotFound)
	s.post("/v1/refunds/ref_none/actions/note", apiToken, "n-2", "").problem(http.StatusNotFound, pay.KindNotFound)
	s.post("/v1/disputes/dsp_none/actions/note", apiToken, "n-2", "").problem(http.StatusNotFound, pay.KindNotFound)

	inv := s.created("ok")
	require.Contains(t, inv.AllowedActions, "action:confirm_transfer")
	var list rest.ActionList
	s.call("GET", "/v1/invoices/"+inv.ID+"/actions", token(apiToken)).want(http.StatusOK).into(&list)
	require.Equal(t, "scripted", list.Provider)
	require.Len(t, list.Actions, 3)
	upload := list.Actions[2]
	require.Equal(t, []any{"confirm_transfer", "Confirm a transfer", "changes", "invoice", 2, true},
		[]any{upload.Name, upload.Title, upload.Effect, upload.Subject, upload.MaxAttachments, upload.Allowed})
	require.True(t, json.Valid(upload.Input))
	s.post("/v1/accounts/main/pause", adminToken, "", "").want(http.StatusOK)
	s.call("GET", "/v1/accounts/main/actions", token(apiToken)).want(http.StatusOK).into(&list)
	require.Equal(t, []string{"limits", "sweep"}, []string{list.Actions[0].Name, list.Actions[1].Name})
	require.True(t, list.Actions[0].Allowed, "it only reads")
	require.False(t, list.Actions[1].Allowed)
	p := s.post("/v1/accounts/main/actions/dance", apiToken, "d", "").problem(http.StatusNotImplemented, pay.KindUnsupported)
	require.Contains(t, p.Detail, "it has limits, sweep")
	var account host.AccountStatus
	s.call("GET", "/v1/accounts/main", token(apiToken)).want(http.StatusOK).into(&account)
	require.Contains(t, account.Actions, host.AccountAction{Name: "sweep", Effect: pay.EffectMovesMoney, Subject: pay.SubjectAccount})
}
