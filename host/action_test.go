package host_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// acting is the scripted provider with actions of a test's own.
type acting struct {
	*hosttest.Provider
	specs  []pay.ActionSpec
	limits []pay.RateLimitSpec

	mu   sync.Mutex
	run  func(context.Context, pay.Action) (pay.ActionResult, error)
	seen []pay.Action
	sums []string // of every attachment that arrived
}

type actingAccount struct {
	pay.Account
	pay.InvoiceFinder
	pay.Refunder
	pay.RefundGetter
	pay.PayoutCreator
	pay.PayoutGetter
	p *acting
}

func (p *acting) Describe() pay.Manifest {
	m := p.Provider.Describe()
	m.Actions, m.RateLimits = p.specs, p.limits
	m.Abilities = pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanRefund, pay.CanGetRefund,
		pay.CanPayout, pay.CanGetPayout, pay.CanRunAction)
	return m
}

func (p *acting) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	a, err := p.Provider.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &actingAccount{
		a, a.(pay.InvoiceFinder), a.(pay.Refunder), a.(pay.RefundGetter), a.(pay.PayoutCreator), a.(pay.PayoutGetter), p,
	}, nil
}

func (a *actingAccount) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	var sums []string
	for _, f := range req.Attachments {
		raw, err := io.ReadAll(f.Content)
		if err != nil || int64(len(raw)) != f.Size {
			return pay.ActionResult{}, errors.New("the attachment is not as announced")
		}
		sum := sha256.Sum256(raw)
		sums = append(sums, f.Name+" "+f.ContentType+" "+string(sum[:]))
	}
	a.p.mu.Lock()
	a.p.seen, a.p.sums = append(a.p.seen, req), append(a.p.sums, sums...)
	run := a.p.run
	a.p.mu.Unlock()
	if run == nil {
		return pay.ActionResult{Output: json.RawMessage(`{"done":true}`)}, nil
	}
	return run(ctx, req)
}

func (p *acting) answer(run func(context.Context, pay.Action) (pay.ActionResult, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = run
}

func (p *acting) calls() []pay.Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]pay.Action{}, p.seen...)
}

func lost(context.Context, pay.Action) (pay.ActionResult, error) {
	return pay.ActionResult{}, errors.New("the connection was cut")
}

// act starts a host whose provider has the given actions.
func act(t *testing.T, specs ...pay.ActionSpec) (*hosttest.Host, *acting) {
	t.Helper()
	p := &acting{Provider: hosttest.NewProvider(), specs: specs}
	return actOn(t, p), p
}

func actOn(t *testing.T, p *acting, edit ...func(*host.Config)) *hosttest.Host {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return hosttest.StartOn(t, st, p.Provider, append([]func(*host.Config){func(c *host.Config) {
		c.Providers = map[string]pay.Provider{hosttest.ProviderName: p}
	}}, edit...)...)
}

func confirmTransfer() pay.ActionSpec {
	return pay.ActionSpec{
		Name: "confirm_transfer", Title: "Confirm a transfer", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
		MaxAttachments: 2, MaxAttachmentSize: 1 << 20, Resolution: pay.ResolveResend,
	}
}

func receiptFile(name, contentType, content string) pay.Attachment {
	return pay.Attachment{Name: name, ContentType: contentType, Size: int64(len(content)), Content: strings.NewReader(content)}
}

