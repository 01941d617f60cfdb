package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestCreateGivesAnInvoiceThePayerCanPay(t *testing.T) {
	h := hosttest.Start(t)
	req := hosttest.Invoice("order-1", "100")
	req.Customer = host.Customer{ID: "c-1", Email: "a@example.com"}
	req.Metadata = map[string]string{"cart": "7"}
	inv, err := h.CreateInvoice(host.WithActor(t.Context(), "checkout"), req)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, inv.Status)
	require.Equal(t, "100.00", inv.Amount.Value(), "canonical digits")
	require.Equal(t, "fake-000001", inv.ProviderRef)
	require.Equal(t, pay.NextRedirect, inv.NextAction.Type)
	require.Equal(t, "c-1", inv.CustomerID)
	require.Equal(t, map[string]string{"cart": "7"}, inv.Metadata)
	require.Contains(t, inv.AllowedActions, "refresh")
	require.Empty(t, inv.UnresolvedOperation)
	require.False(t, inv.Final)

	read, err := h.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.JSONEq(t, asJSON(t, inv), asJSON(t, read))

	op, err := h.Operation(t.Context(), inv.Operation)
	require.NoError(t, err)
	require.Equal(t, "done", op.State)
	require.Equal(t, "checkout", op.Actor)
	require.Len(t, op.Tries, 1)
	require.Equal(t, "in_process", op.Tries[0].Transport)
	require.NotNil(t, op.Tries[0].FinishedAt)

	events, err := h.EventsAfter(t.Context(), "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"invoice.created", "invoice.pending"}, types(events))
	require.EqualValues(t, 1, events[0].Sequence)
	require.EqualValues(t, 2, events[1].Sequence)
	for _, ev := range events {
		raw, err := json.Marshal(ev)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "a@example.com", "events carry no personal data")
		require.NotContains(t, string(raw), "pay.example.com", "events carry no link for the payer")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func types(events []host.Event) []string {
	var list []string
	for _, ev := range events {
		list = append(list, ev.Type)
	}
	return list
}

// Each outcome of a create, as the caller, the journal and the provider see it.
func TestOutcomesOfCreate(t *testing.T) {
	cases := []struct {
		outcome   hosttest.Outcome
		kind      pay.Kind
		status    pay.Status
		state     string
		created   int
		hasResult bool
		review    bool
	}{
		{hosttest.Pending, "", pay.StatusPending, "done", 1, true, false},
		{hosttest.Paid, "", pay.StatusPaid, "done", 1, true, false},
		{hosttest.Declined, pay.KindDeclined, pay.StatusFailed, "done", 0, false, false},
		{hosttest.Invalid, pay.KindInvalidRequest, pay.StatusFailed, "done", 0, false, false},
		{hosttest.Unknown, pay.KindOutcomeUnknown, pay.StatusCreating, "unknown", 1, true, false},
		{hosttest.Lost, pay.KindOutcomeUnknown, pay.StatusCreating, "unknown", 0, true, false},
		{hosttest.Panic, pay.KindOutcomeUnknown, pay.StatusCreating, "unknown", 1, true, false},
		{hosttest.Unavailable, pay.KindProviderUnavailable, pay.StatusCreating, "queued", 0, false, false},
		{hosttest.RateLimited, pay.KindRateLimited, pay.StatusCreating, "queued", 0, false, false},
		{hosttest.Mismatch, pay.KindOutcomeUnknown, pay.StatusCreating, "needs_review", 1, true, true},
	}
	for _, c := range cases {
		t.Run(string(c.outcome), func(t *testing.T) {
			h := hosttest.Start(t, patient)
			h.Provider.Next(c.outcome)
			inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
			var id string
			if c.kind == "" {
				require.NoError(t, err)
				id = inv.Operation
			} else {
				require.ErrorIs(t, err, c.kind)
				e := pay.AsError(err)
				require.NotEmpty(t, e.OperationID)
				require.NotEmpty(t, e.InvoiceID)
				id = e.OperationID
			}
			require.Equal(t, c.hasResult, inv != nil, "the invoice comes with every outcome that may have happened")
			require.Len(t, h.Provider.Created(), c.created)

			op, err := h.Operation(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, c.state, op.State)
			stored, err := h.Invoice(t.Context(), op.Invoice)
			require.NoError(t, err)
			require.Equal(t, c.status, stored.Status)
			require.Equal(t, c.review, stored.NeedsReview)
			open := c.state == "unknown" || c.state == "needs_review"
			require.Equal(t, open, stored.UnresolvedOperation != "")

			unresolved, err := h.Invoices(t.Context(), host.ListInvoices{Unresolved: &open})
			require.NoError(t, err)
			require.Len(t, unresolved.Invoices, 1)
		})
	}
}

func TestUnknownCreateIsNeverRepeatedAndFoundByLooking(t *testing.T) {
	h := hosttest.Start(t, patient)
	h.Provider.Next(hosttest.Unknown)
	first, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)

	again, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Equal(t, first.ID, again.ID)
	require.True(t, again.Replayed)

	other := hosttest.Invoice("order", "10.00")
	other.IdempotencyKey = "another-key"
	_, err = h.CreateInvoice(t.Context(), other)
	require.ErrorIs(t, err, pay.KindInProgress, "the order's first create may have happened")
	require.Len(t, h.Provider.Created(), 1)

	found, err := h.RefreshInvoice(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, found.Status)
	require.Equal(t, "fake-000001", found.ProviderRef)
	require.Empty(t, found.UnresolvedOperation)
	op, err := h.Operation(t.Context(), first.UnresolvedOperation)
	require.NoError(t, err)
	require.Equal(t, "done", op.State)

	replayed, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	require.True(t, replayed.Replayed)
	require.Equal(t, first.ID, replayed.ID)
	require.Len(t, h.Provider.Created(), 1)
}

