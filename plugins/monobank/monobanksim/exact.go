package monobanksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// decodeExact fills targets from a JSON object. It is stricter than encoding/json, which would take "webhookUrl" for
// "webHookUrl": names must match in case, and unknown names, repeated names, null and trailing data are refused.
func decodeExact(data []byte, targets map[string]any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	var seen []string
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		target, known := targets[name]
		switch {
		case !known:
			return fmt.Errorf("unknown member %q", name)
		case slices.Contains(seen, name):
			return fmt.Errorf("member %q is given twice", name)
		}
		seen = append(seen, name)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if string(raw) == "null" {
			return fmt.Errorf("member %q is null", name)
		}
		if err := json.Unmarshal(raw, target); err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
