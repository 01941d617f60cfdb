package merchant

import (
	"context"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// reasonInvalidSum is the reason that needs the amount claimed.
const reasonInvalidSum = "invalid_sum"

const disputeInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["reason"],
  "properties": {
    "reason": {"enum": ["unknown", "has_payment", "no_payment", "invalid_sum", "invalid_requisites"]},
    "amount": {"type": "string", "pattern": "^[0-9]{1,18}([.][0-9]{1,8})?$",
      "description": "What the payer really sent, in the invoice's currency. Required with invalid_sum and refused otherwise."},
    "deal_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$",
      "description": "The deal that was paid. Absent: the active one, or else the last."}
  }
}`

// disputeReasons are the documented values of DisputeReason.
func disputeReasons() []string {
	return []string{"unknown", "has_payment", "no_payment", reasonInvalidSum, "invalid_requisites"}
}

// openDispute claims that the payer has paid, with a proof. It is an outward
// action that people act on, so the invoice is read before: only one that is
// unpaid, or paid with a sum that is claimed to be wrong, and that was never
// disputed before, is. That also makes a lost answer readable: a dispute that
// shows is this one.
func (a *account) openDispute(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	var in disputeRequest
	if err := in.read(req); err != nil {
		return pay.ActionResult{}, err
	}
	file, err := oneFile(req.Attachments)
	if err != nil {
		return pay.ActionResult{}, err
	}
	before, res, err := a.readBefore(ctx, *req.Invoice)
	if err != nil {
		return pay.ActionResult{}, err
	}
	if why := in.refuse(before); why != "" {
		return pay.ActionResult{}, notNow(res, why)
	}
	about, ok := in.choose(before)
	if !ok {
		return pay.ActionResult{}, notNow(res, "the invoice has no such deal")
	}
	fields := []formField{{"dealId", string(about.ID)}, {"disputeReason", in.Reason}}
	if in.Reason == reasonInvalidSum {
		sums, err := readSums(before)
		if err != nil {
			return pay.ActionResult{}, notNow(res, "the gateway's amounts cannot be believed")
		}
		claimed, err := pay.ParseMoneyIn(in.Amount, sums.asked.Currency())
		if err != nil || claimed.Sign() <= 0 {
			return pay.ActionResult{}, pay.Invalid("input.amount", "is no positive amount in %s", sums.asked.Code())
		}
		fields = append(fields, formField{"disputeReasonData[amount]", claimed.Value()})
	}
	body, err := newForm(file, fields...)
	if err != nil {
		return pay.ActionResult{}, err
	}
	return a.upload(ctx, *req.Invoice, "dispute", body, func(inv invoice) (deal, bool) {
		d, found := inv.dealByID(string(about.ID))
		return d, found && inv.Status == "dispute"
	})
}

// disputeRequest is the input of open_dispute.
type disputeRequest struct {
	Reason string `json:"reason"`
	Amount string `json:"amount"`
	DealID string `json:"deal_id"`
}

func (d *disputeRequest) read(req pay.Action) error {
	if err := decodeStrict(req.Input, d, "input"); err != nil {
		return err
	}
	switch {
	case !slices.Contains(disputeReasons(), d.Reason):
		return pay.Invalid("input.reason", "must be one of the documented reasons")
	case d.Reason == reasonInvalidSum && d.Amount == "":
		return pay.Invalid("input.amount", "is needed with invalid_sum")
	case d.Reason != reasonInvalidSum && d.Amount != "":
		return pay.Invalid("input.amount", "belongs to invalid_sum only")
	case d.DealID != "" && !isToken(d.DealID):
		return pay.Invalid("input.deal_id", "is not an id of this gateway")
	}
	return nil
}

// refuse says why an invoice cannot be disputed, or nothing.
func (d *disputeRequest) refuse(inv invoice) string {
	switch inv.Status {
	case "new", "expired":
	case "paid":
		if d.Reason != reasonInvalidSum {
			return "the invoice is paid; only its sum can be disputed"
		}
	case "dispute":
		return "the invoice is under dispute already"
	case "canceled":
		return "the gateway takes no dispute on a canceled invoice"
	default:
		return "the invoice has a status that is not documented; ask the gateway's support"
	}
	for _, one := range inv.deals() {
		if one.disputed() {
			return "the invoice was disputed before; ask the gateway's support"
		}
	}
	return ""
}

// choose returns the deal that the dispute is about.
func (d *disputeRequest) choose(inv invoice) (deal, bool) {
	if d.DealID != "" {
		return inv.dealByID(d.DealID)
	}
	if active, ok := inv.activeDeal(); ok {
		return active, true
	}
	deals := inv.deals()
	if len(deals) == 0 {
		return deal{}, false
	}
	return deals[len(deals)-1], true
}
