package plugintest

import (
	"encoding/json"

	"github.com/payhost/payhost/sdk/plugintest/base"
)

// property is what the kit reads of one property of a JSON Schema.
type property = base.Property

func schemaOf(doc json.RawMessage) (map[string]property, []string, error) { return base.Schema(doc) }

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
