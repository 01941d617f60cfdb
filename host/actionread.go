package host

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/pay"
)

// readAction asks for an action that changes nothing. Like every look at a provider it keeps the rate limits and deadlines, goes
// on while the account is paused or closed, and is neither held back by a breaker nor counted by one.
func (h *Host) readAction(ctx context.Context, req RunAction, t actionTarget, files heldFiles) (*ActionResult, error) {
	done, err := h.begin()
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	if err := h.pace(ctx, t.account, pay.CanRunAction); err != nil {
		return nil, err
	}
	use, err := h.openFor(ctx, t.account, routeTo(orElse(t.invoice.ID, t.id)))
	if err != nil {
		return nil, err
	}
	defer use.release()
	ctx, cut := use.within(ctx, CallAction)
	defer cut()
	frame := h.readCall(ctx, t.account)
	result, err := h.callAction(pay.WithCall(ctx, frame), use.account, frame, req, t, files)
	use.transport(err)
	if err != nil {
		return nil, err
	}
	if err := checkOutput(result.Output, t.account.Provider, req.Name); err != nil {
		return nil, err
	}
	return &ActionResult{Output: result.Output}, nil
}

// checkOutput refuses what no caller could read. What is larger than [pay.MaxActionOutput] never comes here.
func checkOutput(output json.RawMessage, provider, action string) *pay.Error {
	if len(output) == 0 || json.Valid(output) {
		return nil
	}
	return &pay.Error{
		Kind: pay.KindPluginFault, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNever},
		Message: "what plugin " + provider + " put out for action " + quoteShort(action) + " is not valid JSON",
	}
}

// actionOutput is the result of an action in the journal. It is an object of its own, so that an action without an output
// is told from one that was settled by a look, whose stored result is the object that was looked at and has no member of this name.
type actionOutput struct {
	Output json.RawMessage `json:"output,omitempty"`
}

// storedOutput is the output that a journalled result holds; nil when there is none.
func storedOutput(result json.RawMessage) json.RawMessage {
	var stored actionOutput
	if err := json.Unmarshal(result, &stored); err != nil {
		return nil
	}
	return stored.Output
}
