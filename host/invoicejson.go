package host

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/pay"
)

// encodeInvoice is json.Marshal of an invoice, byte for byte, in a quarter of its time: a create encodes three of them.
func encodeInvoice(inv *Invoice) (json.RawMessage, error) {
	e := jsonObject{out: append(make([]byte, 0, 1536), '{')}
	e.text("id", inv.ID)
	e.text("tenant", inv.Tenant)
	e.text("mode", string(inv.Mode))
	e.text("account", inv.Account)
	e.text("provider", inv.Provider)
	e.text("status", string(inv.Status))
	e.flag("final", inv.Final)
	e.textIf("final_reason", inv.FinalReason)
	e.text("purpose", string(inv.Purpose))
	e.money("amount", inv.Amount)
	e.money("amount_due", inv.AmountDue)
	e.money("amount_received", inv.AmountReceived)
	e.money("amount_authorized", inv.AmountAuthorized)
	e.money("amount_captured", inv.AmountCaptured)
	e.money("amount_refunded", inv.AmountRefunded)
	e.flag("overpaid", inv.Overpaid)
	e.any("next_action", inv.NextAction, inv.NextAction == nil)
	e.list("next_actions", inv.NextActions, inv.NextActions == nil, len(inv.NextActions))
	e.list("attempts", inv.Attempts, inv.Attempts == nil, len(inv.Attempts))
	if len(inv.Disputes) > 0 {
		e.any("disputes", inv.Disputes, false)
	}
	e.textIf("provider_ref", inv.ProviderRef)
	e.textsIf("provider_refs", inv.ProviderRefs)
	e.textsIf("provider_data", inv.ProviderData)
	e.textIf("reference", inv.Reference)
	e.textIf("description", inv.Description)
	e.textIf("customer_id", inv.CustomerID)
	e.allowed("allowed_actions", inv.AllowedActions)
	e.flag("needs_review", inv.NeedsReview)
	e.textIf("review_reason", inv.ReviewReason)
	e.textIf("unresolved_operation", inv.UnresolvedOperation)
	e.textIf("operation", inv.Operation)
	if inv.ExpiresAt != nil {
		e.time("expires_at", *inv.ExpiresAt)
	}
	e.time("created_at", inv.CreatedAt)
	e.time("updated_at", inv.UpdatedAt)
	e.name("version")
	e.out = strconv.AppendInt(e.out, inv.Version, 10)
	e.textsIf("metadata", inv.Metadata)
	return append(e.out, '}'), e.err
}

// encodePrevious is json.Marshal of the former values of a change, byte for byte.
func encodePrevious(previous map[string]any) (json.RawMessage, error) {
	e := jsonObject{out: []byte{'{'}}
	for _, name := range sortedKeys(previous) {
		switch v := previous[name].(type) {
		case string:
			e.text(name, v)
		case pay.Status:
			e.text(name, string(v))
		case bool:
			e.flag(name, v)
		case pay.Money:
			e.money(name, v)
		default:
			e.any(name, v, false)
		}
	}
	return append(e.out, '}'), e.err
}

// jsonObject writes the members of one object as encoding/json does. Names need no escapes.
type jsonObject struct {
	out []byte
	err error
}

func (e *jsonObject) name(name string) {
	if e.out[len(e.out)-1] != '{' {
		e.out = append(e.out, ',')
	}
	e.out = append(append(append(e.out, '"'), name...), '"', ':')
}

func (e *jsonObject) text(name, value string) {
	e.name(name)
	e.out = appendText(e.out, value)
}

func (e *jsonObject) textIf(name, value string) {
	if value != "" {
		e.text(name, value)
	}
}

func (e *jsonObject) flag(name string, value bool) {
	e.name(name)
	e.out = strconv.AppendBool(e.out, value)
}

func (e *jsonObject) money(name string, m pay.Money) {
	e.name(name)
	raw, err := m.MarshalJSON()
	e.append(raw, err)
}

func (e *jsonObject) time(name string, t time.Time) {
	e.name(name)
	raw, err := t.MarshalJSON()
	e.append(raw, err)
}

// any leaves a value to encoding/json. none says that it is null.
func (e *jsonObject) any(name string, value any, none bool) {
	e.name(name)
	if none {
		e.out = append(e.out, "null"...)
		return
	}
	raw, err := json.Marshal(value)
	e.append(raw, err)
}

// list is any for a list, which is mostly empty.
func (e *jsonObject) list(name string, value any, none bool, n int) {
	if none || n > 0 {
		e.any(name, value, none)
		return
	}
	e.name(name)
	e.out = append(e.out, "[]"...)
}

func (e *jsonObject) allowed(name string, values []string) {
	e.name(name)
	if values == nil {
		e.out = append(e.out, "null"...)
		return
	}
	e.out = append(e.out, '[')
	for i, v := range values {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = appendText(e.out, v)
	}
	e.out = append(e.out, ']')
}

func (e *jsonObject) textsIf(name string, values map[string]string) {
	if len(values) == 0 {
		return
	}
	e.name(name)
	keys := make([]string, 0, 8)
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	e.out = append(e.out, '{')
	for i, key := range keys {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = append(appendText(e.out, key), ':')
		e.out = appendText(e.out, values[key])
	}
	e.out = append(e.out, '}')
}

func (e *jsonObject) append(raw []byte, err error) {
	if err != nil && e.err == nil {
		e.err = err
	}
	e.out = append(e.out, raw...)
}

// appendText appends a text as encoding/json writes it.
func appendText(out []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		switch b := s[i]; {
		case b < ' ', b == '"', b == '\\', b == '<', b == '>', b == '&':
			return appendEscaped(out, s)
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !plainText([]byte(s)) {
		return appendEscaped(out, s)
	}
	return append(append(append(out, '"'), s...), '"')
}

func appendEscaped(out []byte, s string) []byte {
	raw, _ := json.Marshal(s) // a text never fails
	return append(out, raw...)
}
