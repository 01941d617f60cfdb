package monobanksim

import (
	"net/http"
	"slices"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Names of the operations that list what belongs to the merchant.
const (
	OpSubmerchants   = "submerchant/list"
	OpSplitReceivers = "split-receiver/list"
	OpEmployees      = "employee/list"
)

// belongings are what belongs to the merchant beside invoices and cards. The simulator's mutex guards it.
type belongings struct {
	desks          []*Desk
	submerchants   []Submerchant
	splitReceivers []SplitReceiver
	employees      []Employee
	subscriptions  []*Subscription // in order of creation
	subCharges     []SubscriptionCharge
}

const alphanumeric = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// Submerchant is a terminal of a submerchant.
type Submerchant struct {
	// Code is the terminal code that invoice/create takes.
	Code string `json:"code"`
	// IBAN, EDRPOU and Owner say whose it is; EDRPOU and Owner may be empty, and are then absent.
	IBAN   string `json:"iban"`
	EDRPOU string `json:"edrpou,omitempty"`
	Owner  string `json:"owner,omitempty"`
}

// SplitReceiver receives a part of split payments.
type SplitReceiver struct {
	// SplitReceiverID is the bank's id, EDRPOU the tax number.
	SplitReceiverID string `json:"splitReceiverId"`
	EDRPOU          string `json:"edrpou"`
	Name            string `json:"name"`
}

// Employee can receive tips.
type Employee struct {
	// ID is the bank's id, ExtRef the merchant's own reference.
	ID     string `json:"id"`
	Name   string `json:"name"`
	ExtRef string `json:"extRef"`
}

// AddSubmerchants adds terminals of submerchants. The merchant's lists start empty.
func (s *Sim) AddSubmerchants(list ...Submerchant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.submerchants = append(s.own.submerchants, list...)
}

// AddSplitReceivers adds receivers of split payments.
func (s *Sim) AddSplitReceivers(list ...SplitReceiver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.splitReceivers = append(s.own.splitReceivers, list...)
}

// AddEmployees adds employees.
func (s *Sim) AddEmployees(list ...Employee) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.employees = append(s.own.employees, list...)
}

// hasSubmerchant reports whether a terminal code exists. The caller holds mu.
func (s *Sim) hasSubmerchant(code string) bool {
	return slices.ContainsFunc(s.own.submerchants, func(m Submerchant) bool { return m.Code == code })
}

// submerchantList plays GET /api/merchant/submerchant/list.
func (s *Sim) submerchantList(r *http.Request, _ []byte) (any, *apiError) {
	return wholeList(s, r, &s.own.submerchants)
}

// splitReceiverList plays GET /api/merchant/split-receiver/list.
func (s *Sim) splitReceiverList(r *http.Request, _ []byte) (any, *apiError) {
	return wholeList(s, r, &s.own.splitReceivers)
}

// employeeList plays GET /api/merchant/employee/list, which the newest documents do not have any more.
func (s *Sim) employeeList(r *http.Request, _ []byte) (any, *apiError) {
	return wholeList(s, r, &s.own.employees)
}

// wholeList answers with a list that has no parameters and no pages.
func wholeList[T any](s *Sim, r *http.Request, list *[]T) (any, *apiError) {
	if _, failed := exactQuery(r); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"list": append([]T{}, *list...)}, nil
}

// mountBelongings adds what scripts the desks, lists and subscriptions under /_sim/.
func (s *Sim) mountBelongings() {
	simkit.Command(s.mux, "submerchants", func(m Submerchant) (any, error) {
		s.AddSubmerchants(m)
		return nil, nil
	})
	simkit.Command(s.mux, "split-receivers", func(r SplitReceiver) (any, error) {
		s.AddSplitReceivers(r)
		return nil, nil
	})
	simkit.Command(s.mux, "employees", func(e Employee) (any, error) {
		s.AddEmployees(e)
		return nil, nil
	})
	s.mountDesks()
	s.mountSubscriptions()
}
