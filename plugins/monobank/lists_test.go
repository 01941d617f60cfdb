package monobank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

func TestListAnswers(t *testing.T) {
	for action, list := range map[string]struct{ path, member, row, want, other, otherWant, noID string }{
		"submerchants": {
			"submerchant/list", "submerchants", `{"code":"0a86","iban":"UA213996220000026007233566001","edrpou":"4242424242","owner":"ТОВ","new":{}}`,
			`{"code":"0a86","iban":"UA213996220000026007233566001","edrpou":"4242424242","owner":"ТОВ"}`, `{"code":7}`, `{"code":"7"}`, `{"iban":"UA1"}`,
		},
		"split_receivers": {
			"split-receiver/list", "split_receivers", `{"splitReceiverId":"s1","edrpou":"42","name":"Ім'я"}`, `{"split_receiver_id":"s1","edrpou":"42","name":"Ім'я"}`,
			`{"splitReceiverId":"s1","okpo":"43"}`, `{"split_receiver_id":"s1","edrpou":"43"}`, `{"name":"n"}`,
		},
		"employees": {
			"employee/list", "employees", `{"id":"3QFX","name":"Офіціант","extRef":"e-1"}`, `{"employee_id":"3QFX","name":"Офіціант","ext_ref":"e-1"}`,
			`{"id":"e","name":null,"extRef":null}`, `{"employee_id":"e"}`, `{"name":"n"}`,
		},
	} {
		checkAnswers(t, action, "", list.path, map[string]actionAnswer{
			"one":             {body: `{"list":[` + list.row + `]}`, want: `{"` + list.member + `":[` + list.want + `]}`},
			"less":            {body: `{"list":[` + list.row + `,` + list.other + `]}`, want: `{"` + list.member + `":[` + list.want + `,` + list.otherWant + `]}`},
			"none":            {body: `{"list":[]}`, want: `{"` + list.member + `":[]}`},
			"null":            {body: `{"list":null}`, want: `{"` + list.member + `":[]}`},
			"no list":         {body: `{}`, fail: pay.KindProviderUnavailable},
			"without its id":  {body: `{"list":[` + list.row + `,` + list.noID + `]}`, fail: pay.KindProviderUnavailable},
			"a null":          {body: `{"list":[null]}`, fail: pay.KindProviderUnavailable},
			"an object":       {body: `{"list":` + list.row + `}`, fail: pay.KindProviderUnavailable},
			"a bare array":    {body: `[` + list.row + `]`, fail: pay.KindProviderUnavailable},
			"words, no lists": {body: `{"list":"many"}`, fail: pay.KindProviderUnavailable},
		})
	}
}

func TestSimLists(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	a := runner(t, b.account)
	shows := func(action, want string) {
		got, err := run(t, a, action, "")
		require.NoError(t, err)
		require.JSONEq(t, want, string(got.Output))
		fits(t, action, got)
	}
	shows("submerchants", `{"submerchants":[]}`)
	shows("split_receivers", `{"split_receivers":[]}`)
	shows("employees", `{"employees":[]}`)
	b.sim.AddSubmerchants(monobanksim.Submerchant{Code: "c1", IBAN: "UA1"}, monobanksim.Submerchant{Code: "c2", IBAN: "UA2", EDRPOU: "1", Owner: "o"})
	b.sim.AddSplitReceivers(monobanksim.SplitReceiver{SplitReceiverID: "s1", EDRPOU: "2", Name: "n"})
	b.sim.AddEmployees(monobanksim.Employee{ID: "e1", Name: "n", ExtRef: "r"})
	shows("submerchants", `{"submerchants":[{"code":"c1","iban":"UA1"},{"code":"c2","iban":"UA2","edrpou":"1","owner":"o"}]}`)
	shows("split_receivers", `{"split_receivers":[{"split_receiver_id":"s1","edrpou":"2","name":"n"}]}`)
	shows("employees", `{"employees":[{"employee_id":"e1","name":"n","ext_ref":"r"}]}`)

	_, err := b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH"), Options: []byte(`{"code":"c1"}`)})
	require.NoError(t, err, "a listed code is one that a create takes")
	_, err = b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH"), Options: []byte(`{"code":"c9"}`)})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}
