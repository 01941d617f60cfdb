package payinsim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Status codes of charges and rewards (providers/payin.md §6.2). They are another code space than that of incoming
// payments: 3 and 4 mean something else there. StatusNew is "accepted, not decided" and is never announced.
const (
	MovementPaid         = 1
	MovementInsufficient = 3
	MovementTrouble      = 4
)

// MovementKind tells a charge from a reward.
type MovementKind string

// The two kinds of movements between balances.
const (
	// KindCharge debits a payer and credits the owner of the service.
	KindCharge MovementKind = "charge"
	// KindReward debits the owner of the service and credits a receiver.
	KindReward MovementKind = "reward"
)

// Movement is a snapshot of one charge or reward.
type Movement struct {
	Kind MovementKind `json:"kind"`
	// ExternalID is the merchant's id. It is unique among charges; rewards may repeat one, because the provider states
	// no uniqueness for them and the harsher reading is that there is none.
	ExternalID string `json:"external_id"`
	ServiceID  int64  `json:"service_id"`
	// From and To are the users whose balances are debited and credited.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Amount, CurrencyID and Description are as sent; a charge has no currency parameter and is in roubles.
	Amount      string `json:"amount"`
	CurrencyID  string `json:"currency_id"`
	Description string `json:"description"`
	// Status is 0 while undecided, then a code of the Movement constants.
	Status int `json:"status"`
	// Moved says whether money went from one balance to the other: the effect that must happen exactly once.
	Moved bool `json:"moved"`
	// Outgoing is the code of the outgoing payment where a script set it; nil means what follows from Status.
	Outgoing *int `json:"outgoing,omitempty"`
	// ListID is the id in the listing of a user's outgoing payments.
	ListID int64 `json:"list_id"`
	// PaymentInID and PaymentOutID are the invoice numbers in the two users' accounts.
	PaymentInID  string    `json:"payment_in_id"`
	PaymentOutID string    `json:"payment_out_id"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

func chargeFields() []field {
	return []field{
		{"service_id", integerField, true},
		{"payer_id", integerField, true},
		{"amount", amountField, true},
		{"external_id", textField, true},
		{"description", textField, true},
	}
}

// rewardFields has both names of the description, because the provider's table and its sample disagree.
func rewardFields() []field {
	return []field{
		{"service_id", integerField, true},
		{"receiver_id", integerField, true},
		{"amount", amountField, true},
		{"currency_id", currencyField, false},
		{"external_id", textField, true},
		{"descr", textField, false},
		{"description", textField, false},
	}
}

// charge plays POST /service-of-services/create-invoice. True means accepted; the outcome is a callback.
func (s *Sim) charge(_ *http.Request, f form) (any, error) {
	m, err := s.readMovement(f, "payer_id")
	if err != nil {
		return nil, err
	}
	m.Kind, m.Description, m.CurrencyID = KindCharge, f.text("description"), roubles
	m.From, m.To = m.To, s.owner()
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.movements, func(o *Movement) bool { return o.Kind == KindCharge && o.ExternalID == m.ExternalID }) {
		return nil, refusal(fmt.Sprintf("invoice with external_id %s already exists", m.ExternalID))
	}
	return true, s.accept(m)
}

// reward plays POST /service-of-services/create-reward-invoice.
func (s *Sim) reward(_ *http.Request, f form) (any, error) {
	m, err := s.readMovement(f, "receiver_id")
	if err != nil {
		return nil, err
	}
	m.Kind, m.From, m.CurrencyID = KindReward, s.owner(), roubles
	if code, given := f.get("currency_id"); given {
		if !slices.Contains(s.config.Currencies, code) {
			return nil, refusal("currency is not available")
		}
		m.CurrencyID = code
	}
	m.Description = f.text("description") + f.text("descr")
	if m.Description == "" {
		return nil, refusal("parameter description is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return true, s.accept(m)
}

// readMovement reads what both methods share; the user named by who becomes To. The refusals' texts are the simulator's
// own: the provider documents none.
func (s *Sim) readMovement(f form, who string) (*Movement, error) {
	service, err := strconv.ParseInt(f.text("service_id"), 10, 64)
	if err != nil || s.config.ServiceID == 0 || service != s.config.ServiceID {
		return nil, refusal("service not found")
	}
	user, err := strconv.ParseInt(f.text(who), 10, 64)
	if err != nil {
		return nil, err
	}
	if _, exists := s.payer(user); !exists || user == 0 {
		return nil, refusal("user not found")
	}
	return &Movement{ServiceID: service, To: user, Amount: f.text("amount"), ExternalID: f.text("external_id")}, nil
}

// accept stores a movement and, unless scripts decide, settles it by the balance. The caller holds mu.
func (s *Sim) accept(m *Movement) error {
	now := s.config.Now()
	m.CreatedAt, m.UpdatedAt = now, now
	m.PaymentInID, m.PaymentOutID = s.nextNumber(m.To), s.nextNumber(m.From)
	s.listID++
	m.ListID = s.listID
	s.movements = append(s.movements, m)
	if s.config.HoldMovements {
		return nil
	}
	return s.settle(m)
}

// nextNumber returns the next number in a user's account. The caller holds mu.
func (s *Sim) nextNumber(user int64) string {
	s.sequence[user]++
	return fmt.Sprintf("%06d-%06d", user, s.sequence[user])
}

// settle moves the money if there is enough of it, and announces what came of it. The caller holds mu.
func (s *Sim) settle(m *Movement) error {
	if m.Moved {
		return s.decide(m, MovementPaid)
	}
	amount := cents(m.Amount)
	if s.balance(m.From, m.CurrencyID) < amount {
		return s.decide(m, MovementInsufficient)
	}
	s.credit(m.From, m.CurrencyID, -amount)
	s.credit(m.To, m.CurrencyID, amount)
	m.Moved = true
	return s.decide(m, MovementPaid)
}

// decide writes a status and queues the callback. The caller holds mu.
func (s *Sim) decide(m *Movement, status int) error {
	m.Status, m.UpdatedAt = status, s.config.Now()
	return s.announce(m)
}

// owner is the user whom the service belongs to.
func (s *Sim) owner() int64 {
	if s.config.ServiceOwnerID != 0 {
		return s.config.ServiceOwnerID
	}
	return s.config.UserID
}
