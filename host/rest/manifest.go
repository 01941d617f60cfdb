package rest

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Manifest is the JSON form of [pay.Manifest]. Durations are Go durations such as "24h0m0s"; what is zero is left out.
type Manifest struct {
	Name            string                       `json:"name"`
	Version         string                       `json:"version"`
	SDK             string                       `json:"sdk,omitempty"`
	Title           string                       `json:"title,omitempty"`
	DocsURL         string                       `json:"docs_url,omitempty"`
	Currencies      []ManifestCurrency           `json:"currencies"`
	ConfigSchema    json.RawMessage              `json:"config_schema,omitempty"`
	OptionSchemas   map[string]json.RawMessage   `json:"option_schemas,omitempty"`
	OperationKey    ManifestKey                  `json:"operation_key"`
	Operations      map[string]ManifestOperation `json:"operations"`
	Fields          map[string]ManifestField     `json:"fields"`
	Abilities       pay.Abilities                `json:"abilities"`
	VisibilityDelay string                       `json:"visibility_delay,omitempty"`
	LateWindow      string                       `json:"late_window,omitempty"`
	PollCadence     map[string]string            `json:"poll_cadence,omitempty"`
	RateLimits      []ManifestRate               `json:"rate_limits,omitempty"`
	EgressHosts     []string                     `json:"egress_hosts,omitempty"`
	Actions         []ManifestAction             `json:"actions,omitempty"`
	StateReads      []int                        `json:"state_reads,omitempty"`
	StateWrites     int                          `json:"state_writes,omitempty"`
	AccountWebhook  bool                         `json:"account_webhook"`
	WebhookTails    []string                     `json:"webhook_tails,omitempty"`
}

// ManifestCurrency is a currency the provider takes.
type ManifestCurrency struct {
	Code     string `json:"code"`
	Exponent int    `json:"exponent"`
	Numeric  int    `json:"numeric,omitempty"`
}

// ManifestKey is the form of the keys that are sent to the provider.
type ManifestKey struct {
	Alphabet  string `json:"alphabet,omitempty"`
	MaxLength int    `json:"max_length,omitempty"`
}

// ManifestOperation says how long an operation takes and what settles an unknown outcome.
type ManifestOperation struct {
	Resolution string   `json:"resolution"`
	OnAbsence  string   `json:"on_absence,omitempty"`
	HumanWhen  []string `json:"human_when,omitempty"`
	Expected   string   `json:"expected,omitempty"`
	Maximum    string   `json:"maximum,omitempty"`
}

// ManifestField says what becomes of a common field.
type ManifestField struct {
	Use         string   `json:"use"`
	MaxLength   int      `json:"max_length,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Values      []string `json:"values,omitempty"`
	MaxDuration string   `json:"max_duration,omitempty"`
	Note        string   `json:"note,omitempty"`
}

// ManifestRate is one rate limit; rate is calls per second.
type ManifestRate struct {
	Scope     string        `json:"scope"`
	Abilities pay.Abilities `json:"abilities,omitempty"`
	Rate      string        `json:"rate"`
	Burst     int           `json:"burst"`
}

// ManifestAction is a provider-specific extra.
type ManifestAction struct {
	Name              string          `json:"name"`
	Title             string          `json:"title,omitempty"`
	Effect            string          `json:"effect"`
	Subject           string          `json:"subject"`
	Input             json.RawMessage `json:"input,omitempty"`
	Output            json.RawMessage `json:"output,omitempty"`
	Resolution        string          `json:"resolution,omitempty"`
	MaxAttachments    int             `json:"max_attachments,omitempty"`
	MaxAttachmentSize int64           `json:"max_attachment_size,omitempty"`
	Leaves            string          `json:"leaves,omitempty"`
}

func manifestOf(m pay.Manifest) *Manifest {
	out := &Manifest{
		Name: m.Name, Version: m.Version, SDK: m.SDK, Title: m.Title, DocsURL: m.DocsURL,
		Currencies: []ManifestCurrency{}, ConfigSchema: m.ConfigSchema, OptionSchemas: map[string]json.RawMessage{},
		OperationKey: ManifestKey{Alphabet: string(m.OperationKey.Alphabet), MaxLength: m.OperationKey.MaxLength},
		Operations:   map[string]ManifestOperation{}, Fields: map[string]ManifestField{}, Abilities: m.Abilities,
		VisibilityDelay: duration(m.VisibilityDelay), LateWindow: duration(m.LateWindow), PollCadence: map[string]string{},
		EgressHosts: m.EgressHosts, StateReads: m.StateReads, StateWrites: m.StateWrites,
		AccountWebhook: m.AccountWebhook, WebhookTails: m.WebhookTails,
	}
	for _, c := range m.Currencies {
		out.Currencies = append(out.Currencies, ManifestCurrency(c))
	}
	for op, schema := range m.OptionSchemas {
		out.OptionSchemas[string(op)] = schema
	}
	for op, spec := range m.Operations {
		out.Operations[string(op)] = ManifestOperation{
			Resolution: string(orHuman(spec.Resolution)), OnAbsence: string(spec.OnAbsence), HumanWhen: spec.HumanWhen,
			Expected: duration(spec.Expected), Maximum: duration(spec.Maximum),
		}
	}
	// Fields that the manifest does not list have a default, which a reader must not need to know.
	for name := range pay.CommonFields() {
		out.Fields[name] = fieldOf(m.Field(name))
	}
	for name, spec := range m.Fields {
		out.Fields[name] = fieldOf(spec)
	}
	for status, every := range m.PollCadence {
		out.PollCadence[string(status)] = duration(every)
	}
	for _, r := range m.RateLimits {
		out.RateLimits = append(out.RateLimits, ManifestRate{Scope: string(r.Scope), Abilities: r.Abilities, Rate: r.Rate, Burst: r.Burst})
	}
	for _, a := range m.Actions {
		out.Actions = append(out.Actions, manifestAction(a))
	}
	return out
}

func manifestAction(a pay.ActionSpec) ManifestAction {
	return ManifestAction{
		Name: a.Name, Title: a.Title, Effect: string(a.Effect), Subject: string(a.Subject), Input: a.Input, Output: a.Output,
		Resolution: string(orHuman(a.Resolution)), MaxAttachments: a.MaxAttachments, MaxAttachmentSize: a.MaxAttachmentSize,
		Leaves: string(a.Leaves),
	}
}

func fieldOf(spec pay.FieldSpec) ManifestField {
	return ManifestField{
		Use: string(spec.Use), MaxLength: spec.MaxLength, Pattern: spec.Pattern, Values: spec.Values,
		MaxDuration: duration(spec.MaxDuration), Note: spec.Note,
	}
}

func orHuman(r pay.Resolution) pay.Resolution {
	if r == "" {
		return pay.ResolveHuman
	}
	return r
}

// duration is empty for zero, which means unstated.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
