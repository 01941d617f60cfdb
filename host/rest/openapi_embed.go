package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// embed adds a JSON Schema of its own to the schemas of a description, where "#" means another document: its references are
// rewritten to where it now stands, and its $defs become schemas beside it, because many tools follow only references to those. It
// returns what to put in the schema's place, and whether an empty object would not be valid.
func embed(schemas map[string]any, name, provider, title string, raw json.RawMessage) (ref map[string]any, needed bool) {
	if len(raw) == 0 {
		return map[string]any{"x-payhost-provider": provider}, false
	}
	root, err := readObjectOf(raw)
	if err != nil || root == nil {
		return map[string]any{"x-payhost-provider": provider}, false // true, false and what is no schema at all
	}
	e := embedding{root: name, moved: map[string]string{}, anchors: map[string]string{}}
	e.id, _ = root["$id"].(string)
	e.id = strings.TrimSuffix(e.id, "#")
	delete(root, "$id")
	delete(root, "$schema")
	for _, keyword := range []string{"$defs", "definitions"} {
		defs, _ := root[keyword].(map[string]any)
		for _, def := range slices.Sorted(maps.Keys(defs)) {
			e.moved[keyword+"/"+def] = free(schemas, name+"."+plain(def), e.moved)
		}
	}
	e.walk(root, "", func(schema map[string]any, at string) {
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if anchor, ok := schema[keyword].(string); ok {
				e.anchors[anchor] = at
				delete(schema, keyword)
			}
		}
	})
	e.walk(root, "", func(schema map[string]any, _ string) {
		for _, keyword := range []string{"$ref", "$dynamicRef"} {
			if to, ok := schema[keyword].(string); ok {
				delete(schema, keyword)
				schema["$ref"] = e.target(to)
			}
		}
	})
	for _, keyword := range []string{"$defs", "definitions"} {
		defs, _ := root[keyword].(map[string]any)
		for def, schema := range defs {
			schemas[e.moved[keyword+"/"+def]] = schema
		}
		delete(root, keyword)
	}
	if _, titled := root["title"]; !titled && title != "" {
		root["title"] = title
	}
	root["x-payhost-provider"] = provider
	schemas[name] = root
	required, _ := root["required"].([]any)
	return map[string]any{"$ref": schemaPrefix + name}, len(required) > 0
}

// embedding is one schema on its way into another document.
type embedding struct {
	// root is its name there, id its $id before.
	root, id string
	// moved are the names of its definitions there, by keyword and name; anchors the places of named schemas, as pointers.
	moved, anchors map[string]string
}

// target is what a reference becomes. One that leads out of the schema stays what it is: the host refuses such schemas.
func (e embedding) target(to string) string {
	if rest, own := strings.CutPrefix(to, e.id); own && e.id != "" && (rest == "" || rest[0] == '#') {
		to = "#" + strings.TrimPrefix(rest, "#")
	}
	pointer, own := strings.CutPrefix(to, "#")
	if !own {
		return to
	}
	if pointer != "" && pointer[0] != '/' {
		at, known := e.anchors[pointer]
		if !known {
			return to
		}
		pointer = at
	}
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(steps) >= 2 {
		if name, moved := e.moved[unescape(steps[0])+"/"+unescape(steps[1])]; moved {
			return schemaPrefix + strings.Join(append([]string{name}, steps[2:]...), "/")
		}
	}
	return schemaPrefix + e.root + pointer
}

// walk visits a schema and every schema in it, with its place as a pointer. What has an $id of its own is another resource,
// whose references are its own matter; values that are only compared or shown are no schemas.
func (e embedding) walk(v any, at string, visit func(schema map[string]any, at string)) {
	if list, ok := v.([]any); ok {
		for i, item := range list {
			e.walk(item, fmt.Sprintf("%s/%d", at, i), visit)
		}
		return
	}
	schema, ok := v.(map[string]any)
	if !ok {
		return
	}
	if _, own := schema["$id"]; own {
		return
	}
	visit(schema, at)
	for keyword, value := range schema {
		below := at + "/" + escape(keyword)
		switch keyword {
		case "const", "enum", "default", "example", "examples", "required", "dependentRequired":
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			named, _ := value.(map[string]any)
			for name, schema := range named {
				e.walk(schema, below+"/"+escape(name), visit)
			}
		default:
			if !strings.HasPrefix(keyword, "x-") {
				e.walk(value, below, visit)
			}
		}
	}
}

// plain replaces what the name of a schema may not hold.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, name)
}

// free is name, or name with a number when it is taken.
func free(schemas map[string]any, name string, moved map[string]string) string {
	taken := func(s string) bool {
		_, there := schemas[s]
		for _, m := range moved {
			there = there || m == s
		}
		return there
	}
	unique := name
	for n := 2; taken(unique); n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	return unique
}

func escape(step string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
}

func unescape(step string) string {
	if plain, err := url.PathUnescape(step); err == nil {
		step = plain
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
}
