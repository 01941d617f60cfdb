package monobanksim

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Names of the operations on QR desks.
const (
	OpQRList    = "qr/list"
	OpQRDetails = "qr/details"
	OpQRReset   = "qr/reset-amount"
)

// Who sets the amount of a desk.
const (
	AmountByMerchant = "merchant"
	AmountByClient   = "client"
	AmountFixed      = "fix"
)

// Desk is a QR cash desk.
type Desk struct {
	// QrID is the bank's id; ShortQrID the short one. Empty means made up.
	QrID      string `json:"qr_id"`
	ShortQrID string `json:"short_qr_id"`
	// AmountType is one of the Amount constants; empty means merchant.
	AmountType string `json:"amount_type"`
	// Inactive says that the desk was never activated: qr/list shows it, the other calls answer 404.
	Inactive bool `json:"inactive,omitempty"`
	// InvoiceID is the invoice whose amount was put on the desk last; empty after a reset. The amount is on the desk
	// while that invoice can be paid.
	InvoiceID string `json:"invoice_id,omitempty"`
}

// AddDesk adds a QR desk and returns it as it was added. The name must not be taken.
func (s *Sim) AddDesk(d Desk) (Desk, error) {
	if d.AmountType == "" {
		d.AmountType = AmountByMerchant
	}
	if !slices.Contains([]string{AmountByMerchant, AmountByClient, AmountFixed}, d.AmountType) {
		return d, fmt.Errorf("monobanksim: unknown amount type %q of a desk", d.AmountType)
	}
	if d.QrID == "" {
		d.QrID = "XJ_" + randomFrom(alphanumeric, 9)
	}
	if d.ShortQrID == "" {
		d.ShortQrID = randomFrom(alphanumeric, 6)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.findDesk(d.QrID) != nil {
		return d, fmt.Errorf("monobanksim: desk %q exists: %w", d.QrID, ErrImpossible)
	}
	s.own.desks = append(s.own.desks, &d)
	return d, nil
}

// Desks returns snapshots of the QR desks in the order added.
func (s *Sim) Desks() []Desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Desk, 0, len(s.own.desks))
	for _, d := range s.own.desks {
		out = append(out, *d)
	}
	return out
}

// findDesk returns the desk with this id, or nil. The caller holds mu.
func (s *Sim) findDesk(id string) *Desk {
	i := slices.IndexFunc(s.own.desks, func(d *Desk) bool { return d.QrID == id })
	if i < 0 {
		return nil
	}
	return s.own.desks[i]
}

// onDesk returns the invoice whose amount is on the desk, or nil. The caller holds mu.
func (s *Sim) onDesk(d *Desk) *Invoice {
	inv, found := s.byID[d.InvoiceID]
	if !found {
		return nil
	}
	s.age(inv)
	if inv.Removed || !slices.Contains([]string{StatusCreated, StatusProcessing, StatusFailure}, inv.Status) {
		return nil
	}
	return inv
}

// checkDesk says why no amount can be put on the desk. What happens to an amount that is on it already is not
// documented: it is replaced here, but not while somebody pays it. The caller holds mu.
func (s *Sim) checkDesk(id string) *apiError {
	d := s.findDesk(id)
	if d == nil || d.Inactive {
		return notFound("1004", "qr not found")
	}
	if d.AmountType != AmountByMerchant {
		return badRequest("the amount of this qr is set by %s", d.AmountType)
	}
	if inv := s.onDesk(d); inv != nil && inv.Status == StatusProcessing {
		return orderInProgress()
	}
	return nil
}

// putOnDesk puts the amount of an invoice on a desk that [Sim.checkDesk] found free. The caller holds mu.
func (s *Sim) putOnDesk(id string, inv *Invoice) {
	if d := s.findDesk(id); d != nil {
		d.InvoiceID = inv.InvoiceID
	}
}

func orderInProgress() *apiError {
	return &apiError{http.StatusBadRequest, "ORDER_IN_PROGRESS", "order in progress"}
}

type deskView struct {
	ShortQrID  string `json:"shortQrId"`
	QrID       string `json:"qrId"`
	AmountType string `json:"amountType"`
	PageURL    string `json:"pageUrl"`
}

// qrList plays GET /api/merchant/qr/list.
func (s *Sim) qrList(r *http.Request, _ []byte) (any, *apiError) {
	if _, failed := exactQuery(r); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []deskView{}
	for _, d := range s.own.desks {
		list = append(list, deskView{d.ShortQrID, d.QrID, d.AmountType, s.base(r.Host) + "/qr/" + d.QrID})
	}
	return map[string]any{"list": list}, nil
}

type deskAmount struct {
	ShortQrID string `json:"shortQrId"`
	InvoiceID string `json:"invoiceId,omitempty"`
	Amount    int64  `json:"amount,omitempty"`
	Currency  int32  `json:"ccy,omitempty"`
}

// qrDetails plays GET /api/merchant/qr/details.
func (s *Sim) qrDetails(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "qrId")
	if failed != nil {
		return nil, failed
	}
	if query["qrId"] == "" {
		return nil, badRequest("qrId is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.findDesk(query["qrId"])
	if d == nil || d.Inactive {
		return nil, notFound("1004", "qr not found")
	}
	out := deskAmount{ShortQrID: d.ShortQrID}
	if inv := s.onDesk(d); inv != nil {
		out.InvoiceID, out.Amount, out.Currency = inv.InvoiceID, inv.Amount, inv.Currency
	}
	return out, nil
}

// qrReset plays POST /api/merchant/qr/reset-amount. The invoice itself stays as it is: the bank does not say that it ends.
func (s *Sim) qrReset(_ *http.Request, body []byte) (any, *apiError) {
	var id string
	if err := decodeExact(body, map[string]any{"qrId": &id}); err != nil {
		return nil, badRequest("%v", err)
	}
	if id == "" {
		return nil, badRequest("qrId is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.findDesk(id)
	if d == nil || d.Inactive {
		return nil, notFound("1004", "qr not found")
	}
	if inv := s.onDesk(d); inv != nil && inv.Status == StatusProcessing {
		return nil, orderInProgress()
	}
	d.InvoiceID = ""
	s.did(OpQRReset, &Invoice{}, id, 0)
	return nil, nil
}

// mountDesks adds GET and POST /_sim/desks; POST takes a [Desk].
func (s *Sim) mountDesks() {
	s.mux.HandleFunc("GET /_sim/desks", func(w http.ResponseWriter, _ *http.Request) {
		simkit.WriteJSON(w, http.StatusOK, s.Desks())
	})
	simkit.Command(s.mux, "desks", func(d Desk) (any, error) { return s.AddDesk(d) })
}
