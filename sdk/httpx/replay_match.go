package httpx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// compareRequests returns what differs, line by line, or the empty text. Both sides have been scrubbed.
func compareRequests(recorded, live RecordedRequest) string {
	var b strings.Builder
	line := func(what, recorded, live string) {
		if recorded != live {
			fmt.Fprintf(&b, "  %s\n    recorded %s\n    now      %s\n", what, excerpt(recorded, live), excerpt(live, recorded))
		}
	}
	line("method", recorded.Method, live.Method)
	line("path", pathOf(recorded.URL), pathOf(live.URL))
	line("query", queryOf(recorded.URL), queryOf(live.URL))
	line("body", bodyText(recorded.RecordedBody), bodyText(live.RecordedBody))
	return strings.TrimRight(b.String(), "\n")
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.EscapedPath()
}

func queryOf(address string) string {
	_, query, _ := strings.Cut(address, "?")
	query, _, _ = strings.Cut(query, "#")
	return query
}

// bodyText returns a body in one form that can be compared.
func bodyText(b RecordedBody) string {
	switch {
	case b.JSON != nil:
		var compact bytes.Buffer
		if json.Compact(&compact, b.JSON) == nil {
			return compact.String()
		}
		return string(b.JSON)
	case len(b.Parts) > 0:
		raw, err := json.Marshal(b.Parts)
		if err != nil {
			return "parts that cannot be written"
		}
		return string(raw)
	case b.Omitted != "":
		return "left out: " + b.Omitted
	}
	return b.Text
}

// maxExcerpt is how much of a difference is shown.
const maxExcerpt = 400

// excerpt shows text around the first byte in which it differs from other.
func excerpt(text, other string) string {
	if len(text) <= maxExcerpt {
		return fmt.Sprintf("%q", text)
	}
	at := 0
	for at < len(text) && at < len(other) && text[at] == other[at] {
		at++
	}
	from := max(at-maxExcerpt/4, 0)
	return fmt.Sprintf("…%q…", strings.ToValidUTF8(text[from:min(from+maxExcerpt, len(text))], "\uFFFD"))
}
