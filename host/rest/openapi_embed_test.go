package rest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// References of every form lead to where their target now stands; what only looks like a reference stays.
func TestEmbedRewritesReferences(t *testing.T) {
	t.Parallel()
	schemas := map[string]any{"p.input.a_b": "taken"}
	ref, needed := embed(schemas, "p.input", "p", "Title", json.RawMessage(`{
		"$schema": "x", "$id": "https://example.com/s#", "title": "Own", "required": ["tree"],
		"properties": {
			"tree": {"$ref": "#"}, "by_id": {"$ref": "https://example.com/s#/$defs/a%20b"}, "self": {"$ref": "https://example.com/s"},
			"deep": {"$ref": "#/$defs/a%20b/properties/x"}, "place": {"$ref": "#/properties/tree"}, "named": {"$ref": "#anchor"},
			"old": {"$ref": "#/definitions/c~1d"}, "dynamic": {"$dynamicRef": "#anchor"}, "unknown": {"$ref": "#nowhere"},
			"$ref": {"type": "string"}, "enum": {"$ref": "#/$defs/a%20b"},
			"data": {"const": {"$ref": "#/$defs/a%20b"}, "default": {"$ref": "#"}, "x-note": {"$ref": "#"}},
			"other": {"$id": "urn:other", "$defs": {"q": {}}, "$ref": "#/$defs/q"}
		},
		"$defs": {"a b": {"properties": {"x": {"$anchor": "anchor", "items": [{"$ref": "#/definitions/c~1d"}]}}}},
		"definitions": {"c/d": {"maximum": 9007199254740993}}
	}`))
	require.True(t, needed)
	require.Equal(t, map[string]any{"$ref": "#/components/schemas/p.input"}, ref)
	require.ElementsMatch(t, []string{"p.input", "p.input.a_b", "p.input.a_b_2", "p.input.c_d"}, slices.Collect(maps.Keys(schemas)))
	raw, err := json.Marshal(schemas)
	require.NoError(t, err)
	const at = "#/components/schemas/p.input"
	require.JSONEq(t, `{
		"p.input": {"title": "Own", "x-payhost-provider": "p", "required": ["tree"], "properties": {
			"tree": {"$ref": "`+at+`"}, "by_id": {"$ref": "`+at+`.a_b_2"}, "self": {"$ref": "`+at+`"},
			"deep": {"$ref": "`+at+`.a_b_2/properties/x"}, "place": {"$ref": "`+at+`/properties/tree"}, "named": {"$ref": "`+at+`.a_b_2/properties/x"},
			"old": {"$ref": "`+at+`.c_d"}, "dynamic": {"$ref": "`+at+`.a_b_2/properties/x"}, "unknown": {"$ref": "#nowhere"},
			"$ref": {"type": "string"}, "enum": {"$ref": "`+at+`.a_b_2"},
			"data": {"const": {"$ref": "#/$defs/a%20b"}, "default": {"$ref": "#"}, "x-note": {"$ref": "#"}},
			"other": {"$id": "urn:other", "$defs": {"q": {}}, "$ref": "#/$defs/q"}}},
		"p.input.a_b": "taken",
		"p.input.a_b_2": {"properties": {"x": {"items": [{"$ref": "`+at+`.c_d"}]}}},
		"p.input.c_d": {"maximum": 9007199254740993}
	}`, string(raw))
	require.Contains(t, string(raw), "9007199254740993", "digits are kept")

	for _, odd := range []string{"", "true", "[]", "{", `"x"`} {
		ref, needed := embed(schemas, "q", "p", "", json.RawMessage(odd))
		require.Equal(t, map[string]any{"x-payhost-provider": "p"}, ref, odd)
		require.False(t, needed)
	}
	require.NotContains(t, schemas, "q")
}

