package plugin

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// What an adapter was given stays as it was, however long it keeps it and whatever calls come after, though the messages of a call
// are used for the next; the same for what a host was given.
func TestNothingLentIsKept(t *testing.T) {
	const calls = 200
	amount, err := pay.ParseMoney("12.50", "UAH")
	require.NoError(t, err)
	request := func(i int) pay.CreateInvoice {
		return pay.CreateInvoice{
			Call:      pay.Call{OperationID: fmt.Sprint("op", i), Critical: []string{"amount", "reference"}},
			InvoiceID: fmt.Sprint("inv", i), Amount: amount, Reference: fmt.Sprint("ref", i), Metadata: map[string]string{"n": fmt.Sprint(i)},
			Items:   []pay.Item{{Name: fmt.Sprint("item", i), UnitPrice: amount, TaxCodes: []string{fmt.Sprint("tax", i)}}},
			Options: fmt.Appendf(nil, `{"n":%d}`, i), ReturnURLs: pay.ReturnURLs{Default: fmt.Sprint("https://shop.example.com/", i)},
		}
	}
	answer := func(req pay.CreateInvoice) pay.InvoiceState {
		state := benchAnswer(req)
		state.ProviderRef, state.Report.Evidence.Raw = "p-"+req.InvoiceID, []byte("raw "+req.InvoiceID)
		state.Data = map[string]string{"of": req.InvoiceID}
		state.ProviderRefs = map[string]string{"short": req.Reference}
		return state
	}
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		var mu sync.Mutex
		kept, frames := map[string]pay.CreateInvoice{}, map[string]pay.Call{}
		f.account.create = func(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
			mu.Lock()
			defer mu.Unlock()
			kept[req.InvoiceID], frames[req.InvoiceID] = req, pay.CallFrom(ctx)
			return answer(req), nil
		}
		states := make([]pay.InvoiceState, calls)
		var group sync.WaitGroup
		for worker := range 4 {
			group.Go(func() {
				for i := worker; i < calls; i += 4 {
					var err error
					states[i], err = a.CreateInvoice(t.Context(), request(i))
					require.NoError(t, err)
				}
			})
		}
		group.Wait()
		for i := range calls {
			want, got := request(i), kept[fmt.Sprint("inv", i)]
			require.Equal(t, frames[got.InvoiceID], got.Call)
			require.Equal(t, want.Call.OperationID, got.Call.OperationID)
			want.Call, got.Call = pay.Call{}, pay.Call{}
			require.Equal(t, want, got)
			state := answer(request(i))
			require.Equal(t, state.ProviderRef, states[i].ProviderRef)
			require.Equal(t, state.ProviderRefs, states[i].ProviderRefs)
			require.Equal(t, state.Report.Evidence.Raw, states[i].Report.Evidence.Raw)
			require.Equal(t, state.Data, states[i].Data)
			require.Equal(t, state.NextActions, states[i].NextActions)
		}
	})
}

// A call that was given up keeps what it was given while its messages serve others.
func TestNothingLentIsKeptByDeafAdapters(t *testing.T) {
	eachPath(t, func(t *testing.T, f *fake, c *Client) {
		a := open(t, c)
		release, heard := make(chan struct{}), make(chan pay.CreateInvoice, 1)
		f.account.create = func(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
			if req.InvoiceID == "deaf" {
				<-release
				req.Call = pay.CallFrom(ctx)
				heard <- req
			}
			return pay.InvoiceState{Status: pay.StatusPaid}, nil
		}
		deaf := pay.Call{OperationID: "op-deaf", Deadline: time.Now().Add(10 * time.Millisecond)}
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Call: deaf, InvoiceID: "deaf", Reference: "ref-deaf", Metadata: map[string]string{"a": "b"}})
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		for range 50 {
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "other", Reference: "other", Metadata: map[string]string{"x": "y"}})
			require.NoError(t, err)
		}
		close(release)
		req := <-heard
		require.Equal(t, "op-deaf", req.Call.OperationID)
		require.Equal(t, "ref-deaf", req.Reference)
		require.Equal(t, map[string]string{"a": "b"}, req.Metadata)
	})
}

// Every unary method is served without gRPC's handlers, and can be answered for in the form of any other's answer.
func TestEveryMethodIsServed(t *testing.T) {
	s := newServer(newFake(), nil, nil)
	service := pluginv1.File_payhost_plugin_v1_plugin_proto.Services().ByName("ProviderService")
	unary := 0
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		require.EqualValues(t, 1, m.Output().Fields().ByName("report").Number(), m.Name())
		require.EqualValues(t, 3, m.Output().Fields().ByName("error").Number(), m.Name())
		if m.IsStreamingClient() {
			continue
		}
		unary++
		require.Contains(t, s.methods, string(m.Name()))
	}
	require.Len(t, s.methods, unary)
}
