package monobanksim

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// tdsFailed is the error code of a 3-D Secure step that was not passed.
const tdsFailed = "1034"

// PassTDS lets the payer pass, or fail, the 3-D Secure step of a charge.
func (s *Sim) PassTDS(id string, pass bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return err
	}
	if !inv.AwaitsTDS || inv.Status != StatusProcessing {
		return fmt.Errorf("monobanksim: invoice %s does not wait for 3-D Secure: %w", id, ErrImpossible)
	}
	inv.AwaitsTDS = false
	if pass {
		return s.finishCharge(inv)
	}
	inv.ErrCode, inv.FailureReason = tdsFailed, declineText(tdsFailed)
	return s.set(inv, StatusFailure)
}

// serveTDS shows the page at tdsUrl and takes its clicks.
func (s *Sim) serveTDS(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.showTDS(w, http.StatusOK, id, "")
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	do := r.PostFormValue("do")
	if do != "pass" && do != "fail" {
		s.showTDS(w, http.StatusBadRequest, id, "There is no such button.")
		return
	}
	inv, found := s.Invoice(id)
	if found != nil {
		http.NotFound(w, r)
		return
	}
	if err := s.PassTDS(id, do == "pass"); err != nil {
		s.showTDS(w, http.StatusConflict, id, err.Error())
		return
	}
	http.Redirect(w, r, cmp.Or(inv.RedirectURL, r.URL.Path), http.StatusSeeOther)
}

func (s *Sim) showTDS(w http.ResponseWriter, status int, id, message string) {
	inv, err := s.Invoice(id)
	if err != nil {
		http.Error(w, "no such payment", http.StatusNotFound)
		return
	}
	page := simkit.PayPage{
		Provider: "3-D Secure of the card's bank", Amount: major(inv.Amount) + " " + currencyName(inv.Currency),
		Description: inv.Destination, Status: inv.Status, Message: message, ReturnURL: returnURL(inv),
		Details: []simkit.Detail{{Name: "Invoice", Value: inv.InvoiceID}, {Name: "Card", Value: inv.card.MaskedPan}},
	}
	if inv.AwaitsTDS {
		for _, b := range []struct{ do, label string }{{"pass", "Confirm"}, {"fail", "Refuse"}} {
			page.Buttons = append(page.Buttons, simkit.Button{
				Label: b.label, Action: "/3ds/" + inv.InvoiceID, Fields: []simkit.Detail{{Name: "do", Value: b.do}},
			})
		}
	}
	simkit.WritePayPage(w, status, page)
}
