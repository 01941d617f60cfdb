package httpx_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const recordedSecret = "s3cr&t/кey+value"

// recording is a recorder whose provider answers with answer.
type recording struct {
	dir      string
	recorder *httpx.Recorder
	client   *http.Client
	url      string
	log      *bytes.Buffer
}

func record(t *testing.T, answer http.HandlerFunc, edit ...func(*httpx.RecorderConfig)) recording {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	dir := filepath.Join(t.TempDir(), "account")
	require.NoError(t, os.Mkdir(dir, 0o700))
	log := &bytes.Buffer{}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cfg := httpx.RecorderConfig{
		Dir: dir, Account: "shop", Provider: "tin", Secrets: []string{recordedSecret}, Now: func() time.Time { return at },
		Log: slog.New(slog.NewJSONHandler(log, nil)),
	}
	for _, e := range edit {
		e(&cfg)
	}
	recorder, err := httpx.NewRecorder(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = recorder.Close() })
	return recording{dir, recorder, recorder.Client(newClient(t, httpx.Config{})), srv.URL, log}
}

// files returns the recorded files by path, in order.
func (r recording) files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(r.dir, "*", "*.json"))
	require.NoError(t, err)
	return names
}

func (r recording) read(t *testing.T, i int) (httpx.RecordedExchange, string) {
	t.Helper()
	raw, err := os.ReadFile(r.files(t)[i])
	require.NoError(t, err)
	var e httpx.RecordedExchange
	require.NoError(t, json.Unmarshal(raw, &e))
	return e, string(raw)
}

func (r recording) post(t *testing.T, path, contentType, body string) {
	t.Helper()
	ctx := pay.WithCall(httpx.WithCallName(t.Context(), "create_invoice"), pay.Call{OperationID: "op_1", Try: 2})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Token", recordedSecret)
	req.Header.Set("X-Whatever", "canary-header")
	res, err := httpx.Do(ctx, r.client, req)
	require.NoError(t, err)
	require.NotEmpty(t, res.Body, "recording must not take the answer away")
}

func jsonAnswer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "session=canary-cookie")
		_, _ = io.WriteString(w, body)
	}
}

