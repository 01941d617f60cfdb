package plugintest

import (
	"errors"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// asError returns err as the error the host sees, or ends the check.
func (k *kit) asError(what string, err error) *pay.Error {
	k.Helper()
	if err == nil {
		k.Fatalf("%s succeeded, want an error", what)
	}
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		k.Fatalf("%s: the error is no *pay.Error: %v", what, err)
	}
	return e
}

// wantUnknown checks that a mutating call admits that nobody knows.
func (k *kit) wantUnknown(what string, err error) {
	k.Helper()
	e := k.asError(what, err)
	if e.WasExecuted() != pay.ExecutedUnknown {
		k.Errorf("%s: executed = %s, want unknown (%v)", what, e.WasExecuted(), e)
	}
	if e.Kind != pay.KindOutcomeUnknown {
		k.Errorf("%s: kind = %s, want outcome_unknown (%v)", what, e.Kind, e)
	}
	if e.RetryRule() != pay.RetryAfterLookup {
		k.Errorf("%s: retry = %s, want after_lookup", what, e.RetryRule())
	}
}

// wantNothing checks an error that proves that nothing happened.
func (k *kit) wantNothing(what string, err error, kinds ...pay.Kind) {
	k.Helper()
	e := k.asError(what, err)
	if e.WasExecuted() != pay.ExecutedNo {
		k.Errorf("%s: executed = %s, want no (%v)", what, e.WasExecuted(), e)
	}
	if len(kinds) > 0 && !slices.Contains(kinds, e.Kind) {
		k.Errorf("%s: kind = %s, want one of %v (%v)", what, e.Kind, kinds, e)
	}
}
