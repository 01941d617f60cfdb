package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// stayBehind lists the fields that do not cross the wire, with the reason. A field that is neither here nor converted fails
// the tests below.
var stayBehind = map[string]string{
	"Error.Err":          "a cause is a Go value; its text is in Message",
	"Error.OperationID":  "set by the host, in which a plugin has no say",
	"Error.InvoiceID":    "set by the host, in which a plugin has no say",
	"Attachment.Content": "follows in chunks; see TestAttachmentsAreStreamed",
	"AccountConfig.HTTP": "made by the plugin's side from the Runtime",
	"AccountConfig.Log":  "made by the plugin's side",
	"AccountConfig.Now":  "made by the plugin's side",
}

// filler gives every field of a type a distinct value that is not zero.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value, name string) {
	f.n++
	switch v.Interface().(type) {
	case pay.Money:
		code := []pay.Currency{{Code: "UAH", Exponent: 2, Numeric: 980}, {Code: "USDT", Exponent: 8}, {Code: "JPY", Exponent: 0, Numeric: 392}}[f.n%3]
		m, err := pay.FromMinor(int64(1000+f.n), code)
		if err != nil {
			panic(err)
		}
		v.Set(reflect.ValueOf(m))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1_700_000_000+int64(f.n), int64(f.n)).UTC()))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(fmt.Sprintf(`{"n":%d}`, f.n))))
		return
	case pay.Currency:
		v.Set(reflect.ValueOf(pay.Currency{Code: fmt.Sprintf("C%d", f.n), Exponent: 1 + f.n%17, Numeric: f.n}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d", name, f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{byte(f.n) | 1, 0xff, 7}) // not UTF-8
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i), name)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, item := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, name)
			f.fill(item, name)
			v.SetMapIndex(key, item)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if reason := stayBehind[v.Type().Name()+"."+field.Name]; reason == "" {
				f.fill(v.Field(i), field.Name)
			}
		}
	default:
		panic(fmt.Sprintf("the filler does not know %s %s", name, v.Type()))
	}
}

// zeroes names the fields below v that are zero and should not be.
func zeroes(v reflect.Value, path string) []string {
	if v.Type() == reflect.TypeFor[pay.Money]() || v.Type() == reflect.TypeFor[time.Time]() {
		if v.IsZero() {
			return []string{path}
		}
		return nil
	}
	var out []string
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return []string{path}
		}
		return zeroes(v.Elem(), path)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if reason := stayBehind[v.Type().Name()+"."+field.Name]; reason == "" {
				out = append(out, zeroes(v.Field(i), path+"."+field.Name)...)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return []string{path}
		}
		for i := range v.Len() {
			out = append(out, zeroes(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Map:
		if v.Len() == 0 {
			return []string{path}
		}
		for _, k := range v.MapKeys() {
			out = append(out, zeroes(v.MapIndex(k), fmt.Sprintf("%s[%v]", path, k))...)
		}
	default:
		if v.IsZero() {
			return []string{path}
		}
	}
	return out
}

// roundTrip fills a T, sends it over the wire format and requires every field back, also when all messages on the way have been
// taken back. It then goes on the other way: the message that was written must be written again by what was read.
func roundTrip[T any, M proto.Message](t *testing.T, to func(*pluginv1.Arena, T) M, from func(M) T) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		var sent T
		(&filler{}).fill(reflect.ValueOf(&sent).Elem(), "")
		require.Empty(t, zeroes(reflect.ValueOf(sent), reflect.TypeFor[T]().Name()), "the filler left fields empty")
		lender := new(pluginv1.Arena)
		message := to(lender, sent)
		require.NoError(t, inspect(message, limits{}))
		wire, err := proto.Marshal(message)
		require.NoError(t, err)
		lender.Reset()
		received := reflect.New(reflect.TypeOf(message).Elem()).Interface().(M)
		require.NoError(t, decodeWire(wire, any(received).(wireMessage), lender))
		got := from(received)
		lender.Reset()
		require.Empty(t, zeroes(reflect.ValueOf(got), reflect.TypeFor[T]().Name()), "these fields are lost on the wire")
		require.Empty(t, differences(reflect.ValueOf(sent), reflect.ValueOf(got), reflect.TypeFor[T]().Name()), "these fields differ")

		message, again := to(nil, sent), to(nil, got)
		require.True(t, proto.Equal(message, again), "written again, the message differs")
		require.Empty(t, unset(message.ProtoReflect(), ""), "these fields of the message are never written")
	})
}

