package plugintest

import (
	"bytes"
	"encoding/json"
)

// unknownField is what the kit puts where it checks that unknown names are ignored, or refused.
const unknownField = "payhost_kit_unknown"

// addUnknownFields puts one more text member into every object of a JSON document and leaves all other bytes as they are.
// What is not JSON is returned unchanged.
func addUnknownFields(doc []byte) []byte {
	if !json.Valid(doc) {
		return doc
	}
	var out bytes.Buffer
	text, escaped := false, false
	for i, c := range doc {
		out.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
		case !text && c == '{':
			out.WriteString(`"` + unknownField + `":"x"`)
			if rest := bytes.TrimLeft(doc[i+1:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' {
				out.WriteByte(',')
			}
		}
	}
	return out.Bytes()
}

// echo is an answer in which every usual place for a text repeats the whole request.
func echo(r request) string {
	fields := map[string]any{"status": false, "result": false, "code": "ECHO"}
	for _, name := range []string{
		"message", "error", "error_description", "errText", "errCode", "user_msg", "msg", "detail", "description", "title", "reason", "tracker",
	} {
		fields[name] = r.text()
	}
	doc, err := json.Marshal(fields)
	if err != nil {
		return r.text()
	}
	return string(doc)
}
