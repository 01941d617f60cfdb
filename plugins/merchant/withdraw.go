package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const withdrawInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["account_id", "amount", "address", "code_2fa"],
  "properties": {
    "account_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$", "description": "One of the action accounts."},
    "amount": {"type": "string", "pattern": "^[0-9]{1,18}([.][0-9]{1,8})?$", "description": "In USDT."},
    "address": {"type": "string", "pattern": "^[A-Za-z0-9:_-]{8,128}$", "description": "The wallet."},
    "code_2fa": {"type": "string", "pattern": "^[0-9]{4,10}$", "writeOnly": true,
      "description": "The code of the merchant's two-factor authentication, of this moment."},
    "subtract_fee_from_amount": {"type": "boolean", "default": false}
  }
}`

const withdrawOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["withdrawal_id"],
  "properties": {
    "withdrawal_id": {"type": "string"},
    "status": {"type": "string", "description": "The gateway's number, whose meaning it does not document: never take it for success."},
    "sum": {"type": "string"},
    "fee": {"type": "string"},
    "currency": {"type": "string"},
    "tx_id": {"type": "string"}
  }
}`

// withdrawalRequest is the input of withdraw.
type withdrawalRequest struct {
	AccountID string `json:"account_id"`
	Amount    string `json:"amount"`
	Address   string `json:"address"`
	Code      string `json:"code_2fa"`
	FeeInside bool   `json:"subtract_fee_from_amount"`
}

// withdrawalDTO is the body of a withdrawal; the last name is spelled as the gateway spells it.
type withdrawalDTO struct {
	AccountID string `json:"accountId"`
	Amount    string `json:"amount"`
	Address   string `json:"address"`
	Code      string `json:"code2FA"`
	FeeInside bool   `json:"substractFeeFromAmount"`
}

// withdraw sends USDT from the merchant's balance to a wallet. It is off unless
// the config switches it on, because it moves the merchant's own money, needs a
// person's code and cannot be looked up afterwards.
func (a *account) withdraw(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	var in withdrawalRequest
	if err := in.read(req); err != nil {
		return pay.ActionResult{}, err
	}
	if !a.withdrawals {
		return pay.ActionResult{}, pay.Unsupported("withdraw: withdrawals are off for this account (config key withdrawals); a withdrawal")
	}
	amount, err := pay.ParseMoneyIn(in.Amount, usdt())
	if err != nil || amount.Sign() <= 0 {
		return pay.ActionResult{}, pay.Invalid("input.amount", "is no positive amount in USDT")
	}
	raw, err := json.Marshal(withdrawalDTO{in.AccountID, amount.Value(), in.Address, in.Code, in.FeeInside})
	if err != nil {
		return pay.ActionResult{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written as JSON")
	}
	res, err := a.exchange(ctx, http.MethodPost, raw, "api", "merchant", "withdrawals")
	if err != nil {
		return pay.ActionResult{}, hide(blameInput(err), in.Code, in.Address)
	}
	return withdrawn(res)
}

func (w *withdrawalRequest) read(req pay.Action) error {
	if err := decodeStrict(req.Input, w, "input"); err != nil {
		return err
	}
	switch {
	case !isToken(w.AccountID):
		return pay.Invalid("input.account_id", "must be the id of an account, see the action accounts")
	case !isDecimal(w.Amount):
		return pay.Invalid("input.amount", "must be a decimal number")
	case !isToken(strings.ReplaceAll(w.Address, ":", "")):
		return pay.Invalid("input.address", "must be the address of a wallet")
	case len(w.Code) < 4 || len(w.Code) > 10 || strings.Trim(w.Code, "0123456789") != "":
		return pay.Invalid("input.code_2fa", "must be the present code of the two-factor authentication")
	}
	return nil
}

// withdrawn reads the answer. Its status is a number without a documented
// meaning and is handed on as such; amounts that cannot be believed are left out.
func withdrawn(res *httpx.Response) (pay.ActionResult, error) {
	var dto struct {
		ID     idText          `json:"id"`
		Status json.RawMessage `json:"status"`
		Sum    *amountDTO      `json:"sum"`
		Fee    *amountDTO      `json:"fee"`
		TxID   *string         `json:"txId"`
	}
	if json.Unmarshal(res.Body, &dto) != nil || dto.ID == "" {
		return pay.ActionResult{}, res.Garbled("it is no withdrawal")
	}
	out := map[string]string{"withdrawal_id": clip(string(dto.ID))}
	var status scalarText
	if json.Unmarshal(dto.Status, &status) == nil && status != "" {
		out["status"] = clip(string(status))
	}
	var warnings []string
	sum, err := dto.Sum.money()
	if err != nil || !sum.IsSet() {
		warnings = append(warnings, "the sum of the withdrawal cannot be read")
	} else {
		out["sum"], out["currency"] = sum.Value(), sum.Code()
	}
	if fee, err := dto.Fee.money(); err == nil && fee.IsSet() && fee.Code() == sum.Code() {
		out["fee"] = fee.Value()
	}
	if id := text(dto.TxID); id != "" {
		out["tx_id"] = clipTo(id, maxName)
	}
	result, err := answered(res, out)
	result.Report.Warnings = warnings
	return result, err
}

// hide takes texts of the caller's out of what a refusal repeats.
func hide(err error, texts ...string) error {
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		return err
	}
	e.Message, e.ProviderMessage = httpx.Scrub(e.Message, texts...), httpx.Scrub(e.ProviderMessage, texts...)
	for i := range e.Fields {
		e.Fields[i].Message = httpx.Scrub(e.Fields[i].Message, texts...)
	}
	return e
}
