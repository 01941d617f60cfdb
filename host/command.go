package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// command is one mutating call on its way from its caller to the journal.
type command struct {
	kind        pay.Operation
	action      string
	key         string
	account     store.Account
	manifest    pay.Manifest
	fingerprint []byte
	// request is what the journal keeps, so that the same call can be made again.
	request any
	// objectType and objectID name what it acts on; objectID is empty for what the command brings into being.
	objectType, objectID string
	// invoiceID is the existing invoice it changes; empty for a new one and for payouts.
	invoiceID     string
	customerID    string
	correlationID string
	resolution    pay.Resolution
	// async returns once the command is durable; the host sends it by itself until giveUp is over.
	async bool
	// prepare, if set, makes what intend writes of it beforehand, outside the transaction that others wait for.
	prepare func(op store.Operation, draft *store.Draft) error
	// created is the invoice that prepare made; its ID is empty where the operation makes none.
	created *creating
	// intend writes what the operation is about in the transaction of its intent; it may refuse, and then nothing was done.
	intend func(ctx context.Context, tx *store.Tx, op *store.Operation) error
	// call asks the adapter once.
	call func(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation) (effect, error)
}

// effect is what an adapter says came of a mutating call. At most one of the
// objects is set; all are nil when the call failed.
type effect struct {
	invoice *pay.InvoiceState
	refund  *pay.RefundState
	payout  *pay.PayoutState
	output  json.RawMessage
}

// answer is the result of a command as its caller gets it: raw is the JSON of
// the object, also with an unknown outcome.
type answer struct {
	op  store.Operation
	raw json.RawMessage
	// invoice is the invoice of raw, where it was at hand; otherwise nil.
	invoice  *Invoice
	replayed bool
}

// execute runs a command: replay or intent, call, verdict, one transaction for
// all that follows. The call goes on when ctx ends. With an error of
// kind outcome_unknown the answer holds the object; with any other error it is empty.
func (h *Host) execute(ctx context.Context, c command) (answer, error) {
	repeated, err := h.store.HasOperationKey(ctx, c.account.Tenant, c.kind, c.key)
	if err != nil {
		return answer{}, storageError(err)
	}
	if repeated {
		op, err := h.store.OperationByKey(ctx, c.account.Tenant, c.kind, c.key)
		if err != nil {
			return answer{}, storageError(err)
		}
		if err := sameRequest(op, c.fingerprint); err != nil {
			return answer{}, err
		}
		if a, rerun, err := h.replay(ctx, op); !rerun {
			return a, err
		}
	}
	if err := usable(c.account, c.kind); err != nil {
		return answer{}, err
	}
	return h.start(ctx, c)
}

// start takes the invoice's turn and the account's slot, writes the intent and makes the call on a context of its own.
func (h *Host) start(ctx context.Context, c command) (answer, error) {
	if c.async {
		return h.queue(ctx, c)
	}
	done, err := h.begin()
	if err != nil {
		return answer{}, err
	}
	release, err := h.turn(ctx, c)
	if err != nil {
		done()
		return answer{}, err
	}
	tell, err := h.pass(c.account.ID, c.kind)
	if err != nil {
		release()
		done()
		return answer{}, err
	}
	op, mine, err := h.intend(ctx, c)
	if err != nil || !mine {
		tell(errNotTried)
		release()
		done()
		if err != nil {
			return answer{}, err
		}
		return h.joined(ctx, c, op)
	}
	type outcome struct {
		answer answer
		err    error
	}
	result := make(chan outcome, 1)
	go func() {
		defer done()
		defer release()
		a, err := h.carryOut(context.WithoutCancel(ctx), c, op, tell)
		result <- outcome{a, err}
	}()
	select {
	case r := <-result:
		return r.answer, r.err
	case <-ctx.Done():
	}
	// The caller hung up; the call goes on and its result will be stored.
	raw, err := h.objectView(context.WithoutCancel(ctx), &h.store.Reader, op)
	if err != nil {
		return answer{}, err
	}
	return answer{op: op, raw: raw}, unknownOutcome(op)
}

// joined answers a call whose key another call has just used.
func (h *Host) joined(ctx context.Context, c command, op store.Operation) (answer, error) {
	if err := sameRequest(op, c.fingerprint); err != nil {
		return answer{}, err
	}
	a, rerun, err := h.replay(ctx, op)
	if rerun {
		err = notSent(pay.KindInProgress, "another call with this Idempotency-Key is about to run")
	}
	return a, err
}

// turn waits for the invoice's turn, for one of the account's places in flight and for the provider's rate limit.
func (h *Host) turn(ctx context.Context, c command) (release func(), err error) {
	leave := func() {}
	if c.invoiceID != "" {
		if leave, err = h.invoiceTurn(ctx, c.invoiceID); err != nil {
			return nil, err
		}
	}
	slot, err := h.slot(ctx, c.account.ID, c.kind)
	if err != nil {
		leave()
		return nil, err
	}
	pacing, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Start)
	defer cancel()
	if err := h.pace(pacing, c.account, abilityOf(c.kind)); err != nil {
		slot()
		leave()
		return nil, err
	}
	return func() { slot(); leave() }, nil
}

