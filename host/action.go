package host

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// RunAction is a request for one of a provider's own extras. Its JSON form is the body of
// POST /v1/invoices/{id}/actions/{name} and of the same below accounts, payouts, refunds and disputes.
type RunAction struct {
	// IdempotencyKey is required for every action but those that only read.
	IdempotencyKey string `json:"-"`
	// Invoice, Account, Payout, Refund or Dispute names what it acts on; exactly one of them.
	Invoice string `json:"-"`
	Account string `json:"-"`
	Payout  string `json:"-"`
	Refund  string `json:"-"`
	Dispute string `json:"-"`
	// Name is one of the manifest's actions on that kind of object.
	Name string `json:"-"`
	// Input is valid against the action's schema; empty means {}.
	Input json.RawMessage `json:"input,omitempty"`
	// Attachments are files, of at most 16 MiB each and 64 MiB together; the manifest says how many an action takes. The
	// host reads them before anything is sent. The same key must come with the same files: names, types and bytes.
	Attachments []pay.Attachment `json:"-"`
}

// ActionResult is what an action answered.
type ActionResult struct {
	// Operation is the id of the journalled operation; empty for an action that only reads.
	Operation string `json:"operation,omitempty"`
	// Output is the action's own answer, valid against its output schema. It is absent where the provider's answer was
	// lost and the host found out by other means that the action was carried out.
	Output json.RawMessage `json:"output,omitempty"`
	// Invoice is the invoice it acted on, or that of the refund or dispute, as it is now. Actions that only read leave it out.
	Invoice *Invoice `json:"invoice,omitempty"`
	// Payout is the payout it acted on, as it is now.
	Payout *Payout `json:"payout,omitempty"`
	// Replayed says that this is the stored result of an earlier call with the same key.
	Replayed bool `json:"-"`
}

// RunAction runs a provider's own extra. One that only reads is asked for at once, also on a paused account; any other is a
// journalled operation with a key, like every command: with an error of kind outcome_unknown the result is not nil.
func (h *Host) RunAction(ctx context.Context, req RunAction) (*ActionResult, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	t, err := h.actionTarget(ctx, req)
	if err != nil {
		return nil, err
	}
	spec, err := h.checkAction(req, t)
	if err != nil {
		return nil, err
	}
	if spec.Effect != pay.EffectRead {
		if err := checkKey(req.IdempotencyKey); err != nil {
			return nil, err
		}
	}
	files, err := holdFiles(req.Attachments, spec)
	if err != nil {
		return nil, err
	}
	if spec.Effect == pay.EffectRead {
		return h.readAction(ctx, req, t, files)
	}
	c, err := h.actionCommand(ctx, req, t, spec, files)
	if err != nil {
		return nil, err
	}
	a, err := h.execute(ctx, c)
	if err != nil && len(a.raw) == 0 {
		return nil, err
	}
	result := &ActionResult{Operation: a.op.ID, Replayed: a.replayed}
	if a.op.State == store.OperationDone {
		result.Output = storedOutput(a.op.Result)
	}
	if bad := h.showTarget(ctx, t, result); bad != nil {
		return nil, bad
	}
	return result, err
}

// actionOrder is what the journal keeps of an action. The bytes of its attachments are not kept: they may be large, and an
// action that had some is never sent again by the host.
type actionOrder struct {
	Subject     pay.Subject        `json:"subject"`
	ID          string             `json:"id"`
	Input       json.RawMessage    `json:"input,omitempty"`
	Attachments []attachmentDigest `json:"attachments,omitempty"`
}

// actionCommand makes the command of an action that does more than read.
func (h *Host) actionCommand(ctx context.Context, req RunAction, t actionTarget, spec pay.ActionSpec, files heldFiles) (command, error) {
	order := actionOrder{Subject: t.subject, ID: t.id, Input: req.Input, Attachments: files.digests()}
	var asked any = req.Input
	if len(files) > 0 {
		asked = order
	}
	fingerprint, err := h.fingerprint(pay.OpAction, t.account.ID, t.fingerprintID()+"/"+req.Name, asked)
	if err != nil {
		return command{}, err
	}
	resolution, err := h.actionResolution(ctx, t, spec, len(files) > 0)
	if err != nil {
		return command{}, err
	}
	c := command{
		kind: pay.OpAction, action: req.Name, key: req.IdempotencyKey, account: t.account, manifest: t.manifest,
		fingerprint: fingerprint, request: order, resolution: resolution,
		intend: func(ctx context.Context, tx *store.Tx, _ *store.Operation) error { return h.actionAllowed(ctx, tx, t) },
		call: func(ctx context.Context, account pay.Account, frame pay.Call, _ store.Operation) (effect, error) {
			result, err := h.callAction(ctx, account, frame, req, t, files)
			if err != nil {
				return effect{}, err
			}
			if err := checkOutput(result.Output, t.account.Provider, req.Name); err != nil {
				// The provider has acted all the same: what it did is looked for.
				err.Executed = pay.ExecutedYes
				if t.invoice.ID != "" {
					h.syncLater(t.invoice.ID)
				}
				return effect{}, err
			}
			return t.effectOf(result)
		},
	}
	t.bind(&c)
	return c, nil
}

