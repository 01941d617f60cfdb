package plugintest

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

func manifestChecks() []check {
	return []check{{
		Check: Check{"manifest_valid", "the host stores the manifest and trusts it while the plugin is down: forms, refusals, currencies and schedules are made from it"},
		run:   manifestValid,
	}, {
		Check: Check{"manifest_stable", "Describe is called often and from several processes; two answers would make two generations of one plugin disagree"},
		run:   manifestStable,
	}, {
		Check: Check{"manifest_operations", "an operation without a resolution leaves every lost answer to a person, and a promise without the means to keep it leaves it open for ever"},
		run:   manifestOperations,
	}, {
		Check: Check{"manifest_secrets", "a config value that is not marked secret is shown by the API and the command line"},
		run:   manifestSecrets,
	}}
}

func manifestValid(k *kit) {
	m := k.closedWorld().manifest
	bad := func(ok bool, format string, args ...any) {
		k.Helper()
		if !ok {
			k.Errorf("manifest: "+format, args...)
		}
	}
	bad(regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`).MatchString(m.Name), "name %q is not of the form [a-z][a-z0-9-]{0,31}", m.Name)
	bad(m.Version != "" && strings.TrimSpace(m.Version) == m.Version, "version %q is empty or padded", m.Version)
	bad(m.Title != "", "title is empty")
	manifestCurrencies(m, bad)
	_, required, err := schemaOf(m.ConfigSchema)
	bad(err == nil, "config schema: %v", err)
	properties, _, _ := schemaOf(m.ConfigSchema)
	for _, name := range required {
		_, ok := properties[name]
		bad(ok, "config schema: required key %q is no property", name)
	}
	for op, schema := range m.OptionSchemas {
		_, _, err := schemaOf(schema)
		bad(slices.Contains(pay.Operations(), op), "option schema of unknown operation %q", op)
		bad(err == nil, "option schema of %s: %v", op, err)
	}
	manifestFields(m, bad)
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
	manifestActions(m, bad)
}

type complain func(ok bool, format string, args ...any)

func manifestCurrencies(m pay.Manifest, bad complain) {
	bad(len(m.Currencies) > 0, "no currencies")
	seen := map[string]bool{}
	for _, c := range m.Currencies {
		err := c.Validate()
		bad(err == nil, "%v", err)
		bad(!seen[c.Code], "currency %s stands twice", c.Code)
		seen[c.Code] = true
	}
}

func manifestFields(m pay.Manifest, bad complain) {
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

func manifestActions(m pay.Manifest, bad complain) {
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

func manifestStable(k *kit) {
	w := k.closedWorld()
	first := k.harness.Provider.Describe()
	ok := w.finishes("1000 calls of Describe", func() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 250 {
					if again := k.harness.Provider.Describe(); !reflect.DeepEqual(first, again) {
						k.Errorf("Describe returned something else than before")
						return
					}
				}
			})
		}
		wg.Wait()
	})
	if ok && w.traffic.len() > 0 {
		k.Errorf("Describe called the provider %d times", w.traffic.len())
	}
	if over := w.manifest; over.Name != first.Name || over.Version != first.Version || !reflect.DeepEqual(over.Abilities, first.Abilities) {
		k.Errorf("the manifest the host sees is another one: %s %s", over.Name, over.Version)
	}
}

func manifestOperations(k *kit) {
	w := k.world()
	m := w.manifest
	needs := map[pay.Operation]pay.Ability{
		pay.OpCreate: pay.CanCreateInvoice, pay.OpCancel: pay.CanCancel, pay.OpCapture: pay.CanCapture, pay.OpVoid: pay.CanVoid,
		pay.OpRefund: pay.CanRefund, pay.OpCharge: pay.CanCharge, pay.OpPayout: pay.CanPayout, pay.OpCancelPayout: pay.CanCancelPayout,
	}
	lookup := map[pay.Operation]pay.Ability{
		pay.OpCreate: pay.CanFindInvoice, pay.OpCharge: pay.CanFindInvoice, pay.OpPayout: pay.CanGetPayout,
		pay.OpCancelPayout: pay.CanGetPayout,
	}
	for op, ability := range needs {
		spec, listed := m.Operations[op]
		switch {
		case m.Abilities.Has(ability) && !listed:
			k.Errorf("manifest: ability %s is offered and operation %s says nothing about lost answers", ability, op)
		case listed && !m.Abilities.Has(ability):
			k.Errorf("manifest: operation %s is described and ability %s is not offered", op, ability)
		}
		if find := lookup[op]; spec.Resolution == pay.ResolveLookup && find != "" && !m.Abilities.Has(find) {
			k.Errorf("manifest: lost answers of %s are to be looked up, which needs %s", op, find)
		}
	}
	for op, spec := range m.Operations {
		if !slices.Contains(pay.Operations(), op) {
			k.Errorf("manifest: operation %q is unknown", op)
		}
		switch spec.Resolution {
		case pay.ResolveResend, pay.ResolveLookup, pay.ResolveAbandon, pay.ResolveHuman:
		default:
			k.Errorf("manifest: operation %s: resolution %q; write one of resend, lookup, abandon, human", op, spec.Resolution)
		}
		if spec.Expected < 0 || spec.Maximum < 0 || spec.Maximum > 0 && spec.Expected > spec.Maximum {
			k.Errorf("manifest: operation %s: expected %s, maximum %s", op, spec.Expected, spec.Maximum)
		}
	}
	for _, a := range w.offers {
		if !m.Abilities.Has(a) {
			k.Errorf("the account offers %s, which the manifest does not list", a)
		}
	}
	for _, must := range []pay.Ability{pay.CanCreateInvoice, pay.CanGetInvoice} {
		if !m.Abilities.Has(must) {
			k.Errorf("manifest: ability %s is missing", must)
		}
	}
}

func manifestSecrets(k *kit) {
	w := k.closedWorld()
	properties, _, err := schemaOf(w.manifest.ConfigSchema)
	if err != nil {
		k.Fatalf("config schema: %v", err)
	}
	suspicious := regexp.MustCompile(`(?i)secret|token|passw|passphrase|private|api_?key|signing_?key|credential`)
	for name, p := range properties {
		if suspicious.MatchString(name) && !p.Secret {
			k.Errorf("config schema: %q looks like a secret and is not marked with \"secret\": true", name)
		}
	}
}
