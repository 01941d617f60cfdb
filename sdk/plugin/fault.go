package plugin

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// NotSent reports whether err says that the call never left the host: the plugin was gone already, or the call's context
// ended first. The engine may then make the same call once more on another generation, whatever the call was.
func NotSent(err error) bool { return errors.Is(err, errNotSent) || errors.Is(err, errUnreachable) }

// Unreachable reports whether err says that the call never left the host because the plugin could not be reached. That a
// call's own context ended before it could be sent says nothing about the plugin, and is not meant.
func Unreachable(err error) bool { return errors.Is(err, errUnreachable) }

// Ambiguous reports whether err says that the call was handed to the transport and no complete answer came back: the plugin
// died, froze or was cut off. An adapter's own "unknown" is an answer and is not meant.
func Ambiguous(err error) bool { return errors.Is(err, errAmbiguous) }

// transportFault turns a bare gRPC status into an error. Only the verdict decides whether something may have happened; the
// status is for people.
func transportFault(ctx context.Context, m method, mutating bool, v verdict, err error) *pay.Error {
	code := status.Code(err)
	e := &pay.Error{Kind: pay.KindPluginFault, Executed: pay.ExecutedNo}
	switch {
	case v == notSent:
		e.Retry.Rule = pay.RetrySameOperation
		if ctx.Err() != nil {
			e.Message = string(m) + " was not sent: it was given up before (" + code.String() + ")"
			e.Err = errNotSent
			return e
		}
		e.Message = string(m) + " was not sent: the plugin is not reachable (" + code.String() + ")"
		e.Err = errUnreachable
		return e
	case v == answered && code == codes.Unimplemented:
		e.Kind = pay.KindUnsupported
		e.Message = "the plugin does not know " + string(m)
		return e
	case v == answered:
		e.Message = "the plugin answered " + string(m) + " outside the protocol (" + code.String() + ")"
	case code == codes.DeadlineExceeded || code == codes.Canceled:
		e.Kind = pay.KindProviderUnavailable
		if mutating {
			e.Kind = pay.KindOutcomeUnknown
		}
		e.Message = "no answer to " + string(m) + " in time"
		e.Err = errAmbiguous
	default:
		e.Err = errAmbiguous
		e.Message = "the plugin ended during " + string(m) + " (" + code.String() + ")"
	}
	if mutating {
		e.Executed = pay.ExecutedUnknown
	}
	return e
}

// protocolFault is an answer that breaks the protocol. The plugin did act, in one way or another.
func protocolFault(m method, mutating bool, problem string) *pay.Error {
	e := &pay.Error{
		Kind: pay.KindPluginFault, Executed: pay.ExecutedNo, Message: "the plugin's answer to " + string(m) + " was refused: " + problem,
	}
	if mutating {
		e.Executed = pay.ExecutedUnknown
	}
	return e
}

// answeredError reads the error of an answer. What this version does not know is read in the careful way.
func answeredError(wire *pluginv1.Error, report *pluginv1.Report, mutating bool) *pay.Error {
	if report != nil {
		wire.Report = report
	}
	e := fromError(wire)
	if !slices.Contains(pay.Kinds(), e.Kind) {
		e.Message = "unknown kind " + clip(string(e.Kind)) + ": " + e.Message
		e.Kind = pay.KindPluginFault
		if e.Executed == "" && !mutating {
			e.Executed = pay.ExecutedNo
		}
	}
	switch e.Executed {
	case "", pay.ExecutedNo, pay.ExecutedYes, pay.ExecutedUnknown:
	default:
		e.Executed = pay.ExecutedUnknown
	}
	switch e.Retry.Rule {
	case "", pay.RetryNever, pay.RetrySameOperation, pay.RetryAfterLookup, pay.RetryNewAttempt:
	default:
		e.Retry.Rule = "" // the default of the kind
	}
	e.Retry.After = max(e.Retry.After, 0)
	if c := condition(wire.GetCondition()); c != "" && !c.ours() && e.Executed == pay.ExecutedNo {
		e.Err = c
	}
	return e
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