// differences names where two values differ. Amounts are compared as amounts: one has several representations.
func differences(a, b reflect.Value, path string) []string {
	if m, ok := reflect.TypeAssert[pay.Money](a); ok {
		if o := b.Interface().(pay.Money); !m.Equal(o) || m.Currency() != o.Currency() {
			return []string{path}
		}
		return nil
	}
	var out []string
	switch {
	case a.Type() == reflect.TypeFor[time.Time]():
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		return differences(a.Elem(), b.Elem(), path)
	case a.Kind() == reflect.Struct:
		for i := range a.NumField() {
			name := a.Type().Field(i).Name
			if stayBehind[a.Type().Name()+"."+name] == "" {
				out = append(out, differences(a.Field(i), b.Field(i), path+"."+name)...)
			}
		}
		return out
	case a.Kind() == reflect.Slice && a.Len() == b.Len():
		for i := range a.Len() {
			out = append(out, differences(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	case a.Kind() == reflect.Map && a.Len() == b.Len():
		for _, k := range a.MapKeys() {
			item := b.MapIndex(k)
			if !item.IsValid() {
				return []string{fmt.Sprintf("%s[%v]", path, k)}
			}
			out = append(out, differences(a.MapIndex(k), item, fmt.Sprintf("%s[%v]", path, k))...)
		}
		return out
	}
	if !reflect.DeepEqual(a.Interface(), b.Interface()) {
		return []string{path}
	}
	return nil
}

// answerOnly are fields of the wire that a conversion of a state does not write.
var answerOnly = map[protoreflect.FullName]string{
	"payhost.plugin.v1.Report.executed": "written by the server around a state; TestErrorsKeepTheirIdentity has it for errors",
	"payhost.plugin.v1.Report.retry":    "of errors only",
	"payhost.plugin.v1.Error.condition": "written by the server",
	"payhost.plugin.v1.Money.numeric":   "zero for codes outside ISO 4217",
	"payhost.plugin.v1.Money.exponent":  "zero for currencies without decimals",
}

// unset names the fields of a message, at any depth, that hold nothing.
func unset(m protoreflect.Message, path string) []string {
	var out []string
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		name := path + "." + string(fd.Name())
		switch {
		case answerOnly[fd.FullName()] != "":
		case m.Descriptor().FullName().Parent() != "payhost.plugin.v1":
		case !m.Has(fd):
			if fd.ContainingOneof() == nil {
				out = append(out, name)
			}
		case fd.IsList() && fd.Kind() == protoreflect.MessageKind:
			for j := range m.Get(fd).List().Len() {
				out = append(out, unset(m.Get(fd).List().Get(j).Message(), name)...)
			}
		case fd.IsMap():
		case fd.Kind() == protoreflect.MessageKind:
			out = append(out, unset(m.Get(fd).Message(), name)...)
		}
	}
	return out
}

func TestConversionsAreComplete(t *testing.T) {
	roundTrip(t, toCall, fromCall)
	roundTrip(t, toReport, fromReport)
	roundTrip(t, func(lender *pluginv1.Arena, e pay.Error) *pluginv1.Error { return toError(lender, &e) },
		func(e *pluginv1.Error) pay.Error { return *fromError(e) })
	roundTrip(t, toInvoiceState, fromInvoiceState)
	roundTrip(t, toInvoiceRef, fromInvoiceRef)
	roundTrip(t, toRefundState, fromRefundState)
	roundTrip(t, toRefundRef, fromRefundRef)
	roundTrip(t, toCreateRefund, fromCreateRefund)
	roundTrip(t, toDispute, fromDispute)
	roundTrip(t, toPayoutState, fromPayoutState)
	roundTrip(t, toPayoutRef, fromPayoutRef)
	roundTrip(t, toCreatePayout, fromCreatePayout)
	roundTrip(t, toCancelPayout, fromCancelPayout)
	roundTrip(t, toDisputeRef, fromDisputeRef)
	roundTrip(t, toReadBalances, fromReadBalances)
	roundTrip(t, toListTransactions, fromListTransactions)
	roundTrip(t, toFindInvoice, fromFindInvoice)
	roundTrip(t, toCharge, fromCharge)
	roundTrip(t, toMaintain, fromMaintain)
	roundTrip(t, toAccountConfig, fromAccountConfig)
	roundTrip(t, toAccountInfo, fromAccountInfo)
	roundTrip(t, func(_ *pluginv1.Arena, m pay.Manifest) *pluginv1.Manifest { return toManifest(m) }, fromManifest)
	roundTrip(t, toWebhookEvent, fromWebhookEvent)
	roundTrip(t, toWebhookRoute, fromWebhookRoute)
	roundTrip(t, func(_ *pluginv1.Arena, r Runtime) *pluginv1.Runtime { return toRuntime(r) }, fromRuntime)

	// Types whose frame or report stands beside them on the wire.
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.CreateInvoice) *pluginv1.CreateInvoiceRequest {
			return &pluginv1.CreateInvoiceRequest{Call: toCall(lender, r.Call), Invoice: toNewInvoice(lender, r)}
		},
		func(r *pluginv1.CreateInvoiceRequest) pay.CreateInvoice {
			return fromNewInvoice(r.GetCall(), r.GetInvoice())
		})
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.ChangeInvoice) *pluginv1.CaptureInvoiceRequest {
			return &pluginv1.CaptureInvoiceRequest{Call: toCall(lender, r.Call), Change: toChange(lender, r)}
		},
		func(r *pluginv1.CaptureInvoiceRequest) pay.ChangeInvoice {
			return fromChange(r.GetCall(), r.GetChange())
		})
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.WebhookRequest) *pluginv1.HandleWebhookRequest {
			return &pluginv1.HandleWebhookRequest{Call: toCall(lender, r.Call), Webhook: toWebhook(lender, r)}
		},
		func(r *pluginv1.HandleWebhookRequest) pay.WebhookRequest {
			return fromWebhook(r.GetCall(), r.GetWebhook())
		})
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.Action) *pluginv1.RunActionRequest {
			return &pluginv1.RunActionRequest{Call: toCall(lender, r.Call), Part: &pluginv1.RunActionRequest_Start{Start: toActionStart(lender, r)}}
		},
		func(r *pluginv1.RunActionRequest) pay.Action { return fromActionStart(r.GetCall(), r.GetStart()) })
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.Balances) *pluginv1.ReadBalancesResponse {
			return &pluginv1.ReadBalancesResponse{Report: toReport(lender, r.Report), Result: &pluginv1.ReadBalancesResponse_State{State: toBalances(lender, r)}}
		},
		func(r *pluginv1.ReadBalancesResponse) pay.Balances { return fromBalances(r.GetReport(), r.GetState()) })
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.TransactionPage) *pluginv1.ListTransactionsResponse {
			return &pluginv1.ListTransactionsResponse{
				Report: toReport(lender, r.Report), Result: &pluginv1.ListTransactionsResponse_State{State: toTransactionPage(lender, r)},
			}
		},
		func(r *pluginv1.ListTransactionsResponse) pay.TransactionPage {
			return fromTransactionPage(r.GetReport(), r.GetState())
		})
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.WebhookResult) *pluginv1.HandleWebhookResponse {
			return &pluginv1.HandleWebhookResponse{Report: toReport(lender, r.Report), Result: &pluginv1.HandleWebhookResponse_State{State: toWebhookResult(lender, r)}}
		},
		func(r *pluginv1.HandleWebhookResponse) pay.WebhookResult {
			return fromWebhookResult(r.GetReport(), r.GetState())
		})
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.Maintained) *pluginv1.MaintainResponse {
			return &pluginv1.MaintainResponse{Report: toReport(lender, r.Report), Result: &pluginv1.MaintainResponse_State{State: toMaintained(lender, r)}}
		},
		func(r *pluginv1.MaintainResponse) pay.Maintained { return fromMaintained(r.GetReport(), r.GetState()) })
	roundTrip(t,
		func(lender *pluginv1.Arena, r pay.ActionResult) *pluginv1.RunActionResponse {
			return &pluginv1.RunActionResponse{Report: toReport(lender, r.Report), Result: &pluginv1.RunActionResponse_State{State: toActionResult(lender, r)}}
		},
		func(r *pluginv1.RunActionResponse) pay.ActionResult {
			return fromActionResult(r.GetReport(), r.GetState())
		})
}

