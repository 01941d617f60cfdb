package plugin

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// eachValue converts a map; nil stays nil.
func eachValue[K, L comparable, A, B any](m map[K]A, key func(K) L, convert func(A) B) map[L]B {
	if m == nil {
		return nil
	}
	out := make(map[L]B, len(m))
	for k, v := range m {
		out[key(k)] = convert(v)
	}
	return out
}

func toManifest(m pay.Manifest) *pluginv1.Manifest {
	return &pluginv1.Manifest{
		Name:             m.Name,
		Version:          m.Version,
		Sdk:              m.SDK,
		Title:            m.Title,
		DocsUrl:          m.DocsURL,
		Currencies:       lendEach(nil, m.Currencies, toCurrency),
		ConfigSchemaJson: m.ConfigSchema,
		OptionSchemasJson: eachValue(m.OptionSchemas,
			func(o pay.Operation) string { return string(o) }, func(s json.RawMessage) []byte { return s }),
		OperationKey:    &pluginv1.KeyFormat{Alphabet: string(m.OperationKey.Alphabet), MaxLength: int64(m.OperationKey.MaxLength)},
		Operations:      eachValue(m.Operations, func(o pay.Operation) string { return string(o) }, toOperationSpec),
		Fields:          eachValue(m.Fields, func(s string) string { return s }, toFieldSpec),
		Abilities:       texts[string](m.Abilities),
		VisibilityDelay: toDuration(nil, m.VisibilityDelay),
		LateWindow:      toDuration(nil, m.LateWindow),
		PollCadence: eachValue(m.PollCadence,
			func(s pay.Status) string { return string(s) }, func(d time.Duration) *durationpb.Duration { return durationpb.New(d) }),
		RateLimits:     each(m.RateLimits, toRateLimitSpec),
		EgressHosts:    m.EgressHosts,
		Actions:        each(m.Actions, toActionSpec),
		StateReads:     each(m.StateReads, func(v int) int64 { return int64(v) }),
		StateWrites:    int64(m.StateWrites),
		AccountWebhook: m.AccountWebhook,
		WebhookTails:   m.WebhookTails,
	}
}

func fromManifest(m *pluginv1.Manifest) pay.Manifest {
	return pay.Manifest{
		Name:         m.GetName(),
		Version:      m.GetVersion(),
		SDK:          m.GetSdk(),
		Title:        m.GetTitle(),
		DocsURL:      m.GetDocsUrl(),
		Currencies:   each(m.GetCurrencies(), fromCurrency),
		ConfigSchema: fromJSON(m.GetConfigSchemaJson()),
		OptionSchemas: eachValue(m.GetOptionSchemasJson(),
			func(s string) pay.Operation { return pay.Operation(s) }, fromJSON),
		OperationKey: pay.KeyFormat{
			Alphabet: pay.KeyAlphabet(m.GetOperationKey().GetAlphabet()), MaxLength: int(m.GetOperationKey().GetMaxLength()),
		},
		Operations:      eachValue(m.GetOperations(), func(s string) pay.Operation { return pay.Operation(s) }, fromOperationSpec),
		Fields:          eachValue(m.GetFields(), func(s string) string { return s }, fromFieldSpec),
		Abilities:       texts[pay.Ability](m.GetAbilities()),
		VisibilityDelay: fromDuration(m.GetVisibilityDelay()),
		LateWindow:      fromDuration(m.GetLateWindow()),
		PollCadence:     eachValue(m.GetPollCadence(), func(s string) pay.Status { return pay.Status(s) }, fromDuration),
		RateLimits:      each(m.GetRateLimits(), fromRateLimitSpec),
		EgressHosts:     m.GetEgressHosts(),
		Actions:         each(m.GetActions(), fromActionSpec),
		StateReads:      each(m.GetStateReads(), func(v int64) int { return int(v) }),
		StateWrites:     int(m.GetStateWrites()),
		AccountWebhook:  m.GetAccountWebhook(),
		WebhookTails:    m.GetWebhookTails(),
	}
}

func toOperationSpec(s pay.OperationSpec) *pluginv1.OperationSpec {
	return &pluginv1.OperationSpec{
		Resolution: string(s.Resolution),
		OnAbsence:  string(s.OnAbsence),
		HumanWhen:  s.HumanWhen,
		Expected:   toDuration(nil, s.Expected),
		Maximum:    toDuration(nil, s.Maximum),
	}
}

func fromOperationSpec(s *pluginv1.OperationSpec) pay.OperationSpec {
	return pay.OperationSpec{
		Resolution: pay.Resolution(s.GetResolution()),
		OnAbsence:  pay.Resolution(s.GetOnAbsence()),
		HumanWhen:  s.GetHumanWhen(),
		Expected:   fromDuration(s.GetExpected()),
		Maximum:    fromDuration(s.GetMaximum()),
	}
}

func toFieldSpec(s pay.FieldSpec) *pluginv1.FieldSpec {
	return &pluginv1.FieldSpec{
		Use: string(s.Use), MaxLength: int64(s.MaxLength), Pattern: s.Pattern, Values: s.Values,
		MaxDuration: toDuration(nil, s.MaxDuration), Note: s.Note,
	}
}

func fromFieldSpec(s *pluginv1.FieldSpec) pay.FieldSpec {
	return pay.FieldSpec{
		Use: pay.FieldUse(s.GetUse()), MaxLength: int(s.GetMaxLength()), Pattern: s.GetPattern(), Values: s.GetValues(),
		MaxDuration: fromDuration(s.GetMaxDuration()), Note: s.GetNote(),
	}
}

func toRateLimitSpec(s pay.RateLimitSpec) *pluginv1.RateLimitSpec {
	return &pluginv1.RateLimitSpec{
		Scope: string(s.Scope), Abilities: texts[string](s.Abilities), Rate: s.Rate, Burst: int64(s.Burst),
	}
}

func fromRateLimitSpec(s *pluginv1.RateLimitSpec) pay.RateLimitSpec {
	return pay.RateLimitSpec{
		Scope: pay.RateScope(s.GetScope()), Abilities: texts[pay.Ability](s.GetAbilities()), Rate: s.GetRate(), Burst: int(s.GetBurst()),
	}
}

func toActionSpec(s pay.ActionSpec) *pluginv1.ActionSpec {
	return &pluginv1.ActionSpec{
		Name:              s.Name,
		Title:             s.Title,
		Effect:            string(s.Effect),
		Subject:           string(s.Subject),
		InputSchemaJson:   s.Input,
		OutputSchemaJson:  s.Output,
		Resolution:        string(s.Resolution),
		MaxAttachments:    int64(s.MaxAttachments),
		MaxAttachmentSize: s.MaxAttachmentSize,
		Leaves:            string(s.Leaves),
	}
}

func fromActionSpec(s *pluginv1.ActionSpec) pay.ActionSpec {
	return pay.ActionSpec{
		Name:              s.GetName(),
		Title:             s.GetTitle(),
		Effect:            pay.Effect(s.GetEffect()),
		Subject:           pay.Subject(s.GetSubject()),
		Input:             fromJSON(s.GetInputSchemaJson()),
		Output:            fromJSON(s.GetOutputSchemaJson()),
		Resolution:        pay.Resolution(s.GetResolution()),
		MaxAttachments:    int(s.GetMaxAttachments()),
		MaxAttachmentSize: s.GetMaxAttachmentSize(),
		Leaves:            pay.ActionTrace(s.GetLeaves()),
	}
}
