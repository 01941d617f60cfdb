package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toCall(l *pluginv1.Arena, c pay.Call) *pluginv1.Call {
	out := l.Call()
	*out = pluginv1.Call{
		OperationId:     c.OperationID,
		ProviderKey:     c.ProviderKey,
		Try:             int64(c.Try),
		AccountId:       c.AccountID,
		AccountRevision: c.AccountRevision,
		Mode:            string(c.Mode),
		Deadline:        toTime(l, c.Deadline),
		Traceparent:     c.Traceparent,
		CorrelationId:   c.CorrelationID,
		Critical:        c.Critical,
	}
	return out
}

func fromCall(c *pluginv1.Call) pay.Call {
	return pay.Call{
		OperationID:     c.GetOperationId(),
		ProviderKey:     c.GetProviderKey(),
		Try:             int(c.GetTry()),
		AccountID:       c.GetAccountId(),
		AccountRevision: c.GetAccountRevision(),
		Mode:            pay.Mode(c.GetMode()),
		Deadline:        fromTime(c.GetDeadline()),
		Traceparent:     c.GetTraceparent(),
		CorrelationID:   c.GetCorrelationId(),
		Critical:        c.GetCritical(),
	}
}

func toState(l *pluginv1.Arena, s *pay.State) *pluginv1.State {
	if s == nil {
		return nil
	}
	out := l.State()
	*out = pluginv1.State{Version: int64(s.Version), Data: s.Data}
	return out
}

func fromState(s *pluginv1.State) *pay.State {
	if s == nil {
		return nil
	}
	return &pay.State{Version: int(s.GetVersion()), Data: s.GetData()}
}

func toEvidence(l *pluginv1.Arena, e pay.Evidence) *pluginv1.Evidence {
	out := l.Evidence()
	*out = pluginv1.Evidence{
		Kind:              string(e.Kind),
		ObservedAt:        toTime(l, e.ObservedAt),
		ProviderTime:      toTime(l, e.ProviderTime),
		ProviderVersion:   e.ProviderVersion,
		ProviderRequestId: e.ProviderRequestID,
		HttpStatus:        int64(e.HTTPStatus),
		Raw:               e.Raw,
		RawContentType:    e.RawContentType,
	}
	return out
}

func fromEvidence(e *pluginv1.Evidence) pay.Evidence {
	return pay.Evidence{
		Kind:              pay.EvidenceKind(e.GetKind()),
		ObservedAt:        fromTime(e.GetObservedAt()),
		ProviderTime:      fromTime(e.GetProviderTime()),
		ProviderVersion:   e.GetProviderVersion(),
		ProviderRequestID: e.GetProviderRequestId(),
		HTTPStatus:        int(e.GetHttpStatus()),
		Raw:               e.GetRaw(),
		RawContentType:    e.GetRawContentType(),
	}
}

func toRateLimit(l *pluginv1.Arena, r *pay.RateLimit) *pluginv1.RateLimit {
	if r == nil {
		return nil
	}
	out := l.RateLimit()
	*out = pluginv1.RateLimit{Remaining: r.Remaining, ResetAt: toTime(l, r.ResetAt)}
	return out
}

func fromRateLimit(r *pluginv1.RateLimit) *pay.RateLimit {
	if r == nil {
		return nil
	}
	return &pay.RateLimit{Remaining: r.GetRemaining(), ResetAt: fromTime(r.GetResetAt())}
}

func toReport(l *pluginv1.Arena, r pay.Report) *pluginv1.Report {
	out := l.Report()
	*out = pluginv1.Report{
		Evidence:     toEvidence(l, r.Evidence),
		State:        toState(l, r.State),
		AccountState: toState(l, r.AccountState),
		NextLookAt:   toTime(l, r.NextLookAt),
		RateLimit:    toRateLimit(l, r.RateLimit),
		Warnings:     r.Warnings,
	}
	return out
}

func fromReport(r *pluginv1.Report) pay.Report {
	return pay.Report{
		Evidence:     fromEvidence(r.GetEvidence()),
		State:        fromState(r.GetState()),
		AccountState: fromState(r.GetAccountState()),
		NextLookAt:   fromTime(r.GetNextLookAt()),
		RateLimit:    fromRateLimit(r.GetRateLimit()),
		Warnings:     r.GetWarnings(),
	}
}

// toError writes everything but the cause, which is text in Message already, and the ids of host objects, which a plugin has
// no say in.
func toError(l *pluginv1.Arena, e *pay.Error) *pluginv1.Error {
	report := toReport(l, e.Report)
	report.Executed = string(e.Executed)
	report.Retry = toRetry(l, e.Retry)
	out := l.Error()
	*out = pluginv1.Error{
		Report:          report,
		Kind:            string(e.Kind),
		Message:         e.Message,
		SafeMessage:     e.SafeMessage,
		Reason:          string(e.Reason),
		ProviderCode:    e.ProviderCode,
		ProviderMessage: e.ProviderMessage,
		Fields: each(e.Fields, func(f pay.FieldError) *pluginv1.FieldError {
			return &pluginv1.FieldError{Path: f.Path, Message: f.Message}
		}),
	}
	return out
}

func fromError(e *pluginv1.Error) *pay.Error {
	report := e.GetReport()
	return &pay.Error{
		Kind:            pay.Kind(e.GetKind()),
		Executed:        pay.Executed(report.GetExecuted()),
		Retry:           fromRetry(report.GetRetry()),
		Message:         e.GetMessage(),
		SafeMessage:     e.GetSafeMessage(),
		Reason:          pay.DeclineReason(e.GetReason()),
		ProviderCode:    e.GetProviderCode(),
		ProviderMessage: e.GetProviderMessage(),
		Fields: each(e.GetFields(), func(f *pluginv1.FieldError) pay.FieldError {
			return pay.FieldError{Path: f.GetPath(), Message: f.GetMessage()}
		}),
		Report: fromReport(report),
	}
}

func toRetry(l *pluginv1.Arena, r pay.Retry) *pluginv1.Retry {
	if r == (pay.Retry{}) {
		return nil
	}
	out := l.Retry()
	*out = pluginv1.Retry{Rule: string(r.Rule), After: toDuration(l, r.After)}
	return out
}

func fromRetry(r *pluginv1.Retry) pay.Retry {
	return pay.Retry{Rule: pay.RetryRule(r.GetRule()), After: fromDuration(r.GetAfter())}
}