// TestEmptyStaysEmpty: what is not stated must not become stated on the way.
func TestEmptyStaysEmpty(t *testing.T) {
	require.Equal(t, pay.InvoiceState{}, fromInvoiceState(toInvoiceState(nil, pay.InvoiceState{})))
	require.Equal(t, pay.PayoutState{}, fromPayoutState(toPayoutState(nil, pay.PayoutState{})))
	require.Equal(t, pay.RefundState{}, fromRefundState(toRefundState(nil, pay.RefundState{})))
	require.Equal(t, pay.Manifest{}, fromManifest(toManifest(pay.Manifest{})))
	require.Equal(t, pay.AccountInfo{}, fromAccountInfo(toAccountInfo(nil, pay.AccountInfo{})))
	require.Equal(t, pay.Call{}, fromCall(toCall(nil, pay.Call{})))

	none := fromAccountInfo(toAccountInfo(nil, pay.AccountInfo{Abilities: pay.Abilities{}, Currencies: []string{}}))
	require.NotNil(t, none.Abilities, "no abilities is not the same as not stated")
	require.NotNil(t, none.Currencies)

	zero := pay.InvoiceState{Amount: pay.ZeroOf(pay.Currency{Code: "UAH", Exponent: 2, Numeric: 980})}
	require.True(t, fromInvoiceState(toInvoiceState(nil, zero)).Amount.IsSet(), "an amount of zero is stated")
}

func TestExceptionsAreExplained(t *testing.T) {
	types := map[string]reflect.Type{}
	for _, v := range []any{pay.Error{}, pay.Attachment{}, pay.AccountConfig{}} {
		types[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	for name, reason := range stayBehind {
		typeName, field, _ := strings.Cut(name, ".")
		require.NotEmpty(t, reason, name)
		found, ok := types[typeName]
		require.True(t, ok, name)
		_, ok = found.FieldByName(field)
		require.True(t, ok, "%s does not exist", name)
	}
}

func TestACallIsNoneOnlyWhenNothingIsSet(t *testing.T) {
	require.True(t, isNoCall(&pay.Call{}))
	typ := reflect.TypeFor[pay.Call]()
	for i := range typ.NumField() {
		var c pay.Call
		field := reflect.ValueOf(&c).Elem().Field(i)
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(5, 0)))
		case []string:
			field.Set(reflect.ValueOf([]string{"x"}))
		default:
			if field.Kind() == reflect.String {
				field.SetString("x")
			} else {
				field.SetInt(1)
			}
		}
		require.False(t, isNoCall(&c), typ.Field(i).Name)
	}
}
