package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// bodyField is a flag that fills one field of the request.
type bodyField struct{ flag, path, usage string }

// fieldFlags adds a flag for each field.
func fieldFlags(cmd *cobra.Command, fields []bodyField) {
	for _, f := range fields {
		cmd.Flags().String(f.flag, "", f.usage)
	}
}

func keyFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("idempotency-key", "", "your key for this one intended operation; made and printed when absent")
}

func jsonFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("json", "", "request body as a JSON file, - for standard input; the other flags are put on top of it")
}

func itemFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringArray("item", nil, `line of the basket as JSON: {"name":…,"quantity":…,"unit_price":…}; repeatable`)
}

func metadataFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringArray("metadata", nil, "your own key=value, kept with it; repeatable")
}

// options are the two ways to give provider options.
type options struct {
	pairs  *[]string
	object *string
}

func optionFlags(cmd *cobra.Command) options {
	return options{
		pairs: cmd.Flags().StringArray("option", nil,
			"provider option key=value; true, false and JSON numbers, lists and objects are themselves, all else is text; repeatable"),
		object: cmd.Flags().String("options", "", "provider options as one JSON object"),
	}
}

func (o options) fill(b *bodyBuilder) {
	b.object("provider_options", "--options", *o.object)
	b.pairs("provider_options", "--option", *o.pairs, optionValue)
}

// fill begins a body with a file, when one is named, and puts the given flags on top of it.
func (p *program) fill(cmd *cobra.Command, file string, fields []bodyField) (*bodyBuilder, error) {
	b := &bodyBuilder{body: map[string]any{}}
	if file != "" {
		var err error
		if b.body, err = p.input(file); err != nil {
			return nil, fmt.Errorf("--json: %w", err)
		}
	}
	for _, f := range fields {
		if flag := cmd.Flags().Lookup(f.flag); flag.Changed {
			b.set(f.path, flag.Value.String())
		}
	}
	return b, nil
}

// bodyBuilder fills a JSON object. The first mistake is kept.
type bodyBuilder struct {
	body map[string]any
	err  error
}

func (b *bodyBuilder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = usagef(format, args...)
	}
}

// set puts a value at a dotted path.
func (b *bodyBuilder) set(path string, value any) {
	at := b.body
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		next, ok := at[step].(map[string]any)
		if !ok {
			if at[step] != nil {
				b.fail("--json: %s is not an object", step)
				return
			}
			next = map[string]any{}
			at[step] = next
		}
		at = next
	}
	at[steps[len(steps)-1]] = value
}

func (b *bodyBuilder) items(texts []string) {
	if len(texts) == 0 {
		return
	}
	list := []any{}
	for _, text := range texts {
		item, err := object([]byte(text))
		if err != nil {
			b.fail("--item: %w", err)
			return
		}
		list = append(list, item)
	}
	b.set("items", list)
}

func (b *bodyBuilder) object(path, flag, text string) {
	if text == "" {
		return
	}
	value, err := object([]byte(text))
	if err != nil {
		b.fail("%s: %w", flag, err)
		return
	}
	b.set(path, value)
}

// pairs puts every key=value below path.
func (b *bodyBuilder) pairs(path, flag string, texts []string, convert func(string) any) {
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			b.fail("%s needs key=value", flag)
			return
		}
		into, ok := b.body[path].(map[string]any)
		if !ok {
			into = map[string]any{}
			b.body[path] = into
		}
		into[key] = convert(value)
	}
}

// optionValue reads what is clearly JSON and no text as JSON.
func optionValue(s string) any {
	if s == "null" {
		return s
	}
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return s
}