// The same key stands for the same files: their names, types and bytes.
func TestAttachmentsOfAnActionThatChanges(t *testing.T) {
	h, p := act(t, confirmTransfer())
	inv := at(t, h, "order", pay.StatusPending)
	order := func(key string, files ...pay.Attachment) (*host.ActionResult, error) {
		return h.RunAction(t.Context(), host.RunAction{IdempotencyKey: key, Invoice: inv.ID, Name: "confirm_transfer", Attachments: files})
	}
	first, err := order("k", receiptFile("a.pdf", "application/pdf", "paid"), receiptFile("b.png", "image/png", "proof"))
	require.NoError(t, err)
	require.JSONEq(t, `{"done":true}`, string(first.Output))
	again, err := order("k", receiptFile("a.pdf", "application/pdf", "paid"), pay.Attachment{
		Name: "b.png", ContentType: "image/png", Content: bytes.NewReader([]byte("proof")), // no size, and no copy either
	})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.JSONEq(t, `{"done":true}`, string(again.Output))
	require.Len(t, p.calls(), 1, "nothing was sent twice")
	paid, proof := sha256.Sum256([]byte("paid")), sha256.Sum256([]byte("proof"))
	require.Equal(t, []string{"a.pdf application/pdf " + string(paid[:]), "b.png image/png " + string(proof[:])}, p.sums)

	for name, files := range map[string][]pay.Attachment{
		"other bytes": {receiptFile("a.pdf", "application/pdf", "PAID"), receiptFile("b.png", "image/png", "proof")},
		"other name":  {receiptFile("c.pdf", "application/pdf", "paid"), receiptFile("b.png", "image/png", "proof")},
		"other type":  {receiptFile("a.pdf", "image/jpeg", "paid"), receiptFile("b.png", "image/png", "proof")},
		"other order": {receiptFile("b.png", "image/png", "proof"), receiptFile("a.pdf", "application/pdf", "paid")},
		"fewer":       {receiptFile("a.pdf", "application/pdf", "paid")},
		"none":        nil,
	} {
		_, err := order("k", files...)
		require.ErrorIs(t, err, pay.KindIdempotencyMismatch, name)
	}

	// The journal holds what they were, not what was in them.
	row, err := h.Store.Operation(t.Context(), first.Operation)
	require.NoError(t, err)
	require.Contains(t, string(row.Request), `"name":"a.pdf"`)
	require.Contains(t, string(row.Request), `"sha256":"`)
	require.NotContains(t, string(row.Request), "proof")
	require.NotContains(t, string(row.Request), "cHJvb2Y", "nor as base64")
}

