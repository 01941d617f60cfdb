package rest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	schemaPrefix = "#/components/schemas/"
	securityName = "token"
)

// newAPI returns an empty description whose operations are served by mux. Everything that huma can set per program is
// set per API here, so that two hosts in one program do not meet.
func newAPI(mux *http.ServeMux, transform huma.Transformer) huma.API {
	registry := huma.NewMapRegistry(schemaPrefix, schemaName)
	for from, to := range schemaAliases() {
		registry.RegisterTypeAlias(from, to)
	}
	// No OpenAPIPath, DocsPath or SchemasPath: those routes would be served without our errors.
	return humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "payhost", Version: host.Version,
				Description: "Invoices over payment-provider plugins. A problem body means that nothing was executed, that the payment was " +
					"declined, or that data differ; its executed says which. An unknown outcome of a mutating call is 202 with the resource " +
					"and its unresolved_operation, never an error status. Amounts are strings of exact digits in major units.",
			},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					securityName: {Type: "http", Scheme: "bearer", Description: "A token of the host's configuration. The scope admin includes every " +
						"other; api includes read, create, capture and refund."},
				},
			},
			Tags: []*huma.Tag{
				{Name: "invoices"}, {Name: "refunds"}, {Name: "payouts"}, {Name: "disputes"}, {Name: "accounts"}, {Name: "operations"}, {Name: "events"}, {Name: "plugins"}, {Name: "webhooks"}, {Name: "health"},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transform},
	})
}

// schemaName keeps types of one name apart.
func schemaName(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[host.Problem]():
		return "OperationError"
	case reflect.TypeFor[host.Account]():
		return "PutAccount"
	case reflect.TypeFor[host.AccountStatus]():
		return "Account"
	case reflect.TypeFor[host.Bundle]():
		return "OperationBundle"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// schemaAliases say how types look in JSON that Go's fields do not show.
func schemaAliases() map[reflect.Type]reflect.Type {
	return map[reflect.Type]reflect.Type{
		reflect.TypeFor[pay.Money]():       reflect.TypeFor[host.Amount](),
		reflect.TypeFor[json.RawMessage](): reflect.TypeFor[objectSchema](),
		reflect.TypeFor[pay.Status]():      reflect.TypeFor[statusSchema](),
		reflect.TypeFor[pay.Kind]():        reflect.TypeFor[kindSchema](),
		reflect.TypeFor[pay.Executed]():    reflect.TypeFor[executedSchema](),
		reflect.TypeFor[pay.RetryRule]():   reflect.TypeFor[retrySchema](),
		reflect.TypeFor[pay.Mode]():        reflect.TypeFor[modeSchema](),
		reflect.TypeFor[pay.Operation]():   reflect.TypeFor[operationSchema](),
		reflect.TypeFor[pay.Purpose]():     reflect.TypeFor[purposeSchema](),
		reflect.TypeFor[pay.CaptureMode](): reflect.TypeFor[captureSchema](),
		reflect.TypeFor[pay.InitiatedBy](): reflect.TypeFor[initiatorSchema](),
		reflect.TypeFor[pay.SourceType]():  reflect.TypeFor[sourceSchema](),

		reflect.TypeFor[pay.RefundStatus]():    reflect.TypeFor[refundStatusSchema](),
		reflect.TypeFor[pay.PayoutStatus]():    reflect.TypeFor[payoutStatusSchema](),
		reflect.TypeFor[pay.Origin]():          reflect.TypeFor[originSchema](),
		reflect.TypeFor[pay.DestinationType](): reflect.TypeFor[destinationSchema](),

		reflect.TypeFor[host.FindingClass]():    reflect.TypeFor[findingSchema](),
		reflect.TypeFor[host.ReconcileMethod](): reflect.TypeFor[reconcileMethodSchema](),

		// huma announces its own errors, which restate turns into problems.
		reflect.TypeFor[huma.ErrorModel](): reflect.TypeFor[Problem](),
	}
}

type (
	objectSchema    string
	statusSchema    string
	kindSchema      string
	executedSchema  string
	retrySchema     string
	modeSchema      string
	operationSchema string
	purposeSchema   string
	captureSchema   string
	initiatorSchema string
	sourceSchema    string

	refundStatusSchema string
	payoutStatusSchema string
	originSchema       string
	destinationSchema  string

	findingSchema         string
	reconcileMethodSchema string
)

// Schema describes what is an object of somebody else: options, configs, JSON Schemas, the data of events.
func (objectSchema) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeObject} }

// Schema lists the statuses.
func (statusSchema) Schema(huma.Registry) *huma.Schema { return oneOf(pay.Statuses()) }

// Schema lists the kinds.
func (kindSchema) Schema(huma.Registry) *huma.Schema { return oneOf(pay.Kinds()) }

// Schema lists the answers to "did it happen?".
func (executedSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.Executed{pay.ExecutedNo, pay.ExecutedYes, pay.ExecutedUnknown})
}