// What is personal or secret does not reach the file, in any encoding, wherever it stands; what a person needs to find a fault does.
func TestRecordedFilesHoldNoSecretsAndNoPersons(t *testing.T) {
	r := record(t, jsonAnswer(`{"invoiceId":"p2_9ZgpZVsl3","status":"created","amount":4200,"big":12345678901234567890123,"\u0061mount":1,
		"echo":"`+base64.StdEncoding.EncodeToString([]byte("id:"+recordedSecret))+`","errText":"card 4444111144441111 of ivan@example.com, +380 (50) 123-45-67",
		"iban":"UA213223130000026007233566001","nested":{"payer":{"whatever":"canary-inherited","n":77123}},"list":[{"cardToken":"canary-card-token"}],
		"note":"canary free text","message":"Canaryna is blocked","doc":"{\"phone\":\"0501112233\"}","pan":5375411234567890,"when":"2026-03-01 12:00:00"}`))
	secretForms := []string{
		recordedSecret, url.QueryEscape(recordedSecret), hex.EncodeToString([]byte(recordedSecret)),
		base64.StdEncoding.EncodeToString([]byte(recordedSecret)), base64.RawURLEncoding.EncodeToString([]byte("x" + recordedSecret + "tail")),
	}
	body := `{"reference":"order-17","secrets":` + string(must(json.Marshal(secretForms))) + `,
		"customerEmails":["canary@example.com"],"phone":"+380509998877","first_name":"Canaryna","cvv":"987","card":{"pan":"5375 4112 3456 7890","exp":"0629"},
		"again":"Canaryna asked","masked":"444403******1902","amount":4200.50}`
	r.post(t, "/pay?phone=%2B380509998877&a=1&key=canary-key", "application/json", body)

	e, raw := r.read(t, 0)
	for _, canary := range append(secretForms[1:], "s3cr", "canary-key", "canary@", "380509998877", "Canaryna", "987", "5375 4112", "5375411234567890", "0629",
		"4444111144441111", "ivan@", "123-45-67", "UA2132", "canary-", "canary free", "0501112233", "77123") {
		require.NotContains(t, raw, canary)
	}
	for _, kept := range []string{"p2_9ZgpZVsl3", `"created"`, "4200", "12345678901234567890123", `\u0061mount`, "order-17",
		"444403******1902", "4200.50", "2026-03-01 12:00:00", "card SCRUBBED_CARD_"} {
		require.Contains(t, raw, kept)
	}
	require.Equal(t, httpx.RecordedCall{Name: "create_invoice", OperationID: "op_1", Try: 2}, e.Call)
	require.Equal(t, "shop", e.Account)
	require.Equal(t, 200, e.Response.Status)
	require.Contains(t, e.Request.URL, "/pay?phone=SCRUBBED_PHONE_1&a=1&key=SCRUBBED_SECRET_")
	require.Contains(t, e.Request.Headers, httpx.RecordedHeader{Name: "Content-Type", Value: "application/json"})
	for _, h := range e.Request.Headers {
		if h.Name == "X-Token" || h.Name == "X-Whatever" {
			require.Regexp(t, `^SCRUBBED_HEADER_\d+$`, h.Value)
		}
	}
	var sent struct {
		Phone string
		Again string
	}
	require.NoError(t, json.Unmarshal(e.Request.JSON, &sent))
	require.Equal(t, "SCRUBBED_PHONE_1", sent.Phone, "the same value has the same placeholder")
	require.Regexp(t, `^SCRUBBED_TEXT_\d$`, sent.Again, "the meaning of free text is not known")
	require.Empty(t, r.log.String())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestRecordedBodies(t *testing.T) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(t, w.WriteField("internalId", "op_1"))
	require.NoError(t, w.WriteField("payer_name", "Canary"))
	file := must(w.CreateFormFile("receipt", "canary-passport.pdf"))
	_, _ = file.Write([]byte("%PDF canary"))
	require.NoError(t, w.Close())

	tests := map[string]struct {
		contentType, body string
		want              httpx.RecordedBody
	}{
		"form": {"application/x-www-form-urlencoded", "summ=10.00&payer_name=Canary&hash=AbC%3D&success_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3D1",
			httpx.RecordedBody{
				Text: "summ=10.00&payer_name=SCRUBBED_PERSON_1&hash=SCRUBBED_SIGNATURE_1&success_url=https%3A%2F%2Fshop.example%2Fback%3Fa%3D1"}},
		"multipart": {w.FormDataContentType(), form.String(), httpx.RecordedBody{Parts: []httpx.RecordedPart{
			{Name: "internalId", Value: "op_1"}, {Name: "payer_name", Value: "SCRUBBED_PERSON_1"},
			{Name: "receipt", ContentType: "application/octet-stream", FileSize: 11},
		}}},
		"html":        {"text/html", "<p>write to canary@example.com</p>", httpx.RecordedBody{Text: "<p>write to SCRUBBED_EMAIL_1</p>"}},
		"binary":      {"application/pdf", "%PDF\x00\xff", httpx.RecordedBody{Omitted: "6 bytes that are no text"}},
		"long text":   {"text/plain", strings.Repeat("word ", 5000), httpx.RecordedBody{Omitted: "25000 bytes of text"}},
		"too large":   {"application/json", `"` + strings.Repeat("x", 1<<20) + `"`, httpx.RecordedBody{Omitted: "it is larger than 1048576 bytes"}},
		"almost JSON": {"application/json", `{"phone":"+380501112233"`, httpx.RecordedBody{Text: `{"phone":"SCRUBBED_PHONE_1"`}},
		"empty":       {"application/json", "", httpx.RecordedBody{}},
		"base64 file": {"application/json", `{"receipt":"` + strings.Repeat("QUJD", 100) + `"}`, httpx.RecordedBody{
			JSON: json.RawMessage(`{"receipt":"` + base64.StdEncoding.EncodeToString([]byte("SCRUBBED_FILE_1")) + `"}`)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := record(t, func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(w, "ok")
			})
			r.post(t, "/", tt.contentType, tt.body)
			e, raw := r.read(t, 0)
			require.NotContains(t, raw, "anary")
			if tt.want.JSON != nil {
				require.JSONEq(t, string(tt.want.JSON), string(e.Request.JSON))
				return
			}
			require.Equal(t, tt.want, e.Request.RecordedBody)
		})
	}
}

// An encoded answer cannot be looked through, and so it is not kept.
func TestEncodedAnswersAreLeftOut(t *testing.T) {
	r := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("canary"))
	})
	r.post(t, "/", "application/json", "{}")
	e, raw := r.read(t, 0)
	require.NotContains(t, raw, "canary\"")
	require.Equal(t, "6 bytes of an encoding that is not looked into", e.Response.Omitted)
}

func TestRecordedFilesArePrivate(t *testing.T) {
	r := record(t, jsonAnswer("{}"))
	r.post(t, "/", "application/json", "{}")
	files := r.files(t)
	require.Len(t, files, 1)
	require.Equal(t, "000001-create_invoice.json", filepath.Base(files[0]))
	for path, mode := range map[string]os.FileMode{files[0]: 0o600, filepath.Dir(files[0]): 0o700} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "dir")
	require.NoError(t, os.Mkdir(dir, 0o700))
	link := filepath.Join(base, "link")
	require.NoError(t, os.Symlink(dir, link))
	open := filepath.Join(base, "open")
	require.NoError(t, os.Mkdir(open, 0o750))
	file := filepath.Join(base, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		link: "symbolic link", open: "must be 0700", file: "no directory", filepath.Join(base, "nothing"): "no such file",
	} {
		_, err := httpx.NewRecorder(httpx.RecorderConfig{Dir: path})
		require.ErrorContains(t, err, want)
	}
}

