package pay_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestEveryKindHasADefaultThatIsSafe(t *testing.T) {
	// The table of the domain description, row by row.
	table := map[pay.Kind]struct {
		executed pay.Executed
		retry    pay.RetryRule
	}{
		pay.KindDeclined:            {pay.ExecutedYes, pay.RetryNewAttempt},
		pay.KindInvalidRequest:      {pay.ExecutedNo, pay.RetryNever},
		pay.KindUnsupported:         {pay.ExecutedNo, pay.RetryNever},
		pay.KindInvalidState:        {pay.ExecutedNo, pay.RetryAfterLookup},
		pay.KindNotFound:            {pay.ExecutedNo, pay.RetryNever},
		pay.KindAuth:                {pay.ExecutedNo, pay.RetrySameOperation},
		pay.KindUnauthenticated:     {pay.ExecutedNo, pay.RetryNever},
		pay.KindForbidden:           {pay.ExecutedNo, pay.RetryNever},
		pay.KindAccountPaused:       {pay.ExecutedNo, pay.RetrySameOperation},
		pay.KindRateLimited:         {pay.ExecutedNo, pay.RetrySameOperation},
		pay.KindProviderUnavailable: {pay.ExecutedNo, pay.RetrySameOperation},
		pay.KindOutcomeUnknown:      {pay.ExecutedUnknown, pay.RetryAfterLookup},
		pay.KindIntegrityMismatch:   {pay.ExecutedYes, pay.RetryNever},
		pay.KindIdempotencyMismatch: {pay.ExecutedNo, pay.RetryNever},
		pay.KindInProgress:          {pay.ExecutedNo, pay.RetryAfterLookup},
		pay.KindPluginFault:         {pay.ExecutedUnknown, pay.RetryAfterLookup},
		pay.KindInternal:            {pay.ExecutedUnknown, pay.RetryAfterLookup},
	}
	require.Len(t, table, len(pay.Kinds()))
	for _, kind := range pay.Kinds() {
		e := &pay.Error{Kind: kind}
		require.Equal(t, table[kind].executed, e.WasExecuted(), kind)
		require.Equal(t, table[kind].retry, e.RetryRule(), kind)
	}
	require.Equal(t, pay.ExecutedUnknown, pay.Kind("").Executed(), "what says nothing is unknown")
}

func TestUnknownExecutionIsNeverAdvisedToRetry(t *testing.T) {
	e := &pay.Error{Kind: pay.KindDeclined, Executed: pay.ExecutedUnknown}
	require.Equal(t, pay.RetryAfterLookup, e.RetryRule())
	require.False(t, e.Final())
	require.True(t, (&pay.Error{Kind: pay.KindDeclined}).Final())
	require.False(t, (&pay.Error{Kind: pay.KindRateLimited}).Final())
}

func TestAsErrorTakesTheCarelessForUnknown(t *testing.T) {
	require.Nil(t, pay.AsError(nil))
	e := pay.AsError(context.DeadlineExceeded)
	require.ErrorIs(t, e, pay.KindOutcomeUnknown)
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())

	wrapped := fmt.Errorf("create: %w", pay.Invalid("amount", "must be positive"))
	require.ErrorIs(t, wrapped, pay.KindInvalidRequest)
	require.NotErrorIs(t, wrapped, pay.KindDeclined)
	require.Equal(t, "amount", pay.AsError(wrapped).Fields[0].Path)

	cause := errors.New("dial failed")
	require.ErrorIs(t, pay.Errorf(pay.KindProviderUnavailable, "no connection: %w", cause), cause)
}

func ExampleError() {
	err := fmt.Errorf("creating the invoice: %w", &pay.Error{
		Kind: pay.KindDeclined, Reason: pay.DeclineInsufficientFunds, Message: "the issuer refused", ProviderCode: "59",
	})
	if errors.Is(err, pay.KindDeclined) {
		fmt.Println(pay.AsError(err).Reason, pay.AsError(err).RetryRule())
	}
	fmt.Println(err)
	// Output:
	// insufficient_funds new_attempt
	// creating the invoice: declined: the issuer refused (provider code 59)
}
