package base

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Property is what the kit reads of one property of a JSON Schema.
type Property struct {
	Type   any  `json:"type"`
	Secret bool `json:"secret"`
}

// Schema reads the properties of an object schema. The host validates against the whole schema; the kit looks only at what
// an author is likely to forget.
func Schema(doc json.RawMessage) (map[string]Property, []string, error) {
	var s struct {
		Type       any                 `json:"type"`
		Properties map[string]Property `json:"properties"`
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
