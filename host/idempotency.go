package host

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"unicode/utf8"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// fingerprint is a keyed HMAC over what a command asks for: kind, account, target and the
// stable fields of the request, with money in canonical digits and JSON without
// spaces. Client times, addresses and trace ids are left out, so that an honest retry from another
// machine is the same request. The key keeps the fingerprint from being a test for guessed personal data.
func (h *Host) fingerprint(kind pay.Operation, account, target string, request any) ([]byte, error) {
	text, err := fingerprinted{kind, account, target, request}.text()
	if err != nil {
		return nil, pay.Invalid("provider_options", "is not valid JSON")
	}
	mac := hmac.New(sha256.New, h.store.FingerprintKey())
	mac.Write(text)
	return mac.Sum(nil), nil
}

// fingerprinted is what a fingerprint is made of.
type fingerprinted struct {
	Kind    pay.Operation
	Account string
	Target  string
	Request any
}

// text is what is hashed: the canonical JSON. It must never change, because a retry is compared with what an earlier version stored.
func (f fingerprinted) text() ([]byte, error) {
	if c, ok := f.Request.(*creation); ok {
		if text, err := c.fingerprinted(f.Kind, f.Account, f.Target); text != nil || err != nil {
			return text, err
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return canonicalOf(raw)
}

func checkKey(key string) error {
	switch {
	case key == "":
		return pay.Invalid("Idempotency-Key", "is required on every mutating call; send a new unique text per intended operation and the same one on a retry")
	case len(key) > maxKeyLength || !utf8.ValidString(key):
		return pay.Invalid("Idempotency-Key", "must be at most %d bytes of valid UTF-8", maxKeyLength)
	}
	return nil
}

// sameRequest refuses a key that was used for something else.
func sameRequest(op store.Operation, fingerprint []byte) error {
	if hmac.Equal(op.Fingerprint, fingerprint) {
		return nil
	}
	return &pay.Error{
		Kind: pay.KindIdempotencyMismatch, Executed: pay.ExecutedNo, OperationID: op.ID, InvoiceID: op.InvoiceID,
		Message: "this Idempotency-Key was used for a different request; use a new key",
		Fields:  []pay.FieldError{{Path: "Idempotency-Key", Message: "belongs to another request"}},
	}
}

// replay answers a repeated call from the journal. rerun is true when the
// operation is still open because nothing was sent: the same key then runs
// the same operation again as its next try.
func (h *Host) replay(ctx context.Context, op store.Operation) (a answer, rerun bool, err error) {
	a = answer{op: op, replayed: true}
	switch op.State {
	case store.OperationRunning:
		return answer{}, false, inProgress(op.InvoiceID, op.ID,
			"the call with this Idempotency-Key is still running; read the object or call again shortly")
	case store.OperationQueued:
		if !op.GiveUpAt.IsZero() { // the host sends it by itself
			a.raw, err = h.objectView(ctx, &h.store.Reader, op)
			return a, false, err
		}
		if wait := op.NotBefore.Sub(h.now()); wait > 0 {
			e := decodeError(op)
			e.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: wait}
			return answer{}, false, e
		}
		return answer{}, true, nil
	case store.OperationUnknown, store.OperationNeedsReview:
		if a.raw, err = h.objectView(ctx, &h.store.Reader, op); err != nil {
			return answer{}, false, err
		}
		return a, false, unknownOutcome(op)
	case store.OperationDone:
	}
	if len(op.Error) > 0 {
		return answer{}, false, decodeError(op)
	}
	a.raw = op.Result
	return a, false, nil
}

// unknownOutcome is the error beside an object whose operation is not settled.
func unknownOutcome(op store.Operation) error {
	message := "the provider may have acted; the outcome is being resolved and the call must not be repeated with another key"
	if op.State == store.OperationNeedsReview {
		message = "the provider may have acted and only a person can tell; see the operation's evidence"
	}
	return &pay.Error{
		Kind: pay.KindOutcomeUnknown, Executed: pay.ExecutedUnknown, OperationID: op.ID, InvoiceID: op.InvoiceID, Message: message,
	}
}

// encodeError is the form of an error in the journal.
func encodeError(e *pay.Error) json.RawMessage {
	raw, _ := json.Marshal(ProblemOf(e))
	return raw
}

func decodeError(op store.Operation) *pay.Error {
	var p Problem
	if err := json.Unmarshal(op.Error, &p); err != nil {
		return pay.Errorf(pay.KindInternal, "the stored error of operation %s cannot be read: %w", op.ID, err)
	}
	e := p.asError()
	e.OperationID, e.InvoiceID = op.ID, op.InvoiceID
	return e
}
