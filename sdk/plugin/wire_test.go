package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// fake is a provider whose every answer a test can choose.
type fake struct {
	mu       sync.Mutex
	manifest pay.Manifest
	opened   []pay.AccountConfig
	closed   atomic.Int32
	openErr  error
	onOpen   func(ctx context.Context) error
	account  *fakeAccount
}

func newFake() *fake {
	f := &fake{manifest: pay.Manifest{
		Name: "fake", Version: "1.2.3", Title: "Fake",
		OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(`{"properties":{"qr_id":{"type":"string"}}}`)},
		Actions: []pay.ActionSpec{
			{Name: "upload", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice, MaxAttachments: 3},
			{Name: "peek", Effect: pay.EffectRead, Subject: pay.SubjectInvoice},
		},
	}}
	f.account = &fakeAccount{provider: f}
	return f
}

func (f *fake) Describe() pay.Manifest { return f.manifest }

func (f *fake) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	if f.onOpen != nil {
		if err := f.onOpen(ctx); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened = append(f.opened, cfg)
	if f.openErr != nil {
		return nil, f.openErr
	}
	return f.account, nil
}

func (f *fake) opens() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.opened)
}

// fakeAccount has some of the optional interfaces.
type fakeAccount struct {
	provider *fake
	create   func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error)
	get      func(context.Context, pay.InvoiceRef) (pay.InvoiceState, error)
	webhook  func(context.Context, pay.WebhookRequest) (pay.WebhookResult, error)
	action   func(context.Context, pay.Action) (pay.ActionResult, error)
}

func (a *fakeAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	if a.create == nil {
		return pay.InvoiceState{Status: pay.StatusPending, ProviderRef: "p-" + req.InvoiceID}, nil
	}
	return a.create(ctx, req)
}

func (a *fakeAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	if a.get == nil {
		return pay.InvoiceState{Status: pay.StatusPaid, ProviderRef: ref.ProviderRef}, nil
	}
	return a.get(ctx, ref)
}

func (a *fakeAccount) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	return a.webhook(ctx, req)
}

func (a *fakeAccount) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	return a.action(ctx, req)
}

func (a *fakeAccount) Close() error {
	a.provider.closed.Add(1)
	return nil
}

func testConfig() pay.AccountConfig {
	return pay.AccountConfig{AccountID: "main", Revision: 3, Mode: pay.ModeSandbox, Config: json.RawMessage(`{}`)}
}

// eachPath runs a test over a real gRPC connection, with the stream lane and without, and in process: callers must not be able to tell.
func eachPath(t *testing.T, test func(t *testing.T, f *fake, c *Client)) {
	t.Run("wire", func(t *testing.T) {
		f := newFake()
		provider, stop, err := Loopback(t.Context(), f)
		require.NoError(t, err)
		defer stop()
		c := provider.(*Client)
		require.NotNil(t, c.conn.lane.Load())
		test(t, f, c)
	})
	t.Run("unary", func(t *testing.T) {
		f := newFake()
		conn, stop, err := dialLoopback(newServer(f, nil, nil))
		require.NoError(t, err)
		defer stop()
		c := NewClient(conn, ClientConfig{Unary: true})
		require.NoError(t, c.Start(t.Context()))
		require.Nil(t, c.conn.lane.Load())
		test(t, f, c)
	})
	t.Run("in process", func(t *testing.T) {
		f := newFake()
		c, err := InProcess(f, ClientConfig{})
		require.NoError(t, err)
		test(t, f, c)
	})
}

func open(t *testing.T, c *Client) *account {
	t.Helper()
	a, err := c.Open(t.Context(), testConfig())
	require.NoError(t, err)
	return a.(*account)
}

func TestManifestAndAbilities(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		want := f.manifest
		want.SDK = SDK
		require.Equal(t, want, c.Describe())
		require.Equal(t, SDK, c.Info().SDK)
		a := open(t, c)
		require.Equal(t, pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanHandleWebhook, pay.CanRunAction), pay.Resolve(a))
		_, err := pay.Offered[pay.Canceler](a, pay.CanCancel)
		require.ErrorIs(t, err, pay.KindUnsupported)
		_, err = a.CancelInvoice(t.Context(), pay.ChangeInvoice{}) // the type has it, the account does not
		require.ErrorIs(t, err, pay.KindUnsupported)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
		health, err := c.Health(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, health.OpenAccounts)
		require.NoError(t, a.Close())
		require.Eventually(t, func() bool { return f.closed.Load() == 1 }, 5*time.Second, time.Millisecond)
	})
}

