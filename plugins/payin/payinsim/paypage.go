package payinsim

import (
	"errors"
	"net/http"
	"slices"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// choice is one button of the pay page, shown while the invoice can make the move.
type choice struct {
	name, label string
	to          int
	do          func(*Sim, string) error
}

func choices() []choice {
	return []choice{
		{"success", "Success", StatusPaid, (*Sim).Pay},
		{"error", "Error", StatusFailed, (*Sim).Decline},
		{"processing", "In processing", StatusProcessing, (*Sim).Process},
		{"freeze", "Freeze", StatusFrozen, (*Sim).Freeze},
		{"cancel", "Cancel", StatusCanceled, (*Sim).Cancel},
		{"expire", "Let expire", StatusExpired, (*Sim).Expire},
	}
}

// servePayPage plays the page of the provider's test stand: "success" and "error" move the invoice and send the browser
// to the merchant's success or fail address; the other buttons come back to the page.
func (s *Sim) servePayPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.showPayPage(w, http.StatusOK, id, "")
	case http.MethodPost:
		s.clickPayPage(w, r, id)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	}
}

func (s *Sim) clickPayPage(w http.ResponseWriter, r *http.Request, id string) {
	clicked := r.PostFormValue("do")
	i := slices.IndexFunc(choices(), func(c choice) bool { return c.name == clicked })
	if i < 0 {
		s.showPayPage(w, http.StatusBadRequest, id, "There is no such button.")
		return
	}
	chosen := choices()[i]
	switch err := chosen.do(s, id); {
	case errors.Is(err, ErrImpossible):
		s.showPayPage(w, http.StatusConflict, id, err.Error())
		return
	case err != nil:
		http.NotFound(w, r)
		return
	}
	inv, err := s.Invoice(id)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	next := ""
	switch chosen.to {
	case StatusPaid:
		next = inv.SuccessURL
	case StatusFailed, StatusCanceled:
		next = inv.FailURL
	}
	if next == "" {
		next = r.URL.Path
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *Sim) showPayPage(w http.ResponseWriter, status int, id, message string) {
	inv, err := s.Invoice(id)
	if err != nil {
		http.Error(w, "no such payment", http.StatusNotFound)
		return
	}
	page := simkit.PayPage{
		Provider:    "Payin-payout",
		Amount:      inv.Summ + " " + currencyName(inv.CurrencyID),
		Description: inv.Descr,
		Status:      statusText(inv.Status),
		Details:     []simkit.Detail{{Name: "Invoice", Value: inv.PrettyID}},
		Message:     message,
	}
	for _, c := range choices() {
		if slices.Contains(moves(inv.Status), c.to) && c.to != inv.Status {
			page.Buttons = append(page.Buttons, simkit.Button{Label: c.label, Action: "/api/pay/" + inv.PaymentInID,
				Fields: []simkit.Detail{{Name: "do", Value: c.name}}})
		}
	}
	switch inv.Status {
	case StatusPaid, StatusFrozen, StatusPartialPaid:
		page.ReturnURL = inv.SuccessURL
	case StatusFailed, StatusCanceled, StatusExpired:
		page.ReturnURL = inv.FailURL
	}
	simkit.WritePayPage(w, status, page)
}

// currencyName turns the codes of the provider's balance list into letters; others stay digits.
func currencyName(code string) string {
	names := map[string]string{"398": "KZT", "643": "RUB", "826": "GBP", "840": "USD", "978": "EUR", "980": "UAH"}
	if name, found := names[code]; found {
		return name
	}
	return code
}
