package httpx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxRecordedText is the largest text of unknown form, HTML for example, that is kept.
const maxRecordedText = 8 << 10

// maxNested is how deep documents in strings of documents are looked into.
const maxNested = 3

// body writes a body down by what it is, and leaves out what cannot be looked through.
func (s *scrubber) body(h http.Header, body []byte, whole bool) RecordedBody {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		media, params = "", nil
	}
	encoding := h.Get("Content-Encoding")
	switch {
	case len(body) == 0 && whole:
		return RecordedBody{}
	case !whole:
		return RecordedBody{Omitted: fmt.Sprintf("it is larger than %d bytes", maxRecordedBody)}
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return RecordedBody{Omitted: fmt.Sprintf("%d bytes of an encoding that is not looked into", len(body))}
	case media == "multipart/form-data":
		return s.multipart(body, params["boundary"])
	case json.Valid(body) && utf8.Valid(body):
		return RecordedBody{JSON: json.RawMessage(s.json(body, "", 0))}
	case media == "application/x-www-form-urlencoded":
		return RecordedBody{Text: s.form(string(body))}
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		return RecordedBody{Omitted: fmt.Sprintf("%d bytes that are no text", len(body))}
	case len(body) > maxRecordedText:
		return RecordedBody{Omitted: fmt.Sprintf("%d bytes of text", len(body))}
	}
	return RecordedBody{Text: s.text(string(body))}
}

// multipart keeps the values and, of files, the size.
func (s *scrubber) multipart(body []byte, boundary string) RecordedBody {
	parts := []RecordedPart{}
	in := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := in.NextPart()
		if err == io.EOF { //nolint:errorlint // the reader's end comes bare
			return RecordedBody{Parts: parts}
		}
		if err != nil {
			return RecordedBody{Omitted: fmt.Sprintf("%d bytes of a form that cannot be read", len(body))}
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return RecordedBody{Omitted: fmt.Sprintf("%d bytes of a form that cannot be read", len(body))}
		}
		out := RecordedPart{Name: s.text(part.FormName()), ContentType: s.text(part.Header.Get("Content-Type"))}
		if part.FileName() != "" || !utf8.Valid(content) {
			out.FileSize = int64(len(content))
		} else {
			out.Value = s.structured(part.FormName(), "", string(content), 0)
		}
		parts = append(parts, out)
	}
}

// structured replaces a value that may itself be a document.
func (s *scrubber) structured(name, inherited, value string, depth int) string {
	if depth < maxNested && classOf(name) == "" && inherited == "" && len(value) > 1 && (value[0] == '{' || value[0] == '[') && json.Valid([]byte(value)) {
		return string(s.json([]byte(value), "", depth+1))
	}
	return s.value(name, inherited, value)
}
