package monobanksim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMoves(t *testing.T) {
	w := newWorld(t, nil)
	s := w.sim
	decline := func(id string) error { return s.Decline(id, "", "") }
	for name, tt := range map[string]struct {
		kind  string
		steps []func(string) error
		want  string
		fails bool // the last step is impossible
	}{
		"process, pay":            {TypeDebit, []func(string) error{s.Process, s.Pay}, StatusSuccess, false},
		"decline, try again":      {TypeDebit, []func(string) error{decline, s.Process, s.Pay}, StatusSuccess, false},
		"pay, reverse":            {TypeDebit, []func(string) error{s.Pay, s.Reverse}, StatusReversed, false},
		"hold, capture":           {TypeHold, []func(string) error{s.Process, s.Hold, s.Pay}, StatusSuccess, false},
		"hold, release":           {TypeHold, []func(string) error{s.Hold, s.Reverse}, StatusReversed, false},
		"debit cannot be held":    {TypeDebit, []func(string) error{s.Hold}, StatusCreated, true},
		"hold cannot be paid":     {TypeHold, []func(string) error{s.Pay}, StatusCreated, true},
		"paid twice":              {TypeDebit, []func(string) error{s.Pay, s.Pay}, StatusSuccess, true},
		"paid cannot expire":      {TypeDebit, []func(string) error{s.Pay, s.Expire}, StatusSuccess, true},
		"processing can't expire": {TypeDebit, []func(string) error{s.Process, s.Expire}, StatusProcessing, true},
		"new cannot be reversed":  {TypeDebit, []func(string) error{s.Reverse}, StatusCreated, true},
		"reversed is the end":     {TypeDebit, []func(string) error{s.Pay, s.Reverse, s.Pay}, StatusReversed, true},
		"expired is the end":      {TypeDebit, []func(string) error{s.Expire, s.Pay}, StatusExpired, true},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.create(t, `{"amount":4200,"paymentType":"`+tt.kind+`"}`).InvoiceID
			for i, step := range tt.steps {
				if err := step(id); tt.fails && i == len(tt.steps)-1 {
					require.ErrorIs(t, err, ErrImpossible)
				} else {
					require.NoError(t, err)
				}
			}
			inv, err := s.Invoice(id)
			require.NoError(t, err)
			require.Equal(t, tt.want, inv.Status)
		})
	}
	for _, do := range []func(string) error{s.Pay, s.Notify, func(id string) error { return s.SetStatus(id, "x") },
		func(id string) error { return s.FinishRefunds(id, true) }} {
		require.ErrorIs(t, do("x"), ErrNotFound)
	}
}

