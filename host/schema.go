package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schemas compiles the JSON Schemas of manifests once each.
type schemas struct {
	mu    sync.Mutex
	byRaw map[string]*jsonschema.Schema
}

func newSchemas() *schemas { return &schemas{byRaw: map[string]*jsonschema.Schema{}} }

func (s *schemas) compile(raw json.RawMessage) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if compiled, ok := s.byRaw[string(raw)]; ok {
		return compiled, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the schema is no JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	// A schema may refer to itself only: nothing is loaded from outside.
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource("urn:payhost:schema", doc); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	compiled, err := c.Compile("urn:payhost:schema")
	if err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	s.byRaw[string(raw)] = compiled
	return compiled, nil
}

// check validates value against a schema and adds what is wrong below prefix.
// Messages never repeat a value, because it may be a secret.
func (s *schemas) check(schema, value json.RawMessage, prefix string, problems *fieldErrors) error {
	compiled, err := s.compile(schema)
	if err != nil {
		return err
	}
	if !json.Valid(value) {
		problems.add(prefix, "is not valid JSON")
		return nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	err = compiled.Validate(doc)
	if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		addViolations(invalid, prefix, problems)
		return nil
	}
	return err
}

func addViolations(v *jsonschema.ValidationError, prefix string, problems *fieldErrors) {
	if len(v.Causes) > 0 {
		for _, cause := range v.Causes {
			addViolations(cause, prefix, problems)
		}
		return
	}
	path := strings.Join(append([]string{prefix}, v.InstanceLocation...), ".")
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, p := range k.Properties {
			problems.add(path+"."+p, "is not a known field here")
		}
	case *kind.Required:
		for _, p := range k.Missing {
			problems.add(path+"."+p, "is required")
		}
	case *kind.Pattern:
		problems.add(path, "does not match the pattern %s", k.Want)
	case *kind.Format:
		problems.add(path, "is not a valid %s", k.Want)
	case *kind.FalseSchema:
		problems.add(path, "is not allowed here")
	default:
		problems.add(path, "%s", k.LocalizedString(message.NewPrinter(language.English)))
	}
}
