package payinsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	chargePath   = "/service-of-services/create-invoice"
	rewardPath   = "/service-of-services/create-reward-invoice"
	outgoingPath = "/payment-out/find-payment"
	balancePath  = "/user/api-get-balance"
	userPath     = "/user/get_user_info_via_dev_key"
)

func withService(c *Config) { c.ServiceID = 12 }

func common(extra map[string]string) map[string]string {
	out := map[string]string{"user_id": "7026", "timestamp": strconv.FormatInt(testTime, 10)}
	maps.Copy(out, extra)
	return out
}

func validCharge() map[string]string {
	return common(map[string]string{"service_id": "12", "payer_id": "6034", "amount": "10.50", "external_id": "op_1", "description": "Ж ~"})
}

func validReward() map[string]string {
	return common(map[string]string{"service_id": "12", "receiver_id": "6034", "amount": "10.1", "currency_id": "643", "external_id": "op_1", "description": "Ж ~"})
}

func (w *world) balances(t *testing.T, user string) string {
	t.Helper()
	out := w.post(t, balancePath, signed(common(map[string]string{"balance_user_id": user})))
	require.True(t, out.Status, out.UserMsg)
	return string(out.Result)
}

func TestChargeMovesMoneyOnce(t *testing.T) {
	w := newWorld(t, withService)
	require.NoError(t, w.sim.SetBalance(6034, "", "15"))
	out := w.post(t, chargePath, signed(validCharge()))
	require.True(t, out.Status, out.UserMsg)
	require.Equal(t, "true", string(out.Result))
	out = w.post(t, chargePath, signed(validCharge()))
	require.False(t, out.Status)
	require.Equal(t, "invoice with external_id op_1 already exists", out.UserMsg)
	require.Equal(t, 1, w.sim.Effects("op_1"))
	require.Equal(t, "4.50", w.sim.Balance(6034, ""))
	require.Equal(t, "10.50", w.sim.Balance(7026, "643"))
	require.JSONEq(t, `{"840":"0.00000000","999":"0.00000000","980":"0.00000000","978":"0.00000000","398":"0.00000000",
		"643":"4.50000000","826":"0.00000000"}`, w.balances(t, "6034"))
	got := w.sim.Charges()
	require.Len(t, got, 1)
	require.Equal(t, MovementPaid, got[0].Status)

	require.True(t, w.post(t, chargePath, signed(with(validCharge(), "external_id", "op_2"))).Status, "accepted, and then there is not enough")
	require.Zero(t, w.sim.Effects("op_2"))
	require.Equal(t, MovementInsufficient, w.sim.Charges()[1].Status)
}

func with(fields map[string]string, name, value string) map[string]string {
	fields[name] = value
	return fields
}

// Uniqueness is not promised for rewards: the same request twice pays twice.
func TestRewardIsNotIdempotent(t *testing.T) {
	w := newWorld(t, withService)
	require.NoError(t, w.sim.SetBalance(7026, "", "100"))
	for range 2 {
		require.True(t, w.post(t, rewardPath, signed(validReward())).Status)
	}
	require.Equal(t, 2, w.sim.Effects("op_1"))
	require.Len(t, w.sim.Rewards(), 2)
	require.Equal(t, "20.20", w.sim.Balance(6034, ""))
	require.Equal(t, "79.80", w.sim.Balance(7026, ""))
	other := validReward()
	delete(other, "description")
	other["descr"] = "the table's name"
	require.True(t, w.post(t, rewardPath, signed(other)).Status)
}

func TestMovementRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		fields map[string]string
	}{
		"charge, other service":      {chargePath, with(validCharge(), "service_id", "13")},
		"charge, unknown payer":      {chargePath, with(validCharge(), "payer_id", "1")},
		"charge, three decimals":     {chargePath, with(validCharge(), "amount", "1.001")},
		"charge, nothing":            {chargePath, with(validCharge(), "amount", "0")},
		"charge, no description":     {chargePath, with(validCharge(), "description", "")},
		"charge, top-up's name":      {chargePath, with(validCharge(), "descr", "x")},
		"charge, a currency":         {chargePath, with(validCharge(), "currency_id", "643")},
		"reward, other service":      {rewardPath, with(validReward(), "service_id", "13")},
		"reward, unknown receiver":   {rewardPath, with(validReward(), "receiver_id", "1")},
		"reward, no description":     {rewardPath, with(with(validReward(), "description", ""), "descr", "")},
		"reward, currency":           {rewardPath, with(validReward(), "currency_id", "840")},
		"reward, no id":              {rewardPath, with(validReward(), "external_id", "")},
		"balance of nobody":          {balancePath, common(map[string]string{"balance_user_id": "1"})},
		"outgoing, unknown":          {outgoingPath, common(map[string]string{"account_number": "007026-000001"})},
		"user by nothing":            {userPath, common(nil)},
		"balance of somebody's name": {balancePath, common(map[string]string{"balance_user_id": "bob"})},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, withService)
			out := w.post(t, c.path, signed(c.fields))
			require.False(t, out.Status)
			require.NotEmpty(t, out.UserMsg)
			require.Empty(t, w.sim.Charges())
			require.Empty(t, w.sim.Rewards())
		})
	}
	w := newWorld(t, nil)
	require.Equal(t, "service not found", w.post(t, chargePath, signed(validCharge())).UserMsg, "without a service nothing is charged")
}

