package payinsim

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	registerPath     = "/user/api-create"
	shopPath         = "/shop/api-create"
	listOutgoingPath = "/payment-out/get-last-payments-for-user"
)

func validRegistration() map[string]string {
	return common(map[string]string{
		"ul": "0", "email": "new@example.com", "phone": "+79130000001", "username": "Новый ~", "password": "pass word", "resident": "1",
		"source_registration": "shop",
	})
}

func TestRegisterFindAndInvoice(t *testing.T) {
	w := newWorld(t, nil)
	out := w.post(t, registerPath, signed(validRegistration()))
	require.True(t, out.Status, out.UserMsg)
	require.JSONEq(t, `{"id":900001,"tips_url":"`+w.url+`/tips/900001","card_url":"`+w.url+`/card/900001","invite_url":"`+w.url+`/invite/900001"}`,
		string(out.Result))
	require.Equal(t, []User{{ID: 900001, Email: "new@example.com", Phone: "+79130000001", Username: "Новый ~", Resident: true, Source: "shop"}}, w.sim.Users())

	for _, by := range []map[string]string{{"email": "new@example.com"}, {"phone": "+79130000001"}, {"phone": "79130000001"}} {
		found := w.post(t, userPath, signed(common(by)))
		require.JSONEq(t, `{"inner_id":900001,"email":"new@example.com","phone":"79130000001"}`, string(found.Result), by)
	}
	nobody := w.post(t, userPath, signed(common(map[string]string{"email": "nobody@example.com"})))
	require.True(t, nobody.Status)
	require.Equal(t, "[]", string(nobody.Result), "an empty list where an object is promised")

	made := w.create(t, func(f map[string]string) { f["payer_id"] = "900001" })
	require.Equal(t, int64(900001), made.PayerID)
	status, body, _ := w.send(t, http.MethodGet, "/_sim/users", "", nil)
	require.Equal(t, 200, status)
	require.NotContains(t, body, "pass word")
}

func TestRegistrationRefusals(t *testing.T) {
	for name, c := range map[string]struct{ field, value, text string }{
		"email of a payer":  {"email", "a@example.com", "EXIST_IN_SYSTEM"},
		"phone of a payer":  {"phone", "+9131112233", "EXIST_IN_SYSTEM"},
		"phone, no plus":    {"phone", "79130000001", "incorrect value of phone"},
		"phone, no digits":  {"phone", "+7913000x", "incorrect value of phone"},
		"email":             {"email", "new.example.com", "incorrect value of email"},
		"ul":                {"ul", "true", "incorrect value of ul"},
		"resident":          {"resident", "yes", "incorrect value of resident"},
		"password":          {"password", "", "incorrect value of password"},
		"username":          {"username", "", "incorrect value of username"},
		"an unknown field":  {"name", "x", "unknown parameter name"},
		"source, but empty": {"source_registration", "", "incorrect value of source_registration"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			out := w.post(t, registerPath, signed(with(validRegistration(), c.field, c.value)))
			require.False(t, out.Status)
			require.Equal(t, c.text, out.UserMsg)
			require.Empty(t, w.sim.Users())
		})
	}
	w := newWorld(t, nil)
	require.True(t, w.post(t, registerPath, signed(validRegistration())).Status)
	require.Equal(t, "EXIST_IN_SYSTEM", w.post(t, registerPath, signed(with(validRegistration(), "phone", "+79130000002"))).UserMsg)
	require.Equal(t, "EXIST_IN_SYSTEM", w.post(t, registerPath, signed(with(validRegistration(), "email", "other@example.com"))).UserMsg)
	require.Len(t, w.sim.Users(), 1)
}

func TestCreateShop(t *testing.T) {
	w := newWorld(t, nil)
	fields := common(map[string]string{"title": "Лавка", "address": "https://shop.example"})
	require.Equal(t, "5001", string(w.post(t, shopPath, signed(fields)).Result))
	require.Equal(t, "5002", string(w.post(t, shopPath, signed(fields)).Result), "no uniqueness is stated")
	require.Equal(t, Shop{ID: 5001, Title: "Лавка", Address: "https://shop.example"}, w.sim.Shops()[0])
	for _, name := range []string{"title", "address"} {
		missing := common(map[string]string{"title": "x", "address": "y"})
		delete(missing, name)
		require.Equal(t, "parameter "+name+" is required", w.post(t, shopPath, signed(missing)).UserMsg)
	}
	require.Len(t, w.sim.Shops(), 2)
}

