package merchantsim

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// field is one part of a form; a part with a file name is a file.
type field struct{ name, file, value string }

func proof() field { return field{"attachment", "receipt.pdf", "%PDF-1.4 receipt"} }

// upload sends a multipart form whose body takes no part in the signature.
func (g *gateway) upload(path string, fields ...field) answer {
	g.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range fields {
		header := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, f.name)}}
		if f.file != "" {
			header = textproto.MIMEHeader{
				"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, f.name, f.file)}, "Content-Type": {"application/pdf"},
			}
		}
		part, err := w.CreatePart(header)
		require.NoError(g.t, err)
		_, err = part.Write([]byte(f.value))
		require.NoError(g.t, err)
	}
	require.NoError(g.t, w.Close())
	r := g.request(http.MethodPost, path, "")
	r.Body, r.GetBody, r.ContentLength = io.NopCloser(&body), nil, int64(body.Len())
	r.Header.Set("Content-Type", w.FormDataContentType())
	return g.do(r)
}

func TestConfirmTransferUpload(t *testing.T) {
	g := start(t, Config{})
	id := g.create(nil)["id"].(string)
	path := invoices + "/" + id + "/confirm-transfer"
	got := g.upload(path, proof()).object(t)
	require.Equal(t, "new", got["status"], "the invoice stays new")
	deal := got["deals"].([]any)[0].(map[string]any)
	require.Equal(t, "transfer_confirmed", deal["status"])
	require.Len(t, deal["attachments"], 1)
	require.Equal(t, "1000.00", got["receivedSumFromTaker"].(map[string]any)["amount"], "the sums appear before payment")
	require.Len(t, g.upload(path, proof()).object(t)["deals"].([]any)[0].(map[string]any)["attachments"], 2)

	kept, err := g.sim.Invoice(id)
	require.NoError(t, err)
	require.Equal(t, "receipt.pdf", kept.Deals[0].Attachments[0].Name)
	require.Equal(t, 16, kept.Deals[0].Attachments[0].Size)
	kept.Deals[0].Attachments[0].Name = "mine"
	again, err := g.sim.Invoice(id)
	require.NoError(t, err)
	require.Equal(t, "receipt.pdf", again.Deals[0].Attachments[0].Name, "a snapshot is a copy")
	for _, r := range g.sim.Kit().Requests.Of("confirm_transfer") {
		require.Empty(t, r.Body, "files are not logged")
	}
}

func TestUploadRefusals(t *testing.T) {
	g := start(t, Config{})
	id := g.create(nil)["id"].(string)
	path := invoices + "/" + id + "/confirm-transfer"
	g.upload(path).refused(t, 400, "this value should not be blank", "attachment")
	g.upload(path, field{"attachment", "", "text"}).refused(t, 400, "This value is not valid", "attachment")
	g.upload(path, field{"attachment", "a.pdf", ""}).refused(t, 400, "An empty file is not allowed", "attachment")
	g.upload(path, field{"attachment", "a.pdf", strings.Repeat("x", maxAttachment+1)}).refused(t, 400, "The file is too large", "attachment")
	g.upload(path, proof(), proof()).refused(t, 400, "This form should not contain extra fields", "")
	g.upload(path, proof(), field{"comment", "", "x"}).refused(t, 400, "This form should not contain extra fields", "")
	g.upload(invoices+"/unknown/confirm-transfer", proof()).refused(t, 404, "null", "")
	g.call(http.MethodPost, path, `{"attachment":"x"}`).refused(t, 415, "Content-Type should be multipart/form-data", "")

	// The pitfall of hand-made headers: no boundary.
	bare := g.request(http.MethodPost, path, "")
	bare.Header.Set("Content-Type", "multipart/form-data")
	g.do(bare).refused(t, 400, "Request body is not a valid form", "")

	// A body that is signed although it is multipart.
	signed := g.request(http.MethodPost, path, "--x--")
	signed.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	g.do(signed).refused(t, 401, "Unauthorized", "")

	require.Len(t, g.upload(path, field{"attachment", "a.pdf", strings.Repeat("x", maxAttachment)}).object(t)["deals"], 1)
	g.clock.advance(16 * time.Minute)
	require.Equal(t, "transfer_confirmed", g.get(id)["deals"].([]any)[0].(map[string]any)["status"])
	require.NoError(t, g.sim.Pay(id))
	g.upload(path, proof()).refused(t, 400, "Transfer can not be confirmed", "")
}