// actionResolution is what can settle a lost answer of an action: what its manifest says, where that is possible here. Else a
// person must.
func (h *Host) actionResolution(ctx context.Context, t actionTarget, spec pay.ActionSpec, attached bool) (pay.Resolution, error) {
	switch spec.Resolution {
	case pay.ResolveResend:
		if attached { // the journal does not keep the bytes
			return pay.ResolveHuman, nil
		}
		return pay.ResolveResend, nil
	case pay.ResolveAbandon:
		if t.subject == pay.SubjectInvoice {
			return pay.ResolveAbandon, nil
		}
	case pay.ResolveLookup:
		if t.subject != pay.SubjectInvoice { // only invoices show what an action left
			return pay.ResolveHuman, nil
		}
		before, err := h.tracesOf(ctx, t.invoice.ID)
		if err != nil {
			return "", err
		}
		if there, _ := leftTrace(spec.Leaves, before); !there {
			return pay.ResolveLookup, nil
		}
		// What the action would leave is there already, so that seeing it again proves nothing.
	case pay.ResolveHuman, "":
	}
	return pay.ResolveHuman, nil
}

// tracesOf is what the host holds of an invoice where actions leave their traces.
func (h *Host) tracesOf(ctx context.Context, invoice string) (pay.InvoiceState, error) {
	attempts, err := h.store.Attempts(ctx, invoice)
	if err != nil {
		return pay.InvoiceState{}, storageError(err)
	}
	rows, err := h.store.Disputes(ctx, invoice)
	if err != nil {
		return pay.InvoiceState{}, storageError(err)
	}
	s := pay.InvoiceState{Attempts: attempts}
	for _, row := range rows {
		s.Disputes = append(s.Disputes, row.Dispute)
	}
	return s, nil
}

// rebuildAction makes the command of a stored action again, to send it once more with its own provider key. It fails where the
// action had attachments, whose bytes the host does not have.
func (h *Host) rebuildAction(ctx context.Context, op store.Operation) (command, error) {
	var order actionOrder
	if err := json.Unmarshal(op.Request, &order); err != nil {
		return command{}, pay.Errorf(pay.KindInternal, "the stored request cannot be read: %w", err)
	}
	if len(order.Attachments) > 0 {
		return command{}, pay.Errorf(pay.KindUnsupported, "the journal does not keep the bytes of its attachments")
	}
	req := RunAction{IdempotencyKey: op.IdempotencyKey, Name: op.Action, Input: order.Input}
	switch order.Subject {
	case pay.SubjectInvoice:
		req.Invoice = order.ID
	case pay.SubjectPayout:
		req.Payout = order.ID
	case pay.SubjectRefund:
		req.Refund = order.ID
	case pay.SubjectDispute:
		req.Dispute = order.ID
	default:
		req.Account = order.ID
	}
	t, err := h.actionTarget(ctx, req)
	if err != nil {
		return command{}, err
	}
	spec, err := h.checkAction(req, t)
	if err != nil {
		return command{}, err
	}
	return h.actionCommand(ctx, req, t, spec, nil)
}

// checkAction finds the action in the manifest and holds its input against the schema.
func (h *Host) checkAction(req RunAction, t actionTarget) (pay.ActionSpec, error) {
	spec, err := findAction(t.manifest, t.subject, req.Name)
	if err != nil {
		return spec, err
	}
	var problems fieldErrors
	if len(spec.Input) > 0 {
		if err := h.schemas.check(spec.Input, inputOf(req), "input", &problems); err != nil {
			return spec, pay.Errorf(pay.KindPluginFault, "provider %s declares an unusable schema of %s: %w", t.account.Provider, req.Name, err)
		}
	}
	if len(req.Attachments) > spec.MaxAttachments {
		problems.add("attachments", "at most %d are taken", spec.MaxAttachments)
	}
	return spec, problems.err()
}

func inputOf(req RunAction) json.RawMessage {
	if len(req.Input) == 0 {
		return json.RawMessage(`{}`)
	}
	return req.Input
}

// callAction asks the adapter once. Every call gets readers of its own over the same files.
func (h *Host) callAction(
	ctx context.Context, account pay.Account, frame pay.Call, req RunAction, t actionTarget, files heldFiles,
) (pay.ActionResult, error) {
	runner, err := pay.Offered[pay.ActionProvider](account, pay.CanRunAction)
	if err != nil {
		return pay.ActionResult{}, err
	}
	action := pay.Action{Call: frame, Name: req.Name, Input: inputOf(req), Attachments: files.attachments()}
	if err := h.aim(ctx, t, &action); err != nil {
		return pay.ActionResult{}, err
	}
	return runner.RunAction(ctx, action)
}
