package monobanksim

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// OpSubPage is the page on which a payer subscribes.
const OpSubPage = "subscribe-page"

// absolute reports whether an address is one of http or https.
func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// subscriptionCommand is the body of the scripting calls of subscriptions. Status and Times belong to
// subscription-charges, Status to subscription-status, Fail to subscription-charge.
type subscriptionCommand struct {
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"`
	Fail   bool   `json:"fail,omitempty"`
	Times  int    `json:"times,omitempty"`
}

// mountSubscriptions adds the page, GET /_sim/subscriptions and POST /_sim/subscribe, subscription-charge,
// subscription-status (each with an id) and subscription-charges (a status for the next times charges).
func (s *Sim) mountSubscriptions() {
	s.mux.Handle("/subscribe/{id}", s.kit.Handle(OpSubPage, s.serveSubPage))
	s.mux.HandleFunc("GET /_sim/subscriptions", func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, s.Subscriptions())
	})
	for name, do := range map[string]func(subscriptionCommand) error{
		"subscribe":           func(c subscriptionCommand) error { return s.Subscribe(c.ID) },
		"subscription-charge": func(c subscriptionCommand) error { return s.FinishSubscriptionCharge(c.ID, !c.Fail) },
		"subscription-status": func(c subscriptionCommand) error { return s.SetSubscriptionStatus(c.ID, c.Status) },
	} {
		simkit.Command(s.mux, name, func(c subscriptionCommand) (any, error) {
			if err := do(c); err != nil {
				return nil, err
			}
			return s.Subscription(c.ID)
		})
	}
	simkit.Command(s.mux, "subscription-charges", func(c subscriptionCommand) (any, error) {
		return nil, s.ScriptSubscriptionCharges(c.Status, c.Times)
	})
}

// serveSubPage shows the page at pageUrl of a subscription and takes its click.
func (s *Sim) serveSubPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	message, status := "", http.StatusOK
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		err := s.Subscribe(id)
		if err == nil {
			b, _ := s.Subscription(id)
			http.Redirect(w, r, cmp.Or(b.RedirectURL, r.URL.Path), http.StatusSeeOther)
			return
		}
		if errors.Is(err, ErrImpossible) {
			message, status = err.Error(), http.StatusConflict
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	b, err := s.Subscription(id)
	if err != nil {
		http.Error(w, "no such subscription", http.StatusNotFound)
		return
	}
	page := simkit.PayPage{
		Provider: "plata by mono", Amount: major(b.Amount) + " " + currencyName(b.Currency), Description: "every " + b.Interval,
		Status: b.Status, Message: message, ReturnURL: b.RedirectURL,
		Details: []simkit.Detail{{Name: "Subscription", Value: b.SubscriptionID}},
	}
	if !b.Subscribed && b.Status == SubscriptionActive {
		page.Buttons = []simkit.Button{{Label: "Subscribe", Action: "/subscribe/" + b.SubscriptionID, Fields: []simkit.Detail{{Name: "do", Value: "subscribe"}}}}
	}
	simkit.WritePayPage(w, status, page)
}
