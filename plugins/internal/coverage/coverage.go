package coverage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// Decision is what became of one piece of a provider's API.
type Decision string

// The decisions.
const (
	// Offered: payhost gives it to its callers, or acts by it. It needs a test.
	Offered Decision = "offered"
	// Refused: payhost declines it on purpose. It needs a reason and a test of the refusal where a caller can ask for it.
	Refused Decision = "refused"
	// Outside: it concerns no caller of payhost, for example a cabinet setting. It needs a reason.
	Outside Decision = "outside"
)

// Row is one piece of a provider's API, such as an endpoint, a status, an error code or an ambiguity.
type Row struct {
	// What names it in the provider's words.
	What string
	// Source is where the fact stands, for example "§2.1, documented".
	Source string
	// Decision is what became of it.
	Decision Decision
	// As names what it became: an ability ("create_invoice"), "webhook", "action:NAME", "option:OPERATION.KEY",
	// "field:NAME" of a create request or "config:KEY". Empty where it is none of them, such as a status.
	As []string
	// Why is the reason of a refusal, or what a reader should know, in a sentence.
	Why string
	// Tests are the tests that fail if the behaviour goes: "TestName", or "TestName/case" where the file that holds the
	// test must contain the text of the case.
	Tests []string
}

// Table is a titled list of rows.
type Table struct {
	Title string
	Rows  []Row
}

// Plugin is the statement of one adapter.
type Plugin struct {
	Manifest pay.Manifest
	// Tests are the folders whose tests rows may name.
	Tests  []string
	Tables []Table
}

// Problems returns what is wrong with the statement, one sentence each; none when it holds.
func (p Plugin) Problems() ([]string, error) {
	tests, err := findTests(p.Tests)
	if err != nil {
		return nil, err
	}
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	offered := offeredBy(p.Manifest)
	covered := map[string]bool{"webhook": true}
	for _, table := range p.Tables {
		seen := map[string]bool{}
		for _, row := range table.Rows {
			name := table.Title + ": " + row.What
			if seen[row.What] {
				add("%s: stands there twice", name)
			}
			seen[row.What] = true
			problems = append(problems, row.problems(name, tests)...)
			for _, as := range row.As {
				if as != "webhook" && !offered[as] {
					add("%s: the manifest has no %s", name, as)
				}
				covered[as] = true
			}
		}
	}
	for _, as := range slices.Sorted(maps.Keys(offered)) {
		if !covered[as] {
			add("the manifest offers %s, which stands in no row", as)
		}
	}
	return problems, nil
}

func (r Row) problems(name string, tests testSet) []string {
	var problems []string
	if r.What == "" || r.Source == "" {
		problems = append(problems, name+": what it is and its source are needed")
	}
	switch r.Decision {
	case Offered:
		if len(r.Tests) == 0 {
			problems = append(problems, name+": is offered, and no test is named")
		}
	case Refused, Outside:
		if r.Why == "" {
			problems = append(problems, name+": is "+string(r.Decision)+" without a reason")
		}
	default:
		problems = append(problems, fmt.Sprintf("%s: decision %q does not exist", name, r.Decision))
	}
	for _, test := range r.Tests {
		if !tests.has(test) {
			problems = append(problems, name+": there is no test "+test)
		}
	}
	return problems
}

// offeredBy lists everything of the manifest that a row must account for, in the form of [Row.As].
func offeredBy(m pay.Manifest) map[string]bool {
	all := map[string]bool{}
	for _, ability := range m.Abilities {
		all[string(ability)] = true
	}
	for _, action := range m.Actions {
		all["action:"+action.Name] = true
	}
	for name, field := range m.Fields {
		if field.Use == pay.FieldHonoured || field.Use == pay.FieldRequired {
			all["field:"+name] = true
		}
	}
	for operation, schema := range m.OptionSchemas {
		for _, property := range properties(schema) {
			all["option:"+string(operation)+"."+property.Name] = true
		}
	}
	for _, property := range properties(m.ConfigSchema) {
		all["config:"+property.Name] = true
	}
	// One row for run_action would say nothing that the rows of the actions do not.
	delete(all, string(pay.CanRunAction))
	return all
}

// tick quotes names for Markdown.
func tick(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}