func TestAttachmentsAreRefusedByName(t *testing.T) {
	h, p := act(t, confirmTransfer())
	inv := at(t, h, "order", pay.StatusPending)
	ok := receiptFile("a.pdf", "application/pdf", "x")
	for name, c := range map[string]struct {
		files []pay.Attachment
		path  string
	}{
		"too many":     {[]pay.Attachment{ok, ok, ok}, "attachments"},
		"no name":      {[]pay.Attachment{receiptFile("", "", "x")}, "attachments.0.name"},
		"a folder":     {[]pay.Attachment{receiptFile("../x", "", "x")}, "attachments.0.name"},
		"a line":       {[]pay.Attachment{receiptFile("a\r\nX: y", "", "x")}, "attachments.0.name"},
		"no type":      {[]pay.Attachment{receiptFile("a", "pdf; =", "x")}, "attachments.0.content_type"},
		"no content":   {[]pay.Attachment{{Name: "a"}}, "attachments.0"},
		"too large":    {[]pay.Attachment{ok, {Name: "a", Content: strings.NewReader(strings.Repeat("x", 1<<20+1))}}, "attachments.1"},
		"wrong size":   {[]pay.Attachment{{Name: "a", Size: 2, Content: strings.NewReader("x")}}, "attachments.0"},
		"unreadable":   {[]pay.Attachment{{Name: "a", Content: &broken{}}}, "attachments.0"},
		"stated large": {[]pay.Attachment{{Name: "a", Size: 1<<20 + 1, Content: strings.NewReader("x")}}, "attachments.0"},
	} {
		_, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k", Invoice: inv.ID, Name: "confirm_transfer", Attachments: c.files})
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
		require.Equal(t, c.path, pay.AsError(err).Fields[0].Path, name)
	}
	require.Empty(t, p.calls())
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// The bytes of attachments are not kept, so what only a repetition could settle is left to a person.
func TestActionWithAttachmentsIsNeverSentAgain(t *testing.T) {
	h, p := act(t, confirmTransfer())
	p.answer(lost)
	inv := at(t, h, "order", pay.StatusPending)
	result, err := h.RunAction(t.Context(), host.RunAction{
		IdempotencyKey: "k", Invoice: inv.ID, Name: "confirm_transfer", Attachments: []pay.Attachment{receiptFile("a.pdf", "", "x")},
	})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Equal(t, result.Operation, result.Invoice.UnresolvedOperation)
	op, err := h.Operation(t.Context(), result.Operation)
	require.NoError(t, err)
	require.Equal(t, string(pay.ResolveHuman), op.Resolution)
	require.Equal(t, "needs_review", op.State)
	require.Len(t, p.calls(), 1)
	p.answer(nil)
	_, err = h.ResolveOperation(t.Context(), host.Resolve{Operation: op.ID, Outcome: host.ResolveExecuted, Reason: "the provider confirmed it by phone"})
	require.NoError(t, err)
	replayed, err := h.RunAction(t.Context(), host.RunAction{
		IdempotencyKey: "k", Invoice: inv.ID, Name: "confirm_transfer", Attachments: []pay.Attachment{receiptFile("a.pdf", "", "x")},
	})
	require.NoError(t, err)
	require.True(t, replayed.Replayed)
	require.Empty(t, replayed.Output, "the answer was lost; the invoice is not taken for it")
	require.Len(t, p.calls(), 1)
}

// Without attachments the host sends again what the provider recognises by its key.
func TestActionWithoutAttachmentsIsSentAgain(t *testing.T) {
	h, p := act(t, confirmTransfer())
	p.answer(lost)
	inv := at(t, h, "order", pay.StatusPending)
	result, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k", Invoice: inv.ID, Name: "confirm_transfer", Input: json.RawMessage(`{"a":1}`)})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	p.answer(nil)
	require.Eventually(t, func() bool {
		op, err := h.Operation(t.Context(), result.Operation)
		return err == nil && op.State == "done"
	}, 10*time.Second, time.Millisecond)
	calls := p.calls()
	require.GreaterOrEqual(t, len(calls), 2)
	last := calls[len(calls)-1]
	require.Equal(t, calls[0].Call.ProviderKey, last.Call.ProviderKey)
	require.JSONEq(t, `{"a":1}`, string(last.Input))
	require.Equal(t, inv.ID, last.Invoice.InvoiceID)
	replayed, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k", Invoice: inv.ID, Name: "confirm_transfer", Input: json.RawMessage(`{"a":1}`)})
	require.NoError(t, err)
	require.JSONEq(t, `{"done":true}`, string(replayed.Output))
}

// A trace that was there before proves nothing.
func TestActionWhoseTraceIsThereAlreadyIsForAPerson(t *testing.T) {
	spec := pay.ActionSpec{Name: "start", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice, Resolution: pay.ResolveLookup}
	h, p := act(t, spec, pay.ActionSpec{Name: "sweep", Effect: pay.EffectChanges, Subject: pay.SubjectAccount, Resolution: pay.ResolveLookup})
	fresh := at(t, h, "fresh", pay.StatusPending)
	begun := at(t, h, "begun", pay.StatusPending)
	p.answer(func(context.Context, pay.Action) (pay.ActionResult, error) {
		return pay.ActionResult{Invoice: &pay.InvoiceState{Attempts: []pay.Attempt{{ProviderAttemptID: "1", Status: pay.AttemptPending}}}}, nil
	})
	_, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k0", Invoice: begun.ID, Name: "start"})
	require.NoError(t, err)
	p.answer(lost)
	for key, c := range map[string]struct {
		req  host.RunAction
		want pay.Resolution
	}{
		"k1": {host.RunAction{Invoice: fresh.ID, Name: "start"}, pay.ResolveLookup},
		"k2": {host.RunAction{Invoice: begun.ID, Name: "start"}, pay.ResolveHuman},
		"k3": {host.RunAction{Account: hosttest.AccountID, Name: "sweep"}, pay.ResolveHuman},
	} {
		c.req.IdempotencyKey = key
		result, err := h.RunAction(t.Context(), c.req)
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		op, err := h.Operation(t.Context(), result.Operation)
		require.NoError(t, err)
		require.Equal(t, string(c.want), op.Resolution, key)
		if result.Invoice != nil && result.Invoice.UnresolvedOperation != "" {
			require.NotContains(t, result.Invoice.AllowedActions, "action:start")
		}
	}
}
