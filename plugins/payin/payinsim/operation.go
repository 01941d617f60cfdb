package payinsim

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// clockTolerance is how far a request's timestamp may be from the provider's clock (§2.5).
const clockTolerance = 10 * time.Second

// refusal is the user_msg of an answer with status false.
type refusal string

// Error makes a refusal an error whose text is the provider's.
func (r refusal) Error() string { return string(r) }

// operation is one signed POST method of the provider.
type operation struct {
	name   string
	fields []field
	// do acts on checked parameters and returns the answer's result. An error that is a refusal becomes user_msg.
	do func(*Sim, *http.Request, form) (any, error)
}

// operations maps paths to methods. A method of the provider is added here with its fields.
func operations() map[string]operation {
	return map[string]operation{
		"/payment-in/create-invoice":             {OpCreate, createFields(), (*Sim).create},
		"/payment-in/find-payment":               {OpFind, findFields(), (*Sim).findPayment},
		"/payment-in/get-last-payments-for-user": {OpList, listFields(), (*Sim).listPayments},

		"/service-of-services/create-invoice":        {OpCharge, chargeFields(), (*Sim).charge},
		"/service-of-services/create-reward-invoice": {OpReward, rewardFields(), (*Sim).reward},
		"/payment-out/find-payment":                  {OpFindOutgoing, outgoingFields(), (*Sim).findOutgoing},
		"/user/api-get-balance":                      {OpBalance, balanceFields(), (*Sim).getBalance},
		"/user/get_user_info_via_dev_key":            {OpFindUser, userFields(), (*Sim).findUser},

		"/payment-out/get-last-payments-for-user": {OpListOutgoing, listFields(), (*Sim).listOutgoing},
		"/user/api-create":                        {OpRegister, registerFields(), (*Sim).register},
		"/shop/api-create":                        {OpCreateShop, shopFields(), (*Sim).createShop},
	}
}

type success struct {
	Status  bool   `json:"status"`
	Result  any    `json:"result"`
	Tracker string `json:"tracker"`
}

type failure struct {
	Status  bool   `json:"status"`
	UserMsg string `json:"user_msg"`
	Tracker string `json:"tracker"`
}

func (s *Sim) serve(op operation, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "<h1>Method Not Allowed</h1>", http.StatusMethodNotAllowed)
		return
	}
	result, err := s.act(op, r)
	tracker := newTracker(s.config.Now())
	var refused refusal
	switch {
	case err == nil:
		simkit.WriteJSON(w, http.StatusOK, success{true, result, tracker})
	case !errors.As(err, &refused):
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case !strings.Contains(r.Header.Get("Accept"), "application/json"):
		// The provider's samples say that this header is needed to get errors as JSON (§1.2).
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<html><body><h1>Error</h1><p>%s</p></body></html>\n", tracker)
	default:
		simkit.WriteJSON(w, http.StatusOK, failure{false, string(refused), tracker})
	}
}

// act checks the request in the order: form, hash, clock, operator, fields. The order is the simulator's own.
func (s *Sim) act(op operation, r *http.Request) (any, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, refusal(err.Error())
	}
	hash, found := f.get("hash")
	if !found {
		return nil, refusal("parameter hash is required")
	}
	if key := *s.key.Load(); key == "" || !hmac.Equal([]byte(hash), []byte(hashOf(key, f.without("hash")))) {
		return nil, refusal("incorrect hash")
	}
	if err := checkFields(append(op.fields, commonFields()...), f); err != nil {
		return nil, err
	}
	if err := s.checkClock(f.text("timestamp")); err != nil {
		return nil, err
	}
	if f.text("user_id") != strconv.FormatInt(s.config.UserID, 10) {
		return nil, refusal("user not found")
	}
	return op.do(s, r, f)
}

func (s *Sim) checkClock(text string) error {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return refusal("incorrect timestamp")
	}
	if off := s.wall().Unix() - seconds; max(off, -off) > int64(clockTolerance/time.Second) {
		return refusal("incorrect timestamp")
	}
	return nil
}

// newTracker imitates the samples, leading space included: PHP's uniqid with more entropy after "gid_".
func newTracker(now time.Time) string {
	return fmt.Sprintf(" gid_%08x%05x%d.%08d", now.Unix(), now.Nanosecond()/1000, randomBelow(10), randomBelow(1e8))
}

func randomBelow(n int64) int64 {
	// crypto/rand.Reader never fails; rand.Int could only report that it did.
	value, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0
	}
	return value.Int64()
}