// A link that somebody puts where a file will be is not followed, and the exchange does not notice.
func TestLinksAreNotFollowed(t *testing.T) {
	r := record(t, jsonAnswer("{}"))
	r.post(t, "/", "application/json", "{}")
	target := filepath.Join(t.TempDir(), "target")
	require.NoError(t, os.WriteFile(target, []byte("untouched"), 0o600))
	require.NoError(t, os.Symlink(target, filepath.Join(filepath.Dir(r.files(t)[0]), "000002-create_invoice.json")))
	r.post(t, "/", "application/json", `{"a":1}`)
	content, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "untouched", string(content))
	require.Contains(t, r.log.String(), "not recorded")

	first, before := r.read(t, 0)
	require.Equal(t, 1, first.Number)
	require.NoError(t, os.Symlink(filepath.Base(r.files(t)[0]), filepath.Join(filepath.Dir(r.files(t)[0]), "000003-create_invoice.json")))
	r.post(t, "/", "application/json", `{"a":2}`)
	_, after := r.read(t, 0)
	require.Equal(t, before, after, "a link to another file of the recording is not followed either")
}

// A recorder that cannot write says so once, and the exchange goes on.
func TestRecordingNeverFailsAnExchange(t *testing.T) {
	tests := map[string]struct {
		edit func(*httpx.RecorderConfig)
		harm func(t *testing.T, r recording)
		want int
	}{
		"too many files":                        {func(c *httpx.RecorderConfig) { c.MaxExchanges = 2 }, nil, 2},
		"a secret in a place nobody thought of": {func(c *httpx.RecorderConfig) { c.Account = "shop-" + recordedSecret }, nil, 0},
		"too large":                             {func(c *httpx.RecorderConfig) { c.MaxBytes = 10 }, nil, 0},
		"closed":                                {nil, func(t *testing.T, r recording) { require.NoError(t, r.recorder.Close()) }, 0},
		"directory gone":                        {nil, func(t *testing.T, r recording) { require.NoError(t, os.Remove(r.dir)) }, 0},
		"a clock that panics": {func(c *httpx.RecorderConfig) {
			calls := 0
			c.Now = func() time.Time {
				if calls++; calls%3 == 0 {
					panic("no time")
				}
				return time.Time{}
			}
		}, nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var edits []func(*httpx.RecorderConfig)
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			r := record(t, jsonAnswer(`{}`), edits...)
			if tt.harm != nil {
				tt.harm(t, r)
			}
			for range 4 {
				r.post(t, "/", "application/json", `{}`)
			}
			require.Len(t, r.files(t), tt.want)
			require.Equal(t, 1, strings.Count(r.log.String(), "not recorded"), "%s", r.log)
		})
	}
}

// What earlier recordings left counts towards the limit, and a second recording has a directory of its own.
func TestEarlierRecordingsCount(t *testing.T) {
	r := record(t, jsonAnswer("{}"), func(c *httpx.RecorderConfig) { c.MaxExchanges = 3 })
	r.post(t, "/", "application/json", "{}")
	second, err := httpx.NewRecorder(httpx.RecorderConfig{
		Dir: r.dir, MaxExchanges: 3, Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, second.Close()) }()
	r.client = second.Client(newClient(t, httpx.Config{}))
	for range 3 {
		r.post(t, "/", "application/json", "{}")
	}
	require.Len(t, r.files(t), 3)
	require.Equal(t, "20260301T120000Z-2", filepath.Base(filepath.Dir(r.files(t)[2])))
}

func TestSecretsAddedLater(t *testing.T) {
	r := record(t, jsonAnswer("{}"))
	r.recorder.AddSecrets("later-secret", "", "ab")
	r.post(t, "/", "application/json", `{"a":"with later-secret inside","b":"ab","c":"about"}`)
	_, raw := r.read(t, 0)
	require.NotContains(t, raw, "later-secret")
	require.NotContains(t, raw, `"ab"`)
	require.Contains(t, raw, "about")
	require.Equal(t, "it is SCRUBBED_SECRET_2", r.recorder.Scrub("it is later-secret"))
}

func TestRecordedFailures(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		r := record(t, jsonAnswer("{}"))
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = httpx.Do(t.Context(), r.client, post(t, "http://"+l.Addr().String()+"/", "{}"))
		require.ErrorIs(t, err, pay.KindProviderUnavailable, "recording must not hide that nothing was sent")
		e, _ := r.read(t, 0)
		require.True(t, e.NotSent)
		require.Contains(t, e.Failure, "connection refused")
		require.Nil(t, e.Response)
	})
	t.Run("cut in the body", func(t *testing.T) {
		r := record(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		})
		_, err := httpx.Do(t.Context(), r.client, post(t, r.url, "{}"))
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		e, _ := r.read(t, 0)
		require.False(t, e.NotSent)
		require.Equal(t, "half", e.Response.Text)
		require.Contains(t, e.Failure, "closed before the answer was complete")
	})
}

// Many exchanges at once each have a file, and the client stays safe for concurrent use.
func TestConcurrentRecording(t *testing.T) {
	r := record(t, jsonAnswer(`{"email":"a@example.com"}`))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := httpx.Do(t.Context(), r.client, post(t, r.url, fmt.Sprintf(`{"n":%d}`, i)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Len(t, r.files(t), 20)
	require.Empty(t, r.log.String())
}

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
