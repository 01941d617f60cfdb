package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// RecordingFormat is the version of the form of [RecordedExchange].
const RecordingFormat = 1

// RecordedExchange is the content of one file of a recording, as JSON. Secrets and personal data have been replaced by
// placeholders such as SCRUBBED_EMAIL_1: the same value has the same placeholder in all files of the recording.
type RecordedExchange struct {
	// Format is [RecordingFormat].
	Format   int    `json:"format"`
	Account  string `json:"account,omitempty"`
	Provider string `json:"provider,omitempty"`
	// Number is the place of the exchange in the recording, from 1, by the beginning of the request.
	Number int          `json:"number"`
	Call   RecordedCall `json:"call"`
	// StartedAt is when the request began; HeadersMS and TotalMS how many milliseconds later the status had come and all was over.
	StartedAt time.Time         `json:"started_at"`
	HeadersMS int64             `json:"headers_ms"`
	TotalMS   int64             `json:"total_ms"`
	Request   RecordedRequest   `json:"request"`
	Response  *RecordedResponse `json:"response,omitempty"`
	// Failure says how the transport failed, before or after a status came.
	Failure string `json:"failure,omitempty"`
	// NotSent: the failure proves that no byte of the request was written.
	NotSent bool `json:"not_sent,omitempty"`
}

// RecordedCall says what the adapter was asked to do.
type RecordedCall struct {
	// Name is the ability, for example "create_invoice".
	Name        string `json:"name,omitempty"`
	OperationID string `json:"operation_id,omitempty"`
	Try         int    `json:"try,omitempty"`
}

// RecordedRequest is what the adapter sent.
type RecordedRequest struct {
	Method  string           `json:"method"`
	URL     string           `json:"url"`
	Headers []RecordedHeader `json:"headers"`
	RecordedBody
}

// RecordedResponse is what the provider answered.
type RecordedResponse struct {
	Status  int              `json:"status"`
	Headers []RecordedHeader `json:"headers"`
	RecordedBody
}

// RecordedHeader is one header line. Values of headers that are not known to be harmless are placeholders.
type RecordedHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RecordedBody is a body in the most readable form it has; at most one field is set.
type RecordedBody struct {
	// JSON is a JSON body: its own digits, escapes, order and repeated keys, other spaces.
	JSON json.RawMessage `json:"json,omitempty"`
	// Text is a form or another text.
	Text string `json:"text,omitempty"`
	// Parts are those of a multipart form.
	Parts []RecordedPart `json:"parts,omitempty"`
	// Omitted says why a body was left out.
	Omitted string `json:"omitted,omitempty"`
}

// RecordedPart is one part of a multipart form. The content of a file is never kept.
type RecordedPart struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type,omitempty"`
	Value       string `json:"value,omitempty"`
	// FileSize is the number of bytes of a file.
	FileSize int64 `json:"file_size,omitempty"`
}

// observed is one exchange while it is being recorded.
type observed struct {
	request  *http.Request
	number   int
	started  time.Time
	answered time.Time // when the status or the failure came
	sent     *tee      // nil: no body
	response *http.Response
	received *tee
	failure  string
	notSent  bool
}

func (e *observed) callName() string {
	name, _ := e.request.Context().Value(CallNameKey{}).(string)
	return name
}

// fileName sorts by the number.
func (e *observed) fileName() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, e.callName())
	return fmt.Sprintf("%06d-%s.json", e.number, orDefault(name, "call"))
}

// document returns the file. It fails rather than hold a secret.
func (e *observed) document(s *scrubber, cfg RecorderConfig, ended time.Time) ([]byte, error) {
	call := pay.CallFrom(e.request.Context())
	sent, whole := e.sent.content()
	out := RecordedExchange{
		Format: RecordingFormat, Account: cfg.Account, Provider: cfg.Provider, Number: e.number,
		Call:      RecordedCall{Name: e.callName(), OperationID: call.OperationID, Try: call.Try},
		StartedAt: e.started.UTC(), HeadersMS: e.answered.Sub(e.started).Milliseconds(), TotalMS: ended.Sub(e.started).Milliseconds(),
		Request: s.request(e.request, sent, whole),
		Failure: s.text(e.failure), NotSent: e.notSent,
	}
	if e.response != nil {
		received, whole := e.received.content()
		out.Response = &RecordedResponse{
			Status: e.response.StatusCode, Headers: s.headers(e.response.Header),
			RecordedBody: s.body(e.response.Header, received, whole),
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return nil, errors.New("it cannot be written as JSON")
	}
	if s.leaks(b.String()) {
		return nil, errors.New("a secret could not be taken out of it")
	}
	return b.Bytes(), nil
}

// request writes a request down. A recording and the request that is compared with it go through here alike.
func (s *scrubber) request(r *http.Request, body []byte, whole bool) RecordedRequest {
	return RecordedRequest{
		Method: orDefault(r.Method, http.MethodGet), URL: s.url(r.URL.String()), Headers: s.headers(r.Header),
		RecordedBody: s.body(r.Header, body, whole),
	}
}

// headers are sorted by name. Only values of headers that are known to be harmless are kept.
func (s *scrubber) headers(h http.Header) []RecordedHeader {
	list := []RecordedHeader{}
	for name, values := range h {
		for _, v := range values {
			list = append(list, RecordedHeader{Name: http.CanonicalHeaderKey(name), Value: v})
		}
	}
	slices.SortStableFunc(list, func(a, b RecordedHeader) int { return strings.Compare(a.Name, b.Name) })
	for i := range list {
		list[i].Value = s.header(list[i].Name, list[i].Value)
	}
	return list
}

func (s *scrubber) header(name, value string) string {
	switch {
	case name == "Content-Type" && strings.HasPrefix(value, "multipart/"):
		media, _, _ := strings.Cut(value, ";")
		return media // the boundary is random
	case name == "Location":
		return s.url(value)
	case harmlessHeader(name):
		return s.text(value)
	}
	return s.placeholder("HEADER", value)
}
