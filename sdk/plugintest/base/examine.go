package base

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// ManifestCheck is one check of what a plugin says about itself.
type ManifestCheck struct {
	// Name is the name of the check, in snake_case; Why says what is lost when it fails.
	Name, Why string
	// Of returns what is wrong with a manifest; nothing when it passes.
	Of func(pay.Manifest) []string
}

// ManifestChecks returns the checks of a manifest.
func ManifestChecks() []ManifestCheck {
	return []ManifestCheck{
		{"manifest_valid", "the host stores the manifest and trusts it while the plugin is down: forms, refusals, currencies and schedules are made from it", valid},
		{"manifest_operations", "an operation without a resolution leaves every lost answer to a person, and a promise without the means to keep it leaves it open for ever", operations},
		{"manifest_secrets", "a config value that is not marked secret is shown by the API and the command line", secrets},
	}
}

const whyRefuse = "an account with a wrong config must be refused where a person can still correct it, with the name of the key"

// openTime bounds one opening of an account, which asks no provider for anything.
const openTime = 5 * time.Second

// Finding is one failed check.
type Finding struct {
	// Check is the name of the check, Why what is lost when it fails, Text what was found.
	Check, Why, Text string
}

// Failure is the error of a plugin that fails the base level.
type Failure struct{ Findings []Finding }

// Error lists what was found, each reason once.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("it fails the base level of the conformance kit:")
	for i, one := range f.Findings {
		fmt.Fprintf(&b, "\n  %s: %s", one.Check, one.Text)
		if i == len(f.Findings)-1 || f.Findings[i+1].Check != one.Check {
			fmt.Fprintf(&b, "\n    why it matters: %s", one.Why)
		}
	}
	b.WriteString("\n  Correct the plugin and build it again; plugintest.Run shows the same in its author's own test.")
	return b.String()
}

// Examine runs the base level. It opens accounts with wrong configs only, so that no provider is called. The error is a [*Failure], or nil.
func Examine(ctx context.Context, p pay.Provider) error {
	var f Failure
	m := p.Describe()
	for _, c := range ManifestChecks() {
		for _, problem := range c.Of(m) {
			f.Findings = append(f.Findings, Finding{c.Name, c.Why, problem})
		}
	}
	for _, problem := range acceptedConfigs(ctx, p, m) {
		f.Findings = append(f.Findings, Finding{"open_refuses", whyRefuse, problem})
	}
	if len(f.Findings) == 0 {
		return nil
	}
	return &f
}

// unknownKey is in no config schema.
const unknownKey = "payhost_no_such_key"

// wrongConfig is a config that no account may be opened with.
type wrongConfig struct {
	what   string
	config map[string]any
	names  []string // one of which the refusal must name
}

func wrongConfigs(properties map[string]Property, required []string) []wrongConfig {
	list := []wrongConfig{{"an unknown key", map[string]any{unknownKey: "x"}, append([]string{unknownKey}, required...)}}
	if len(required) > 0 {
		list = append(list, wrongConfig{"no " + strings.Join(required, ", no "), map[string]any{}, required})
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value := any(map[string]any{"wrong": []string{"type"}})
		if properties[name].Type == "object" {
			value = "wrong type"
		}
		list = append(list, wrongConfig{"a value of the wrong type as " + name, map[string]any{name: value}, append([]string{name}, required...)})
	}
	return list
}

// acceptedConfigs says which wrong configs were not refused as they must be.
func acceptedConfigs(ctx context.Context, p pay.Provider, m pay.Manifest) (problems []string) {
	properties, required, err := Schema(m.ConfigSchema)
	if err != nil {
		return nil // said by another check
	}
	for i, wrong := range wrongConfigs(properties, required) {
		doc, err := json.Marshal(wrong.config)
		if err != nil {
			return append(problems, err.Error())
		}
		if problem := refusal(ctx, p, int64(i+1), doc, wrong); problem != "" {
			problems = append(problems, "Open with "+wrong.what+": "+problem)
		}
	}
	return problems
}

// refusal opens an account and says what is wrong with the answer; nothing when it is the right refusal.
func refusal(ctx context.Context, p pay.Provider, revision int64, doc json.RawMessage, wrong wrongConfig) string {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	_, err := p.Open(ctx, pay.AccountConfig{AccountID: "acc_base", Revision: revision, Mode: pay.ModeSandbox, Config: doc})
	if err == nil {
		return "it was accepted"
	}
	if ctx.Err() != nil {
		return "no answer within " + openTime.String() + "; opening validates and asks the provider nothing"
	}
	e, ok := errors.AsType[*pay.Error](err)
	if !ok || e.Kind != pay.KindInvalidRequest || e.WasExecuted() != pay.ExecutedNo {
		return fmt.Sprintf("the error is not of kind %s with executed = no: %v", string(pay.KindInvalidRequest), err)
	}
	named := slices.ContainsFunc(wrong.names, func(name string) bool {
		return strings.Contains(e.Message, name) || slices.ContainsFunc(e.Fields, func(f pay.FieldError) bool { return strings.Contains(f.Path, name) })
	})
	if !named {
		return fmt.Sprintf("the error names none of %s: %v", strings.Join(wrong.names, ", "), err)
	}
	return ""
}
