package httpx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// json replaces strings and numbers of a valid document and leaves every other byte alone: digits, escapes, order, repeated
// keys. name is that of the field the document stands in.
func (s *scrubber) json(doc []byte, name string, depth int) []byte {
	w := jsonWalk{scrub: s, in: doc, depth: depth, open: []jsonLevel{{name: name}}}
	return w.run()
}

// jsonLevel is an object or array that is open.
type jsonLevel struct {
	object bool
	// expectKey: the next string of an object names a field.
	expectKey bool
	// name is the field that the next value belongs to; inherited is the class of the field that the level stands in.
	name, inherited string
}

type jsonWalk struct {
	scrub *scrubber
	in    []byte
	out   bytes.Buffer
	depth int
	open  []jsonLevel
}

func (w *jsonWalk) run() []byte {
	for i := 0; i < len(w.in); {
		level := &w.open[len(w.open)-1]
		switch c := w.in[i]; c {
		case '{', '[':
			child := jsonLevel{object: c == '{', expectKey: c == '{', inherited: level.inherited}
			if class := classOf(level.name); class != "" {
				child.inherited = class
			}
			if c == '[' {
				child.name = level.name // the elements of a list belong to its field
			}
			w.open = append(w.open, child)
		case '}', ']':
			w.open = w.open[:len(w.open)-1]
		case ',':
			level.expectKey = level.object
		case '"':
			end := stringEnd(w.in, i)
			w.text(level, w.in[i:end])
			i = end
			continue
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end := i + 1
			for end < len(w.in) && strings.IndexByte("0123456789+-.eE", w.in[end]) >= 0 {
				end++
			}
			w.number(level, string(w.in[i:end]))
			i = end
			continue
		}
		w.out.WriteByte(w.in[i])
		i++
	}
	return w.out.Bytes()
}

// stringEnd returns the index after the closing quote of the string that starts at i.
func stringEnd(doc []byte, i int) int {
	for i++; doc[i] != '"'; i++ {
		if doc[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func (w *jsonWalk) text(level *jsonLevel, literal []byte) {
	var plain string
	if json.Unmarshal(literal, &plain) != nil {
		plain = string(literal) // unreachable: the document is valid
	}
	var clean string
	if level.expectKey {
		level.name, level.expectKey = plain, false
		clean = w.scrub.text(plain)
	} else {
		clean = w.scrub.structured(level.name, level.inherited, plain, w.depth)
	}
	if clean == plain {
		w.out.Write(literal)
		return
	}
	fmt.Fprintf(&w.out, `"%s"`, jsonText(clean, false))
}

// number replaces numbers of personal fields, and those that are card numbers, by numbers with as many digits, so that what
// reads them still can. One in ten numbers passes the Luhn check: numbers that are ids by the name of their field stay.
func (w *jsonWalk) number(level *jsonLevel, literal string) {
	class := orDefault(classOf(level.name), level.inherited)
	from, to := digitRun(literal)
	run := literal[from:to]
	switch {
	case run == "0" && to == len(literal), standIn(run):
	case class != "":
		w.scrub.remember(class, literal)
		literal = w.scrub.standIn(class, run)
	case ends(plainName(level.name), "id"):
	case cardNumber(run):
		literal = literal[:from] + w.scrub.standIn(classCard, run) + literal[to:]
	case len(run) == 12 && domesticPhone(run):
		literal = literal[:from] + w.scrub.standIn(classPhone, run) + literal[to:]
	}
	w.out.WriteString(literal)
}

// cardNumber recognises the lengths and first digits of cards: 13 and 16 to 19 digits that begin with 2 to 6, 14 with 3 (Diners), 15 with
// 34 or 37 (American Express). No card begins with 1, as times in milliseconds do.
func cardNumber(run string) bool {
	switch n := len(run); {
	case n < 13 || n > 19 || !luhn(run):
		return false
	case n == 14:
		return run[0] == '3'
	case n == 15:
		return run[:2] == "34" || run[:2] == "37"
	}
	return run[0] >= '2' && run[0] <= '6'
}

// digitRun returns where the integer part of a number stands.
func digitRun(literal string) (from, to int) {
	if literal[0] == '-' {
		from = 1
	}
	for to = from; to < len(literal) && isDigit(literal[to]); to++ {
	}
	return from, to
}

// standIn returns the number that stands for a number: a nine and zeros before the number of its placeholder. It is neither a
// card nor a phone number.
func (s *scrubber) standIn(class, literal string) string {
	// A count of its own: who reads the number cannot tell its class, and so cannot reserve it.
	p := s.placeholder(class+"NUMBER", literal)
	n := p[strings.LastIndexByte(p, '_')+1:]
	number := "9" + strings.Repeat("0", max(len(literal)-1-len(n), 0)) + n
	for len(number) >= 13 && luhn(number) {
		number += "0"
	}
	return number
}

// standIn recognises the numbers that are made above.
func standIn(literal string) bool {
	return len(literal) >= 8 && strings.HasPrefix(literal, "90000") && len(strings.TrimLeft(literal[1:], "0")) <= 3
}