// Schema lists the retry rules.
func (retrySchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.RetryRule{pay.RetryNever, pay.RetrySameOperation, pay.RetryAfterLookup, pay.RetryNewAttempt})
}

// Schema lists the modes.
func (modeSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.Mode{pay.ModeSandbox, pay.ModeLive})
}

// Schema lists the operations.
func (operationSchema) Schema(huma.Registry) *huma.Schema { return oneOf(pay.Operations()) }

// Schema lists the purposes.
func (purposeSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.Purpose{pay.PurposePayment, pay.PurposeVerification})
}

// Schema lists the capture modes.
func (captureSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.CaptureMode{pay.CaptureAutomatic, pay.CaptureManual})
}

// Schema lists the initiators.
func (initiatorSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.InitiatedBy{pay.InitiatedByCustomer, pay.InitiatedByMerchant})
}

// Schema lists the sources.
func (sourceSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.SourceType{pay.SourceCredential, pay.SourceBalance})
}

// Schema lists the statuses of refunds.
func (refundStatusSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.RefundStatus{pay.RefundCreating, pay.RefundPending, pay.RefundSucceeded, pay.RefundFailed})
}

// Schema lists the statuses of payouts.
func (payoutStatusSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.PayoutStatus{
		pay.PayoutCreating, pay.PayoutPending, pay.PayoutProcessing, pay.PayoutSucceeded, pay.PayoutFailed, pay.PayoutCanceled,
	})
}

// Schema lists where refunds come from.
func (originSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.Origin{pay.OriginHost, pay.OriginExternal})
}

// Schema lists the types of destinations.
func (destinationSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]pay.DestinationType{
		pay.DestinationCard, pay.DestinationIBAN, pay.DestinationAccount, pay.DestinationPhone, pay.DestinationWallet, pay.DestinationStored,
	})
}

// Schema lists the classes of findings.
func (findingSchema) Schema(huma.Registry) *huma.Schema { return oneOf(host.FindingClasses()) }

// Schema lists how a reconciliation compares.
func (reconcileMethodSchema) Schema(huma.Registry) *huma.Schema {
	return oneOf([]host.ReconcileMethod{host.ReconcileListing, host.ReconcileWalk})
}

func oneOf[T ~string](values []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

func problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A refusal: an RFC 9457 problem.",
		Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: &huma.Schema{Ref: schemaPrefix + "Problem"}},
		},
	}
}

// finish corrects what huma derives from Go types but JSON does not show: lists are never null, next_action may be, and
// answers may get further fields, so that a client made from an old description reads a new host.
func finish(api *huma.OpenAPI) {
	schemas := api.Components.Schemas.Map()
	requests := map[string]bool{}
	for _, item := range api.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Patch} {
			if op != nil && op.RequestBody != nil {
				collect(schemas, op.RequestBody.Content["application/json"].Schema, requests)
			}
		}
	}
	for name, schema := range schemas {
		if !requests[name] {
			schema.AdditionalProperties = nil
		}
		for _, property := range schema.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
	schemas["ActionResult"].Properties["output"] = &huma.Schema{
		Description: "What the action put out: any JSON that is valid against its output schema.",
	}
	value := schemas["Amount"].Properties["value"]
	value.Pattern, value.Examples = `^-?[0-9]+(\.[0-9]+)?$`, []any{"100.00"}
	value.Description = "Exact digits in major units, as a string: JSON numbers lose digits."
	next := schemas["Invoice"].Properties["next_action"]
	*next = huma.Schema{OneOf: []*huma.Schema{{Ref: next.Ref}, {Type: "null"}}}
}

// collect adds the names of all schemas that s leads to.
func collect(schemas map[string]*huma.Schema, s *huma.Schema, found map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, schemaPrefix); ok && !found[name] {
		found[name] = true
		collect(schemas, schemas[name], found)
	}
	collect(schemas, s.Items, found)
	for _, property := range s.Properties {
		collect(schemas, property, found)
	}
}

// describeWebhooks documents the routes that the host serves itself.
func describeWebhooks(api *huma.OpenAPI) {
	param := func(name, text string) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	add := func(id, path, summary string, params ...*huma.Param) {
		api.AddOperation(&huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"webhooks"}, Parameters: params,
			Description: "Called by providers, without a token of ours: the plugin verifies. Acceptance is answered as the provider wants it.",
			Responses: map[string]*huma.Response{
				"200": {Description: "Accepted; status and body are what the provider asks for."},
				"401": {Description: "It cannot be verified."},
				"404": {Description: "There is no such account."},
				"413": {Description: "It is too large."},
				"503": {Description: "It cannot be verified or stored now; the provider shall send again."},
			},
		})
	}
	account := param("account", "The id of an account.")
	add("receive-webhook", "/webhooks/{account}", "Receive a webhook of an account", account)
	add("receive-webhook-tail", "/webhooks/{account}/{tail}", "Receive a webhook of one invoice or one kind", account,
		param("tail", "An id of ours, or a word of the provider's."))
}
