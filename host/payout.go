package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// CreatePayout is a request to send money. Its JSON form is the body of POST /v1/payouts.
type CreatePayout struct {
	// IdempotencyKey is the caller's key for this one intended operation; required.
	IdempotencyKey string `json:"-"`
	Account        string `json:"account"`
	// Amount is what the receiver shall get.
	Amount          Amount            `json:"amount"`
	Destination     Destination       `json:"destination"`
	Customer        Customer          `json:"customer,omitzero"`
	Reference       string            `json:"reference,omitempty"`
	Description     string            `json:"description,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	CorrelationID   string            `json:"correlation_id,omitempty"`
	ProviderOptions json.RawMessage   `json:"provider_options,omitempty"`
}

// Destination is where a payout goes.
type Destination struct {
	Type    pay.DestinationType `json:"type"`
	Value   string              `json:"value"`
	Holder  string              `json:"holder,omitempty"`
	Bank    string              `json:"bank,omitempty"`
	Network string              `json:"network,omitempty"`
	Country string              `json:"country,omitempty"`
}

// Payout is money sent, or on its way. Its destination is personal data and is not shown.
type Payout struct {
	ID                  string            `json:"id"`
	Tenant              string            `json:"tenant"`
	Mode                pay.Mode          `json:"mode"`
	Account             string            `json:"account"`
	Provider            string            `json:"provider"`
	Status              pay.PayoutStatus  `json:"status"`
	Requested           pay.Money         `json:"requested"`
	Amount              pay.Money         `json:"amount"`
	Fee                 pay.Money         `json:"fee,omitzero"`
	Debited             pay.Money         `json:"debited,omitzero"`
	Rate                string            `json:"rate,omitempty"`
	ProviderRef         string            `json:"provider_ref,omitempty"`
	ProviderRefs        map[string]string `json:"provider_refs,omitempty"`
	ProviderData        map[string]string `json:"provider_data,omitempty"`
	Reference           string            `json:"reference,omitempty"`
	Description         string            `json:"description,omitempty"`
	CustomerID          string            `json:"customer_id,omitempty"`
	ReturnedAt          *time.Time        `json:"returned_at,omitempty"`
	Decline             *pay.Decline      `json:"decline,omitempty"`
	NeedsReview         bool              `json:"needs_review"`
	ReviewReason        string            `json:"review_reason,omitempty"`
	Operation           string            `json:"operation"`
	UnresolvedOperation string            `json:"unresolved_operation,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
	Version             int64             `json:"version"`
	// Replayed says that this is the stored result of an earlier call with the same key.
	Replayed bool `json:"-"`
}

