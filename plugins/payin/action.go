package payin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// errNotListed is a line of a listing without an id or a status.
var errNotListed = errors.New("a line without an id or a status")

// actions describe what [account.RunAction] runs: what the provider offers and no capability carries.
func actions() []pay.ActionSpec {
	read := func(name, title string, input string, output json.RawMessage) pay.ActionSpec {
		return pay.ActionSpec{
			Name: name, Title: title, Effect: pay.EffectRead, Subject: pay.SubjectAccount, Input: json.RawMessage(input), Output: output,
		}
	}
	change := func(name, title, input, output string) pay.ActionSpec {
		return pay.ActionSpec{
			Name: name, Title: title, Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(input), Output: json.RawMessage(output), Resolution: pay.ResolveHuman,
		}
	}
	return []pay.ActionSpec{
		read(actionFindPayments, "Find a payer's latest incoming payments", findPaymentsInput, json.RawMessage(findPaymentsOutput)),
		read(actionListPayments, "List a user's last incoming payments", listInput, listOutput(incomingNames)),
		read(actionFindOutgoing, "Find an outgoing payment by its number", findOutgoingInput, json.RawMessage(findOutgoingOutput)),
		read(actionListOutgoing, "List a user's last outgoing payments", listInput, listOutput(outgoingNames)),
		change(actionRegisterUser, "Register a user of the provider", registerInput, registerOutput),
		read(actionFindUser, "Find a user of the provider by e-mail or phone", findUserInput, json.RawMessage(findUserOutput)),
		change(actionCreateShop, "Create a shop of the operator", shopInput, shopOutput),
	}
}

// RunAction runs one of [actions].
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	run, known := map[string]func(context.Context, json.RawMessage) (pay.ActionResult, error){
		actionFindPayments: a.findPayments,
		actionListPayments: a.listPayments,
		actionFindOutgoing: a.findOutgoingPayment,
		actionListOutgoing: a.listOutgoing,
		actionRegisterUser: a.registerUser,
		actionFindUser:     a.findUser,
		actionCreateShop:   a.createShop,
	}[req.Name]
	if !known {
		return pay.ActionResult{}, pay.Unsupported("action " + httpx.Scrub(clip(req.Name)))
	}
	if len(req.Attachments) > 0 {
		return pay.ActionResult{}, pay.Unsupported("attachments of " + req.Name)
	}
	return run(ctx, req.Input)
}

// decodeInput reads the input of an action strictly, absent being empty. Its error never repeats a value, because one may be
// a password.
func decodeInput(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return pay.Invalid("input", "does not have the documented form")
	}
	return nil
}

// told is the result of an action.
func told(report pay.Report, output any) (pay.ActionResult, error) {
	raw, err := json.Marshal(output)
	if err != nil {
		return pay.ActionResult{}, pay.Errorf(pay.KindInternal, "the output cannot be written: %w", err)
	}
	return pay.ActionResult{Report: report, Output: raw}, nil
}

// absent is the error for an empty list where an object is searched.
func absent(got answer, what string) *pay.Error {
	return &pay.Error{Kind: pay.KindNotFound, Message: "the provider knows no such " + what, Report: got.report()}
}

// asNotFound reports whether err says that the provider knows no such object.
func asNotFound(err error) (*pay.Error, bool) {
	e, ok := errors.AsType[*pay.Error](err)
	return e, ok && e.Kind == pay.KindNotFound
}