func TestDisputeUpload(t *testing.T) {
	g := start(t, Config{})
	m := listen(t)
	made := g.create(map[string]any{"notificationUrl": m.url})
	id, deal := made["id"].(string), made["deals"].([]any)[0].(map[string]any)["id"].(string)
	path := invoices + "/" + id + "/dispute"
	fields := func(more ...field) []field { return append([]field{{"dealId", "", deal}}, more...) }
	reason := field{"disputeReason", "", "invalid_sum"}
	amount := field{"disputeReasonData[amount]", "", "900.00"}

	g.upload(path, reason, amount, proof()).refused(t, 400, "this value should not be blank", "dealId")
	g.upload(path, fields(proof())...).refused(t, 400, "this value should not be blank", "disputeReason")
	g.upload(path, fields(field{"disputeReason", "", "other"}, proof())...).refused(t, 400, "This value is not valid", "disputeReason")
	g.upload(path, fields(reason, proof())...).refused(t, 400, "this value should not be blank", "disputeReasonData[amount]")
	g.upload(path, fields(reason, field{"disputeReasonData[amount]", "", "9e2"}, proof())...).refused(t, 400, "This value is not valid",
		"disputeReasonData[amount]")
	g.upload(path, fields(field{"disputeReason", "", "has_payment"}, amount, proof())...).refused(t, 400, "This value is not valid",
		"disputeReasonData[amount]")
	g.upload(path, fields(reason, amount)...).refused(t, 400, "this value should not be blank", "attachment")
	g.upload(path, field{"dealId", "", id}, reason, amount, proof()).refused(t, 404, "null", "")
	g.upload(invoices+"/unknown/dispute", fields(reason, amount, proof())...).refused(t, 404, "null", "")

	got := g.upload(path, fields(reason, amount, proof())...).object(t)
	require.Equal(t, "dispute", got["status"])
	opened := got["deals"].([]any)[0].(map[string]any)
	require.Equal(t, "dispute", opened["status"])
	require.Equal(t, "invalid_sum", opened["disputeReason"])
	require.Equal(t, map[string]any{"amount": "900"}, opened["disputeReasonData"])
	require.Contains(t, opened["disputeAttachment"], g.url+"/files/")
	g.upload(path, fields(reason, amount, proof())...).refused(t, 400, "Dispute can not be opened", "")
	g.idle()
	require.Equal(t, []string{"dispute"}, m.statuses())

	canceled := g.create(map[string]any{"internalId": "order-2"})
	require.NoError(t, g.sim.Cancel(canceled["id"].(string)))
	g.upload(invoices+"/"+canceled["id"].(string)+"/dispute", fields(reason, amount, proof())...).refused(t, 404, "null", "")
}

// Every documented reason opens a dispute.
func TestDisputeReasons(t *testing.T) {
	for _, reason := range disputeReasons() {
		g := start(t, Config{})
		made := g.create(nil)
		form := []field{{"dealId", "", made["deals"].([]any)[0].(map[string]any)["id"].(string)}, {"disputeReason", "", reason}, proof()}
		if reason == "invalid_sum" {
			form = append(form, field{"disputeReasonData[amount]", "", "1"})
		}
		require.Equal(t, "dispute", g.upload(invoices+"/"+made["id"].(string)+"/dispute", form...).object(t)["status"], reason)
	}
}

func TestSetStatus(t *testing.T) {
	g := start(t, Config{})
	m := listen(t)
	id := g.create(map[string]any{"notificationUrl": m.url})["id"].(string)
	require.NoError(t, g.sim.SetStatus(id, "recalculated"))
	require.Equal(t, "recalculated", g.get(id)["status"])
	g.idle()
	require.Equal(t, []string{"recalculated"}, m.statuses())
	require.ErrorIs(t, g.sim.SetStatus("unknown", "x"), ErrNotFound)
}
