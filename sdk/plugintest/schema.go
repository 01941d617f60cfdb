package plugintest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// property is what the kit reads of one property of a JSON Schema.
type property struct {
	Type   any  `json:"type"`
	Secret bool `json:"secret"`
}

// schemaOf reads the properties of an object schema. The host validates against the whole schema; the kit looks only at what
// an author is likely to forget.
func schemaOf(doc json.RawMessage) (map[string]property, []string, error) {
	var s struct {
		Type       any                 `json:"type"`
		Properties map[string]property `json:"properties"`
		Required   []string            `json:"required"`
		Additional *bool               `json:"additionalProperties"`
	}
	if len(doc) == 0 {
		return nil, nil, errors.New("is missing")
	}
	if err := json.Unmarshal(doc, &s); err != nil {
		return nil, nil, fmt.Errorf("is no JSON Schema of an object: %w", err)
	}
	if s.Type != "object" {
		return nil, nil, errors.New("type is not \"object\"")
	}
	if s.Additional == nil || *s.Additional {
		return nil, nil, errors.New("additionalProperties is not false: a misspelled key would be accepted in silence")
	}
	return s.Properties, s.Required, nil
}

// secretsOf returns the texts of config that schema marks as secret.
func secretsOf(schema, config json.RawMessage) []string {
	properties, _, err := schemaOf(schema)
	if err != nil {
		return nil
	}
	var values map[string]any
	if json.Unmarshal(config, &values) != nil {
		return nil
	}
	var list []string
	for name, p := range properties {
		if p.Secret {
			list = append(list, leaves(values[name])...)
		}
	}
	return list
}

func leaves(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, e := range v {
			list = append(list, leaves(e)...)
		}
		return list
	case map[string]any:
		var list []string
		for _, e := range v {
			list = append(list, leaves(e)...)
		}
		return list
	}
	return nil
}
