package monobanksim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// statementRow is one operation. It has no created, expired or reversed: refunds show in cancelList.
type statementRow struct {
	InvoiceID     string            `json:"invoiceId"`
	Status        string            `json:"status"`
	MaskedPan     string            `json:"maskedPan"`
	Date          string            `json:"date"`
	PaymentScheme string            `json:"paymentScheme"`
	Amount        int64             `json:"amount"`
	ProfitAmount  *int64            `json:"profitAmount,omitempty"`
	Currency      int32             `json:"ccy"`
	ApprovalCode  string            `json:"approvalCode,omitempty"`
	RRN           string            `json:"rrn,omitempty"`
	Reference     string            `json:"reference,omitempty"`
	Destination   string            `json:"destination,omitempty"`
	ShortQrID     *string           `json:"shortQrId"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	CancelList    []statementCancel `json:"cancelList,omitempty"`
}

// statementCancel has no extRef and no status: a refund of ours cannot be told by it.
type statementCancel struct {
	Amount       int64  `json:"amount"`
	Currency     int32  `json:"ccy"`
	Date         string `json:"date"`
	MaskedPan    string `json:"maskedPan"`
	ApprovalCode string `json:"approvalCode,omitempty"`
	RRN          string `json:"rrn,omitempty"`
}

// statement plays GET /api/merchant/statement: the operations of a time, newest first, without pages; with code those of
// one submerchant. Whether the list without code has the submerchants' operations is not documented; here it has. An operation
// appears [Config].StatementDelay after it began; how long the bank takes is not documented.
func (s *Sim) statement(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "from", "to", "code")
	if failed != nil {
		return nil, failed
	}
	now := s.config.Now().UTC()
	from, err := strconv.ParseInt(query["from"], 10, 64)
	if err != nil {
		return nil, badRequest("from is required, in Unix seconds")
	}
	to := now.Unix()
	if text, given := query["to"]; given {
		if to, err = strconv.ParseInt(text, 10, 64); err != nil || to < from {
			return nil, badRequest("to must be Unix seconds, not before from")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	code, byCode := query["code"]
	seeded := func(inv *Invoice) bool { return inv.Code == code }
	if byCode && (code == "" || !s.hasSubmerchant(code) && !slices.ContainsFunc(s.invoices, seeded)) {
		return nil, badRequest("code: no such submerchant")
	}
	list := []statementRow{}
	for _, inv := range slices.Backward(s.invoices) {
		at := inv.operatedAt
		if byCode && inv.Code != code {
			continue
		}
		if at.IsZero() || at.Unix() < from || at.Unix() > to || now.Before(at.Add(s.config.StatementDelay)) {
			continue
		}
		list = append(list, s.statementRow(inv))
	}
	slices.SortStableFunc(list, func(a, b statementRow) int { return cmp.Compare(b.Date, a.Date) })
	return map[string]any{"list": list}, nil
}

// statementRow is how the statement shows the invoice. What it shows of a released hold is not documented; here it stays
// a hold whose money is in cancelList. The caller holds mu.
func (s *Sim) statementRow(inv *Invoice) statementRow {
	row := statementRow{
		InvoiceID: inv.InvoiceID, Status: inv.Status, MaskedPan: inv.card.MaskedPan, Date: wireTime(inv.operatedAt),
		PaymentScheme: "full", Amount: inv.Amount, Currency: inv.Currency, ApprovalCode: inv.card.ApprovalCode, RRN: inv.card.RRN,
		Reference: inv.Reference, Destination: inv.Destination, Metadata: inv.Metadata,
	}
	if inv.Captured > 0 {
		row.Amount = inv.Captured
		profit := inv.Captured - inv.card.Fee
		row.ProfitAmount = &profit
	}
	for _, f := range inv.Refunds {
		if f.Status == RefundSuccess {
			row.CancelList = append(row.CancelList, statementCancel{
				f.Amount, inv.Currency, wireTime(f.ModifiedAt), inv.card.MaskedPan, f.approvalCode, f.rrn})
		}
	}
	if inv.Status == StatusReversed {
		row.Status = StatusSuccess
		if inv.Captured == 0 {
			row.Status = StatusHold
		}
		if len(row.CancelList) == 0 {
			row.CancelList = []statementCancel{{row.Amount, inv.Currency, wireTime(inv.ModifiedAt), inv.card.MaskedPan, "", ""}}
		}
	}
	return row
}

// operated notes when the financial operation began. The caller holds mu.
func (inv *Invoice) operated(now time.Time) {
	if inv.operatedAt.IsZero() && slices.Contains([]string{StatusProcessing, StatusHold, StatusSuccess, StatusFailure}, inv.Status) {
		inv.operatedAt = now
	}
}