// Two providers with an action of one name share its path: each schema has its provider's name, and what they need differs.
func TestDescribeActionsOfSeveralProviders(t *testing.T) {
	t.Parallel()
	static := []byte(`{"tags":[{"name":"invoices"}],"components":{"schemas":{}},"paths":{
		"/v1/invoices/{id}/actions/{name}":{"post":{"operationId":"g","parameters":[{"in":"path","name":"id"},{"in":"path","name":"name"},
			{"in":"header","name":"Idempotency-Key","required":false}],"responses":{"200":{"description":"OK"}}}}}}`)
	list := []host.ProviderActions{
		{Provider: "one", Title: "One", Actions: []pay.ActionSpec{
			{Name: "receipt", Title: "Receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice, Input: json.RawMessage(`{"required":["id"]}`)},
			{Name: "../x", Effect: pay.EffectRead, Subject: pay.SubjectInvoice},
		}},
		{Provider: "two", Actions: []pay.ActionSpec{
			{Name: "receipt", Title: "Send a receipt", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice, MaxAttachments: 1,
				Output: json.RawMessage(`{"type":"array"}`)},
		}},
	}
	raw, err := describeActions(static, list)
	require.NoError(t, err)
	var doc struct {
		Tags  []struct{ Name string }
		Paths map[string]struct {
			Post struct {
				OperationID string `json:"operationId"`
				Summary     string
				Tags        []string
				Parameters  []map[string]any
				Security    []map[string][]string
				RequestBody struct {
					Required bool
					Content  map[string]struct{ Schema json.RawMessage }
				}
				Responses map[string]struct {
					Content map[string]struct{ Schema json.RawMessage }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.Len(t, doc.Paths, 2, "a name that is no part of a path has only the generic one")
	op := doc.Paths["/v1/invoices/{id}/actions/receipt"].Post
	require.Equal(t, "run-invoice-action-receipt", op.OperationID)
	require.Equal(t, "Receipt / Send a receipt", op.Summary)
	require.Equal(t, []string{"one", "two"}, op.Tags)
	require.Equal(t, []map[string][]string{{"token": {"read"}}, {"token": {"capture"}}}, op.Security)
	require.Len(t, op.Parameters, 2)
	require.Equal(t, false, op.Parameters[1]["required"], "only one of them needs the key")
	require.False(t, op.RequestBody.Required)
	require.JSONEq(t, `{"type":"object","additionalProperties":false,"properties":{"input":{"oneOf":[
		{"title":"one","x-payhost-provider":"one","$ref":"#/components/schemas/one.invoice.receipt.input"},
		{"title":"two","x-payhost-provider":"two","type":"object"}]}}}`, string(op.RequestBody.Content["application/json"].Schema))
	require.Contains(t, op.RequestBody.Content, "multipart/form-data")
	require.Contains(t, string(op.Responses["200"].Content["application/json"].Schema), "two.invoice.receipt.output")
	require.Len(t, doc.Tags, 3)
	require.Equal(t, "g", doc.Paths["/v1/invoices/{id}/actions/{name}"].Post.OperationID)
}

// The description follows the plugins, and costs nothing while they stay the same.
func TestDescriptionFollowsTheManifests(t *testing.T) {
	t.Parallel()
	var list []host.ProviderActions
	d := &description{static: []byte(`{"components":{"schemas":{}},"paths":{"/v1/accounts/{id}/actions/{name}":{"post":{}}}}`)}
	d.actions = func() []host.ProviderActions { return list }
	read := func() string {
		raw, err := d.read()
		require.NoError(t, err)
		return string(raw)
	}
	require.Equal(t, string(d.static), read())
	spec := pay.ActionSpec{Name: "rates", Effect: pay.EffectRead, Subject: pay.SubjectAccount}
	list = []host.ProviderActions{{Provider: "one", Actions: []pay.ActionSpec{spec}}}
	require.Contains(t, read(), "/v1/accounts/{id}/actions/rates")
	before := d.full
	read()
	require.Same(t, &before[0], &d.full[0], "it is made once")
	spec.Title = "Rates of today"
	list = []host.ProviderActions{{Provider: "one", Actions: []pay.ActionSpec{spec}}}
	require.Contains(t, read(), "Rates of today")
	list = nil
	require.False(t, strings.Contains(read(), "rates"))
}
