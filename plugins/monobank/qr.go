package monobank

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The calls for QR cash desks. An amount is put on a desk by a create with
// provider_options.qr_id.
const (
	pathQRList    = "/api/merchant/qr/list"
	pathQRDetails = "/api/merchant/qr/details"
	pathQRReset   = "/api/merchant/qr/reset-amount"
)

// qrBusyPause is the wait before a desk whose amount is being paid is worth another try.
const qrBusyPause = 30 * time.Second

const qrIDInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["qr_id"],
  "properties": {"qr_id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Id of the desk, as qr_list shows it."}}
}`

const qrListOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["desks"],
  "properties": {"desks": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["qr_id", "amount_type"],
    "properties": {
      "qr_id": {"type": "string", "description": "Id of the desk, for qr_details, qr_reset and provider_options.qr_id of a create."},
      "short_qr_id": {"type": "string", "description": "Short id, as the statement shows it."},
      "amount_type": {"type": "string", "description": "Who sets the amount: merchant, client or fix; another word is the provider's own."},
      "page_url": {"type": "string", "description": "Where the QR code leads."}}}}}
}`

const qrDetailsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["qr_id", "amount_set"],
  "properties": {
      "qr_id": {"type": "string"},
      "short_qr_id": {"type": "string"},
      "amount_set": {"type": "boolean", "description": "Whether an amount waits on the desk for a payer."},
      "invoice_id": {"type": "string", "description": "The provider's id of the invoice whose amount it is."},
      ` + statedSchema + `}
}`

const qrResetOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["qr_id", "reset"],
  "properties": {"qr_id": {"type": "string"}, "reset": {"type": "boolean", "description": "Always true: the desk has no amount any more."}}
}`

func qrActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "qr_list", Title: "List the QR cash desks", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(noInput), Output: json.RawMessage(qrListOutput),
		},
		run: on((*account).qrList),
	}, {
		spec: pay.ActionSpec{
			Name: "qr_details", Title: "Show the amount on a QR cash desk", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(qrIDInput), Output: json.RawMessage(qrDetailsOutput),
		},
		run: on((*account).qrDetails),
	}, {
		spec: pay.ActionSpec{
			Name: "qr_reset", Title: "Take the amount off a QR cash desk", Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(qrIDInput), Output: json.RawMessage(qrResetOutput),
			// The adapter looks by itself; what it cannot see then, only a person can.
			Resolution: pay.ResolveHuman,
		},
		run: on((*account).qrReset),
	}}
}

type qrInput struct {
	QrID string `json:"qr_id"`
}

type qrDesk struct {
	QrID       string `json:"qr_id"`
	ShortQrID  string `json:"short_qr_id,omitempty"`
	AmountType string `json:"amount_type"`
	PageURL    string `json:"page_url,omitempty"`
}

type qrDesks struct {
	Desks []qrDesk `json:"desks"`
}

// qrList lists the desks, also those that were never activated.
func (a *account) qrList(ctx context.Context, _ struct{}) (qrDesks, pay.Report, error) {
	res, err := a.get(ctx, pathQRList, nil)
	if err != nil {
		return qrDesks{}, pay.Report{}, err
	}
	rows, ok := readQRList(res.Body)
	if !ok {
		return qrDesks{}, pay.Report{}, res.Garbled("it is not a list of QR desks of the documented form")
	}
	return qrDesks{rows}, report(res), nil
}

