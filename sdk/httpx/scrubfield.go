package httpx

import (
	"regexp"
	"strings"
)

// fieldForm finds a field with its value in a text that repeats a request: name=value as in forms and queries, or "name":value as in
// JSON, also where its quotes are escaped because it stands in another document. Prose such as "card: declined" is neither.
var fieldForm = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_-]*)(\\*["']\s*:\s*\[?|=)(\\*["'])?([^"'\\&,;\])}\s][^"'\\&,;\])}\s]*)?`)

// quotedLength is how long the rest of a quoted value is, which may hold spaces and commas.
func quotedLength(text string) int {
	if end := strings.IndexAny(text, `"'\`); end >= 0 {
		return end
	}
	return len(text)
}

// replaceFields puts what replace returns in place of the values of fields whose names say that they are secret or personal.
func replaceFields(text string, replace func(class, value string) string) string {
	var b strings.Builder
	for {
		m := fieldForm.FindStringSubmatchIndex(text)
		if m == nil {
			b.WriteString(text)
			return b.String()
		}
		start, end := m[5], m[1]
		if m[6] >= 0 { // quoted
			start = m[7]
			end = start + quotedLength(text[start:])
		}
		value := text[start:end]
		b.WriteString(text[:start])
		class := classOf(text[m[2]:m[3]])
		switch {
		case class == "" || value == "" || value == "null":
			end = start // what follows may be a field of its own
		default:
			b.WriteString(replace(class, value))
		}
		text = text[end:]
	}
}

// plainSigns undoes the two URL escapes behind which e-mail addresses and phone numbers hide.
func plainSigns(text string) string {
	return strings.NewReplacer("%40", "@", "%2B", "+", "%2b", "+").Replace(text)
}
