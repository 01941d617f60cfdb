package host

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/sdk/pay"
)

// drawJSON fills a value of any type that an invoice may have a field of.
func drawJSON(t *rapid.T, v reflect.Value, name string) {
	word := rapid.OneOf(rapid.StringN(0, 12, -1), rapid.SampledFrom([]string{"", "plain", "Київ", "<&>\"\\", "\u2028\u2029", "\xff", "\x00\b\f\n\r\t\x7f", "é\u2027"}))
	money := func() pay.Money {
		currency, _ := pay.LookupCurrency(rapid.SampledFrom([]string{"UAH", "JPY", "KWD"}).Draw(t, name))
		m, err := pay.FromMinor(rapid.Int64().Draw(t, name), currency)
		require.NoError(t, err)
		return rapid.SampledFrom([]pay.Money{m, {}, pay.ZeroOf(currency)}).Draw(t, name)
	}
	at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, name), rapid.SampledFrom([]int64{0, 1000, 123456000}).Draw(t, name)).UTC()
	switch at2 := v.Addr().Interface().(type) {
	case *pay.Money:
		*at2 = money()
	case *time.Time:
		*at2 = at
	case **time.Time:
		*at2 = rapid.SampledFrom([]*time.Time{nil, &at}).Draw(t, name)
	case *map[string]string:
		*at2 = rapid.OneOf(rapid.Just(map[string]string(nil)), rapid.MapOf(word, word)).Draw(t, name)
	case *[]string:
		*at2 = rapid.OneOf(rapid.Just([]string(nil)), rapid.SliceOf(word)).Draw(t, name)
	case **pay.NextAction:
		*at2 = rapid.SampledFrom([]*pay.NextAction{nil, {}, {ID: "a", URL: "https://a.example/?b&c", Amount: money()}}).Draw(t, name)
	case *[]pay.NextAction:
		*at2 = rapid.SampledFrom([][]pay.NextAction{nil, {}, {{ID: "a", Type: pay.NextRedirect}, {Amount: money()}}}).Draw(t, name)
	case *[]pay.Attempt:
		*at2 = rapid.SampledFrom([][]pay.Attempt{nil, {}, {{ProviderAttemptID: "a", Amount: money()}}}).Draw(t, name)
	case *[]pay.Dispute:
		*at2 = rapid.SampledFrom([][]pay.Dispute{nil, {}, {{Amount: money()}}}).Draw(t, name)
	default:
		switch v.Kind() {
		case reflect.String:
			v.SetString(word.Draw(t, name))
		case reflect.Bool:
			v.SetBool(rapid.Bool().Draw(t, name))
		case reflect.Int64:
			v.SetInt(rapid.Int64().Draw(t, name))
		default:
			t.Fatalf("field %s has the type %s, which this test does not know", name, v.Type())
		}
	}
}

// Events and results are stored in this form and repeated calls get it, so it is the one that encoding/json gives.
func TestInvoicesAreEncodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var inv Invoice
		for v, i := reflect.ValueOf(&inv).Elem(), 0; i < v.NumField(); i++ {
			drawJSON(t, v.Field(i), v.Type().Field(i).Name)
		}
		want, err := json.Marshal(inv)
		require.NoError(t, err)
		got, err := encodeInvoice(&inv)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

func TestPreviousValuesAreEncodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		previous := map[string]any{}
		for name, v := range map[string]any{
			"provider_ref": new(string), "status": new(pay.Status), "final": new(bool), "amount_due": new(pay.Money), "expires_at": new(time.Time),
			"provider_refs": new(map[string]string),
		} {
			if rapid.Bool().Draw(t, name) {
				at := reflect.ValueOf(v).Elem()
				drawJSON(t, at, name)
				previous[name] = at.Interface()
			}
		}
		if rapid.Bool().Draw(t, "facts") {
			previous["facts"] = nil
		}
		want, err := json.Marshal(previous)
		require.NoError(t, err)
		got, err := encodePrevious(previous)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

func TestAnInvoiceThatCannotBeEncodedIsAnError(t *testing.T) {
	t.Parallel()
	_, err := encodeInvoice(&Invoice{CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Error(t, err)
	_, err = encodePrevious(map[string]any{"a": make(chan int)})
	require.Error(t, err)
}