// invoiceTurn lets one mutating call of an invoice run at a time; another waits
// for it as long as ctx and the operation's own limit allow.
func (h *Host) invoiceTurn(ctx context.Context, id string) (leave func(), err error) {
	wait := time.NewTimer(h.cfg.Timeouts.Operation)
	defer wait.Stop()
	for {
		h.mu.Lock()
		busy, taken := h.turns[id]
		if !taken {
			mine := make(chan struct{})
			h.turns[id] = mine
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				delete(h.turns, id)
				h.mu.Unlock()
				close(mine)
			}, nil
		}
		h.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, inProgress(id, "", "another operation on the invoice is running")
		case <-wait.C:
			return nil, inProgress(id, "", "another operation on the invoice is running")
		case <-h.stopping:
			return nil, errStopped()
		}
	}
}

func inProgress(invoiceID, operationID, text string) *pay.Error {
	return &pay.Error{
		Kind: pay.KindInProgress, Executed: pay.ExecutedNo, InvoiceID: invoiceID, OperationID: operationID, Message: text,
	}
}

// slot waits for one of the places in flight of an operation of an account: what stalls fills its own places only.
func (h *Host) slot(ctx context.Context, account string, kind pay.Operation) (release func(), err error) {
	key := breakerKey{account, kind}
	h.mu.Lock()
	places, ok := h.slots[key]
	if !ok {
		places = make(chan struct{}, h.cfg.MaxConcurrent)
		h.slots[key] = places
	}
	h.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
	}
	wait := time.NewTimer(h.cfg.Timeouts.Start)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-wait.C:
	case <-ctx.Done():
	case <-h.stopping:
		return nil, errStopped()
	}
	return nil, &pay.Error{
		Kind: pay.KindRateLimited, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation, After: time.Second},
		Message: fmt.Sprintf("account %s has %d calls of %s in flight", account, h.cfg.MaxConcurrent, kind),
	}
}

// intend writes the intent: the operation, its try and what it is about, in
// one durable transaction. From then on the operation counts as sent. mine is
// false when the key is taken; op is then who took it.
func (h *Host) intend(ctx context.Context, c command) (op store.Operation, mine bool, err error) {
	now, who := h.now(), actorFrom(ctx)
	intent := store.Operation{
		ID: newID("op", now), Tenant: c.account.Tenant, AccountID: c.account.ID, Provider: c.account.Provider,
		Kind: c.kind, Action: c.action, IdempotencyKey: c.key, Fingerprint: c.fingerprint,
		ObjectType: c.objectType, ObjectID: c.objectID, InvoiceID: c.invoiceID,
		State: store.OperationRunning, Executed: pay.ExecutedUnknown, Resolution: c.resolution, Try: 1,
		CustomerID: c.customerID, Actor: who.name, RequestID: who.requestID, CorrelationID: c.correlationID,
		Traceparent: who.traceparent, CreatedAt: now, UpdatedAt: now,
	}
	if c.async {
		intent.State, intent.Executed, intent.Try = store.OperationQueued, pay.ExecutedNo, 0
		intent.GiveUpAt, intent.NextLookAt = now.Add(giveUp), now
	}
	if intent.ObjectID == "" {
		intent.ObjectID = newID(idPrefix(c.objectType), now)
		if c.objectType == objectInvoice {
			intent.InvoiceID = intent.ObjectID
		}
	}
	if intent.ProviderKey, err = providerKey(c.manifest.OperationKey, intent.ID); err != nil {
		return op, false, pay.Errorf(pay.KindPluginFault, "provider %s: %w", c.account.Provider, err)
	}
	if intent.Request, err = json.Marshal(c.request); err != nil {
		return op, false, pay.Errorf(pay.KindInternal, "encoding the request: %w", err)
	}
	draft := h.store.Draft(intent)
	draft.InsertOperation(intent)
	insert, err := draft.Steps()
	if err == nil && c.prepare != nil {
		err = c.prepare(intent, draft)
	}
	if err != nil {
		return op, false, pay.Errorf(pay.KindInternal, "encoding the request: %w", err)
	}
	var try store.Steps
	if !c.async {
		draft.InsertTry(*h.newTry(ctx, intent))
		if try, err = draft.Steps(); err != nil {
			return op, false, pay.Errorf(pay.KindInternal, "encoding the try: %w", err)
		}
	}
	err = h.write(ctx, func(tx *store.Tx) error {
		op, mine = intent, true
		taken, err := h.claim(ctx, tx, c, op, insert)
		if err != nil {
			return err
		}
		if taken != nil {
			op, mine, err = h.rerun(ctx, tx, *taken, c.fingerprint)
			return err
		}
		op.Version = 1
		if err := c.intend(ctx, tx, &op); err != nil {
			return err
		}
		return tx.Do(try)
	})
	return op, mine, err
}