func TestCallReachesTheAdapter(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		var got pay.CreateInvoice
		var fromContext pay.Call
		f.account.create = func(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
			got, fromContext = req, pay.CallFrom(ctx)
			return pay.InvoiceState{Status: pay.StatusPending, Report: pay.Report{NextLookAt: time.Unix(5, 0).UTC()}}, nil
		}
		a := open(t, c)
		deadline := time.Now().Add(time.Minute)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()
		state, err := a.CreateInvoice(ctx, pay.CreateInvoice{
			Call:      pay.Call{OperationID: "op_1", ProviderKey: "k", Try: 2, Traceparent: "00-x", Critical: []string{"capture", "provider_options.qr_id"}},
			InvoiceID: "inv_1", Options: json.RawMessage(`{"qr_id":"7"}`),
		})
		require.NoError(t, err)
		require.Equal(t, pay.StatusPending, state.Status)
		require.Equal(t, time.Unix(5, 0).UTC(), state.Report.NextLookAt)
		require.Equal(t, "op_1", got.Call.OperationID)
		require.Equal(t, "main", got.Call.AccountID)
		require.EqualValues(t, 3, got.Call.AccountRevision)
		require.Equal(t, pay.ModeSandbox, got.Call.Mode)
		require.WithinDuration(t, deadline, got.Call.Deadline, time.Microsecond)
		require.Equal(t, got.Call, fromContext)
		require.NotNil(t, f.opened[0].HTTP)
		require.NotNil(t, f.opened[0].Log)
		require.NotNil(t, f.opened[0].Now)

		// A reference has no frame of its own: the context's is used.
		f.account.get = func(ctx context.Context, _ pay.InvoiceRef) (pay.InvoiceState, error) {
			fromContext = pay.CallFrom(ctx)
			return pay.InvoiceState{}, nil
		}
		_, err = a.GetInvoice(pay.WithCall(ctx, pay.Call{OperationID: "op_2"}), pay.InvoiceRef{})
		require.NoError(t, err)
		require.Equal(t, "op_2", fromContext.OperationID)
	})
}

func TestErrorsKeepTheirIdentity(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		for _, kind := range pay.Kinds() {
			sent := &pay.Error{
				Kind: kind, Executed: pay.ExecutedUnknown, Retry: pay.Retry{Rule: pay.RetrySameOperation, After: 7 * time.Second},
				Message: "m", SafeMessage: "s", Reason: pay.DeclineExpired, ProviderCode: "51", ProviderMessage: "pm",
				Fields: []pay.FieldError{{Path: "amount.value", Message: "too much"}},
				Report: pay.Report{
					State:        &pay.State{Version: 2, Data: []byte{1}},
					AccountState: &pay.State{Version: 3, Data: []byte{2}},
					Evidence:     pay.Evidence{HTTPStatus: 402, Raw: []byte("{}")}, Warnings: []string{"w"},
				},
				Err: errors.New("stays behind"),
			}
			f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
				return pay.InvoiceState{}, fmt.Errorf("wrapped: %w", sent)
			}
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.ErrorIs(t, err, kind)
			got := *pay.AsError(err)
			want := *sent
			want.Err = nil
			require.Equal(t, want, got)
		}
	})
}

func TestErrorsWithoutMeaning(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			return pay.InvoiceState{}, io.ErrUnexpectedEOF
		}
		f.account.get = func(context.Context, pay.InvoiceRef) (pay.InvoiceState, error) {
			return pay.InvoiceState{}, io.ErrUnexpectedEOF
		}
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
		_, err = a.GetInvoice(t.Context(), pay.InvoiceRef{})
		require.ErrorIs(t, err, pay.KindProviderUnavailable)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	})
}

