package sqlite

import (
	"strconv"
	"strings"
)

// positional writes the parameters $1, $2, … of a statement as "?", if each occurs once and in order; otherwise it returns the
// text as it is. The driver looks for every named parameter by comparing names with all arguments, and copies each name first,
// which takes longer than executing a statement with forty of them.
func positional(text string) string {
	var out strings.Builder
	next, quote := 1, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '?', c == '-' && strings.HasPrefix(text[i:], "--"), c == '/' && strings.HasPrefix(text[i:], "/*"):
			return text // nothing of ours has these, so nothing here has to understand them
		case c == '$':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if text[i+1:end] != strconv.Itoa(next) {
				return text
			}
			next++
			i = end - 1
			c = '?'
		}
		out.WriteByte(c)
	}
	return out.String()
}
