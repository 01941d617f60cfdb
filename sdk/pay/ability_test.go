package pay_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

type plain struct{}

func (plain) CreateInvoice(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, nil
}

func (plain) GetInvoice(context.Context, pay.InvoiceRef) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, nil
}

type canceling struct{ plain }

func (canceling) CancelInvoice(context.Context, pay.ChangeInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, nil
}

type modest struct{ canceling }

func (modest) Abilities() pay.Abilities { return pay.NewAbilities(pay.CanCreateInvoice) }

func TestResolveAsksTheAccountFirstAndItsMethodsSecond(t *testing.T) {
	require.Equal(t, pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice), pay.Resolve(plain{}))
	require.True(t, pay.Resolve(canceling{}).Has(pay.CanCancel))
	require.Equal(t, pay.NewAbilities(pay.CanCreateInvoice), pay.Resolve(modest{}))
}

func TestOfferedNeedsMethodAndAbility(t *testing.T) {
	_, err := pay.Offered[pay.Canceler](canceling{}, pay.CanCancel)
	require.NoError(t, err)
	_, err = pay.Offered[pay.Canceler](plain{}, pay.CanCancel)
	require.ErrorIs(t, err, pay.KindUnsupported)
	_, err = pay.Offered[pay.Canceler](modest{}, pay.CanCancel)
	require.ErrorIs(t, err, pay.KindUnsupported)
}

func TestAbilitiesAreASortedSet(t *testing.T) {
	set := pay.NewAbilities(pay.CanVoid, pay.CanCancel, pay.CanVoid)
	require.Equal(t, pay.Abilities{pay.CanCancel, pay.CanVoid}, set)
	require.Equal(t, pay.Abilities{pay.CanVoid}, set.Intersect(pay.NewAbilities(pay.CanVoid, pay.CanCharge)))
}
