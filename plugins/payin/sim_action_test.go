package payin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
)

// act runs an action and decodes its output into T.
func act[T any](t *testing.T, w world, name, input string) (T, error) {
	t.Helper()
	var out T
	got, err := w.account.(pay.ActionProvider).RunAction(t.Context(), pay.Action{Name: name, Input: json.RawMessage(input)})
	if err == nil {
		require.NoError(t, json.Unmarshal(got.Output, &out), "%s", got.Output)
	}
	return out, err
}

type lines struct {
	Payments []struct {
		ID, Status, Code string
		AccountNumber    string    `json:"account_number"`
		CreatedAt        time.Time `json:"created_at"`
		UpdatedAt        time.Time `json:"updated_at"`
		DoneAt           time.Time `json:"done_at"`
	}
}

const newcomer = `{"ul":true,"email":"new@example.com","phone":"+79131112233","username":"Новый ~ 50%","password":"s3cret & ~","resident":false}`

// readings are the two readings of the provider's documents.
func readings() map[string]func(*payinsim.Config) {
	return map[string]func(*payinsim.Config){
		"samples": func(*payinsim.Config) {},
		"tables": func(c *payinsim.Config) {
			c.Quirks = payinsim.Quirks{IDsAsText: true, OutgoingAsList: true, OldestFirst: true, NothingAsRefusal: true}
		},
	}
}

// A newcomer registers, is found, pays an invoice and is seen in search and listing, in both readings.
func TestNewcomerAgainstTheSimulator(t *testing.T) {
	for name, change := range readings() {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, "sim_key", time.Now, change)
			_, err := act[lines](t, w, "list_payments", `{"email":"new@example.com"}`)
			require.NoError(t, err)
			_, err = act[struct{}](t, w, "find_user", `{"email":"new@example.com"}`)
			require.ErrorIs(t, err, pay.KindNotFound)

			made, err := act[struct {
				ID   string
				Tips string `json:"tips_url"`
			}](t, w, "register_user", newcomer)
			require.NoError(t, err)
			user := w.sim.Users()[0]
			require.Equal(t, payinsim.User{ID: user.ID, Email: "new@example.com", Phone: "+79131112233", Username: "Новый ~ 50%", LegalEntity: true}, user)
			require.Equal(t, fmt.Sprint(user.ID), made.ID)
			require.NotEmpty(t, made.Tips)
			_, err = act[struct{}](t, w, "register_user", newcomer)
			require.ErrorIs(t, err, pay.KindInvalidState)
			require.Len(t, w.sim.Users(), 1)
			found, err := act[struct {
				InnerID string `json:"inner_id"`
			}](t, w, "find_user", `{"phone":"+79131112233"}`)
			require.NoError(t, err)
			require.Equal(t, made.ID, found.InnerID)

			var numbers []string
			for range 3 {
				req := order(t)
				req.Customer.ID = found.InnerID
				inv, err := w.account.CreateInvoice(t.Context(), req)
				require.NoError(t, err)
				numbers = append(numbers, inv.ProviderRefs["pretty_id"])
			}
			require.NoError(t, w.sim.Pay(numbers[1]))
			searched, err := act[lines](t, w, "find_payments", `{"email":"new@example.com"}`)
			require.NoError(t, err)
			require.Len(t, searched.Payments, 3)
			for _, p := range searched.Payments {
				require.Equal(t, p.AccountNumber == numbers[1], p.Status == "paid")
				require.Equal(t, p.AccountNumber == numbers[1], !p.DoneAt.IsZero())
			}
			one, err := act[lines](t, w, "find_payments", `{"account_number":"`+numbers[1]+`"}`)
			require.NoError(t, err)
			require.Len(t, one.Payments, 1)
			listed, err := act[lines](t, w, "list_payments", `{"phone":"+79131112233","limit":2}`)
			require.NoError(t, err)
			require.Len(t, listed.Payments, 2)
			require.WithinDuration(t, time.Now(), listed.Payments[0].CreatedAt, time.Minute, "an offset of two digits is read")
			require.False(t, listed.Payments[0].CreatedAt.Before(listed.Payments[1].CreatedAt), "newest first")
		})
	}
}

