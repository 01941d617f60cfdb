package httpx_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// shop is the dialogue that is recorded and repeated: with its own secret and its own customer.
func shop(t *testing.T, client *http.Client, base, secret, email, amount string) (string, error) {
	t.Helper()
	req := post(t, base+"/create?key="+secret, `{"amount":`+amount+`,"customerEmail":"`+email+`","sign":"`+secret+email+`"}`)
	req.Header.Set("Content-Type", "application/json")
	res, err := httpx.Do(t.Context(), client, req)
	if err != nil {
		return "", err
	}
	var made struct{ ID, Owner, Email string }
	require.NoError(t, json.Unmarshal(res.Body, &made))
	// What the provider said goes back to it: a placeholder in the replay, unless it only repeated what it was told.
	require.Equal(t, email, made.Email)
	res, err = httpx.Do(t.Context(), client, get(t, base+"/status?payer_name=Of+"+email[:1]+"&id="+made.ID+"&owner="+made.Owner+"&email="+email))
	if err != nil {
		return "", err
	}
	return string(res.Body) + res.Header.Get("Retry-After"), nil
}

func recordShop(t *testing.T) string {
	t.Helper()
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "7")
		if req.URL.Path == "/create" {
			_, _ = io.WriteString(w, `{"id":"i-1","owner":"Somebody","email":"first@example.com","pan":5555555555554444}`)
			return
		}
		_, _ = io.WriteString(w, `{"status":"paid", "sum":12345678901234567890}`)
	})
	answer, err := shop(t, r.client, r.url, "s3cret-one", "first@example.com", "4200")
	require.NoError(t, err)
	require.Contains(t, answer, "paid")
	return filepath.Dir(r.files(t)[0])
}

// The same dialogue with another secret and another person gets the same answers, without a connection.
func TestReplayRepeatsTheDialogue(t *testing.T) {
	dir := recordShop(t)
	for _, email := range []string{"first@example.com", "second@example.com"} {
		replay, err := httpx.NewReplay(os.DirFS(dir), "other-secret")
		require.NoError(t, err)
		answer, err := shop(t, replay.Client(), "http://127.0.0.1:9", "other-secret", email, "4200")
		require.NoError(t, err)
		require.JSONEq(t, `{"status":"paid","sum":12345678901234567890}`, strings.TrimSuffix(answer, "7"))
		require.NoError(t, replay.Done())
	}
}

func TestReplayRefusesWhatWasNotRecorded(t *testing.T) {
	dir := recordShop(t)
	send := map[string]struct {
		run  func(t *testing.T, c *http.Client) error
		want string
	}{
		"other amount": {func(t *testing.T, c *http.Client) error {
			_, err := shop(t, c, "http://127.0.0.1:9", "canary-secret", "canary@example.com", "4201")
			return err
		}, "000001-call.json:\n  body"},
		"other order": {func(t *testing.T, c *http.Client) error {
			_, err := httpx.Do(t.Context(), c, get(t, "http://127.0.0.1:9/status?id=i-1"))
			return err
		}, "path\n    recorded \"/create\"\n    now      \"/status\""},
		"other method": {func(t *testing.T, c *http.Client) error {
			_, err := httpx.Do(t.Context(), c, get(t, "http://127.0.0.1:9/create?key=canary-secret"))
			return err
		}, "method"},
		"other query": {func(t *testing.T, c *http.Client) error {
			_, err := httpx.Do(t.Context(), c, post(t, "http://127.0.0.1:9/create?key=canary-secret&more=1", ""))
			return err
		}, "query"},
		"one more": {func(t *testing.T, c *http.Client) error {
			if _, err := shop(t, c, "http://127.0.0.1:9", "canary-secret", "canary@example.com", "4200"); err != nil {
				return err
			}
			_, err := httpx.Do(t.Context(), c, get(t, "http://127.0.0.1:9/status"))
			return err
		}, "the recording is over"},
	}
	for name, tt := range send {
		t.Run(name, func(t *testing.T) {
			replay, err := httpx.NewReplay(os.DirFS(dir), "canary-secret")
			require.NoError(t, err)
			err = tt.run(t, replay.Client())
			require.ErrorContains(t, err, "the request is not the recorded one", "the adapter is told")
			require.ErrorContains(t, replay.Done(), tt.want)
			require.NotContains(t, err.Error()+replay.Done().Error(), "canary")
			_, err = httpx.Do(t.Context(), replay.Client(), post(t, "http://127.0.0.1:9/create?key=canary-secret", "{}"))
			require.ErrorContains(t, err, "is not the recorded one", "after a difference nothing is answered")
		})
	}
}

