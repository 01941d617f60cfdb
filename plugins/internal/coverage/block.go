package coverage

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// The generated part of a page stands between these lines.
const (
	beginLine = "<!-- generated from the manifest and coverage_test.go: begin -->"
	endLine   = "<!-- generated: end -->"
)

// Block returns the generated part of the provider's page: config keys, fields, options and actions from the manifest, then the
// tables.
func (p Plugin) Block() string {
	var b strings.Builder
	b.WriteString(beginLine + "\n\n### Account configuration\n\n| key | type | required | meaning |\n|---|---|---|---|\n")
	for _, one := range properties(p.Manifest.ConfigSchema) {
		line(&b, "`"+one.Name+"`", one.Type, yes(one.Required), secret(one)+one.Description)
	}
	p.fields(&b)
	for _, operation := range slices.Sorted(maps.Keys(p.Manifest.OptionSchemas)) {
		fmt.Fprintf(&b, "\n### `provider_options` of %s\n\n| key | type | required | meaning |\n|---|---|---|---|\n", operation)
		for _, one := range properties(p.Manifest.OptionSchemas[operation]) {
			line(&b, "`"+one.Name+"`", one.Type, yes(one.Required), one.Description)
		}
	}
	p.actions(&b)
	for _, table := range p.Tables {
		fmt.Fprintf(&b, "\n### %s\n\n| what | source | decision | as | tests |\n|---|---|---|---|---|\n", table.Title)
		for _, row := range table.Rows {
			decision := string(row.Decision)
			if row.Why != "" {
				decision += ": " + row.Why
			}
			line(&b, row.What, row.Source, decision, tick(row.As), tick(row.Tests))
		}
	}
	b.WriteString("\n" + endLine)
	return b.String()
}

func (p Plugin) fields(b *strings.Builder) {
	b.WriteString("\n### Fields of a create request\n\nWhat is not listed is kept by the host when it informs, and refused by name when it " +
		"asks for behaviour.\n\n| field | use | limits | at the provider |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(p.Manifest.Fields)) {
		field := p.Manifest.Fields[name]
		line(b, "`"+name+"`", string(field.Use), limits(field), field.Note)
	}
}

func limits(f pay.FieldSpec) string {
	var list []string
	if f.MaxLength > 0 {
		list = append(list, fmt.Sprintf("at most %d characters", f.MaxLength))
	}
	if f.Pattern != "" {
		list = append(list, "`"+f.Pattern+"`")
	}
	if len(f.Values) > 0 {
		list = append(list, tick(f.Values))
	}
	if f.MaxDuration > 0 {
		list = append(list, "at most "+f.MaxDuration.String())
	}
	return strings.Join(list, "; ")
}

func (p Plugin) actions(b *strings.Builder) {
	if len(p.Manifest.Actions) == 0 {
		return
	}
	b.WriteString("\n### Actions\n\n| action | on | effect | unknown outcome | what it does | input |\n|---|---|---|---|---|---|\n")
	for _, action := range p.Manifest.Actions {
		resolution := ""
		if action.Effect != pay.EffectRead {
			resolution = string(cmp.Or(action.Resolution, pay.ResolveHuman))
		}
		var input []string
		for _, one := range properties(action.Input) {
			text := "`" + one.Name + "`"
			if one.Required {
				text += " (required)"
			}
			input = append(input, text)
		}
		if action.MaxAttachments > 0 {
			input = append(input, fmt.Sprintf("up to %d files of %d bytes", action.MaxAttachments, action.MaxAttachmentSize))
		}
		line(b, "`"+action.Name+"`", string(action.Subject), string(action.Effect), resolution, action.Title, strings.Join(input, ", "))
	}
}

// Page compares the generated part of the page at path with [Plugin.Block]; with update it writes it. The page must hold the two
// marker lines; a person writes the rest.
func (p Plugin) Page(path string, update bool) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := bytes.Index(page, []byte(beginLine)), bytes.Index(page, []byte(endLine))
	if begin < 0 || end < begin {
		return fmt.Errorf("%s must hold the lines %q and %q, in this order", path, beginLine, endLine)
	}
	want := slices.Concat(page[:begin], []byte(p.Block()), page[end+len(endLine):])
	if bytes.Equal(page, want) {
		return nil
	}
	if !update {
		return fmt.Errorf("the generated part of %s is not what the code says: run the test with -update", path)
	}
	return os.WriteFile(path, want, 0o644)
}

// line writes one row of a table.
func line(b *strings.Builder, cells ...string) {
	for _, cell := range cells {
		cell = strings.ReplaceAll(strings.ReplaceAll(cell, "\n", " "), "|", `\|`)
		b.WriteString("| " + cell + " ")
	}
	b.WriteString("|\n")
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func secret(p property) string {
	if p.Secret {
		return "Secret. "
	}
	return ""
}