func TestPanicIsOneFailedCall(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) { panic("oh no") }
		f.account.get = func(context.Context, pay.InvoiceRef) (pay.InvoiceState, error) {
			return make([]pay.InvoiceState, 1)[f.opens()], nil // out of range
		}
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.ErrorIs(t, err, pay.KindPluginFault)
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
		require.NotContains(t, err.Error(), "oh no")
		_, err = a.GetInvoice(t.Context(), pay.InvoiceRef{})
		require.ErrorIs(t, err, pay.KindPluginFault)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())

		f.account.get = nil
		state, err := a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "still here"})
		require.NoError(t, err)
		require.Equal(t, "still here", state.ProviderRef)
	})
}

func TestIgnoredDeadlineIsAbandoned(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		finish := make(chan struct{})
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			<-finish // deaf to its context
			return pay.InvoiceState{Status: pay.StatusPaid}, nil
		}
		f.account.get = func(context.Context, pay.InvoiceRef) (pay.InvoiceState, error) {
			<-finish
			return pay.InvoiceState{Status: pay.StatusPaid}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := a.CreateInvoice(ctx, pay.CreateInvoice{})
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err = a.GetInvoice(ctx, pay.InvoiceRef{})
		require.ErrorIs(t, err, pay.KindProviderUnavailable)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())

		require.Eventually(t, func() bool {
			h, err := c.Health(t.Context())
			return err == nil && h.AbandonedCalls == 2
		}, 5*time.Second, time.Millisecond)
		close(finish)
		require.Eventually(t, func() bool {
			h, err := c.Health(t.Context())
			return err == nil && h.AbandonedCalls == 0 && h.RunningCalls == 0
		}, 5*time.Second, time.Millisecond)
	})
}

// An adapter's own deadline may be earlier than the caller's, so that what it knows still arrives.
func TestExactAnswerAfterTheAdaptersDeadline(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		f.account.create = func(ctx context.Context, _ pay.CreateInvoice) (pay.InvoiceState, error) {
			<-ctx.Done()
			return pay.InvoiceState{}, &pay.Error{Kind: pay.KindProviderUnavailable, Message: "never connected"}
		}
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{
			Call: pay.Call{OperationID: "op", Deadline: time.Now().Add(30 * time.Millisecond)},
		})
		require.ErrorIs(t, err, pay.KindProviderUnavailable)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	})
}

func TestUnknownCriticalNameIsRefused(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		called := false
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			called = true
			return pay.InvoiceState{}, nil
		}
		for _, name := range []string{"teleport", "provider_options.invented", "", "Capture"} {
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Call: pay.Call{OperationID: "op", Critical: []string{"capture", name}}})
			require.ErrorIs(t, err, pay.KindUnsupported, name)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).Executed)
			require.Equal(t, name, pay.AsError(err).Fields[0].Path)
		}
		require.False(t, called)
	})
}

func TestLostAccountIsOpenedAgain(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		require.NoError(t, a.Close())
		state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "inv"})
		require.NoError(t, err)
		require.Equal(t, "p-inv", state.ProviderRef)
		require.Equal(t, 2, f.opens())

		// Where it cannot be opened the call was certainly not made, whatever the opening says of itself.
		require.NoError(t, a.Close())
		f.openErr = errors.New("no idea")
		_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.Error(t, err)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	})
}

func TestOpenIsIdempotentAndShared(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		entered, proceed := make(chan struct{}, 16), make(chan struct{})
		f.onOpen = func(context.Context) error {
			entered <- struct{}{}
			<-proceed
			return nil
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := c.Open(t.Context(), testConfig())
				require.NoError(t, err)
			})
		}
		<-entered
		close(proceed)
		wg.Wait()
		require.Equal(t, 1, f.opens())

		f.onOpen = nil
		newer := testConfig()
		newer.Revision++
		_, err := c.Open(t.Context(), newer)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return f.closed.Load() == 1 }, 5*time.Second, time.Millisecond, "the older revision is idle")

		changed := newer
		changed.State = &pay.State{Version: 1, Data: []byte("token")}
		_, err = c.Open(t.Context(), changed)
		require.NoError(t, err)
		require.Equal(t, 3, f.opens(), "the same revision with another state is another handle")
		require.Eventually(t, func() bool { return f.closed.Load() == 2 }, 5*time.Second, time.Millisecond)
	})
}

