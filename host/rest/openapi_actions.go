package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// uploadMedia describes the other form of a body that brings files.
func uploadMedia() *huma.MediaType {
	return &huma.MediaType{
		Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
			partInput:      {Type: huma.TypeObject},
			partAttachment: {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}},
		Encoding: map[string]*huma.Encoding{partInput: {ContentType: "application/json"}},
	}
}

// description is what /openapi.json shows: the routes of this package, and below them a path for each action of the plugins
// that the host runs. It is made once per set of manifests and is safe for concurrent use.
type description struct {
	static  []byte
	actions func() []host.ProviderActions

	mu   sync.Mutex
	of   [sha256.Size]byte // what full was made of
	full []byte
}

func (d *description) read() ([]byte, error) {
	list := d.actions()
	if len(list) == 0 {
		return d.static, nil
	}
	of := sha256.Sum256(fmt.Appendf(nil, "%#v", list))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full == nil || d.of != of {
		full, err := describeActions(d.static, list)
		if err != nil {
			return nil, err
		}
		d.of, d.full = of, full
	}
	return d.full, nil
}

// described is an action with the provider that has it.
type described struct {
	host.ProviderActions
	spec pay.ActionSpec
}

// describeActions adds the actions to a description. Providers whose actions of one kind of object share a name share its path.
func describeActions(static []byte, list []host.ProviderActions) ([]byte, error) {
	doc, err := readObjectOf(static)
	if err != nil {
		return nil, err
	}
	paths, _ := doc["paths"].(map[string]any)
	components, _ := doc["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	tags, _ := doc["tags"].([]any)
	known := regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]{0,63}$`)
	for _, on := range actionSubjects() {
		byName := map[string][]described{}
		for _, p := range list {
			for _, spec := range p.Actions {
				// A name that cannot stand in a path as it is has only the generic one.
				if spec.Subject == on.subject && known.MatchString(spec.Name) {
					byName[spec.Name] = append(byName[spec.Name], described{p, spec})
				}
			}
		}
		generic, _ := paths[on.actionPath("{name}")].(map[string]any)
		for name, actions := range byName {
			op, err := copyOf(generic["post"])
			if err != nil {
				return nil, err
			}
			describeAction(op, on, name, actions, schemas)
			paths[on.actionPath(name)] = map[string]any{"post": op}
		}
	}
	for _, p := range list {
		named := func(tag any) bool { m, _ := tag.(map[string]any); return m["name"] == p.Provider }
		title := p.Title
		if title == "" {
			title = p.Provider
		}
		if !slices.ContainsFunc(tags, named) {
			tags = append(tags, map[string]any{"name": p.Provider, "description": "The provider's own actions: " + title})
		}
	}
	doc["tags"] = tags
	raw, err := json.MarshalIndent(doc, "", "  ")
	return append(raw, '\n'), err
}

// describeAction turns a copy of the generic operation into that of the named action.
func describeAction(op map[string]any, on actionSubject, name string, actions []described, schemas map[string]any) {
	var tags, summaries, lines, facts, security []any
	var inputs, outputs []map[string]any
	files, changing, inputNeeded := 0, 0, true
	var scopes []string
	for _, a := range actions {
		base := a.Provider + "." + string(on.subject) + "." + name
		input, needed := embed(schemas, base+".input", a.Provider, a.spec.Title, a.spec.Input)
		output, _ := embed(schemas, base+".output", a.Provider, a.spec.Title, a.spec.Output)
		if input["$ref"] == nil {
			input["type"] = "object" // as every input is
		}
		inputs, outputs = append(inputs, input), append(outputs, output)
		tags = append(tags, a.Provider)
		title := a.spec.Title
		if title == "" {
			title = name
		}
		if !slices.Contains(summaries, any(title)) {
			summaries = append(summaries, title)
		}
		fact := map[string]any{
			"provider": a.Provider, "name": name, "title": title, "effect": a.spec.Effect, "subject": a.spec.Subject,
			"resolution": orHuman(a.spec.Resolution),
		}
		line := fmt.Sprintf("%s: %s, effect %s.", a.Provider, title, a.spec.Effect)
		if a.spec.MaxAttachments > 0 {
			size := a.spec.MaxAttachmentSize
			if size == 0 {
				size = pay.MaxAttachmentSize
			}
			fact["max_attachments"], fact["max_attachment_size"] = a.spec.MaxAttachments, size
			line += fmt.Sprintf(" Takes up to %d files of at most %d bytes each.", a.spec.MaxAttachments, size)
		}
		facts, lines = append(facts, fact), append(lines, line)
		files = max(files, a.spec.MaxAttachments)
		inputNeeded = inputNeeded && needed
		if a.spec.Effect != pay.EffectRead {
			changing++
		}
		if scope := scopeOf(a.spec.Effect); !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
			security = append(security, map[string]any{securityName: []any{scope}})
		}
	}
	op["operationId"] = on.id + "-" + name
	op["tags"], op["security"], op["x-payhost-actions"] = tags, security, facts
	op["summary"], op["description"] = joined(summaries, " / "), joined(lines, "\n\n")
	op["parameters"] = actionParameters(op["parameters"], changing, len(actions))
	op["requestBody"] = actionBody(alternatives(actions, inputs), inputNeeded, files)
	result := map[string]any{"allOf": []any{
		map[string]any{"$ref": schemaPrefix + "ActionResult"},
		map[string]any{"type": "object", "properties": map[string]any{"output": alternatives(actions, outputs)}},
	}}
	responses, _ := op["responses"].(map[string]any)
	for _, status := range []string{"200", "202"} {
		if response, ok := responses[status].(map[string]any); ok {
			response["content"] = map[string]any{"application/json": map[string]any{"schema": result}}
		}
	}
}

// alternatives is the one schema of the one provider, or each with the name of its provider as its title.
func alternatives(actions []described, schemas []map[string]any) map[string]any {
	if len(schemas) == 1 {
		return schemas[0]
	}
	var list []any
	for i, a := range actions {
		one := map[string]any{"title": a.Provider, "x-payhost-provider": a.Provider}
		maps.Copy(one, schemas[i])
		list = append(list, one)
	}
	return map[string]any{"oneOf": list}
}

// actionParameters are those of the generic operation without the name. The key is needed where every provider's action does
// more than read, and means nothing where none does.
func actionParameters(generic any, changing, all int) []any {
	list, _ := generic.([]any)
	var kept []any
	for _, item := range list {
		p, _ := item.(map[string]any)
		switch {
		case p["in"] == "path" && p["name"] == "name", p["name"] == keyHeader && changing == 0:
			continue
		case p["name"] == keyHeader && changing == all:
			p["required"], p["description"] = true, keyRequired.parameter().Description
		}
		kept = append(kept, p)
	}
	return kept
}

// actionBody is the body of an action as JSON and, where it takes files, as an upload.
func actionBody(input map[string]any, needed bool, files int) map[string]any {
	body := map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{partInput: input}}
	parts := map[string]any{"type": "object", "properties": map[string]any{
		partInput: input,
		partAttachment: map[string]any{
			"type": "array", "maxItems": files, "items": map[string]any{"type": "string", "format": "binary"},
		},
	}}
	if needed {
		body["required"], parts["required"] = []any{partInput}, []any{partInput}
	}
	content := map[string]any{"application/json": map[string]any{"schema": body}}
	if files > 0 {
		content["multipart/form-data"] = map[string]any{
			"schema": parts, "encoding": map[string]any{partInput: map[string]any{"contentType": "application/json"}},
		}
	}
	return map[string]any{"required": needed, "content": content}
}

func joined(list []any, between string) string {
	var texts []string
	for _, item := range list {
		texts = append(texts, fmt.Sprint(item))
	}
	return strings.Join(texts, between)
}

// readObjectOf reads a JSON object; numbers keep their digits.
func readObjectOf(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var o map[string]any
	err := dec.Decode(&o)
	return o, err
}

func copyOf(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return readObjectOf(raw)
}