func TestReplayReportsWhatIsUnused(t *testing.T) {
	replay, err := httpx.NewReplay(os.DirFS(recordShop(t)))
	require.NoError(t, err)
	require.ErrorContains(t, replay.Done(), "2 recorded exchanges were not asked for: 000001-call.json, 000002-call.json")
}

// Failures are repeated with what they prove.
func TestReplayedFailures(t *testing.T) {
	file := func(rest string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{"format":1,"request":{"method":"POST","url":"https://x/pay","text":"{}"},` + rest + `}`)}
	}
	tests := map[string]struct {
		rest string
		kind pay.Kind
		want string
	}{
		"not sent":     {`"failure":"cannot connect: connection refused","not_sent":true`, pay.KindProviderUnavailable, "connection refused"},
		"lost":         {`"failure":"timed out"`, pay.KindOutcomeUnknown, "timed out"},
		"cut":          {`"response":{"status":200,"text":"{\"a\""},"failure":"the connection was closed"`, pay.KindOutcomeUnknown, "connection was closed"},
		"omitted body": {`"response":{"status":200,"omitted":"6 bytes"}`, pay.KindOutcomeUnknown, "has no body: 6 bytes"},
		"redirect":     {`"response":{"status":302,"headers":[{"name":"Location","value":"https://elsewhere.example/"}]}`, pay.KindOutcomeUnknown, "not followed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			replay, err := httpx.NewReplay(fstest.MapFS{"000001-x.json": file(tt.rest)})
			require.NoError(t, err)
			_, err = httpx.Do(t.Context(), replay.Client(), post(t, "https://x/pay", "{}"))
			require.ErrorIs(t, err, tt.kind)
			require.ErrorContains(t, err, tt.want)
			require.NoError(t, replay.Done())
		})
	}
}

func TestUnreadableRecordings(t *testing.T) {
	for content, want := range map[string]string{
		`{`:              "unexpected end",
		`{"format":2}`:   "format is 2",
		`{"format":1}`:   "neither a response nor a failure",
		`{"format":"x`:   "unexpected end",
		`[]`:             "cannot unmarshal",
		`{"format":1.5}`: "cannot unmarshal",
	} {
		_, err := httpx.NewReplay(fstest.MapFS{"1.json": {Data: []byte(content)}})
		require.ErrorContains(t, err, want)
	}
	_, err := httpx.NewReplay(fstest.MapFS{})
	require.ErrorContains(t, err, "no files")
}

// FuzzRecording: whatever a provider answers and an adapter sends, the file is JSON, holds neither the secret nor the card, and the
// replay of the same request finds it.
func FuzzRecording(f *testing.F) {
	f.Add("application/json", []byte(`{"a":["x",{"phone":"+380501112233","n":5555555555554444}],"text":"a b"}`))
	f.Add("application/x-www-form-urlencoded", []byte("a=1&email=a%40b.c&hash=%zz&&="))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--x--\r\n"))
	f.Add("text/plain", []byte("hush-hush-secret 5555 5555 5555 4444 aHVzaC1odXNoLXNlY3JldA=="))
	f.Add("", []byte("\xff\x00"))
	const secret = "hush-hush-secret"
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		if strings.ContainsAny(contentType, "\r\n\x00") {
			return
		}
		dir := t.TempDir()
		require.NoError(t, os.Chmod(dir, 0o700))
		warned := &strings.Builder{}
		recorder, err := httpx.NewRecorder(httpx.RecorderConfig{Dir: dir, Secrets: []string{secret}, Log: textLogger(warned)})
		require.NoError(t, err)
		defer recorder.Close()
		echo := roundTrip(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
		})
		send := func(c *http.Client) error {
			req := post(t, "http://127.0.0.1:9/a?b=1", string(body))
			req.Header.Set("Content-Type", contentType)
			_, err := httpx.Do(t.Context(), c, req)
			return err
		}
		require.NoError(t, send(recorder.Client(&http.Client{Transport: echo})))
		files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
		require.NoError(t, err)
		if len(files) == 0 {
			require.Contains(t, warned.String(), "could not be taken out")
			return
		}
		raw, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
		require.NotContains(t, string(raw), secret)
		require.NotRegexp(t, `(^|[^0-9])5555555555554444([^0-9]|$)`, string(raw))
		require.NotContains(t, string(raw), "aHVzaC1odXNoLXNlY3Jld")
		replay, err := httpx.NewReplay(os.DirFS(filepath.Dir(files[0])), secret)
		require.NoError(t, err)
		if err := send(replay.Client()); err != nil && !strings.Contains(err.Error(), "has no body") {
			t.Fatal(errors.Join(err, replay.Done()))
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