func TestRevisionInUseClosesWhenIdle(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		running, finish := make(chan struct{}), make(chan struct{})
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			close(running)
			<-finish
			return pay.InvoiceState{Status: pay.StatusPending}, nil
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.NoError(t, err)
		})
		<-running
		newer := testConfig()
		newer.Revision++
		_, err := c.Open(t.Context(), newer)
		require.NoError(t, err)
		require.Zero(t, f.closed.Load(), "a call is using it")
		close(finish)
		wg.Wait()
		require.Eventually(t, func() bool { return f.closed.Load() == 1 }, 5*time.Second, time.Millisecond)
	})
}

func TestUnknownWordsMoveNoMoney(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			return pay.InvoiceState{Status: "settled", Review: "odd", Refunds: []pay.RefundState{{Status: "done"}}}, nil
		}
		state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.NoError(t, err)
		require.Empty(t, state.Status)
		require.Equal(t, `odd; the plugin reported the unknown status "settled"`, state.Review)
		require.Empty(t, state.Refunds[0].Status)
		require.NotEmpty(t, state.Refunds[0].Review)

		f.account.webhook = func(context.Context, pay.WebhookRequest) (pay.WebhookResult, error) {
			return pay.WebhookResult{Events: []pay.WebhookEvent{{Strength: "certain", Payout: &pay.PayoutState{Status: "gone"}}}}, nil
		}
		result, err := a.HandleWebhook(t.Context(), pay.WebhookRequest{})
		require.NoError(t, err)
		require.Equal(t, pay.StrengthHint, result.Events[0].Strength)
		require.Empty(t, result.Events[0].Payout.Status)

		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			return pay.InvoiceState{}, &pay.Error{Kind: "cosmic_ray", Message: "m"}
		}
		_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.ErrorIs(t, err, pay.KindPluginFault)
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
	})
}

func TestOversizedAnswersNameTheField(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		for field, state := range map[string]pay.InvoiceState{
			"report.state.data":        {Report: pay.Report{State: &pay.State{Data: make([]byte, pay.MaxStateSize+1)}}},
			"state.provider_ref":       {ProviderRef: strings.Repeat("x", 20<<10)},
			"state.attempts[1].method": {Attempts: []pay.Attempt{{}, {Method: strings.Repeat("x", 20<<10)}}},
			"state.attempts":           {Attempts: make([]pay.Attempt, 10_001)},
		} {
			f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) { return state, nil }
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.ErrorIs(t, err, pay.KindPluginFault, field)
			require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
			require.Contains(t, err.Error(), field+" has ")
		}
		// What is only evidence is cut instead: an answer must not get lost over it.
		f.account.create = func(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
			return pay.InvoiceState{
				ProviderRef: "r\xff", Report: pay.Report{Evidence: pay.Evidence{Raw: make([]byte, 1<<20)}},
				ProviderRefs: map[string]string{"\xfe": "v"}, Attempts: []pay.Attempt{{Instrument: pay.Instrument{Bank: "\xff"}}},
			}, nil
		}
		state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		require.NoError(t, err)
		require.Len(t, state.Report.Evidence.Raw, pay.MaxRawSize)
		require.Equal(t, "r\uFFFD", state.ProviderRef)
		require.Equal(t, map[string]string{"\uFFFD": "v"}, state.ProviderRefs)
		require.Equal(t, "\uFFFD", state.Attempts[0].Instrument.Bank)
		require.ElementsMatch(t, []string{
			"provider_ref was not valid UTF-8", "provider_refs was not valid UTF-8", "bank was not valid UTF-8", "evidence.raw was cut to 64 KiB",
		}, state.Report.Warnings)
	})
}