// What left the service owner's balance is found by the number of the callback, in every status it can have.
func TestOutgoingAgainstTheSimulator(t *testing.T) {
	for name, change := range readings() {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, "sim_key", time.Now, func(c *payinsim.Config) {
				c.HoldMovements = true
				c.Payers = []payinsim.Payer{{ID: 6034, Email: "a@b.example"}, {ID: 7026, Email: "owner@b.example"}}
				change(c)
			})
			w.rich(t)
			require.NoError(t, moves()["reward"].send(t.Context(), t, w, 1))
			number := w.sim.Rewards()[0].PaymentOutID
			ref := pay.PayoutRef{
				ProviderKey: "op_1", ProviderRef: "op_1", Status: pay.PayoutProcessing, ProviderRefs: map[string]string{"payment_out_id": number},
			}
			for code, want := range map[int]struct {
				status pay.PayoutStatus
				word   string
			}{
				0: {pay.PayoutProcessing, "new"}, 1: {pay.PayoutSucceeded, "paid"}, 2: {pay.PayoutCanceled, "canceled"}, 3: {pay.PayoutFailed, "failed"},
				5: {"", "trouble"}, 8: {pay.PayoutSucceeded, "refunded"}, 7: {"", "unknown"}, 4: {"", "unknown"},
			} {
				require.NoError(t, w.sim.SetOutgoingStatus("op_1", code))
				got, err := w.account.(pay.PayoutGetter).GetPayout(t.Context(), ref)
				require.NoError(t, err)
				require.Equal(t, want.status, got.Status, code)
				require.Equal(t, code == 8, !got.ReturnedAt.IsZero(), code)
				found, err := act[struct{ Status, Code string }](t, w, "find_outgoing", `{"account_number":"`+number+`"}`)
				require.NoError(t, err)
				require.Equal(t, want.word, found.Status)
				require.Equal(t, fmt.Sprint(code), found.Code)
				listed, err := act[lines](t, w, "list_outgoing", `{"email":"owner@b.example"}`)
				require.NoError(t, err)
				require.Equal(t, want.word, listed.Payments[0].Status)
			}
			_, err := act[struct{}](t, w, "find_outgoing", `{"account_number":"007026-999999"}`)
			require.ErrorIs(t, err, pay.KindNotFound)
			nobody, err := act[lines](t, w, "list_outgoing", `{"email":"nobody@b.example"}`)
			require.NoError(t, err)
			require.Empty(t, nobody.Payments)
		})
	}
}

// A lost answer of a change leaves it unknown, one request was sent, and a person sees by a search what happened.
func TestLostRegistrationIsFound(t *testing.T) {
	for kind, acted := range map[string]bool{
		"cut_before": false, "status": false, "html": false, "redirect": false,
		"cut_after": true, "status_after": true, "html_after": true, "truncated": true, "empty": true,
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, "sim_key")
			w.fault(t, payinsim.OpRegister, kind)
			w.fault(t, payinsim.OpCreateShop, kind)
			_, err := act[struct{}](t, w, "register_user", newcomer)
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.NotContains(t, err.Error(), "s3cret")
			require.Empty(t, pay.AsError(err).Report.Evidence.Raw)
			require.Len(t, w.sim.Kit().Requests.Of(payinsim.OpRegister), 1)
			_, err = act[struct{}](t, w, "find_user", `{"email":"new@example.com"}`)
			require.Equal(t, acted, err == nil)

			_, err = act[struct{}](t, w, "create_shop", `{"title":"Лавка","address":"ул. ~ 1"}`)
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.Len(t, w.sim.Kit().Requests.Of(payinsim.OpCreateShop), 1)
			require.Equal(t, acted, len(w.sim.Shops()) == 1)
		})
	}
}

func TestShopAgainstTheSimulator(t *testing.T) {
	for name, change := range readings() {
		w := newWorldWith(t, "sim_key", time.Now, change)
		got, err := act[struct {
			ShopID string `json:"shop_id"`
		}](t, w, "create_shop", `{"title":"Лавка ~","address":"https://s.example/?a=1&b=2"}`)
		require.NoError(t, err, name)
		shop := w.sim.Shops()[0]
		require.Equal(t, payinsim.Shop{ID: shop.ID, Title: "Лавка ~", Address: "https://s.example/?a=1&b=2"}, shop)
		require.Equal(t, fmt.Sprint(shop.ID), got.ShopID)
	}
}

// The provider takes a request within ten seconds of its clock and refuses any other before it acts; the operation then
// goes through once the clocks agree, with the same key.
func TestClockRuleAgainstTheSimulator(t *testing.T) {
	start := time.Unix(1591040000, 0)
	for offset, accepted := range map[time.Duration]bool{
		0: true, 10 * time.Second: true, -10 * time.Second: true, 11 * time.Second: false, -11 * time.Second: false, time.Hour: false,
	} {
		t.Run(offset.String(), func(t *testing.T) {
			now := start.Add(offset)
			w := newWorldWith(t, "sim_key", func() time.Time { return now }, func(c *payinsim.Config) {
				c.Now = func() time.Time { return start }
				c.HoldMovements = true
			})
			charge := func(try int) error { return moves()["charge"].send(t.Context(), t, w, try) }
			err := charge(1)
			if accepted {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, pay.KindProviderUnavailable)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
			require.Contains(t, err.Error(), now.UTC().Format(time.RFC3339), "our clock is named")
			require.Contains(t, err.Error(), "the Date of its answer says")
			require.Empty(t, w.sim.Charges())
			now = start
			require.NoError(t, charge(2))
			require.Len(t, w.sim.Charges(), 1)
			stamp := func(i int) string {
				return between(w.sim.Kit().Requests.Of(payinsim.OpCharge)[i].Body, "timestamp=", "&")
			}
			require.NotEqual(t, stamp(0), stamp(1), "signed anew")
		})
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}

// A rotated key refuses our requests until the config has the new one; callbacks of the old key still verify with it.
func TestKeyRotationAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_key")
	made, err := w.account.CreateInvoice(t.Context(), order(t))
	require.NoError(t, err)
	w.sim.RotateKey("new_key")
	_, err = w.account.GetInvoice(t.Context(), refOf(made))
	require.ErrorIs(t, err, pay.KindAuth)
	require.NoError(t, w.sim.Pay(made.ProviderRef))
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Empty(t, w.inbox.results, "a callback under a key we do not have is refused")
}