// claim stores a new operation, which insert does, or returns the one that holds its key.
func (h *Host) claim(ctx context.Context, tx *store.Tx, c command, op store.Operation, insert store.Steps) (taken *store.Operation, err error) {
	if c.invoiceID != "" { // who holds the key comes before what else is open on the invoice: it may be the same operation
		if taken, err := keyHolder(ctx, tx, op); taken != nil || err != nil {
			return taken, err
		}
		if err := h.oneOpenOperation(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	refused := tx.Do(insert)
	if !errors.Is(refused, store.ErrConflict) {
		return nil, refused
	}
	if taken, err := keyHolder(ctx, tx, op); taken != nil || err != nil {
		return taken, err
	}
	return nil, refused
}

// keyHolder is the operation that holds the idempotency key of another; nil if there is none.
func keyHolder(ctx context.Context, tx *store.Tx, op store.Operation) (*store.Operation, error) {
	holder, err := tx.OperationByKey(ctx, op.Tenant, op.Kind, op.IdempotencyKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &holder, nil
}

// The types of objects an operation can be about.
const (
	objectInvoice = "invoice"
	objectRefund  = "refund"
	objectPayout  = "payout"
	objectAccount = "account"
)

func idPrefix(objectType string) string {
	switch objectType {
	case objectRefund:
		return "ref"
	case objectPayout:
		return "po"
	default:
		return "inv"
	}
}

// oneOpenOperation refuses a second mutating call on an invoice while the first
// is not settled: whatever it would do is judged against a state nobody knows.
func (h *Host) oneOpenOperation(ctx context.Context, tx *store.Tx, c command) error {
	if c.invoiceID == "" {
		return nil
	}
	open, err := tx.OpenOperation(ctx, c.invoiceID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	text := "the invoice's " + string(open.Kind) + " is " + string(open.State) + "; settle operation " + open.ID + " first"
	if open.State == store.OperationQueued {
		text = "the invoice's " + string(open.Kind) + " was not sent; repeat it with its own key first"
	}
	return inProgress(c.invoiceID, open.ID, text)
}

// rerun claims an operation that is still open because nothing was sent: the
// same key runs the same operation again as its next try.
func (h *Host) rerun(ctx context.Context, tx *store.Tx, op store.Operation, fingerprint []byte) (store.Operation, bool, error) {
	if op.State != store.OperationQueued || op.NotBefore.After(h.now()) || sameRequest(op, fingerprint) != nil {
		return op, false, nil //nolint:nilerr // the mismatch is reported by the caller, who reads the operation again
	}
	return op, true, h.nextTry(ctx, tx, &op)
}

// nextTry commits that op is about to be sent once more.
func (h *Host) nextTry(ctx context.Context, tx *store.Tx, op *store.Operation) error {
	op.State, op.Executed, op.Error, op.ErrorKind = store.OperationRunning, pay.ExecutedUnknown, nil, ""
	op.Try++
	op.UpdatedAt = h.now()
	if err := tx.UpdateOperation(op); err != nil {
		return err
	}
	return tx.InsertTry(h.newTry(ctx, *op))
}

func (h *Host) newTry(ctx context.Context, op store.Operation) *store.Try {
	who := actorFrom(ctx)
	return &store.Try{
		OperationID: op.ID, Number: op.Try, Plugin: op.Provider, HostVersion: Version, HostInstance: h.instance,
		Actor: who.name, RequestID: who.requestID, Traceparent: who.traceparent, StartedAt: h.now(),
	}
}

// usable refuses new operations on an account that takes none. A closed account still gives money back.
func usable(a store.Account, op pay.Operation) error {
	if a.State == AccountClosed && op != pay.OpRefund && op != pay.OpVoid && op != pay.OpCancel {
		return pay.Errorf(pay.KindInvalidState, "account %s is closed; only late webhooks, refunds and look-ups still work", a.ID)
	}
	paused := a.State == AccountPaused
	for _, p := range a.PausedOperations {
		paused = paused || p == op
	}
	if paused {
		return notSent(pay.KindAccountPaused, "account %s is paused for %s by an operator", a.ID, op)
	}
	return nil
}

// resolutionOf says what can settle an unknown outcome of op with these options.
func resolutionOf(m pay.Manifest, op pay.Operation, options json.RawMessage) pay.Resolution {
	spec := m.Operations[op]
	var given map[string]json.RawMessage
	if len(options) > 0 && json.Unmarshal(options, &given) == nil {
		for _, name := range spec.HumanWhen {
			if _, ok := given[name]; ok {
				return pay.ResolveHuman
			}
		}
	}
	return orElse(spec.Resolution, pay.ResolveHuman)
}
