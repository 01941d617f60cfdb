package rest

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// The HTTP column of the error taxonomy, kind by kind.
func TestStatusOfKinds(t *testing.T) {
	t.Parallel()
	want := map[pay.Kind]int{
		pay.KindDeclined: 402, pay.KindInvalidRequest: 422, pay.KindUnsupported: 501, pay.KindInvalidState: 409, pay.KindNotFound: 404,
		pay.KindAuth: 502, pay.KindUnauthenticated: 401, pay.KindForbidden: 403, pay.KindAccountPaused: 503, pay.KindRateLimited: 429,
		pay.KindProviderUnavailable: 503, pay.KindOutcomeUnknown: 504, pay.KindIntegrityMismatch: 409, pay.KindIdempotencyMismatch: 422,
		pay.KindInProgress: 409, pay.KindPluginFault: 502, pay.KindInternal: 500,
	}
	require.Len(t, want, len(pay.Kinds()))
	titles := map[string]bool{}
	for _, kind := range pay.Kinds() {
		p := newProblem(&pay.Error{Kind: kind, Message: "m"})
		require.Equal(t, want[kind], p.Status, kind)
		require.Equal(t, kind.Executed(), p.Executed, kind)
		require.NotEqual(t, "Error", p.Title, "%s has no title", kind)
		require.False(t, titles[p.Title], "%s shares its title", kind)
		titles[p.Title] = true
		if p.Status == 429 || p.Status == 503 {
			require.NotEmpty(t, p.headers.Get("Retry-After"), kind)
		}
	}
	require.Equal(t, 504, newProblem(errors.New("anything else")).Status, "the careless default is: nobody knows")
}

// What a failed create without a definite answer becomes, beside an invoice and without one.
func TestUnresolved(t *testing.T) {
	t.Parallel()
	inv := &host.Invoice{ID: "inv_1"}
	require.True(t, unresolved(inv, pay.Errorf(pay.KindOutcomeUnknown, "x")))
	require.True(t, unresolved(inv, pay.Errorf(pay.KindPluginFault, "x")))
	require.False(t, unresolved(inv, &pay.Error{Kind: pay.KindPluginFault, Executed: pay.ExecutedNo}))
	require.False(t, unresolved(inv, pay.Errorf(pay.KindDeclined, "x")))
	require.False(t, unresolved(inv, pay.Errorf(pay.KindInternal, "x")))
	require.False(t, unresolved[host.Invoice](nil, pay.Errorf(pay.KindOutcomeUnknown, "x")))
	p := asProblem(withInvoice(pay.Errorf(pay.KindDeclined, "x"), inv.ID))
	require.Equal(t, "inv_1", p.InvoiceID)
}

func newTestServer(log *strings.Builder) *server {
	return &server{cfg: Config{Logger: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now}}
}

func TestPanicIsAProblem(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := newTestServer(&log)
	w := httptest.NewRecorder()
	s.observe(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("table invoices is broken") })).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/x", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	var p Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, pay.KindInternal, p.Kind)
	require.Contains(t, p.Detail, w.Header().Get("X-Request-Id"))
	require.NotContains(t, w.Body.String(), "table invoices")
	require.Contains(t, log.String(), "table invoices is broken")
	require.Contains(t, log.String(), "status=500")
}

// Half an answer must not look like a whole one.
func TestPanicAfterTheAnswerBegan(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := newTestServer(&log)
	h := s.observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("late")
	}))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/x", nil))
	})
}

// What went wrong inside is for the log, not for the caller.
func TestInternalErrorsAreConcealed(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := newTestServer(&log)
	w := httptest.NewRecorder()
	s.observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, newProblem(pay.Errorf(pay.KindInternal, "storage: /var/lib/payhost.db is corrupt")))
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/x", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "payhost.db")
	require.Contains(t, log.String(), "payhost.db")
}

func TestLoggedPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/invoices/inv_1":           "/v1/invoices/inv_1",
		"/webhooks/main":               "/webhooks/main",
		"/webhooks/main/secret":        "/webhooks/main/…",
		"/webhooks/main/secret/more":   "/webhooks/main/…",
		"/" + strings.Repeat("x", 300): "/" + strings.Repeat("x", 199) + "…",
	} {
		require.Equal(t, want, loggedPath(path))
	}
}

// Every field of a manifest is shown: a new one must not be forgotten here.
func TestManifestIsComplete(t *testing.T) {
	t.Parallel()
	m := pay.Manifest{
		Name: "n", Version: "v", SDK: "s", Title: "t", DocsURL: "d", Currencies: []pay.Currency{{Code: "UAH", Exponent: 2, Numeric: 980}},
		ConfigSchema: json.RawMessage(`{}`), OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(`{}`)},
		OperationKey: pay.KeyFormat{Alphabet: pay.KeyDigits, MaxLength: 9},
		Operations: map[pay.Operation]pay.OperationSpec{pay.OpCreate: {
			Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman, HumanWhen: []string{"q"}, Expected: 1, Maximum: 2}},
		Fields: map[string]pay.FieldSpec{"capture": {
			Use: pay.FieldHonoured, MaxLength: 1, Pattern: "p", Values: []string{"v"}, MaxDuration: 1, Note: "n"}},
		Abilities: pay.NewAbilities(pay.CanCancel), VisibilityDelay: 1, LateWindow: 1, PollCadence: map[pay.Status]time.Duration{pay.StatusPending: 1},
		RateLimits:  []pay.RateLimitSpec{{Scope: pay.RatePerAccount, Abilities: pay.NewAbilities(pay.CanCancel), Rate: "1", Burst: 1}},
		EgressHosts: []string{"h"},
		Actions: []pay.ActionSpec{{Name: "a", Title: "t", Effect: pay.EffectRead, Subject: pay.SubjectAccount, Input: json.RawMessage(`{}`),
			Output: json.RawMessage(`{}`), Resolution: pay.ResolveResend, MaxAttachments: 1, MaxAttachmentSize: 1,
			Leaves: pay.TraceDispute}},
		StateReads: []int{1}, StateWrites: 1, AccountWebhook: true, WebhookTails: []string{"topup"},
	}
	requireFilled(t, reflect.ValueOf(m), "pay.Manifest")
	out := *manifestOf(m)
	requireFilled(t, reflect.ValueOf(out), "Manifest")
	require.Equal(t, reflect.TypeFor[pay.Manifest]().NumField(), reflect.TypeFor[Manifest]().NumField())
	require.Equal(t, reflect.TypeFor[pay.OperationSpec]().NumField(), reflect.TypeFor[ManifestOperation]().NumField())
	require.Equal(t, reflect.TypeFor[pay.FieldSpec]().NumField(), reflect.TypeFor[ManifestField]().NumField())
	require.Equal(t, reflect.TypeFor[pay.ActionSpec]().NumField(), reflect.TypeFor[ManifestAction]().NumField())
	require.Equal(t, reflect.TypeFor[pay.RateLimitSpec]().NumField(), reflect.TypeFor[ManifestRate]().NumField())
	requireFilled(t, reflect.ValueOf(out.Operations["create"]), "operation")
	requireFilled(t, reflect.ValueOf(out.Fields["capture"]), "field")
	requireFilled(t, reflect.ValueOf(out.Actions[0]), "action")
	requireFilled(t, reflect.ValueOf(out.RateLimits[0]), "rate limit")
}

func requireFilled(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), "%s.%s", name, v.Type().Field(i).Name)
	}
}
