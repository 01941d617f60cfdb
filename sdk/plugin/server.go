package plugin

import (
	"context"
	"errors"
	"runtime"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// server is the plugin's side of the protocol.
type server struct {
	pluginv1.UnimplementedProviderServiceServer
	guard   *guard
	methods map[string]serving // not to be changed
	lent    lentPool
}

// framed is every request.
type framed interface {
	proto.Message
	GetCall() *pluginv1.Call
}

// serve answers one call of an account: read turns the request into what do, a method of T, takes, and write the result into a
// state. Exactly one of the state and the error is set. Nothing of the request is looked at once the adapter runs.
func serve[T, In, Res any, Req framed, Out proto.Message](
	ctx context.Context, s *server, m method, req Req, read func(Req) In, do func(T, context.Context, In) (Res, error),
	write func(*pluginv1.Arena, Res) (Out, *pluginv1.Report),
) (out Out, report *pluginv1.Report, fault *pluginv1.Error) {
	call := fromCall(req.GetCall())
	action := ""
	if start, ok := any(req).(*pluginv1.RunActionRequest); ok {
		action = start.GetStart().GetName()
	}
	mutating, err := s.admit(m, call, req, action)
	if err == nil {
		var res Res
		if res, err = invoke(ctx, s.guard, m, &call, mutating, read(req), do); err == nil {
			out, report = write(lenderOf(ctx), res)
			s.guard.answered.Add(1)
			return out, finish(report, mutating, out), nil
		}
	}
	s.guard.answered.Add(1)
	report, fault = writeError(err)
	return out, finish(report, false, fault), fault
}

// admit decides whether a request may reach the adapter, before anything has happened.
func (s *server) admit(m method, call pay.Call, req proto.Message, action string) (mutating bool, err error) {
	manifest, err := s.guard.manifest()
	if err != nil {
		return false, err
	}
	if fault := inspect(req, limits{}); fault != nil {
		return false, &pay.Error{Kind: pay.KindInvalidRequest, Executed: pay.ExecutedNo, Message: fault.Error()}
	}
	if refused := m.refuseCritical(&call, manifest); refused != nil {
		return false, refused
	}
	return m.mutating(manifest, action), nil
}

// finish completes the report of an answer and makes sure that gRPC will carry it.
func finish(report *pluginv1.Report, mutating bool, body proto.Message) *pluginv1.Report {
	if report == nil {
		report = &pluginv1.Report{}
	}
	if mutating {
		report.Executed = string(pay.ExecutedYes)
	}
	changed := append(repair(body), repair(report)...)
	report.Warnings = append(report.Warnings, changed...)
	return report
}

// maxErrorText bounds the texts of an error: whole bodies of a provider end up in them.
const maxErrorText = 4 << 10

// writeError puts the report of the error on the answer.
func writeError(err error) (*pluginv1.Report, *pluginv1.Error) {
	e := pay.AsError(err)
	out := toError(nil, e)
	if c, ok := errors.AsType[condition](e.Err); ok {
		out.Condition = string(c)
	}
	for _, text := range []*string{&out.Message, &out.SafeMessage, &out.ProviderMessage} {
		*text = cut(*text, maxErrorText)
	}
	report := out.Report
	out.Report = nil
	return report, out
}

// Configure implements the service.
func (s *server) Configure(_ context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	_, err := s.admit(methodConfigure, fromCall(req.GetCall()), req, "")
	if err == nil {
		err = s.guard.configure(fromRuntime(req.GetRuntime()))
	}
	if err != nil {
		report, fault := writeError(err)
		return &pluginv1.ConfigureResponse{
			Report: finish(report, false, fault), Result: &pluginv1.ConfigureResponse_Error{Error: fault},
		}, nil
	}
	return &pluginv1.ConfigureResponse{Result: &pluginv1.ConfigureResponse_State{State: &pluginv1.PluginInfo{
		Sdk: SDK, Runtime: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Features: []string{featureLane},
	}}}, nil
}

// Describe implements the service.
func (s *server) Describe(_ context.Context, req *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	_, err := s.admit(methodDescribe, fromCall(req.GetCall()), req, "")
	if err == nil {
		var manifest *pay.Manifest
		if manifest, err = s.guard.manifest(); err == nil {
			out := toManifest(*manifest)
			return &pluginv1.DescribeResponse{
				Report: finish(nil, false, out), Result: &pluginv1.DescribeResponse_State{State: grease(out)},
			}, nil
		}
	}
	report, fault := writeError(err)
	return &pluginv1.DescribeResponse{
		Report: finish(report, false, fault), Result: &pluginv1.DescribeResponse_Error{Error: fault},
	}, nil
}

// Health implements the service. It touches no adapter, so that it tells a frozen process from a slow provider.
func (s *server) Health(context.Context, *pluginv1.HealthRequest) (*pluginv1.HealthResponse, error) {
	running, abandoned := s.guard.overseer.counts()
	return &pluginv1.HealthResponse{Result: &pluginv1.HealthResponse_State{State: &pluginv1.HealthState{
		OpenAccounts:   int64(s.guard.handles.size()),
		RunningCalls:   running,
		AbandonedCalls: abandoned,
		AnsweredCalls:  s.guard.answered.Load(),
	}}}, nil
}

// OpenAccount implements the service.
func (s *server) OpenAccount(ctx context.Context, req *pluginv1.OpenAccountRequest) (*pluginv1.OpenAccountResponse, error) {
	call := fromCall(req.GetCall())
	_, err := s.admit(methodOpenAccount, call, req, "")
	if err == nil {
		var abilities pay.Abilities
		if abilities, err = s.guard.open(ctx, call, fromAccountConfig(req.GetAccount())); err == nil {
			out := &pluginv1.OpenedAccount{Abilities: texts[string](abilities)}
			return &pluginv1.OpenAccountResponse{
				Report: finish(nil, false, out), Result: &pluginv1.OpenAccountResponse_State{State: grease(out)},
			}, nil
		}
	}
	report, fault := writeError(known(err, false))
	return &pluginv1.OpenAccountResponse{
		Report: finish(report, false, fault), Result: &pluginv1.OpenAccountResponse_Error{Error: fault},
	}, nil
}

// CloseAccount implements the service.
func (s *server) CloseAccount(_ context.Context, req *pluginv1.CloseAccountRequest) (*pluginv1.CloseAccountResponse, error) {
	call := fromCall(req.GetCall())
	if _, err := s.admit(methodCloseAccount, call, req, ""); err != nil {
		report, fault := writeError(err)
		return &pluginv1.CloseAccountResponse{
			Report: finish(report, false, fault), Result: &pluginv1.CloseAccountResponse_Error{Error: fault},
		}, nil
	}
	n := s.guard.handles.close(call.AccountID, call.AccountRevision)
	return &pluginv1.CloseAccountResponse{
		Result: &pluginv1.CloseAccountResponse_State{State: &pluginv1.ClosedAccount{Handles: int64(n)}},
	}, nil
}