func TestMovementScripts(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ServiceID, c.HoldMovements = 12, true })
	require.NoError(t, w.sim.SetBalance(6034, "", "100"))
	require.True(t, w.post(t, chargePath, signed(validCharge())).Status)
	require.Equal(t, StatusNew, w.sim.Charges()[0].Status)
	require.ErrorIs(t, w.sim.NotifyMovement("op_1"), ErrImpossible, "nothing is decided")
	number := w.sim.Charges()[0].PaymentOutID
	find := func() map[string]any {
		out := w.post(t, outgoingPath, signed(common(map[string]string{"account_number": number})))
		require.True(t, out.Status, out.UserMsg)
		var object map[string]any
		require.NoError(t, json.Unmarshal(out.Result, &object))
		return object
	}
	require.EqualValues(t, 0, find()["client_status"])
	require.Nil(t, find()["last_update_time"])
	require.NoError(t, w.sim.Trouble("op_1", true))
	require.EqualValues(t, 5, find()["client_status"])
	require.ErrorIs(t, w.sim.Reject("op_1"), ErrImpossible, "the money went")
	require.NoError(t, w.sim.Settle("op_1"))
	require.Equal(t, 1, w.sim.Effects("op_1"), "settling moves nothing again")
	require.EqualValues(t, 1, find()["client_status"])
	require.NotNil(t, find()["last_update_time"])
	require.ErrorIs(t, w.sim.Settle("op_1"), ErrImpossible)
	require.ErrorIs(t, w.sim.Settle("op_9"), ErrNotFound)

	require.True(t, w.post(t, rewardPath, signed(with(validReward(), "external_id", "op_2"))).Status)
	post := func(path, body string) (int, string) {
		status, answer, _ := w.send(t, http.MethodPost, path, "application/json", strings.NewReader(body))
		return status, answer
	}
	status, answer := post("/_sim/movement", `{"id":"op_2","do":"reject"}`)
	require.Equal(t, 200, status, answer)
	require.Equal(t, MovementInsufficient, w.sim.Rewards()[0].Status)
	for body, want := range map[string]int{`{"id":"op_9","do":"settle"}`: 404, `{"id":"op_2","do":"settle"}`: 409, `{"id":"op_2","do":"x"}`: 400} {
		status, answer = post("/_sim/movement", body)
		require.Equal(t, want, status, answer)
	}
	status, answer = post("/_sim/balance", `{"user":6035,"amount":"7.70"}`)
	require.Equal(t, 200, status, answer)
	require.Equal(t, "7.70", w.sim.Balance(6035, ""))
	status, _ = post("/_sim/balance", `{"user":6035,"amount":"-1"}`)
	require.Equal(t, 400, status)
}

func TestMovementCallbacks(t *testing.T) {
	charges, rewards := newShop(t), newShop(t)
	w := newWorld(t, func(c *Config) {
		c.ServiceID, c.ChargeCallbackURL, c.RewardCallbackURL = 12, charges.url, rewards.url
	})
	require.NoError(t, w.sim.SetBalance(6034, "", "10.50"))
	require.True(t, w.post(t, chargePath, signed(validCharge())).Status)
	require.NoError(t, w.sim.SetBalance(7026, "", "0"))
	require.True(t, w.post(t, rewardPath, signed(validReward())).Status)
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	for name, c := range map[string]struct {
		shop   *shop
		status float64
		signed []param
	}{
		"charge": {charges, MovementPaid, []param{{"payment_in_id", "007026-000001"}, {"payment_out_id", "006034-000001"}}},
		"reward": {rewards, MovementInsufficient, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Len(t, c.shop.bodies, 1)
			var got map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.shop.bodies[0]), &got))
			require.Equal(t, "op_1", got["external_id"])
			require.EqualValues(t, 12, got["service_id"])
			require.Equal(t, c.status, got["status"])
			require.Equal(t, strconv.FormatInt(testTime, 10), got["timestamp"], "a text here, a number in the top-up's")
			require.Equal(t, c.signed != nil, got["payment_in_id"] != nil)
			require.Equal(t, hashOf(testKey, append(c.signed, param{"external_id", "op_1"}, param{"service_id", "12"},
				param{"status", strconv.Itoa(int(c.status))}, param{"timestamp", strconv.FormatInt(testTime, 10)})), got["hash"])
		})
	}
	w.sim.SetChargeCallbackURL("")
	require.ErrorIs(t, w.sim.NotifyMovement("op_9"), ErrNotFound)
	w.sim.SetRewardCallbackURL(charges.url)
	require.NoError(t, w.sim.NotifyMovement("op_1"))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, charges.bodies, 2)
}

func TestTopUpsFillTheBalance(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ServiceID, c.BalanceAsNumber = 12, true })
	inv := w.create(t, nil)
	require.Equal(t, "0.00", w.balances(t, "6034"))
	require.NoError(t, w.sim.Pay(inv.PaymentInID))
	require.NoError(t, w.sim.SetStatus(inv.PaymentInID, StatusPaid))
	require.Equal(t, "10.50", w.balances(t, "6034"), "paid twice is credited once")
	require.NoError(t, w.sim.Refund(inv.PaymentInID))
	require.Equal(t, "0.00", w.balances(t, "6034"))
	require.Equal(t, "0.00", w.balances(t, "7026"))
}

func TestFindUser(t *testing.T) {
	w := newWorld(t, nil)
	out := w.post(t, userPath, signed(common(map[string]string{"email": "a@example.com"})))
	require.JSONEq(t, `{"inner_id":6034,"email":"a@example.com","phone":"9131112233"}`, string(out.Result))
	out = w.post(t, userPath, signed(common(map[string]string{"phone": "1"})))
	require.True(t, out.Status, "absence is a success with an empty list")
	require.Equal(t, "[]", string(out.Result))
}
