package plugin

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// TestUnknownFieldsAndMethods sends what does not exist in both directions, as a newer peer would.
func TestUnknownFieldsAndMethods(t *testing.T) {
	s := newServer(newFake(), nil, nil)
	conn, stop, err := dialLoopback(s)
	require.NoError(t, err)
	defer stop()
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	a := open(t, c)

	call := a.frame(t.Context(), c.exchanges.begin(), pay.Call{})
	req := grease(&pluginv1.GetInvoiceRequest{Call: grease(call), Invoice: grease(&pluginv1.InvoiceRef{ProviderRef: "p"})})
	require.NotEmpty(t, req.ProtoReflect().GetUnknown())
	res, err := c.rpc.GetInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "p", res.GetState().GetProviderRef())

	described, err := c.rpc.Describe(t.Context(), &pluginv1.DescribeRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, described.GetState().ProtoReflect().GetUnknown(), "the plugin greases its answers")
	require.Equal(t, "fake", c.Describe().Name)

	// A method that a plugin does not have is an ability it lacks, and nothing happened.
	ctx, trace := withTrace(t.Context())
	err = conn.Invoke(ctx, greaseMethod, &pluginv1.HealthRequest{}, &pluginv1.HealthResponse{})
	require.Equal(t, codes.Unimplemented, status.Code(err))
	require.Equal(t, answered, trace.verdict(true))
	fault := transportFault(t.Context(), methodCharge, true, trace.verdict(true), err)
	require.ErrorIs(t, fault, pay.KindUnsupported)
	require.Equal(t, pay.ExecutedNo, fault.WasExecuted())
}

// oddServer is a plugin of another make that breaks the protocol.
type oddServer struct {
	pluginv1.UnimplementedProviderServiceServer
	create func() (*pluginv1.CreateInvoiceResponse, error)
}

func (o oddServer) Configure(context.Context, *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	return &pluginv1.ConfigureResponse{Result: &pluginv1.ConfigureResponse_State{State: &pluginv1.PluginInfo{}}}, nil
}

func (o oddServer) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return &pluginv1.DescribeResponse{Result: &pluginv1.DescribeResponse_State{State: &pluginv1.Manifest{}}}, nil
}

func (o oddServer) OpenAccount(context.Context, *pluginv1.OpenAccountRequest) (*pluginv1.OpenAccountResponse, error) {
	return &pluginv1.OpenAccountResponse{Result: &pluginv1.OpenAccountResponse_State{State: &pluginv1.OpenedAccount{}}}, nil
}

func (o oddServer) CreateInvoice(context.Context, *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	return o.create()
}

func TestAnswersThatBreakTheProtocol(t *testing.T) {
	odd := &oddServer{}
	conn, stop, err := dialService(odd, nil)
	require.NoError(t, err)
	defer stop()
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	a := open(t, c)

	state := func(s *pluginv1.InvoiceState) *pluginv1.CreateInvoiceResponse {
		return &pluginv1.CreateInvoiceResponse{Result: &pluginv1.CreateInvoiceResponse_State{State: s}}
	}
	fault := func(e *pluginv1.Error, r *pluginv1.Report) *pluginv1.CreateInvoiceResponse {
		return &pluginv1.CreateInvoiceResponse{Report: r, Result: &pluginv1.CreateInvoiceResponse_Error{Error: e}}
	}
	for name, c := range map[string]struct {
		res      *pluginv1.CreateInvoiceResponse
		err      error
		kind     pay.Kind
		executed pay.Executed
		text     string
	}{
		"neither state nor error": {&pluginv1.CreateInvoiceResponse{}, nil, pay.KindPluginFault, pay.ExecutedUnknown, "neither"},
		"too many decimals": {state(&pluginv1.InvoiceState{Captured: &pluginv1.Money{Value: "1.001", Currency: "UAH", Exponent: 2}}),
			nil, pay.KindPluginFault, pay.ExecutedUnknown, "state.captured is not an exact amount"},
		"exponent of another currency": {state(&pluginv1.InvoiceState{Captured: &pluginv1.Money{Value: "1", Currency: "UAH", Exponent: 0}}),
			nil, pay.KindPluginFault, pay.ExecutedUnknown, "contradicts ISO 4217"},
		"bare status":          {nil, status.Error(codes.InvalidArgument, "no"), pay.KindPluginFault, pay.ExecutedUnknown, "outside the protocol"},
		"bare unavailable":     {nil, status.Error(codes.Unavailable, "x"), pay.KindPluginFault, pay.ExecutedUnknown, "outside the protocol"},
		"bare unimplemented":   {nil, status.Error(codes.Unimplemented, "x"), pay.KindUnsupported, pay.ExecutedNo, "does not know"},
		"an invented executed": {fault(&pluginv1.Error{Kind: "declined"}, &pluginv1.Report{Executed: "maybe"}), nil, pay.KindDeclined, pay.ExecutedUnknown, ""},
		"an invented rule": {fault(&pluginv1.Error{Kind: "rate_limited", Report: &pluginv1.Report{Retry: &pluginv1.Retry{Rule: "now"}}}, nil),
			nil, pay.KindRateLimited, pay.ExecutedNo, ""},
		"not open, though it acted": {fault(&pluginv1.Error{Kind: "plugin_fault", Condition: "account_not_open"}, &pluginv1.Report{Executed: "unknown"}),
			nil, pay.KindPluginFault, pay.ExecutedUnknown, ""},
		"never open": {fault(&pluginv1.Error{Kind: "plugin_fault", Condition: "account_not_open"}, &pluginv1.Report{Executed: "no"}),
			nil, pay.KindPluginFault, pay.ExecutedNo, ""},
		"claims not to have been sent": {fault(&pluginv1.Error{Kind: "plugin_fault", Condition: "not_sent"}, &pluginv1.Report{Executed: "no"}),
			nil, pay.KindPluginFault, pay.ExecutedNo, ""},
		"claims not to have been reached": {fault(&pluginv1.Error{Kind: "plugin_fault", Condition: "unreachable"}, &pluginv1.Report{Executed: "no"}),
			nil, pay.KindPluginFault, pay.ExecutedNo, ""},
		"larger than a message may be": {state(&pluginv1.InvoiceState{FinalReason: string(make([]byte, MaxMessage))}),
			nil, pay.KindPluginFault, pay.ExecutedUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			odd.create = func() (*pluginv1.CreateInvoiceResponse, error) { return c.res, c.err }
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.ErrorIs(t, err, c.kind)
			require.Equal(t, c.executed, pay.AsError(err).WasExecuted())
			require.ErrorContains(t, err, c.text)
			require.False(t, NotSent(err))
			if c.executed == pay.ExecutedUnknown {
				require.Equal(t, pay.RetryAfterLookup, pay.AsError(err).RetryRule())
			}
		})
	}
}

func TestCallsOnAClosedConnectionAreNotSent(t *testing.T) {
	conn, stop, err := dialLoopback(newServer(newFake(), nil, nil))
	require.NoError(t, err)
	defer stop()
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	a := open(t, c)
	require.NoError(t, conn.Close())
	_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{})
	require.True(t, NotSent(err), "%v", err)
}

func TestServerRefusesWorkBeforeConfigure(t *testing.T) {
	f := newFake()
	conn, stop, err := dialLoopback(newServer(f, nil, nil))
	require.NoError(t, err)
	defer stop()
	_, err = NewClient(conn, ClientConfig{}).Open(t.Context(), testConfig())
	require.ErrorIs(t, err, errNotConfigured)
	require.Zero(t, f.opens(), "it would have gone out without the host's proxy")
}
