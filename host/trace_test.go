package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// A lost answer to an action is settled by the trace its manifest names and by no other: a deal that was there before
// is no proof that a receipt was uploaded.
func TestTraceOfAnAction(t *testing.T) {
	attempt := func(s pay.AttemptStatus) pay.InvoiceState {
		return pay.InvoiceState{Attempts: []pay.Attempt{{Status: pay.AttemptExpired}, {Status: s}}}
	}
	disputed := attempt(pay.AttemptPending)
	disputed.Disputes = []pay.Dispute{{Status: pay.DisputeOpen}}
	for name, c := range map[string]struct {
		trace       pay.ActionTrace
		state       pay.InvoiceState
		left, known bool
	}{
		"default, none":          {"", pay.InvoiceState{}, false, true},
		"default, attempt":       {"", attempt(pay.AttemptPending), true, true},
		"attempt":                {pay.TraceAttempt, attempt(pay.AttemptPending), true, true},
		"live, pending":          {pay.TraceLiveAttempt, attempt(pay.AttemptPending), true, true},
		"live, processing":       {pay.TraceLiveAttempt, attempt(pay.AttemptProcessing), true, true},
		"live, authorized":       {pay.TraceLiveAttempt, attempt(pay.AttemptAuthorized), true, true},
		"live, paid":             {pay.TraceLiveAttempt, attempt(pay.AttemptSucceeded), true, true},
		"live, all over":         {pay.TraceLiveAttempt, attempt(pay.AttemptCanceled), false, true},
		"confirmation, pending":  {pay.TraceConfirmation, attempt(pay.AttemptPending), false, true},
		"confirmation, expired":  {pay.TraceConfirmation, attempt(pay.AttemptExpired), false, true},
		"confirmation, said":     {pay.TraceConfirmation, attempt(pay.AttemptProcessing), true, true},
		"confirmation, paid":     {pay.TraceConfirmation, attempt(pay.AttemptSucceeded), true, true},
		"dispute, none":          {pay.TraceDispute, attempt(pay.AttemptProcessing), false, true},
		"dispute":                {pay.TraceDispute, disputed, true, true},
		"a word of later plugin": {"carrier_pigeon", disputed, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			left, known := leftTrace(c.trace, c.state)
			require.Equal(t, c.left, left)
			require.Equal(t, c.known, known)
		})
	}
}