func TestInvalidUTF8(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Description: "caf\xe9"})
		require.ErrorIs(t, err, pay.KindInvalidRequest)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).Executed)
		require.Contains(t, err.Error(), "invoice.description")

		var got pay.WebhookRequest
		f.account.webhook = func(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
			got = req
			return pay.WebhookResult{}, nil
		}
		sent := pay.WebhookRequest{
			Path: "/p\xff", Tail: "t\xff", RawQuery: "q\xff", Headers: []pay.Header{{Name: "X", Value: "v\xff"}}, Body: []byte("b\xff"),
		}
		_, err = a.HandleWebhook(t.Context(), sent)
		require.NoError(t, err)
		got.Call = pay.Call{}
		require.Equal(t, sent, got, "webhooks arrive byte for byte")
	})
}

func TestAttachmentsAreStreamed(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		big := strings.Repeat("0123456789", 1<<17)
		var got []string
		f.account.action = func(_ context.Context, req pay.Action) (pay.ActionResult, error) {
			got = nil
			for _, file := range slices.Backward(req.Attachments) { // any order
				b, err := io.ReadAll(file.Content)
				if err != nil {
					return pay.ActionResult{}, err
				}
				got = append(got, file.Name+":"+string(b))
			}
			return pay.ActionResult{Output: json.RawMessage(`{"ok":true}`)}, nil
		}
		file := func(name, text string) pay.Attachment {
			return pay.Attachment{Name: name, Size: int64(len(text)), Content: strings.NewReader(text)}
		}
		files := []pay.Attachment{file("a", big), file("b", ""), file("c", "xyz")}
		require.NoError(t, a.Close()) // an account that is not open is opened before the upload
		result, err := a.RunAction(t.Context(), pay.Action{Name: "upload", Attachments: files})
		require.NoError(t, err)
		require.JSONEq(t, `{"ok":true}`, string(result.Output))
		require.Equal(t, []string{"c:xyz", "b:", "a:" + big}, got)

		got = nil
		for name, bad := range map[string]pay.Attachment{
			"shorter":        {Name: "s", Size: 10, Content: strings.NewReader("123")},
			"longer":         {Name: "l", Size: 1, Content: strings.NewReader("123")},
			"cannot be read": {Name: "r", Size: 1, Content: io.NopCloser(errorReader{})},
			"no content":     {Name: "n", Size: 1},
		} {
			_, err = a.RunAction(t.Context(), pay.Action{Name: "upload", Attachments: []pay.Attachment{bad}})
			require.ErrorIs(t, err, pay.KindInvalidRequest)
			require.ErrorContains(t, err, name)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).Executed)
		}
		_, err = a.RunAction(t.Context(), pay.Action{Name: "upload", Attachments: []pay.Attachment{{Size: 17 << 20, Content: strings.NewReader("")}}})
		require.ErrorContains(t, err, "attachment")
		require.Nil(t, got, "the adapter never saw a broken upload")

		f.account.action = func(context.Context, pay.Action) (pay.ActionResult, error) { panic("x") }
		_, err = a.RunAction(t.Context(), pay.Action{Name: "upload"})
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
		_, err = a.RunAction(t.Context(), pay.Action{Name: "peek"})
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), "a reading action leaves nothing unknown")
	})
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

// stubborn panics where it says what it can do.
type stubborn struct{ *fakeAccount }

func (stubborn) Abilities() pay.Abilities { panic("ask somebody else") }

func TestPanicWhileOpening(t *testing.T) {
	for name, provider := range map[string]pay.Provider{"abilities": opener{}, "no account": opener{none: true}} {
		t.Run(name, func(t *testing.T) {
			c, err := InProcess(provider, ClientConfig{})
			require.NoError(t, err)
			for range 2 { // a failed opening leaves nothing behind that a later one could wait for
				_, err = c.Open(t.Context(), testConfig())
				require.ErrorIs(t, err, pay.KindPluginFault)
			}
		})
	}
}

type opener struct{ none bool }

func (opener) Describe() pay.Manifest { return pay.Manifest{Name: "opener"} }

func (o opener) Open(context.Context, pay.AccountConfig) (pay.Account, error) {
	if o.none {
		return nil, nil
	}
	return stubborn{newFake().account}, nil
}

func TestUnusableRuntime(t *testing.T) {
	_, err := InProcess(newFake(), ClientConfig{Runtime: Runtime{ProxyURL: "ftp://user:hunter2@x"}})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.NotContains(t, err.Error(), "hunter2")
}
