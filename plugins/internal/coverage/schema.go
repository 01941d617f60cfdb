package coverage

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// property is one top-level property of a JSON Schema.
type property struct {
	Name, Type, Description string
	Required, Secret        bool
}

// properties lists the top-level properties of an object's schema, by name. A schema that cannot be read has none: the host's
// own tests refuse it.
func properties(schema json.RawMessage) []property {
	var s struct {
		Required   []string `json:"required"`
		Properties map[string]struct {
			Type        any    `json:"type"`
			Enum        []any  `json:"enum"`
			Default     any    `json:"default"`
			Description string `json:"description"`
			Secret      bool   `json:"secret"`
		} `json:"properties"`
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return nil
	}
	var list []property
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		kind := typeText(p.Type)
		if len(p.Enum) > 0 {
			kind = "one of " + jsonList(p.Enum)
		}
		description := p.Description
		if p.Default != nil {
			description = strings.TrimSpace(description + " Default: " + jsonText(p.Default) + ".")
		}
		list = append(list, property{name, kind, description, slices.Contains(s.Required, name), p.Secret})
	}
	return list
}

func typeText(kind any) string {
	switch t := kind.(type) {
	case string:
		return t
	case []any:
		return jsonList(t)
	}
	return ""
}

func jsonList(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = jsonText(v)
	}
	return strings.Join(texts, ", ")
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(text)
}
