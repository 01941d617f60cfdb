package merchantsim

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// half returns half of the amount due, cut to the currency's decimals.
func (s *Sim) half(i Invoice) string {
	half, _ := i.Due.QuoRem(decimal.NewFromInt(2), s.cfg.Subunit)
	return half.StringFixed(s.cfg.Subunit)
}

// showPage serves GET /pay/{id}, the address in invoiceUrl. Whoever knows it may
// act, as on the gateway's own page.
func (s *Sim) showPage(w http.ResponseWriter, r *http.Request) {
	i, err := s.Invoice(r.PathValue("id"))
	if err != nil {
		http.Error(w, "There is no such invoice.", http.StatusNotFound)
		return
	}
	s.writePage(w, http.StatusOK, i, "")
}

// clickPage serves the buttons. A click that ends the payment sends the browser
// to the merchant, every other one back to the page.
func (s *Sim) clickPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, simkit.MaxBody)
	id := r.PathValue("id")
	before, err := s.Invoice(id)
	if err != nil {
		http.Error(w, "There is no such invoice.", http.StatusNotFound)
		return
	}
	target := s.publicURL() + "/pay/" + before.ID
	switch action := r.PathValue("action"); action {
	case "start":
		option, method, _ := strings.Cut(r.FormValue("variant"), "/")
		var free bool
		if free, err = s.StartDeal(id, option, method); err == nil && !free {
			s.writePage(w, http.StatusOK, before, "No requisites are free at the moment.")
			return
		}
	case "pay":
		err = s.Pay(id)
		target = cmp.Or(before.SuccessURL, target)
	case "pay-amount":
		err = s.PayAmount(id, r.FormValue("amount"))
		target = cmp.Or(before.SuccessURL, target)
	case "cancel":
		err = s.Cancel(id)
		target = cmp.Or(before.CancelURL, target)
	case "confirm":
		err = s.ConfirmTransfer(id)
	case "complete":
		err = s.Complete(id, "")
	case "expire":
		err = s.Expire(id)
	case "dispute":
		err = s.Dispute(id, "", "")
	default:
		http.NotFound(w, r)
		return
	}
	switch {
	case errors.Is(err, ErrState):
		s.writePage(w, http.StatusConflict, before, err.Error())
	case err != nil:
		s.writePage(w, http.StatusBadRequest, before, err.Error())
	default:
		http.Redirect(w, r, target, http.StatusSeeOther)
	}
}

// writePage shows the invoice with the buttons its state allows.
func (s *Sim) writePage(w http.ResponseWriter, status int, i Invoice, message string) {
	page := simkit.PayPage{
		Provider:    "merchant",
		Amount:      i.Due.StringFixed(s.cfg.Subunit) + " " + i.Currency,
		Description: s.cfg.StoreName,
		Status:      string(i.Status),
		Message:     message,
		Details:     []simkit.Detail{{Name: "Invoice", Value: i.ID}, {Name: "Expires", Value: stamp(i.ExpireAt)}},
		ReturnURL:   i.CancelURL,
	}
	if i.Status == StatusPaid {
		page.ReturnURL = i.SuccessURL
		page.Details = append(page.Details, simkit.Detail{Name: "Received", Value: i.Received.StringFixed(s.cfg.Subunit)})
	}
	var deal *Deal
	if len(i.Deals) > 0 {
		deal = &i.Deals[len(i.Deals)-1]
		page.Details = append(page.Details, dealDetails(*deal)...)
	}
	page.Buttons = s.buttons(i, deal)
	simkit.WritePayPage(w, status, page)
}

// dealDetails are the rows that tell the payer where to send the money.
func dealDetails(d Deal) []simkit.Detail {
	out := []simkit.Detail{
		{Name: "Deal", Value: string(d.Status)},
		{Name: "Pay by", Value: d.Option + ", " + d.MethodName},
		{Name: "Pay until", Value: stamp(d.Deadline)},
	}
	if d.Requisites != nil {
		out = append(out,
			simkit.Detail{Name: "Requisites", Value: d.Requisites.Requisites},
			simkit.Detail{Name: "Holder", Value: d.Requisites.Holder})
	}
	return out
}

// buttons lists the moves that the invoice's state allows.
func (s *Sim) buttons(i Invoice, deal *Deal) []simkit.Button {
	var out []simkit.Button
	add := func(label, action string, fields []simkit.Detail, inputs ...simkit.Input) {
		out = append(out, simkit.Button{
			Label: label, Action: s.publicURL() + "/pay/" + i.ID + "/" + action, Fields: fields, Inputs: inputs,
		})
	}
	active := deal != nil && deal.Active
	switch {
	case i.Type == directionOut:
		if i.Status == StatusNew || i.Status == StatusDispute {
			add("Trader: money sent", "complete", nil)
		}
	case i.Status == StatusNew && !active:
		for _, v := range s.variantsOf(i.ID) {
			add(v.Option+" "+v.MethodName, "start", []simkit.Detail{{Name: "variant", Value: v.Option + "/" + v.Method}})
		}
	case i.Status == StatusNew:
		more := i.Due.Add(decimal.NewFromInt(10)).StringFixed(s.cfg.Subunit)
		add("Pay exactly", "pay", nil)
		add("Pay less", "pay-amount", nil, simkit.Input{Name: "amount", Value: s.half(i)})
		add("Pay more", "pay-amount", nil, simkit.Input{Name: "amount", Value: more})
		if deal.Status == DealWaiting {
			add("I have sent the transfer", "confirm", nil)
		} else {
			add("Trader: money arrived", "complete", nil)
		}
	case i.Status == StatusDispute:
		add("Support: money arrived", "complete", nil)
	case i.Status == StatusExpired:
		add("Pay late", "pay", nil)
	}
	if i.Status == StatusNew || i.Status == StatusDispute {
		add("Cancel", "cancel", nil)
		add("Let it expire", "expire", nil)
	}
	if deal != nil && i.Status != StatusDispute && i.Status != StatusCanceled {
		add("Open a dispute", "dispute", nil)
	}
	return out
}

// variantsOf returns what the payer may choose on the page.
func (s *Sim) variantsOf(id string) []Variant {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(id, s.cfg.Now())
	if i == nil {
		return nil
	}
	return s.available(i)
}