func TestFailureShowsCodeAsText(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200}`).InvoiceID
	require.NoError(t, w.sim.Decline(id, "59", ""))
	_, out := w.call(t, http.MethodGet, statusPath+id, "")
	require.Contains(t, out, `"status":"failure","failureReason":"Недостатньо коштів","errCode":"59"`)
	require.NotContains(t, out, "finalAmount")
	require.NoError(t, w.sim.Pay(id))
	_, out = w.call(t, http.MethodGet, statusPath+id, "")
	require.NotContains(t, out, "errCode")
}

func TestScriptOverHTTP(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, kind, in string
		status         int
		out            string
	}{
		{"pay", TypeDebit, `{"id":"ID"}`, 200, `"status":"success"`},
		{"decline", TypeDebit, `{"id":"ID","err_code":"51","failure_reason":"why"}`, 200, `"failure_reason":"why","err_code":"51"`},
		{"hold", TypeHold, `{"id":"ID"}`, 200, `"status":"hold"`},
		{"hold", TypeDebit, `{"id":"ID"}`, 409, `impossible`},
		{"processing", TypeDebit, `{"id":"ID"}`, 200, `"status":"processing"`},
		{"expire", TypeDebit, `{"id":"ID"}`, 200, `"status":"expired"`},
		{"reverse", TypeDebit, `{"id":"ID"}`, 409, `impossible`},
		{"status", TypeDebit, `{"id":"ID","status":"limbo"}`, 200, `"status":"limbo"`},
		{"status", TypeDebit, `{"id":"ID","status":"success"}`, 200, `"captured":4200`},
		{"status", TypeDebit, `{"id":"ID"}`, 400, `status is missing`},
		{"notify", TypeDebit, `{"id":"ID"}`, 409, `no webHookUrl`},
		{"refunds", TypeDebit, `{"id":"ID"}`, 409, `no refund`},
		{"pay", TypeDebit, `{"id":"x"}`, 404, `unknown invoice`},
	} {
		id := w.create(t, `{"amount":4200,"paymentType":"`+tt.kind+`"}`).InvoiceID
		status, out := w.call(t, http.MethodPost, "/_sim/"+tt.name, strings.ReplaceAll(tt.in, `"ID"`, `"`+id+`"`))
		require.Equal(t, tt.status, status, "%s: %s", tt.name, out)
		require.Contains(t, out, tt.out)
	}
	_, out := w.call(t, http.MethodGet, "/_sim/invoices", "")
	var list []Invoice
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 13)
}

func TestPayPage(t *testing.T) {
	receiver := newShop(t)
	w := newWorld(t, nil)
	for _, tt := range []struct {
		kind, form, next, status string
		webhooks                 []string
	}{
		{TypeDebit, "do=success", "https://shop.example/back", StatusSuccess, []string{StatusProcessing, StatusSuccess}},
		{TypeHold, "do=hold", "https://shop.example/back", StatusHold, []string{StatusProcessing, StatusHold}},
		{TypeDebit, "do=failure&errCode=51", "https://shop.example/back", StatusFailure, []string{StatusFailure}},
		{TypeDebit, "do=processing", "PAGE", StatusProcessing, []string{StatusProcessing}},
		{TypeDebit, "do=expire", "PAGE", StatusExpired, nil},
	} {
		inv := w.create(t, `{"amount":4205,"paymentType":"`+tt.kind+`","redirectUrl":"https://shop.example/back","webHookUrl":"`+
			receiver.url+`","withAppUrl":true,"merchantPaymInfo":{"destination":"Кава"}}`)
		link, err := url.Parse(inv.PageURL)
		require.NoError(t, err)
		status, page := w.call(t, http.MethodGet, link.Path, "")
		require.Equal(t, 200, status)
		values, err := url.ParseQuery(tt.form)
		require.NoError(t, err)
		for _, want := range []string{"plata by mono", "42.05 UAH", "Кава", `value="` + values.Get("do") + `"`, `name="errCode"`} {
			require.Contains(t, page, want)
		}
		app, err := url.Parse(inv.AppURL)
		require.NoError(t, err)
		status, _ = w.call(t, http.MethodGet, app.Path, "")
		require.Equal(t, 200, status)

		before := len(receiver.bodies)
		post := func(form string) (int, string, http.Header) {
			return w.send(t, http.MethodPost, link.Path, "application/x-www-form-urlencoded", "", form)
		}
		status, _, header := post(tt.form)
		require.Equal(t, http.StatusSeeOther, status)
		require.Equal(t, strings.ReplaceAll(tt.next, "PAGE", link.Path), header.Get("Location"))
		require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
		require.Len(t, receiver.bodies[before:], len(tt.webhooks))
		for i, want := range tt.webhooks {
			require.Contains(t, receiver.bodies[before+i], `"status":"`+want+`"`)
		}
		after, err := w.sim.Invoice(inv.InvoiceID)
		require.NoError(t, err)
		require.Equal(t, tt.status, after.Status)
		status, _, _ = post("do=nonsense")
		require.Equal(t, 400, status)
		if tt.status == StatusSuccess {
			status, page, _ = post("do=failure")
			require.Equal(t, http.StatusConflict, status)
			require.Contains(t, page, `href="https://shop.example/back"`)
		}
	}
	hold := w.create(t, `{"amount":1,"paymentType":"hold"}`)
	status, _, _ := w.send(t, http.MethodPost, "/pay/"+hold.InvoiceID, "application/x-www-form-urlencoded", "", "do=success")
	require.Equal(t, http.StatusConflict, status)
	inv, err := w.sim.Invoice(hold.InvoiceID)
	require.NoError(t, err)
	require.Equal(t, StatusCreated, inv.Status, "a refused click moves nothing")
	status, _ = w.call(t, http.MethodGet, "/pay/x", "")
	require.Equal(t, 404, status)
}
