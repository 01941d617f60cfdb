package host

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/sdk/pay"
)

// decodedAnew is what canonicalJSON was made of at first, and what it must give for ever: fingerprints are stored.
func decodedAnew(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func sameCanonical(t require.TestingT, raw []byte) {
	want, wantErr := decodedAnew(raw)
	got, err := canonicalJSON(raw)
	if wantErr != nil {
		require.Error(t, err, "%q", raw)
		return
	}
	require.NoError(t, err, "%q", raw)
	require.Equal(t, string(want), string(got), "%q", raw)
	again, err := canonicalOf(got)
	require.NoError(t, err, "%q", raw)
	require.Equal(t, string(want), string(again), "%q", raw)
}

func TestCanonicalJSONIsThatOfTheDecodedValue(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `[]`, `null`, ` true `, `"a"`, `-0.00e+5`, `1e999`, "\t[ 1 ,\n2 , {} ]\r", `{"b":1,"a":{"d":[1,{"z":0,"y":0}],"c":null}}`,
		`{"a":1,"a":2}`, `{"a":{"x":1},"b":0,"a":{"y":2}}`, `{"b":1,"a":1,"b":[2],"\u0061":3}`, `{"\u003c":1,"=":2,";":3}`,
		`"\u0041\/\b\f\n\r\t\"\\\u2028\u20ac\ud83d\ude00\ud800"`, "\"\u2028\u2029<>&\x7f\u00e9\u0416\"", "\"\xff\xc0\xaf\"", "{\"\xff\":1,\"\ufffd\":2}",
		`{"b":{"d":1,"c":2},"a":"\\u0041"}`, `{"z":[{"y":1,"x":"<"}],"a":{"b":1}}`, `[{"b":1,"a":2,"a":3}]`,
		`{"":1}`, `{"ab":1,"a":2,"a\u0000":3}`, `1 2`, `{} x`, ``, `{`, `{"a"}`, `[1,]`, `{"a":1,}`, "\"\n\"", `nul`, `01`, `[`,
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
		strings.Repeat(`{"b":1,"a":`, 9999) + "0" + strings.Repeat("}", 9999), strings.Repeat(`{"a":`, 10001) + "0" + strings.Repeat("}", 10001),
	} {
		if text == "" {
			got, err := canonicalJSON(nil)
			require.NoError(t, err)
			require.Empty(t, got)
			continue
		}
		sameCanonical(t, []byte(text))
	}
}

func TestJSONThatIsTooDeepIsRefused(t *testing.T) {
	t.Parallel()
	_, err := canonicalOf([]byte(strings.Repeat(`{"b":1,"a":`, 10001) + "0" + strings.Repeat("}", 10001)))
	require.ErrorIs(t, err, errTooDeep)
}

