package base

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

func valid(m pay.Manifest) (problems []string) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf("manifest: "+format, args...))
		}
	}
	bad(regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`).MatchString(m.Name), "name %q is not of the form [a-z][a-z0-9-]{0,31}", m.Name)
	bad(m.Version != "" && strings.TrimSpace(m.Version) == m.Version, "version %q is empty or padded", m.Version)
	bad(m.Title != "", "title is empty")
	validCurrencies(m, bad)
	_, required, err := Schema(m.ConfigSchema)
	bad(err == nil, "config schema: %v", err)
	properties, _, _ := Schema(m.ConfigSchema)
	for _, name := range required {
		_, ok := properties[name]
		bad(ok, "config schema: required key %q is no property", name)
	}
	for op, schema := range m.OptionSchemas {
		_, _, err := Schema(schema)
		bad(slices.Contains(pay.Operations(), op), "option schema of unknown operation %q", op)
		bad(err == nil, "option schema of %s: %v", op, err)
	}
	validFields(m, bad)
	switch m.OperationKey.Alphabet {
	case "", pay.KeyDigits, pay.KeyAlnum, pay.KeyToken, pay.KeyUUID:
	default:
		bad(false, "operation key: alphabet %q is unknown", m.OperationKey.Alphabet)
	}
	length := m.OperationKey.MaxLength
	bad(length == 0 || length >= 8, "operation key: %d characters are too few to be unique", length)
	bad(m.OperationKey.Alphabet != pay.KeyUUID || length == 0 || length >= 36, "operation key: a UUID has 36 characters, not %d", length)
	for status, every := range m.PollCadence {
		bad(status.Known(), "poll cadence of unknown status %q", status)
		bad(every > 0, "poll cadence of %s is not positive", status)
	}
	bad(m.VisibilityDelay >= 0 && m.LateWindow >= 0, "a delay is negative")
	for _, limit := range m.RateLimits {
		bad(regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`).MatchString(limit.Rate) && limit.Burst >= 1,
			"rate limit %q with burst %d: want a decimal number and at least 1", limit.Rate, limit.Burst)
		bad(slices.Contains([]pay.RateScope{pay.RatePerAccount, pay.RatePerInvoice, pay.RatePerProvider}, limit.Scope),
			"rate limit of unknown scope %q", limit.Scope)
	}
	bad(len(m.EgressHosts) > 0, "egress hosts are missing: an egress sandbox would cut the plugin off")
	bad(m.StateWrites == 0 || slices.Contains(m.StateReads, m.StateWrites), "the plugin writes state version %d and does not read it", m.StateWrites)
	validActions(m, bad)
	return problems
}

type complain func(ok bool, format string, args ...any)

func validCurrencies(m pay.Manifest, bad complain) {
	bad(len(m.Currencies) > 0, "no currencies")
	seen := map[string]bool{}
	for _, c := range m.Currencies {
		err := c.Validate()
		bad(err == nil, "%v", err)
		bad(!seen[c.Code], "currency %s stands twice", c.Code)
		seen[c.Code] = true
	}
}

func validFields(m pay.Manifest, bad complain) {
	known := pay.CommonFields()
	for name, f := range m.Fields {
		_, ok := known[name]
		bad(ok, "field %q is no common field", name)
		switch f.Use {
		case pay.FieldRequired, pay.FieldHonoured, pay.FieldStored, pay.FieldRefused:
		default:
			bad(false, "field %s: use %q is unknown", name, f.Use)
		}
		_, err := regexp.Compile(f.Pattern)
		bad(err == nil, "field %s: pattern: %v", name, err)
		bad(f.MaxLength >= 0 && f.MaxDuration >= 0, "field %s: a limit is negative", name)
	}
}

func validActions(m pay.Manifest, bad complain) {
	seen := map[string]bool{}
	for _, a := range m.Actions {
		bad(regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(a.Name), "action %q is not snake_case", a.Name)
		bad(!seen[a.Name], "action %s stands twice", a.Name)
		seen[a.Name] = true
		bad(slices.Contains([]pay.Effect{pay.EffectRead, pay.EffectChanges, pay.EffectMovesMoney}, a.Effect), "action %s: effect %q is unknown", a.Name, a.Effect)
		bad(slices.Contains([]pay.Subject{pay.SubjectInvoice, pay.SubjectPayout, pay.SubjectRefund, pay.SubjectDispute, pay.SubjectAccount}, a.Subject),
			"action %s: subject %q is none an action can have", a.Name, a.Subject)
		for kind, schema := range map[string]json.RawMessage{"input": a.Input, "output": a.Output} {
			bad(len(schema) == 0 || json.Valid(schema), "action %s: the %s schema is not JSON", a.Name, kind)
		}
		bad(a.MaxAttachments >= 0 && a.MaxAttachmentSize >= 0 && a.MaxAttachmentSize <= pay.MaxAttachmentSize,
			"action %s: attachments of %d bytes: the limit is %d", a.Name, a.MaxAttachmentSize, int64(pay.MaxAttachmentSize))
	}
	bad(len(m.Actions) > 0 == m.Abilities.Has(pay.CanRunAction), "actions are listed without the ability run_action, or the other way round")
}
