package monobanksim

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// servePayPage shows the page at pageUrl and takes its clicks.
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

// clickPayPage makes the move and, at the end of a payment, sends the browser to the merchant with GET, on success and
// on failure alike.
func (s *Sim) clickPayPage(w http.ResponseWriter, r *http.Request, id string) {
	var err error
	switch r.PostFormValue("do") {
	case "success":
		err = s.payAsPerson(id, StatusSuccess, s.Pay)
	case "hold":
		err = s.payAsPerson(id, StatusHold, s.Hold)
	case "failure":
		err = s.Decline(id, r.PostFormValue("errCode"), "")
	case "processing":
		err = s.Process(id)
	case "expire":
		err = s.Expire(id)
	default:
		s.showPayPage(w, http.StatusBadRequest, id, "There is no such button.")
		return
	}
	if errors.Is(err, ErrImpossible) {
		s.showPayPage(w, http.StatusConflict, id, err.Error())
		return
	}
	inv, found := s.Invoice(id)
	if err != nil || found != nil {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, cmp.Or(returnURL(inv), r.URL.Path), http.StatusSeeOther)
}

// payAsPerson goes through processing first, as a real card payment does, so that both webhooks are sent.
func (s *Sim) payAsPerson(id, to string, finish func(string) error) error {
	inv, err := s.Invoice(id)
	if err != nil {
		return err
	}
	if possible(&inv, to) && possible(&inv, StatusProcessing) {
		if err := s.Process(id); err != nil {
			return err
		}
	}
	return finish(id)
}

// returnURL is where the browser goes at the end of a payment, empty before.
func returnURL(inv Invoice) string {
	switch inv.Status {
	case StatusSuccess, StatusHold:
		return cmp.Or(inv.SuccessURL, inv.RedirectURL)
	case StatusFailure:
		return cmp.Or(inv.FailURL, inv.RedirectURL)
	}
	return ""
}

func (s *Sim) showPayPage(w http.ResponseWriter, status int, id, message string) {
	inv, err := s.Invoice(id)
	if err != nil {
		http.Error(w, "no such invoice", http.StatusNotFound)
		return
	}
	page := simkit.PayPage{
		Provider: "plata by mono", Amount: major(inv.Amount) + " " + currencyName(inv.Currency),
		Description: inv.Destination, Status: inv.Status, Message: message, ReturnURL: returnURL(inv),
		Details: []simkit.Detail{{Name: "Invoice", Value: inv.InvoiceID}, {Name: "Reference", Value: inv.Reference}},
	}
	for _, b := range []struct{ do, label, to string }{
		{"success", "Success", StatusSuccess}, {"hold", "Hold", StatusHold}, {"failure", "Failure", StatusFailure},
		{"processing", "Processing", StatusProcessing}, {"expire", "Let expire", StatusExpired},
	} {
		if !possible(&inv, b.to) {
			continue
		}
		button := simkit.Button{Label: b.label, Action: "/pay/" + inv.InvoiceID, Fields: []simkit.Detail{{Name: "do", Value: b.do}}}
		if b.to == StatusFailure {
			button.Inputs = []simkit.Input{{Name: "errCode", Label: "Error code", Value: "59"}}
		}
		page.Buttons = append(page.Buttons, button)
	}
	simkit.WritePayPage(w, status, page)
}

func currencyName(code int32) string {
	switch code {
	case currencyUAH:
		return "UAH"
	case 840:
		return "USD"
	case 978:
		return "EUR"
	}
	return ""
}