func readQRList(body []byte) ([]qrDesk, bool) {
	var answer struct {
		List json.RawMessage `json:"list"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, false
	}
	rows, ok := readList[struct {
		QrID       text `json:"qrId"`
		ShortQrID  text `json:"shortQrId"`
		AmountType text `json:"amountType"`
		PageURL    text `json:"pageUrl"`
	}](answer.List)
	out := make([]qrDesk, 0, len(rows))
	for _, row := range rows {
		if row.QrID == "" {
			return nil, false
		}
		out = append(out, qrDesk{string(row.QrID), string(row.ShortQrID), string(row.AmountType), page(row.PageURL)})
	}
	return out, ok
}

type qrAmount struct {
	QrID      string `json:"qr_id"`
	ShortQrID string `json:"short_qr_id,omitempty"`
	AmountSet bool   `json:"amount_set"`
	InvoiceID string `json:"invoice_id,omitempty"`
	stated
}

// qrDetails shows what waits on a desk. The provider knows activated desks only:
// one that qr_list shows may be absent here.
func (a *account) qrDetails(ctx context.Context, in qrInput) (qrAmount, pay.Report, error) {
	if err := required("input.qr_id", in.QrID); err != nil {
		return qrAmount{}, pay.Report{}, err
	}
	out, res, err := a.desk(ctx, in.QrID)
	if err != nil {
		if errors.Is(err, pay.KindNotFound) {
			err = reworded(err, "the provider knows no such QR desk, or it is not activated yet")
		}
		return qrAmount{}, pay.Report{}, err
	}
	return out, report(res), nil
}

// desk reads qr/details of one desk.
func (a *account) desk(ctx context.Context, id string) (qrAmount, *httpx.Response, error) {
	res, err := a.get(ctx, pathQRDetails, url.Values{"qrId": {id}})
	if err != nil {
		return qrAmount{}, nil, err
	}
	out, ok := readQRDetails(res.Body)
	if !ok {
		return qrAmount{}, nil, res.Garbled("it is not a QR desk of the documented form")
	}
	out.QrID = id
	return out, res, nil
}

// readQRDetails reads a desk. Any of the three members that come with an amount
// means that there is one.
func readQRDetails(body []byte) (qrAmount, bool) {
	var answer struct {
		ShortQrID text  `json:"shortQrId"`
		Amount    minor `json:"amount"`
		Ccy       minor `json:"ccy"`
		InvoiceID text  `json:"invoiceId"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.ShortQrID == "" {
		return qrAmount{}, false
	}
	return qrAmount{
		ShortQrID: string(answer.ShortQrID), InvoiceID: string(answer.InvoiceID), stated: statedAmount(answer.Amount, answer.Ccy),
		AmountSet: answer.Amount.set || answer.InvoiceID != "",
	}, true
}

type qrResult struct {
	QrID  string `json:"qr_id"`
	Reset bool   `json:"reset"`
}

// qrReset takes the amount off a desk. Taking it off twice does no harm, but it
// is sent once: a new amount may have been put there meanwhile. Where the answer
// is lost, a look at the desk tells whether anything is left to do.
func (a *account) qrReset(ctx context.Context, in qrInput) (qrResult, pay.Report, error) {
	if err := required("input.qr_id", in.QrID); err != nil {
		return qrResult{}, pay.Report{}, err
	}
	done := qrResult{in.QrID, true}
	res, err := a.post(ctx, pathQRReset, map[string]string{"qrId": in.QrID})
	if err == nil && !emptyAnswer(res.Body) {
		err = res.Garbled("it is not an empty answer")
	}
	if err == nil {
		return done, report(res), nil
	}
	e := pay.AsError(err)
	switch {
	case e.ProviderCode == "ORDER_IN_PROGRESS":
		out := *e
		out.Message = "the amount on the QR desk is being paid now, and cannot be taken off"
		out.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: qrBusyPause}
		return qrResult{}, pay.Report{}, &out
	case e.WasExecuted() != pay.ExecutedUnknown:
		return qrResult{}, pay.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	seen, look, failed := a.desk(ctx, in.QrID)
	if failed != nil || seen.AmountSet {
		return qrResult{}, pay.Report{}, reworded(err, e.Message+"; see qr_details for whether the desk still has an amount")
	}
	return done, report(look), nil
}

// reworded is an error of the same meaning with a message that tells more.
func reworded(err error, message string) error {
	out := *pay.AsError(err)
	out.Message = message
	return &out
}