func payoutView(r store.Payout) Payout {
	return Payout{
		ID: r.ID, Tenant: r.Tenant, Mode: r.Mode, Account: r.AccountID, Provider: r.Provider, Status: r.Status,
		Requested: r.Requested, Amount: r.Amount, Fee: r.Fee, Debited: r.Debited, Rate: r.Rate,
		ProviderRef: r.ProviderRef, ProviderRefs: r.ProviderRefs, ProviderData: r.ProviderData,
		Reference: r.Reference, Description: r.Description, CustomerID: r.CustomerID, ReturnedAt: timeOrNil(r.ReturnedAt), Decline: r.Decline,
		NeedsReview: r.NeedsReview, ReviewReason: r.ReviewReason, Operation: r.OperationID, UnresolvedOperation: r.UnresolvedOperation,
		Metadata: r.Metadata, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

// Payout returns one payout.
func (h *Host) Payout(ctx context.Context, id string) (*Payout, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.store.Payout(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no payout %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	view := payoutView(row)
	return &view, nil
}

// CreatePayout sends money from the merchant to somebody. Outcomes are as in
// [Host.CreateInvoice]: with outcome_unknown the payout is not nil and must not be ordered again.
func (h *Host) CreatePayout(ctx context.Context, req CreatePayout) (*Payout, error) {
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	c, err := h.payoutCommand(ctx, req)
	if err != nil {
		return nil, err
	}
	a, err := h.execute(ctx, c)
	view, err := objectOf[Payout](a, err)
	if view == nil {
		return nil, err
	}
	view.Replayed = a.replayed
	if err != nil && view.UnresolvedOperation == "" {
		view.UnresolvedOperation = a.op.ID
	}
	return view, err
}

func (h *Host) payoutCommand(ctx context.Context, req CreatePayout) (command, error) {
	if req.Account == "" {
		return command{}, pay.Invalid("account", "is required; it is the id of a merchant account")
	}
	account, err := h.account(ctx, req.Account)
	if err != nil {
		return command{}, err
	}
	m, err := h.manifest(account.Provider)
	if err != nil {
		return command{}, err
	}
	payout, err := h.preparePayout(req, account, m)
	if err != nil {
		return command{}, err
	}
	fingerprint, err := h.fingerprint(pay.OpPayout, account.ID, "", payout)
	if err != nil {
		return command{}, err
	}
	return command{
		kind: pay.OpPayout, key: req.IdempotencyKey, account: account, manifest: m, fingerprint: fingerprint, request: req,
		objectType: objectPayout, customerID: req.Customer.ID, correlationID: req.CorrelationID,
		resolution: resolutionOf(m, pay.OpPayout, req.ProviderOptions),
		intend: func(_ context.Context, tx *store.Tx, op *store.Operation) error {
			return h.insertPayout(tx, *op, account, payout, req)
		},
		call: func(ctx context.Context, open pay.Account, frame pay.Call, op store.Operation) (effect, error) {
			creator, err := pay.Offered[pay.PayoutCreator](open, pay.CanPayout)
			if err != nil {
				return effect{}, err
			}
			order := payout
			order.Call, order.PayoutID, order.WebhookURL = frame, op.ObjectID, h.webhookURL(op.AccountID, op.ObjectID)
			state, err := creator.CreatePayout(ctx, order)
			return effect{payout: &state}, err
		},
	}, nil
}

func (h *Host) preparePayout(req CreatePayout, account store.Account, m pay.Manifest) (pay.CreatePayout, error) {
	var problems fieldErrors
	p := pay.CreatePayout{
		Destination: pay.Destination(req.Destination), Customer: pay.Customer(req.Customer), Reference: req.Reference,
		Description: req.Description, Metadata: req.Metadata, Options: req.ProviderOptions,
	}
	if account.Abilities != nil && !account.Abilities.Has(pay.CanPayout) {
		e := pay.Unsupported("payout")
		e.Message = "provider " + account.Provider + " offers no payout on account " + account.ID
		return p, e
	}
	p.Amount = parseAmount(CreateInvoice{Amount: req.Amount, Purpose: pay.PurposePayment}, account, m, &problems)
	switch req.Destination.Type {
	case pay.DestinationCard, pay.DestinationIBAN, pay.DestinationAccount, pay.DestinationPhone, pay.DestinationWallet, pay.DestinationStored:
	default:
		problems.add("destination.type", "must be card, iban, account, phone, wallet or stored")
	}
	if req.Destination.Value == "" {
		problems.add("destination.value", "is required")
	}
	for path, text := range map[string]string{
		"destination.value": req.Destination.Value, "destination.holder": req.Destination.Holder, "destination.bank": req.Destination.Bank,
		"reference": req.Reference, "description": req.Description, "customer.id": req.Customer.ID, "customer.email": req.Customer.Email,
		"customer.phone": req.Customer.Phone, "customer.name": req.Customer.Name,
	} {
		checkText(path, text, maxTextLength, &problems)
	}
	checkMetadata(req.Metadata, &problems)
	if err := h.checkOptions(req.ProviderOptions, m, pay.OpPayout, &problems); err != nil {
		return p, err
	}
	return p, problems.err()
}

func (h *Host) insertPayout(tx *store.Tx, op store.Operation, account store.Account, p pay.CreatePayout, req CreatePayout) error {
	row := store.Payout{
		ID: op.ObjectID, Tenant: op.Tenant, Mode: account.Mode, AccountID: op.AccountID, Provider: op.Provider, OperationID: op.ID,
		ProviderKey: op.ProviderKey, CustomerID: p.Customer.ID, Reference: p.Reference, Description: p.Description,
		CorrelationID: op.CorrelationID, Metadata: p.Metadata, Requested: p.Amount, Amount: p.Amount, Status: pay.PayoutCreating,
		CreatedAt: op.CreatedAt, UpdatedAt: op.CreatedAt,
	}
	if err := tx.InsertPayout(&row); err != nil {
		return err
	}
	for kind, value := range map[store.PersonalKind]any{store.PersonalCustomer: req.Customer, store.PersonalDestination: req.Destination} {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if string(raw) == "{}" {
			continue
		}
		data := store.PersonalData{
			Tenant: row.Tenant, CustomerID: row.CustomerID, ObjectType: objectPayout, ObjectID: row.ID, Kind: kind, Data: raw,
		}
		if err := tx.PutPersonal(data); err != nil {
			return err
		}
	}
	return h.emitPayout(tx, row, "payout.created", op.Actor, string(pay.OpPayout))
}

// applyToPayout is [Host.applyEffect] for payouts.
func (h *Host) applyToPayout(ctx context.Context, tx *store.Tx, op *store.Operation, v verdict) error {
	state := pay.PayoutState{}
	switch {
	case v.effect.payout != nil:
		state = *v.effect.payout
	case op.State == store.OperationDone && op.Kind == pay.OpPayout: // refused for good
		state.Status = pay.PayoutFailed
		state.Decline = &pay.Decline{Reason: v.err.Reason, ProviderCode: v.err.ProviderCode, Message: v.err.ProviderMessage}
		state.Report = v.err.Report
	}
	return h.recordPayout(ctx, tx, op.ObjectID, state, pay.EvidenceAPIResponse, op, op.Actor)
}

// recordPayout applies one observation to a payout. op may be nil.
func (h *Host) recordPayout(ctx context.Context, tx *store.Tx, id string, s pay.PayoutState, kind pay.EvidenceKind, op *store.Operation, who string) error {
	row, err := tx.Payout(ctx, id)
	if err != nil {
		return err
	}
	before := row.Status
	applied, reason := movePayout(&row, s)
	if reason != "" {
		row.NeedsReview, row.ReviewReason = true, reason
		if op != nil {
			h.toHuman(op, reason)
		}
	}
	if op != nil {
		if row.UnresolvedOperation == op.ID {
			row.UnresolvedOperation = ""
		}
		if op.State == store.OperationUnknown || op.State == store.OperationNeedsReview {
			row.UnresolvedOperation = op.ID
		}
		if op.NeedsReview {
			row.NeedsReview, row.ReviewReason = true, op.ReviewReason
		} else if reason == "" {
			row.NeedsReview, row.ReviewReason = false, ""
		}
	}
	row.UpdatedAt = h.now()
	if underWay(row.Status) && row.ProviderRef != "" && row.NextLookAt.Before(h.now()) {
		row.NextLookAt = h.now().Add(jitter(h.cadence(row.Provider, pay.StatusProcessing)))
	} else if !underWay(row.Status) {
		row.NextLookAt = time.Time{}
	}
	evidence := s.Report.Evidence
	evidence.Kind, evidence.ObservedAt = kind, orTime(evidence.ObservedAt, h.now())
	raw, _ := json.Marshal(struct {
		Status      pay.PayoutStatus `json:"status,omitempty"`
		ProviderRef string           `json:"provider_ref,omitempty"`
		Amount      pay.Money        `json:"amount,omitzero"`
		Fee         pay.Money        `json:"fee,omitzero"`
		Review      string           `json:"review,omitempty"`
	}{s.Status, s.ProviderRef, s.Amount, s.Fee, s.Review})
	ev := store.Evidence{
		ID: newID("ev", h.now()), Tenant: row.Tenant, AccountID: row.AccountID, ObjectType: objectPayout, ObjectID: row.ID,
		Evidence: evidence, Status: pay.Status(s.Status), Applied: applied, Reason: reason, Actor: who, Detail: raw, CreatedAt: h.now(),
	}
	if op != nil {
		ev.OperationID = op.ID
	}
	if err := tx.InsertEvidence(&ev); err != nil {
		return err
	}
	if err := tx.UpdatePayout(&row); err != nil {
		return err
	}
	if row.Status != before {
		return h.emitPayout(tx, row, "payout."+string(row.Status), who, string(kind))
	}
	if applied != appliedUnchanged || reason != "" {
		return h.emitPayout(tx, row, "payout.updated", who, string(kind))
	}
	return nil
}

// movePayout takes over what is stated. Succeeded, failed and canceled are final; money that comes back after success is an added fact.
func movePayout(row *store.Payout, s pay.PayoutState) (applied, review string) {
	switch {
	case s.ProviderRef != "" && row.ProviderRef != "" && s.ProviderRef != row.ProviderRef:
		return appliedMismatch, "the provider answered about another object than " + row.ProviderRef
	case s.Amount.IsSet() && !s.Amount.Equal(row.Requested):
		return appliedMismatch, "the provider states the amount " + s.Amount.String() + " instead of " + row.Requested.String()
	}
	applied = appliedUnchanged
	if s.ProviderRef != "" && row.ProviderRef == "" {
		row.ProviderRef, applied = s.ProviderRef, appliedFacts
	}
	for at, stated := range map[*pay.Money]pay.Money{&row.Fee: s.Fee, &row.Debited: s.Debited} {
		if stated.IsSet() && !stated.Equal(*at) {
			*at, applied = stated, appliedFacts
		}
	}
	if s.ProviderRefs != nil {
		row.ProviderRefs = s.ProviderRefs
	}
	if s.Data != nil {
		row.ProviderData = s.Data
	}
	if s.Report.State != nil {
		row.PrivateState = s.Report.State
	}
	row.NextLookAt = s.Report.NextLookAt.UTC()
	row.Network, row.ProviderTime = s.Network, s.ProviderTime
	if s.Rate != "" {
		row.Rate = s.Rate
	}
	if !s.ReturnedAt.IsZero() && row.ReturnedAt.IsZero() {
		row.ReturnedAt, applied = s.ReturnedAt.UTC(), appliedFacts
	}
	over := row.Status == pay.PayoutSucceeded || row.Status == pay.PayoutFailed || row.Status == pay.PayoutCanceled
	switch {
	case s.Status == "" || s.Status == row.Status:
	case over:
		return appliedRefused, "the payout is " + string(row.Status) + " and the provider now says " + string(s.Status)
	default:
		row.Status, row.Decline, applied = s.Status, s.Decline, appliedMove
	}
	return applied, s.Review
}

func (h *Host) emitPayout(tx *store.Tx, row store.Payout, kind, who, cause string) error {
	data, err := json.Marshal(payoutView(row))
	if err != nil {
		return err
	}
	return tx.AppendEvent(&store.Event{
		ID: newID("evt", h.now()), Type: kind, Schema: 1, Tenant: row.Tenant, Mode: row.Mode, Account: row.AccountID,
		ObjectType: objectPayout, ObjectID: row.ID, ObjectVersion: row.Version, OccurredAt: h.now(), Actor: who, Cause: cause, Data: data,
	})
}
