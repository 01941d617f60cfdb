package payinsim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// OpRegister names the registration of users, for faults and for the request log.
const OpRegister = "register-user"

// firstUser is the id of the first user that registers.
const firstUser = 900001

// User is a snapshot of a user that was registered through the API. The password is compared with nothing and not kept.
type User struct {
	ID       int64  `json:"id"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Username string `json:"username"`
	// LegalEntity and Resident are the request's ul and resident.
	LegalEntity bool `json:"ul"`
	Resident    bool `json:"resident"`
	// Source is source_registration, empty when not sent.
	Source string `json:"source_registration,omitempty"`
}

// people are the registered users. It is safe for concurrent use, and its lock is taken after that of the Sim.
type people struct {
	mu   sync.Mutex // guards list
	list []User
}

// all returns snapshots in order of registration.
func (p *people) all() []User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]User{}, p.list...)
}

// add registers a user and reports whether neither e-mail nor phone was taken.
func (p *people) add(u User, taken func(User) bool) (User, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := func(o User) bool { return o.Email == u.Email || samePhone(o.Phone, u.Phone) }
	if taken(u) || slices.ContainsFunc(p.list, same) {
		return User{}, false
	}
	u.ID = firstUser + int64(len(p.list))
	p.list = append(p.list, u)
	return u, true
}

// Users returns snapshots of the users registered through the API, in order of registration.
func (s *Sim) Users() []User { return s.people.all() }

// payer returns the user with this id. Without configured payers every id exists.
func (s *Sim) payer(id int64) (Payer, bool) {
	if i := slices.IndexFunc(s.config.Payers, func(p Payer) bool { return p.ID == id }); i >= 0 {
		return s.config.Payers[i], true
	}
	users := s.people.all()
	if i := slices.IndexFunc(users, func(u User) bool { return u.ID == id }); i >= 0 {
		return Payer{ID: id, Email: users[i].Email, Phone: users[i].Phone}, true
	}
	return Payer{ID: id}, len(s.config.Payers) == 0
}

// matches compares a user with the e-mail and phone of a search; an empty criterion matches everybody.
func (p Payer) matches(email, phone string) bool {
	return (email == "" || email == p.Email) && (phone == "" || samePhone(phone, p.Phone))
}

// samePhone compares without the plus sign: users register with it and are reported without.
func samePhone(a, b string) bool {
	return a != "" && strings.TrimPrefix(a, "+") == strings.TrimPrefix(b, "+")
}

func registerFields() []field {
	return []field{
		{"ul", flagField, true},
		{"email", emailField, true},
		{"phone", phoneField, true},
		{"username", textField, true},
		{"password", textField, true},
		{"resident", flagField, true},
		{"source_registration", textField, false},
	}
}

// registered is the result of a registration. The three addresses are the simulator's own: the provider shows no sample.
type registered struct {
	ID        any    `json:"id"`
	TipsURL   string `json:"tips_url"`
	CardURL   string `json:"card_url"`
	InviteURL string `json:"invite_url"`
}

// register plays POST /user/api-create (§5.6). Whose registration is refused as existing is not documented; here it is
// anybody whose e-mail or phone is taken.
func (s *Sim) register(r *http.Request, f form) (any, error) {
	user, fresh := s.people.add(User{
		Email: f.text("email"), Phone: f.text("phone"), Username: f.text("username"), LegalEntity: f.text("ul") == "1",
		Resident: f.text("resident") == "1", Source: f.text("source_registration"),
	}, func(u User) bool {
		return slices.ContainsFunc(s.config.Payers, func(p Payer) bool { return p.Email == u.Email || samePhone(p.Phone, u.Phone) })
	})
	if !fresh {
		return nil, refusal("EXIST_IN_SYSTEM")
	}
	s.mu.Lock()
	base := s.base(r)
	s.mu.Unlock()
	return registered{
		ID:        s.id(user.ID),
		TipsURL:   fmt.Sprintf("%s/tips/%d", base, user.ID),
		CardURL:   fmt.Sprintf("%s/card/%d", base, user.ID),
		InviteURL: fmt.Sprintf("%s/invite/%d", base, user.ID),
	}, nil
}

func userFields() []field { return []field{{"email", textField, false}, {"phone", textField, false}} }

type foundUser struct {
	InnerID any    `json:"inner_id"`
	Email   string `json:"email"`
	Phone   string `json:"phone"`
}

// findUser plays POST /user/get_user_info_via_dev_key: an object, or an empty list with status true when nobody is found.
func (s *Sim) findUser(_ *http.Request, f form) (any, error) {
	email, phone := f.text("email"), f.text("phone")
	if email == "" && phone == "" {
		return nil, refusal("parameter email or phone is required")
	}
	candidates := slices.Clone(s.config.Payers)
	for _, u := range s.people.all() {
		candidates = append(candidates, Payer{ID: u.ID, Email: u.Email, Phone: u.Phone})
	}
	for _, p := range candidates {
		if p.matches(email, phone) {
			return foundUser{s.id(p.ID), p.Email, strings.TrimPrefix(p.Phone, "+")}, nil
		}
	}
	return []foundUser{}, nil
}

// id is an id as the answers carry it: a number, or a text where [Quirks.IDsAsText] asks for it.
func (s *Sim) id(n int64) any {
	if s.config.Quirks.IDsAsText {
		return strconv.FormatInt(n, 10)
	}
	return n
}

// mountUsers adds GET /_sim/users and GET /_sim/shops.
func (s *Sim) mountUsers() {
	s.list("users", func() any { return s.Users() })
	s.list("shops", func() any { return s.Shops() })
}
