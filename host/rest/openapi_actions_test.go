package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// liveDescription is the description that a host with plugins serves.
func liveDescription(t *testing.T) (raw []byte, doc map[string]any) {
	t.Helper()
	raw = newSurface(t).call("GET", "/openapi.json").want(http.StatusOK).raw
	require.NoError(t, json.Unmarshal(raw, &doc))
	return raw, doc
}

// at follows a JSON pointer.
func at(t *testing.T, doc any, pointer string) any {
	t.Helper()
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		step, err := url.PathUnescape(step)
		require.NoError(t, err)
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch v := doc.(type) {
		case map[string]any:
			next, there := v[step]
			require.True(t, there, "%s: there is no %s", pointer, step)
			doc = next
		case []any:
			i, err := strconv.Atoi(step)
			require.NoError(t, err, pointer)
			require.Less(t, i, len(v), pointer)
			doc = v[i]
		default:
			t.Fatalf("%s leads through a value", pointer)
		}
	}
	return doc
}

// refs collects every reference of a document.
func refs(v any, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			found[ref] = true
		}
		for _, item := range v {
			refs(item, found)
		}
	case []any:
		for _, item := range v {
			refs(item, found)
		}
	}
}

// The actions of the plugins that run have paths of their own, in a form that tools understand.
func TestOpenAPIShowsTheActionsOfPlugins(t *testing.T) {
	t.Parallel()
	_, doc := liveDescription(t)
	op := at(t, doc, "#/paths/~1v1~1invoices~1{id}~1actions~1confirm_transfer/post").(map[string]any)
	require.Equal(t, "Confirm a transfer", op["summary"])
	require.Equal(t, []any{"scripted"}, op["tags"])
	require.Equal(t, "run-invoice-action-confirm_transfer", op["operationId"])
	require.Equal(t, []any{map[string]any{"token": []any{"capture"}}}, op["security"])
	fact := op["x-payhost-actions"].([]any)[0].(map[string]any)
	require.Equal(t, "scripted", fact["provider"])
	require.Equal(t, "changes", fact["effect"])
	require.Equal(t, "invoice", fact["subject"])
	require.Equal(t, 2.0, fact["max_attachments"])
	require.Equal(t, 1000.0, fact["max_attachment_size"])
	require.Equal(t, true, op["requestBody"].(map[string]any)["required"])
	require.Contains(t, at(t, op, "#/requestBody/content"), "multipart/form-data")
	require.Equal(t, 2.0, at(t, op, "#/requestBody/content/multipart~1form-data/schema/properties/attachment/maxItems"))
	names := []any{}
	for _, p := range op["parameters"].([]any) {
		p := p.(map[string]any)
		names = append(names, p["name"])
		require.Equal(t, true, p["required"])
	}
	require.ElementsMatch(t, []any{"id", "Idempotency-Key"}, names)
	component := at(t, doc, "#/components/schemas/scripted.invoice.confirm_transfer.input").(map[string]any)
	require.Equal(t, "scripted", component["x-payhost-provider"])
	require.Equal(t, "Confirm a transfer", component["title"])

	// One that only reads takes no key and needs less.
	op = at(t, doc, "#/paths/~1v1~1invoices~1{id}~1actions~1receipt/post").(map[string]any)
	require.Equal(t, []any{map[string]any{"token": []any{"read"}}}, op["security"])
	require.Len(t, op["parameters"], 1)
	require.NotContains(t, at(t, op, "#/requestBody/content"), "multipart/form-data")
	require.Equal(t, []any{map[string]any{"token": []any{"payout"}}}, at(t, doc, "#/paths/~1v1~1accounts~1{id}~1actions~1sweep/post/security"))
	at(t, doc, "#/paths/~1v1~1payouts~1{id}~1actions~1note/post")
	at(t, doc, "#/paths/~1v1~1invoices~1{id}~1actions~1{name}/post") // stays

	ids := map[string]bool{}
	for _, item := range doc["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			id := op.(map[string]any)["operationId"].(string)
			require.False(t, ids[id], "two operations are called %s", id)
			ids[id] = true
		}
	}
}

// Every reference leads somewhere inside the document, and the embedded schemas still mean what they meant.
func TestOpenAPIReferencesOfActionsResolve(t *testing.T) {
	t.Parallel()
	_, doc := liveDescription(t)
	found := map[string]bool{}
	refs(doc, found)
	require.Contains(t, found, "#/components/schemas/scripted.invoice.confirm_transfer.input.person")
	require.Contains(t, found, "#/components/schemas/scripted.invoice.confirm_transfer.input.text")
	for ref := range found {
		require.True(t, strings.HasPrefix(ref, "#/"), ref)
		at(t, doc, ref)
	}
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("urn:openapi", doc))
	body, err := c.Compile("urn:openapi#/paths/~1v1~1invoices~1%7Bid%7D~1actions~1confirm_transfer/post/requestBody/content/application~1json/schema")
	require.NoError(t, err)
	for text, valid := range map[string]bool{
		`{"input":{"payer":{"name":"Olena","boss":{"name":"Ivan"}}}}`: true,
		`{"input":{"payer":{"name":"Olena","boss":{}}}}`:              false,
		`{"input":{"payer":{"name":"a name of more than twenty"}}}`:   false,
		`{"input":{"payer":{"name":"O"},"witness":{}}}`:               false,
		`{"input":{"payer":{"name":"O"},"other":1}}`:                  false,
		`{"input":{}}`: false, `{}`: false,
	} {
		var v any
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		require.Equal(t, valid, body.Validate(v) == nil, text)
	}
}

// The description is made once per set of manifests, for any number of callers at once.
func TestOpenAPIOfActionsIsStable(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	first := s.call("GET", "/openapi.json").want(http.StatusOK).raw
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			resp, err := s.client.Get(s.url + "/openapi.json")
			if err == nil {
				defer resp.Body.Close()
				var doc map[string]any
				err = json.NewDecoder(resp.Body).Decode(&doc)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, string(first), string(s.call("GET", "/openapi.json").raw))
}
