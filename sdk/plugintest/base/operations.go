package base

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

func operations(m pay.Manifest) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
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
			bad("manifest: ability %s is offered and operation %s says nothing about lost answers", ability, op)
		case listed && !m.Abilities.Has(ability):
			bad("manifest: operation %s is described and ability %s is not offered", op, ability)
		}
		if find := lookup[op]; spec.Resolution == pay.ResolveLookup && find != "" && !m.Abilities.Has(find) {
			bad("manifest: lost answers of %s are to be looked up, which needs %s", op, find)
		}
	}
	for op, spec := range m.Operations {
		if !slices.Contains(pay.Operations(), op) {
			bad("manifest: operation %q is unknown", op)
		}
		switch spec.Resolution {
		case pay.ResolveResend, pay.ResolveLookup, pay.ResolveAbandon, pay.ResolveHuman:
		default:
			bad("manifest: operation %s: resolution %q; write one of resend, lookup, abandon, human", op, spec.Resolution)
		}
		if spec.Expected < 0 || spec.Maximum < 0 || spec.Maximum > 0 && spec.Expected > spec.Maximum {
			bad("manifest: operation %s: expected %s, maximum %s", op, spec.Expected, spec.Maximum)
		}
	}
	for _, must := range []pay.Ability{pay.CanCreateInvoice, pay.CanGetInvoice} {
		if !m.Abilities.Has(must) {
			bad("manifest: ability %s is missing", must)
		}
	}
	return problems
}

func secrets(m pay.Manifest) (problems []string) {
	properties, _, err := Schema(m.ConfigSchema)
	if err != nil {
		return []string{fmt.Sprintf("config schema: %v", err)}
	}
	suspicious := regexp.MustCompile(`(?i)secret|token|passw|passphrase|private|api_?key|signing_?key|credential`)
	for name, p := range properties {
		if suspicious.MatchString(name) && !p.Secret {
			problems = append(problems, fmt.Sprintf("config schema: %q looks like a secret and is not marked with \"secret\": true", name))
		}
	}
	return problems
}