func FuzzCanonicalJSON(f *testing.F) {
	f.Add([]byte(`{"b":[1,{"z":null,"y":"\u0041<"}],"a":1e5,"b":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 0 {
			sameCanonical(t, raw)
		}
	})
}

// What is hashed for a request must stay as it is here: a key that was used with it still belongs to the same request after an upgrade.
func TestFingerprintsStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	limits := uah(t, "2000.00")
	for want, asked := range map[string]fingerprinted{
		`{"Account":"acc","Kind":"create","Request":{"Invoice":{"AccountWebhookURL":"","AllowPartial":false,"Amount":{"currency":"UAH","value":"1250.50"},` +
			`"BrowserReturnURL":"","Call":{"AccountID":"","AccountRevision":0,"CorrelationID":"","Critical":null,"Deadline":"0001-01-01T00:00:00Z","Mode":"",` +
			`"OperationID":"","ProviderKey":"","Traceparent":"","Try":0},"Capture":"automatic","Customer":{"Email":"","ID":"customer-1","Name":"","Phone":""},` +
			`"Description":"Замовлення \u003c1\u003e","ExpiresIn":0,"InitiatedBy":"customer","InvoiceID":"","Items":null,"MaxAmount":{"currency":"UAH","value":"2000.00"},` +
			`"Metadata":{"a":"1","b":"2"},"Options":{"a":"A","n":1.50},"Payer":{"Country":"","IP":"","Locale":"","UserAgent":""},"PaymentMethod":"","Purpose":"payment",` +
			`"Reference":"order-1","ReturnURLs":{"Default":"https://a.example/?x=1\u0026y=2","Failure":"","Success":""},"SaveCredential":false,"WebhookURL":""},"Source":null},"Target":""}`: {
			Kind: pay.OpCreate, Account: "acc", Request: &creation{nil, pay.CreateInvoice{
				Amount: uah(t, "1250.50"), MaxAmount: limits, Purpose: pay.PurposePayment, Reference: "order-1", Description: "Замовлення <1>",
				Customer: pay.Customer{ID: "customer-1"}, Capture: pay.CaptureAutomatic, ReturnURLs: pay.ReturnURLs{Default: "https://a.example/?x=1&y=2"},
				Metadata: map[string]string{"b": "2", "a": "1"}, InitiatedBy: pay.InitiatedByCustomer, Options: json.RawMessage(`{ "n": 1.50, "a": "\u0041" }`),
			}},
		},
	} {
		got, err := asked.text()
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		direct, err := asked.Request.(*creation).fingerprinted(asked.Kind, asked.Account, asked.Target)
		require.NoError(t, err)
		require.Equal(t, want, string(direct), "it takes the short way")
	}
}

func TestFingerprintsOfManyRequestsStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "<&>", "\u2028", "é", "\xff"}))
		options := rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage(`{}`), json.RawMessage(`{"z":[1.0,{"b":1,"a":"\u00e9\/"}],"a":1,"z":2}`)})
		money := func(label string) pay.Money {
			minor := rapid.Int64Range(0, 1<<50).Draw(t, label)
			currency, _ := pay.LookupCurrency(rapid.SampledFrom([]string{"UAH", "JPY", "KWD"}).Draw(t, label))
			m, err := pay.FromMinor(minor, currency)
			require.NoError(t, err)
			return m
		}
		items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pay.Item {
			return pay.Item{Name: word.Draw(t, "name"), Quantity: "1", UnitPrice: money("price"), TaxCodes: rapid.SliceOf(word).Draw(t, "codes"), Options: options.Draw(t, "of item")}
		}), 0, 3).Draw(t, "items")
		source := rapid.SampledFrom([]*Source{nil, {Type: pay.SourceBalance, ID: "17"}}).Draw(t, "source")
		for _, request := range []any{
			&creation{source, pay.CreateInvoice{
				Amount: money("amount"), Reference: word.Draw(t, "reference"), Metadata: rapid.MapOf(word, word).Draw(t, "metadata"), Items: items,
				ExpiresIn: time.Duration(rapid.Int64().Draw(t, "expires")), Options: options.Draw(t, "options"),
			}},
			drawnCreation(t, options, source),
			pay.ChangeInvoice{Amount: money("amount"), Items: items, Reason: word.Draw(t, "reason")},
			pay.CreateRefund{Amount: money("amount"), Reason: word.Draw(t, "reason")},
			pay.CreatePayout{Amount: money("amount"), Metadata: rapid.MapOf(word, word).Draw(t, "metadata")},
			rapid.MapOf(word, rapid.SliceOf(word)).Draw(t, "action"),
		} {
			asked := fingerprinted{pay.OpCreate, word.Draw(t, "account"), word.Draw(t, "target"), request}
			raw, err := json.Marshal(asked)
			require.NoError(t, err)
			want, err := decodedAnew(raw)
			require.NoError(t, err)
			got, err := asked.text()
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
	})
}

// drawnCreation has something in every field, and sometimes nothing.
func drawnCreation(t *rapid.T, options *rapid.Generator[json.RawMessage], source *Source) *creation {
	c := &creation{Source: source}
	var fill func(path string, v reflect.Value)
	fill = func(path string, v reflect.Value) {
		switch at := v.Addr().Interface().(type) {
		case *json.RawMessage:
			*at = options.Draw(t, path)
		case *[]pay.Item:
			*at = rapid.SampledFrom([][]pay.Item{nil, nil, nil, {}, {{Name: "one", Quantity: "1"}}}).Draw(t, path)
		case *pay.Call:
			*at = rapid.SampledFrom([]pay.Call{{}, {}, {}, {Try: 1}, {Critical: []string{}}, {CorrelationID: "c"}, {Deadline: time.Unix(1, 0)}}).Draw(t, path)
		case *pay.CreateInvoice, *pay.Customer, *pay.Payer, *pay.ReturnURLs:
			for i := range v.NumField() {
				fill(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		default:
			drawJSON(t, v, path)
		}
	}
	fill("Invoice", reflect.ValueOf(&c.Invoice).Elem())
	return c
}
