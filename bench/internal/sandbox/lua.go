package sandbox

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/sdk/pay"
)

// script is the adapter in Lua: it answers from its argument as the echo provider does.
const script = `
function create(req)
  local ref = "echo-" .. req.call.provider_key
  return {
    provider_ref = ref, status = "pending", amount = req.amount, currency = req.currency,
    http_status = 200, provider_request_id = "request-1",
    raw = '{"invoiceId":"' .. ref .. '","pageUrl":"https://pay.example.com/' .. ref .. '","status":"created","amount":"' .. req.amount .. '"}',
    next_action = { id = "page", type = "redirect", url = "https://pay.example.com/" .. ref },
  }
end`

// Lua is a pool of gopher-lua interpreters. A call makes a table of the request, runs the script and reads its answer.
type Lua struct {
	idle chan *lua.LState
	req  pay.CreateInvoice
}

// NewLua starts the interpreters.
func NewLua() (*Lua, error) {
	l := &Lua{idle: make(chan *lua.LState, instances), req: echo.Request()}
	for range instances {
		state := lua.NewState()
		if err := state.DoString(script); err != nil {
			return nil, err
		}
		l.idle <- state
	}
	return l, nil
}

// Create is one call.
func (l *Lua) Create(context.Context, int) error {
	state := <-l.idle
	defer func() { l.idle <- state }()
	if err := state.CallByParam(lua.P{Fn: state.GetGlobal("create"), NRet: 1, Protect: true}, table(state, l.req)); err != nil {
		return err
	}
	answer, ok := state.Get(-1).(*lua.LTable)
	state.Pop(1)
	if !ok {
		return errors.New("sandbox: the script did not answer with a table")
	}
	s, err := read(answer)
	if err == nil && (s.Status != pay.StatusPending || !s.Amount.Equal(l.req.Amount)) {
		err = errors.New("sandbox: the script did not answer what it was asked")
	}
	return err
}

// Close ends the interpreters.
func (l *Lua) Close() {
	for range instances {
		(<-l.idle).Close()
	}
}

func table(state *lua.LState, req pay.CreateInvoice) *lua.LTable {
	t, call := state.CreateTable(0, 16), state.CreateTable(0, 8)
	for key, value := range map[string]string{
		"operation_id": req.Call.OperationID, "provider_key": req.Call.ProviderKey, "account_id": req.Call.AccountID, "mode": string(req.Call.Mode),
		"traceparent": req.Call.Traceparent, "correlation_id": req.Call.CorrelationID,
	} {
		call.RawSetString(key, lua.LString(value))
	}
	call.RawSetString("try", lua.LNumber(req.Call.Try))
	for key, value := range map[string]string{
		"invoice_id": req.InvoiceID, "webhook_url": req.WebhookURL, "account_webhook_url": req.AccountWebhookURL, "amount": req.Amount.Value(),
		"currency": req.Amount.Code(), "purpose": string(req.Purpose), "reference": req.Reference, "description": req.Description,
		"customer_id": req.Customer.ID, "locale": req.Payer.Locale, "country": req.Payer.Country, "return_url": req.ReturnURLs.Default,
	} {
		t.RawSetString(key, lua.LString(value))
	}
	metadata := state.CreateTable(0, len(req.Metadata))
	for key, value := range req.Metadata {
		metadata.RawSetString(key, lua.LString(value))
	}
	t.RawSetString("metadata", metadata)
	t.RawSetString("call", call)
	return t
}

func read(t *lua.LTable) (pay.InvoiceState, error) {
	text := func(t *lua.LTable, key string) string { return lua.LVAsString(t.RawGetString(key)) }
	amount, err := pay.ParseMoney(text(t, "amount"), text(t, "currency"))
	if err != nil {
		return pay.InvoiceState{}, err
	}
	s := pay.InvoiceState{ProviderRef: text(t, "provider_ref"), Status: pay.Status(text(t, "status")), Amount: amount}
	s.Report.Evidence = pay.Evidence{
		HTTPStatus: int(lua.LVAsNumber(t.RawGetString("http_status"))), ProviderRequestID: text(t, "provider_request_id"), Raw: []byte(text(t, "raw")),
	}
	if next, ok := t.RawGetString("next_action").(*lua.LTable); ok {
		s.NextActions = []pay.NextAction{{ID: text(next, "id"), Type: pay.NextActionType(text(next, "type")), URL: text(next, "url")}}
	}
	return s, nil
}
