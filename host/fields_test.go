package host

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// The checks of a request go through this list, so a name that is missing would not be checked.
func TestCommonFieldsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	var names []string
	for _, field := range commonFields(CreateInvoice{}) {
		names = append(names, field.name)
		require.False(t, field.present, field.name)
	}
	require.Equal(t, slices.Sorted(maps.Keys(pay.CommonFields())), names)
	for name, use := range pay.CommonFields() {
		require.NotEmpty(t, use, name)
		require.Equal(t, use, pay.Manifest{}.Field(name).Use)
	}
	full := CreateInvoice{
		Purpose: pay.PurposeVerification, Reference: "a", Description: "b", Customer: Customer{"c", "d", "e", "f"}, Payer: Payer{"g", "h", "i", "j"},
		Capture: pay.CaptureManual, ExpiresIn: "1h", ReturnURLs: ReturnURLs{"k", "l", "m"}, PaymentMethod: "n", Items: make([]Item, 1),
		AmountLimits: AmountLimits{"1"}, Metadata: map[string]string{"a": "b"}, SaveCredential: true, Source: &Source{}, InitiatedBy: "o",
	}
	for _, field := range commonFields(full) {
		require.Equal(t, field.name != "allow_partial", field.present, field.name)
	}
}
