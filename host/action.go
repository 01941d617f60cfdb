package host

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// RunAction is a request for one of a provider's own extras. Its JSON form is the body of
// POST /v1/invoices/{id}/actions/{name} and /v1/accounts/{id}/actions/{name}.
type RunAction struct {
	// IdempotencyKey is required for every action but those that only read.
	IdempotencyKey string `json:"-"`
	// Invoice or Account names what it acts on; one of them.
	Invoice string `json:"-"`
	Account string `json:"-"`
	// Name is one of the manifest's actions.
	Name string `json:"-"`
	// Input is valid against the action's schema.
	Input json.RawMessage `json:"input,omitempty"`
	// Attachments are files, of at most 16 MiB each.
	Attachments []pay.Attachment `json:"-"`
}

// ActionResult is what an action answered.
type ActionResult struct {
	Operation string          `json:"operation,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"`
	Invoice   *Invoice        `json:"invoice,omitempty"`
	// Replayed says that this is the stored result of an earlier call with the same key.
	Replayed bool `json:"-"`
}

// RunAction runs a provider's own extra. One that only reads is asked for at once; any other is a journalled
// operation with a key, like every command.
func (h *Host) RunAction(ctx context.Context, req RunAction) (*ActionResult, error) {
	x, spec, err := h.prepareAction(ctx, req)
	if err != nil {
		return nil, err
	}
	if spec.Effect == pay.EffectRead {
		return h.readAction(ctx, req, x)
	}
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	if len(req.Attachments) > 0 {
		return nil, pay.Unsupported("an attachment of an action that changes something")
	}
	fingerprint, err := h.fingerprint(pay.OpAction, x.account.ID, req.Invoice+"/"+req.Name, req.Input)
	if err != nil {
		return nil, err
	}
	c := command{
		kind: pay.OpAction, action: req.Name, key: req.IdempotencyKey, account: x.account, manifest: x.manifest,
		fingerprint: fingerprint, request: req, objectType: objectAccount, objectID: x.account.ID,
		resolution: orElse(spec.Resolution, pay.ResolveHuman),
		intend: func(ctx context.Context, tx *store.Tx, op *store.Operation) error {
			if op.InvoiceID == "" {
				return nil
			}
			inv, err := tx.Invoice(ctx, op.InvoiceID)
			if err != nil {
				return err
			}
			return h.allowed(pay.OpAction, inv, x.account, pay.Money{})
		},
		call: func(ctx context.Context, account pay.Account, frame pay.Call, _ store.Operation) (effect, error) {
			result, err := h.callAction(ctx, account, frame, req, x)
			return effect{invoice: result.Invoice, output: result.Output}, err
		},
	}
	if x.invoice.ID != "" {
		c.objectType, c.objectID, c.invoiceID, c.customerID = objectInvoice, x.invoice.ID, x.invoice.ID, x.invoice.CustomerID
	}
	a, err := h.execute(ctx, c)
	if err != nil && len(a.raw) == 0 {
		return nil, err
	}
	result := &ActionResult{Operation: a.op.ID, Replayed: a.replayed}
	if a.op.State == store.OperationDone {
		result.Output = a.op.Result
	}
	if x.invoice.ID != "" {
		view, bad := h.invoiceView(ctx, x.invoice.ID)
		if bad != nil {
			return nil, bad
		}
		result.Invoice = view
	}
	return result, err
}

func (h *Host) prepareAction(ctx context.Context, req RunAction) (changed, pay.ActionSpec, error) {
	var x changed
	var err error
	if err = h.ready(ctx); err != nil {
		return x, pay.ActionSpec{}, err
	}
	if req.Invoice != "" {
		x, err = h.existing(ctx, req.Invoice)
	} else {
		if x.account, err = h.account(ctx, req.Account); err == nil {
			x.manifest, err = h.manifest(x.account.Provider)
		}
	}
	if err != nil {
		return x, pay.ActionSpec{}, err
	}
	subject := pay.SubjectAccount
	if req.Invoice != "" {
		subject = pay.SubjectInvoice
	}
	for _, spec := range x.manifest.Actions {
		if spec.Name != req.Name || spec.Subject != subject {
			continue
		}
		var problems fieldErrors
		input := req.Input
		if len(input) == 0 {
			input = json.RawMessage(`{}`)
		}
		if len(spec.Input) > 0 {
			if err := h.schemas.check(spec.Input, input, "input", &problems); err != nil {
				return x, spec, pay.Errorf(pay.KindPluginFault, "provider %s declares an unusable schema of %s: %w", x.account.Provider, req.Name, err)
			}
		}
		if len(req.Attachments) > spec.MaxAttachments {
			problems.add("attachments", "at most %d are taken", spec.MaxAttachments)
		}
		return x, spec, problems.err()
	}
	e := pay.Unsupported("action " + quoteShort(req.Name))
	e.Message = "provider " + x.account.Provider + " has no action " + quoteShort(req.Name) + " on " + string(subject)
	return x, pay.ActionSpec{}, e
}

func (h *Host) callAction(ctx context.Context, account pay.Account, frame pay.Call, req RunAction, x changed) (pay.ActionResult, error) {
	runner, err := pay.Offered[pay.ActionProvider](account, pay.CanRunAction)
	if err != nil {
		return pay.ActionResult{}, err
	}
	action := pay.Action{Call: frame, Name: req.Name, Input: req.Input, Attachments: req.Attachments}
	if len(action.Input) == 0 {
		action.Input = json.RawMessage(`{}`)
	}
	if x.invoice.ID != "" {
		ref := refOf(h.fresh(ctx, x.invoice))
		action.Invoice = &ref
	}
	return runner.RunAction(ctx, action)
}

func (h *Host) readAction(ctx context.Context, req RunAction, x changed) (*ActionResult, error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Adapter)
	defer cancel()
	use, err := h.open(ctx, x.account, route{object: x.invoice.ID})
	if err != nil {
		return nil, err
	}
	defer use.release()
	frame := h.readCall(ctx, x.account)
	result, err := h.callAction(pay.WithCall(ctx, frame), use.account, frame, req, x)
	use.transport(err)
	if err != nil {
		return nil, err
	}
	return &ActionResult{Output: result.Output}, nil
}