func TestListOutgoing(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		withService(c)
		c.Payers = append(c.Payers, Payer{ID: 7026, Email: "owner@example.com"})
	})
	require.NoError(t, w.sim.SetBalance(6034, "", "100"))
	require.NoError(t, w.sim.SetBalance(7026, "", "100"))
	require.True(t, w.post(t, chargePath, signed(validCharge())).Status)
	require.True(t, w.post(t, rewardPath, signed(with(validReward(), "external_id", "op_2"))).Status)
	require.True(t, w.post(t, rewardPath, signed(with(validReward(), "external_id", "op_3"))).Status)
	require.NoError(t, w.sim.SetOutgoingStatus("op_3", StatusRefunded))

	ask := func(by map[string]string) []listedPayment {
		out := w.post(t, listOutgoingPath, signed(common(by)))
		require.True(t, out.Status, out.UserMsg)
		var list []listedPayment
		require.NoError(t, json.Unmarshal(out.Result, &list))
		return list
	}
	list := ask(map[string]string{"email": "owner@example.com", "limit": "10"})
	require.Equal(t, []int{StatusRefunded, StatusPaid}, []int{list[0].Status, list[1].Status}, "newest first, and the charge of another balance is not here")
	require.Len(t, list, 2)
	require.Len(t, ask(map[string]string{"email": "a@example.com", "limit": "10"}), 1, "a charge leaves the payer's balance")
	require.Len(t, ask(map[string]string{"email": "owner@example.com", "limit": "1"}), 1)
	require.Empty(t, ask(map[string]string{"email": "b@example.com", "limit": "10"}))
	require.Equal(t, "parameter email or phone is required", w.post(t, listOutgoingPath, signed(common(map[string]string{"limit": "1"}))).UserMsg)
}

// The other reading of what the documents contradict themselves about.
func TestQuirks(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		withService(c)
		c.Quirks = Quirks{IDsAsText: true, OutgoingAsList: true, OldestFirst: true, NothingAsRefusal: true}
	})
	out := w.post(t, createPath, signed(validCreate()))
	first := w.sim.Invoices()[0]
	require.Contains(t, string(out.Result), `"payment_in_id":"`+first.PaymentInID+`","payment_in_inner_id":"1","payment_in_inner_id_user":"6034"`)
	w.create(t, nil)

	var list []listedPayment
	require.NoError(t, json.Unmarshal(w.post(t, listPath, search(map[string]string{"email": "a@example.com", "limit": "5"})).Result, &list))
	require.Equal(t, []any{"1000001", "1000002"}, []any{list[0].ID, list[1].ID})
	require.Equal(t, "Payment with such parameters not found", w.post(t, listPath, search(map[string]string{"email": "b@example.com", "limit": "5"})).UserMsg)

	require.NoError(t, w.sim.SetBalance(6034, "", "100"))
	require.True(t, w.post(t, chargePath, signed(validCharge())).Status)
	number := w.sim.Charges()[0].PaymentOutID
	found := w.post(t, outgoingPath, signed(common(map[string]string{"account_number": number})))
	require.True(t, strings.HasPrefix(string(found.Result), `[{"account_number":"`+number+`"`), string(found.Result))
	require.Contains(t, string(w.post(t, registerPath, signed(validRegistration())).Result), `"id":"900001"`)
	require.Equal(t, `"5001"`, string(w.post(t, shopPath, signed(common(map[string]string{"title": "x", "address": "y"}))).Result))
}

func TestOutgoingScripts(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		withService(c)
		c.HoldMovements = true
	})
	require.NoError(t, w.sim.SetBalance(7026, "", "100"))
	shown := func(id string) int {
		for _, m := range w.sim.Rewards() {
			if m.ExternalID == id {
				return outgoingStatus(&m)
			}
		}
		return -1
	}
	for _, id := range []string{"op_1", "op_2", "op_3"} {
		require.True(t, w.post(t, rewardPath, signed(with(validReward(), "external_id", id))).Status)
	}
	script := func(body string) int {
		status, _, _ := w.send(t, http.MethodPost, "/_sim/movement", "application/json", strings.NewReader(body))
		return status
	}
	require.Equal(t, StatusNew, shown("op_1"))
	require.Equal(t, 200, script(`{"id":"op_1","do":"cancel"}`))
	require.Equal(t, StatusCanceled, shown("op_1"))
	require.Equal(t, 409, script(`{"id":"op_1","do":"settle"}`), "what is cancelled is not paid")
	require.Equal(t, 409, script(`{"id":"op_2","do":"refund"}`), "what was not paid is not refunded")
	require.Equal(t, 200, script(`{"id":"op_2","do":"settle"}`))
	require.Equal(t, "89.90", w.sim.Balance(7026, ""))
	require.Equal(t, 200, script(`{"id":"op_2","do":"refund"}`))
	require.Equal(t, StatusRefunded, shown("op_2"))
	require.Equal(t, "100.00", w.sim.Balance(7026, ""))
	require.Equal(t, 200, script(`{"id":"op_3","do":"outgoing","code":7}`))
	require.Equal(t, 7, shown("op_3"))
	require.Equal(t, 200, script(`{"id":"op_3","do":"status","code":9}`))
	require.Equal(t, 400, script(`{"id":"op_3","do":"status"}`))
	require.Equal(t, 400, script(`{"id":"op_3","do":"explode"}`))
	require.Equal(t, 404, script(`{"id":"op_9","do":"cancel"}`))
	_, body, _ := w.send(t, http.MethodGet, "/_sim/movements", "", nil)
	require.Contains(t, body, `"outgoing":7`)
}
