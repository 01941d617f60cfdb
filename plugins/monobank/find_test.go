package monobank_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// charged is the state a charge leaves with the host.
func charged() *pay.State { return &pay.State{Version: 1, Data: []byte(`{"charged":true}`)} }

func row(id, reference string) string {
	return fmt.Sprintf(`{"invoiceId":%q,"status":"success","amount":4200,"ccy":980,"date":"2026-03-01T12:00:00Z","reference":%q}`, id, reference)
}

func TestFind(t *testing.T) {
	list := func(rows ...string) answer { return answer{200, `{"list":[` + strings.Join(rows, ",") + `]}`} }
	mine := answer{200, invoice("success", `"finalAmount":4200,"reference":"`+opKey+`"`)}
	for name, tt := range map[string]struct {
		list, look answer
		state      *pay.State
		status     pay.Status
		want       pay.Kind
	}{
		"found":                 {list: list(row("i0", "order-17"), row("i1", opKey)), look: mine, state: charged(), status: pay.StatusPaid},
		"found, state lost":     {list: list(row("i1", opKey)), look: mine, status: pay.StatusPaid},
		"found twice in a list": {list: list(row("i1", opKey), row("i1", opKey)), look: mine, status: pay.StatusPaid},
		"two charges":           {list: list(row("i1", opKey), row("i2", opKey)), look: mine, state: charged(), want: pay.KindIntegrityMismatch},
		"absent":                {list: list(row("i0", "order-17"), `{"invoiceId":"i9"}`), state: charged(), want: pay.KindNotFound},
		"absent, empty":         {list: list(), state: charged(), want: pay.KindNotFound},
		"a create":              {list: list(row("i0", "order-17")), want: pay.KindUnsupported},
		"a removed create":      {list: list(), state: &pay.State{Version: 1, Data: []byte(`{"removed":true}`)}, want: pay.KindUnsupported},
		"no list":               {list: answer{200, `{}`}, state: charged(), want: pay.KindProviderUnavailable},
		"null list":             {list: answer{200, `{"list":null}`}, state: charged(), want: pay.KindProviderUnavailable},
		"null row":              {list: list("null"), state: charged(), want: pay.KindProviderUnavailable},
		"row without id":        {list: list(`{"reference":"` + opKey + `"}`), state: charged(), want: pay.KindProviderUnavailable},
		"row of text":           {list: list(`"x"`), state: charged(), want: pay.KindProviderUnavailable},
		"empty answer":          {list: answer{200, ""}, state: charged(), want: pay.KindProviderUnavailable},
		"page":                  {list: answer{200, "<html>"}, state: charged(), want: pay.KindProviderUnavailable},
		"page with 404":         {list: answer{404, "<html>"}, state: charged(), want: pay.KindProviderUnavailable},
		"internal":              {list: refuses("INTERNAL_ERROR"), state: charged(), want: pay.KindProviderUnavailable},
		"too many":              {list: refuses("TMR"), state: charged(), want: pay.KindRateLimited},
		"forbidden":             {list: refuses("FORBIDDEN"), state: charged(), want: pay.KindAuth},
		"invoice unknown":       {list: list(row("i1", opKey)), look: refuses("NOT_FOUND"), state: charged(), want: pay.KindProviderUnavailable},
		"invoice unread":        {list: list(row("i1", opKey)), look: answer{200, ""}, state: charged(), want: pay.KindProviderUnavailable},
		"invoice of another":    {list: list(row("i1", opKey)), look: answer{200, invoice("success", `"reference":"x"`)}, state: charged(), want: pay.KindIntegrityMismatch},
	} {
		a, d := at(t, map[string]answer{listPath: tt.list, lookPath: tt.look})
		got, err := a.FindInvoice(t.Context(), pay.FindInvoice{
			Invoice: pay.InvoiceRef{ProviderKey: opKey, State: tt.state, Known: pay.Known{Status: pay.StatusCreating}}, Reference: "order-17", SentAt: newClock().now(),
		})
		for _, asked := range d.asked {
			require.True(t, strings.HasPrefix(asked, "GET "), name)
		}
		if tt.want != "" {
			require.ErrorIs(t, err, tt.want, name)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, "i1", got.ProviderRef, name)
		require.NotNil(t, got.Report.State, name)
	}
}

func TestFindAsksForShortTimes(t *testing.T) {
	sent := newClock().now().Add(-48 * time.Hour)
	a, d := at(t, map[string]answer{listPath: {200, `{"list":[]}`}})
	_, err := a.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: opKey, State: charged()}, SentAt: sent})
	require.ErrorIs(t, err, pay.KindNotFound)
	at := func(d time.Duration) int64 { return sent.Add(d).Unix() }
	require.Equal(t, []string{
		fmt.Sprintf("GET /api/merchant/statement?from=%d&to=%d", at(-10*time.Minute), at(time.Hour)),
		fmt.Sprintf("GET /api/merchant/statement?from=%d&to=%d", at(time.Hour), at(6*time.Hour)),
		fmt.Sprintf("GET /api/merchant/statement?from=%d&to=%d", at(6*time.Hour), at(24*time.Hour)),
	}, d.asked)

	d.asked = nil
	_, err = a.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: opKey, State: charged()}, SentAt: newClock().now()})
	require.ErrorIs(t, err, pay.KindNotFound)
	now := newClock().now()
	require.Equal(t, []string{
		fmt.Sprintf("GET /api/merchant/statement?from=%d&to=%d", now.Add(-10*time.Minute).Unix(), now.Add(10*time.Minute).Unix()),
	}, d.asked, "not further than now, but for the clocks")

	d.asked = nil
	for name, req := range map[string]pay.FindInvoice{
		"no key": {Invoice: pay.InvoiceRef{State: charged()}, SentAt: now}, "no time": {Invoice: pay.InvoiceRef{ProviderKey: opKey, State: charged()}},
	} {
		_, err = a.FindInvoice(t.Context(), req)
		require.ErrorIs(t, err, pay.KindUnsupported, name)
	}
	_, err = a.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: opKey, State: charged()}, SentAt: now.Add(time.Hour)})
	require.ErrorIs(t, err, pay.KindProviderUnavailable, "nothing was searched, so nothing is proved")
	require.Empty(t, d.asked)
}

// TestFindLate: the statement shows a charge only after a while; until then it is absent, which is why absence is for a
// person.
func TestFindLate(t *testing.T) {
	b := newBank(t, monobanksim.Config{StatementDelay: time.Minute})
	require.NoError(t, b.sim.Kit().Faults.Add(monobanksim.Fault{Op: monobanksim.OpCharge, Kind: "cut_after"}))
	sent := b.clock.now()
	_, err := b.account.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) { r.Credential.Token = b.sim.SaveCard("w") }))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	find := pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: opKey, State: pay.AsError(err).Report.State}, SentAt: sent}
	_, err = b.account.FindInvoice(t.Context(), find)
	require.ErrorIs(t, err, pay.KindNotFound)
	b.clock.add(time.Minute)
	for range 3 {
		got, err := b.account.FindInvoice(t.Context(), find)
		require.NoError(t, err)
		require.Equal(t, pay.StatusPaid, got.Status)
	}
	require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpCharge, opKey))
}
