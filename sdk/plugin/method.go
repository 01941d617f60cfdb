package plugin

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// method is one call of the protocol, by the name it has in the service.
type method string

const (
	methodConfigure        method = "Configure"
	methodDescribe         method = "Describe"
	methodHealth           method = "Health"
	methodOpenAccount      method = "OpenAccount"
	methodCloseAccount     method = "CloseAccount"
	methodCheck            method = "Check"
	methodMaintain         method = "Maintain"
	methodCreateInvoice    method = "CreateInvoice"
	methodGetInvoice       method = "GetInvoice"
	methodFindInvoice      method = "FindInvoice"
	methodCancelInvoice    method = "CancelInvoice"
	methodCaptureInvoice   method = "CaptureInvoice"
	methodVoidInvoice      method = "VoidInvoice"
	methodCharge           method = "Charge"
	methodCreateRefund     method = "CreateRefund"
	methodGetRefund        method = "GetRefund"
	methodCreatePayout     method = "CreatePayout"
	methodGetPayout        method = "GetPayout"
	methodCancelPayout     method = "CancelPayout"
	methodReadBalances     method = "ReadBalances"
	methodListTransactions method = "ListTransactions"
	methodHandleWebhook    method = "HandleWebhook"
	methodRouteWebhook     method = "RouteWebhook"
	methodRunAction        method = "RunAction"
)

// ability returns what an account must offer for m; empty for calls about the plugin itself.
func (m method) ability() pay.Ability {
	switch m {
	case methodCheck:
		return pay.CanCheck
	case methodMaintain:
		return pay.CanMaintain
	case methodCreateInvoice:
		return pay.CanCreateInvoice
	case methodGetInvoice:
		return pay.CanGetInvoice
	case methodFindInvoice:
		return pay.CanFindInvoice
	case methodCancelInvoice:
		return pay.CanCancel
	case methodCaptureInvoice:
		return pay.CanCapture
	case methodVoidInvoice:
		return pay.CanVoid
	case methodCharge:
		return pay.CanCharge
	case methodCreateRefund:
		return pay.CanRefund
	case methodGetRefund:
		return pay.CanGetRefund
	case methodCreatePayout:
		return pay.CanPayout
	case methodGetPayout:
		return pay.CanGetPayout
	case methodCancelPayout:
		return pay.CanCancelPayout
	case methodReadBalances:
		return pay.CanReadBalances
	case methodListTransactions:
		return pay.CanListTransactions
	case methodHandleWebhook:
		return pay.CanHandleWebhook
	case methodRouteWebhook:
		return pay.CanRouteWebhook
	case methodRunAction:
		return pay.CanRunAction
	default:
		return ""
	}
}

// operation returns the operation whose provider_options schema belongs to m; empty where m takes no options.
func (m method) operation() pay.Operation {
	switch m {
	case methodCreateInvoice:
		return pay.OpCreate
	case methodCancelInvoice:
		return pay.OpCancel
	case methodCaptureInvoice:
		return pay.OpCapture
	case methodVoidInvoice:
		return pay.OpVoid
	case methodCharge:
		return pay.OpCharge
	case methodCreateRefund:
		return pay.OpRefund
	case methodCreatePayout:
		return pay.OpPayout
	case methodCancelPayout:
		return pay.OpCancelPayout
	case methodRunAction:
		return pay.OpAction
	default:
		return ""
	}
}

// mutating reports whether a lost answer leaves something unknown. Maintain is: it registers webhooks and replaces tokens.
// An action is unless its manifest says that it only reads.
func (m method) mutating(manifest *pay.Manifest, action string) bool {
	if m == methodRunAction {
		i := slices.IndexFunc(manifest.Actions, func(a pay.ActionSpec) bool { return a.Name == action })
		return i < 0 || manifest.Actions[i].Effect != pay.EffectRead
	}
	return m == methodMaintain || m.operation() != ""
}

// knownFields is the one table of what this SDK understands of each request, in the names of the public API: the names that
// may stand in [pay.Call.Critical]. A field added to a request is added here in the same change.
func (m method) knownFields() []string {
	common := []string{"operation_id", "provider_key", "account_id", "mode", "deadline"}
	order := []string{
		"invoice_id", "webhook_url", "account_webhook_url", "browser_return_url", "amount", "amount.value", "amount.currency", "amount_limits",
		"amount_limits.max", "purpose", "reference", "description", "customer", "customer.id", "customer.email",
		"customer.phone", "customer.name", "payer", "payer.locale", "payer.ip", "payer.user_agent", "payer.country", "capture",
		"expires_in", "return_urls", "return_urls.default", "return_urls.success", "return_urls.failure", "payment_method",
		"items", "metadata", "save_credential", "allow_partial", "initiated_by",
	}
	change := []string{"invoice", "amount", "amount.value", "amount.currency", "more", "reason", "reference", "items", "metadata"}
	var own []string
	switch m {
	case methodCreateInvoice:
		own = order
	case methodCharge:
		own = append(order, "source", "source.type", "source.id", "credential", "balance_id")
	case methodCancelInvoice, methodCaptureInvoice, methodVoidInvoice:
		own = change
	case methodCreateRefund:
		own = append(change, "refund_id", "attempt_ref")
	case methodCreatePayout:
		own = []string{
			"payout_id", "webhook_url", "amount", "amount.value", "amount.currency", "destination", "customer", "customer.id",
			"customer.email", "customer.phone", "customer.name", "reference", "description", "metadata",
		}
	case methodGetInvoice:
		own = []string{"invoice"}
	case methodFindInvoice:
		own = []string{"invoice", "reference", "sent_at"}
	case methodGetRefund:
		own = []string{"refund"}
	case methodGetPayout:
		own = []string{"payout"}
	case methodCancelPayout:
		own = []string{"payout", "reason"}
	case methodReadBalances:
		own = []string{"owner"}
	case methodListTransactions:
		own = []string{"from", "to", "cursor", "limit"}
	case methodHandleWebhook, methodRouteWebhook:
		own = []string{"webhook", "invoice"}
	case methodMaintain:
		own = []string{"reason", "state", "webhook_url", "input"}
	case methodOpenAccount:
		own = []string{"account", "config", "state", "webhook_url"}
	case methodConfigure:
		own = []string{"runtime", "proxy_url", "ca_bundle_pem", "http", "user_agent", "record", "recordings", "allow_plain_http"}
	case methodRunAction:
		own = []string{"name", "invoice", "payout", "refund", "dispute", "input", "attachments"}
	case methodDescribe, methodHealth, methodCloseAccount, methodCheck:
	}
	return append(own, common...)
}

// refuseCritical returns an error when a name in call.Critical is not understood. Options are understood when the manifest's
// schema of the operation has such a property.
func (m method) refuseCritical(call *pay.Call, manifest *pay.Manifest) *pay.Error {
	if len(call.Critical) == 0 {
		return nil
	}
	known := m.knownFields()
	for _, name := range call.Critical {
		option, isOption := strings.CutPrefix(name, "provider_options.")
		switch {
		case slices.Contains(known, name), name == "provider_options" && m.operation() != "":
		case isOption && hasProperty(manifest.OptionSchemas[m.operation()], option):
		default:
			e := pay.Unsupported(name)
			e.Message = "the plugin does not know " + name + ", which this call depends on"
			e.Executed = pay.ExecutedNo
			e.Fields = []pay.FieldError{{Path: name, Message: "is not supported by this version of the plugin"}}
			e.Err = errUnknownCritical
			return e
		}
	}
	return nil
}

func hasProperty(schema json.RawMessage, name string) bool {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return false
	}
	_, ok := s.Properties[name]
	return ok
}