func TestOneKeyFiftyTimesAtOnceCreatesOneInvoice(t *testing.T) {
	h := hosttest.Start(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for range 50 {
		wg.Go(func() {
			inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				ids[inv.ID]++
			case pay.AsError(err).Kind == pay.KindInProgress:
				ids[pay.AsError(err).InvoiceID]++
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(t, ids, 1, "every answer names the same invoice")
	require.Len(t, h.Provider.Created(), 1)
}

func TestReplayIsTheStoredResultAndNotTheNewState(t *testing.T) {
	h := hosttest.Start(t)
	first, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(first.ProviderRef, pay.StatusPaid)
	now, err := h.RefreshInvoice(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, now.Status)

	again, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10"))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	want, err := json.Marshal(first)
	require.NoError(t, err)
	got, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got), "\"10\" and \"10.00\" are one request, and its result is verbatim")
}

func TestAKeyBelongsToOneRequest(t *testing.T) {
	h := hosttest.Start(t)
	require.NoError(t, h.PutAccount(t.Context(), host.Account{
		ID: "fake-other", Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"t2"}`),
	}))
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	changes := map[string]func(*host.CreateInvoice){
		"amount":      func(r *host.CreateInvoice) { r.Amount.Value = "10.01" },
		"account":     func(r *host.CreateInvoice) { r.Account = "fake-other" },
		"description": func(r *host.CreateInvoice) { r.Description = "other" },
		"metadata":    func(r *host.CreateInvoice) { r.Metadata = map[string]string{"a": "b"} },
	}
	for name, change := range changes {
		req := hosttest.Invoice("order", "10.00")
		change(&req)
		_, err := h.CreateInvoice(t.Context(), req)
		require.ErrorIs(t, err, pay.KindIdempotencyMismatch, name)
	}
	same := hosttest.Invoice("order", "10.00")
	same.Payer = host.Payer{IP: "203.0.113.9", UserAgent: "another browser"}
	_, err = h.CreateInvoice(t.Context(), same)
	require.NoError(t, err, "addresses are not part of what is asked for")
	require.Len(t, h.Provider.Created(), 1)
}

func TestNothingSentRunsTheSameOperationAgain(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Unavailable, hosttest.RateLimited, hosttest.Pending)
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	first := pay.AsError(err)
	_, err = h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindRateLimited)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	require.Equal(t, first.InvoiceID, inv.ID)
	require.Equal(t, first.OperationID, inv.Operation)
	op, err := h.Operation(t.Context(), inv.Operation)
	require.NoError(t, err)
	require.Len(t, op.Tries, 3, "each try is a row")
	require.Equal(t, "done", op.State)
	require.Len(t, h.Provider.Created(), 1)
}

func TestACallerThatHangsUpLosesNothing(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Slow)
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-h.Provider.Entered()
		hangUp()
	}()
	inv, err := h.CreateInvoice(ctx, hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Equal(t, pay.StatusCreating, inv.Status)
	require.NotEmpty(t, inv.UnresolvedOperation)

	_, err = h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindInProgress)

	signal := h.NewEvents()
	h.Provider.Release()
	<-signal
	replayed := poll(t, func() *host.Invoice {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
		if err != nil {
			require.ErrorIs(t, err, pay.KindInProgress)
			return nil
		}
		return inv
	})
	require.Equal(t, inv.ID, replayed.ID)
	require.Equal(t, pay.StatusPending, replayed.Status)
	require.Len(t, h.Provider.Created(), 1)
}

func TestBadRequestsNameTheirField(t *testing.T) {
	h := hosttest.Start(t)
	long := strings.Repeat("x", 2000)
	cases := []struct {
		name   string
		change func(*host.CreateInvoice)
		field  string
		says   string
		kind   pay.Kind
	}{
		{"no key", func(r *host.CreateInvoice) { r.IdempotencyKey = "" }, "Idempotency-Key", "required", ""},
		{"long key", func(r *host.CreateInvoice) { r.IdempotencyKey = long }, "Idempotency-Key", "at most", ""},
		{"no account", func(r *host.CreateInvoice) { r.Account = "" }, "account", "required", ""},
		{"unknown account", func(r *host.CreateInvoice) { r.Account = "nobody" }, "account", "no such account", pay.KindNotFound},
		{"no currency", func(r *host.CreateInvoice) { r.Amount.Currency = "" }, "amount.currency", "required", ""},
		{"wrong currency", func(r *host.CreateInvoice) { r.Amount.Currency = "EUR" }, "amount.currency", "takes UAH, JPY, USDT", ""},
		{"no amount", func(r *host.CreateInvoice) { r.Amount.Value = "" }, "amount.value", "required", ""},
		{"zero", func(r *host.CreateInvoice) { r.Amount.Value = "0" }, "amount.value", "positive", ""},
		{"negative", func(r *host.CreateInvoice) { r.Amount.Value = "-1" }, "amount.value", "negative", ""},
		{"too precise", func(r *host.CreateInvoice) { r.Amount.Value = "1.001" }, "amount.value", "more decimal digits", ""},
		{"exponent", func(r *host.CreateInvoice) { r.Amount.Value = "1e400" }, "amount.value", "not a decimal", ""},
		{"NaN", func(r *host.CreateInvoice) { r.Amount.Value = "NaN" }, "amount.value", "not a decimal", ""},
		{"zero with verification only", func(r *host.CreateInvoice) { r.Purpose = "verification" }, "amount.value", "must be zero", ""},
		{"purpose", func(r *host.CreateInvoice) { r.Purpose = "gift" }, "purpose", "payment", ""},
		{"capture", func(r *host.CreateInvoice) { r.Capture = "later" }, "capture", "automatic", ""},
		{"unsupported saving", func(r *host.CreateInvoice) { r.SaveCredential = true }, "save_credential", "not supported by provider fake", pay.KindUnsupported},
		{"unsupported items", func(r *host.CreateInvoice) { r.Items = []host.Item{{Name: "a", UnitPrice: "1"}} }, "items", "not supported", pay.KindUnsupported},
		{"source type", func(r *host.CreateInvoice) { r.Source = &host.Source{Type: "gold", ID: "1"} }, "source.type", "balance", ""},
		{"source id", func(r *host.CreateInvoice) { r.Source = &host.Source{Type: "balance"} }, "source.id", "required", ""},
		{"expiry text", func(r *host.CreateInvoice) { r.ExpiresIn = "tomorrow" }, "expires_in", "duration", ""},
		{"expiry fraction", func(r *host.CreateInvoice) { r.ExpiresIn = "1500ms" }, "expires_in", "whole seconds", ""},
		{"expiry over the provider's maximum", func(r *host.CreateInvoice) { r.ExpiresIn = "25h" }, "expires_in", "24h0m0s", ""},
		{"url", func(r *host.CreateInvoice) { r.ReturnURLs.Default = "javascript:alert(1)" }, "return_urls.default", "absolute", ""},
		{"long description", func(r *host.CreateInvoice) { r.Description = long[:300] }, "description", "280", ""},
		{"invalid UTF-8", func(r *host.CreateInvoice) { r.Reference = "\xff" }, "reference", "UTF-8", ""},
		{"NUL", func(r *host.CreateInvoice) { r.Reference = "a\x00b" }, "reference", "NUL", ""},
		{"options schema", func(r *host.CreateInvoice) { r.ProviderOptions = json.RawMessage(`{"channel":"fax"}`) }, "provider_options.channel", "one of", ""},
		{"unknown option", func(r *host.CreateInvoice) { r.ProviderOptions = json.RawMessage(`{"chanel":"web"}`) }, "provider_options.chanel", "not a known field", ""},
		{"options no object", func(r *host.CreateInvoice) { r.ProviderOptions = json.RawMessage(`[1]`) }, "provider_options", "object", ""},
		{"options no JSON", func(r *host.CreateInvoice) { r.ProviderOptions = json.RawMessage(`{`) }, "provider_options", "JSON", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := hosttest.Invoice("order-"+c.name, "10.00")
			c.change(&req)
			inv, err := h.CreateInvoice(t.Context(), req)
			require.Nil(t, inv)
			want := c.kind
			if want == "" {
				want = pay.KindInvalidRequest
			}
			require.ErrorIs(t, err, want)
			e := pay.AsError(err)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			require.NotEmpty(t, e.Fields)
			require.Equal(t, c.field, e.Fields[0].Path)
			require.Contains(t, e.Fields[0].Message, c.says)
		})
	}
	require.Empty(t, h.Provider.Created())
	page, err := h.Invoices(t.Context(), host.ListInvoices{})
	require.NoError(t, err)
	require.Empty(t, page.Invoices, "validation leaves nothing behind and uses no key")
}

func TestEveryProblemOfARequestIsListed(t *testing.T) {
	h := hosttest.Start(t)
	req := hosttest.Invoice("order", "1.001")
	req.ExpiresIn, req.SaveCredential = "never", true
	_, err := h.CreateInvoice(t.Context(), req)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	var paths []string
	for _, f := range pay.AsError(err).Fields {
		paths = append(paths, f.Path)
	}
	require.ElementsMatch(t, []string{"amount.value", "expires_in", "save_credential"}, paths)
}

func TestListPagesThroughEverythingOnce(t *testing.T) {
	h := hosttest.Start(t)
	want := map[string]bool{}
	for i := range 7 {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprintf("order-%d", i), "10.00"))
		require.NoError(t, err)
		want[inv.ID] = true
	}
	seen := map[string]bool{}
	req := host.ListInvoices{Limit: 3, Account: hosttest.AccountID}
	for {
		page, err := h.Invoices(t.Context(), req)
		require.NoError(t, err)
		for _, inv := range page.Invoices {
			require.False(t, seen[inv.ID])
			seen[inv.ID] = true
		}
		if page.NextCursor == "" {
			break
		}
		req.Cursor = page.NextCursor
	}
	require.Equal(t, want, seen)

	byReference, err := h.Invoices(t.Context(), host.ListInvoices{Reference: "order-3", Status: pay.StatusPending})
	require.NoError(t, err)
	require.Len(t, byReference.Invoices, 1)
	for _, bad := range []host.ListInvoices{{Cursor: "x"}, {Limit: 501}, {Limit: -1}, {Status: "done"}} {
		_, err := h.Invoices(t.Context(), bad)
		require.ErrorIs(t, err, pay.KindInvalidRequest)
	}
	_, err = h.Invoice(t.Context(), "inv_nope")
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = h.Operation(t.Context(), "op_nope")
	require.ErrorIs(t, err, pay.KindNotFound)
}

// The answer of a create is made from the rows at hand, not from rows read again: it must be what a read gives, and what the same key gives.
func TestTheAnswerOfACreateIsWhatIsStored(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t)
	req := hosttest.Invoice("order", "10.00")
	req.ExpiresIn, req.Metadata, req.CorrelationID = "90m", map[string]string{"b": "2", "a": "1"}, "checkout"
	req.Customer, req.Payer.Locale = host.Customer{ID: "anna", Email: "anna@example.com"}, "uk-UA"
	created, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.NotEmpty(t, created.NextActions)
	require.NotEmpty(t, created.AllowedActions)
	stored, err := h.Invoice(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, asJSON(t, stored), asJSON(t, created))
	again, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, asJSON(t, stored), asJSON(t, again))
}
