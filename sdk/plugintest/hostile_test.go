package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// can is an adapter of one call, sound or broken in one way.
type can struct{ flaw flaw }

func (c can) Describe() pay.Manifest { return pay.Manifest{Name: "can"} }

func (c can) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var config struct{ URL string }
	err := json.Unmarshal(cfg.Config, &config)
	return canAccount{c.flaw, cfg.HTTP, config.URL}, err
}

type canAccount struct {
	flaw flaw
	http *http.Client
	url  string
}

func (a canAccount) send(ctx context.Context, method string) (pay.InvoiceState, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.url+"/invoice", nil)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	client := a.http
	switch a.flaw {
	case "follows redirects":
		client = &http.Client{Transport: client.Transport}
	case "reads without end":
		client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	res, err := httpx.Do(ctx, client, req)
	if a.flaw == "sends again" && err != nil {
		res, err = httpx.Do(ctx, client, req)
	}
	if a.flaw == "mutates harmlessly" && err != nil {
		return pay.InvoiceState{}, &pay.Error{Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo}
	}
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if failure := res.Failure(); failure != nil {
		return pay.InvoiceState{}, failure
	}
	var out struct{ ID string }
	err = json.Unmarshal(res.Body, &out)
	switch {
	case a.flaw == "believes anything":
	case a.flaw == "reads without end" && len(res.Body) > 1000:
		return pay.InvoiceState{}, res.Garbled("too much, in hindsight")
	case a.flaw == "repeats the body" && err != nil:
		return pay.InvoiceState{}, res.Garbled("%s", res.Body)
	case err != nil || out.ID == "":
		return pay.InvoiceState{}, res.Garbled("no id")
	}
	return pay.InvoiceState{ProviderRef: out.ID, Status: pay.StatusPending}, nil
}

func (a canAccount) CreateInvoice(ctx context.Context, _ pay.CreateInvoice) (pay.InvoiceState, error) {
	return a.send(ctx, http.MethodPost)
}

func (a canAccount) GetInvoice(ctx context.Context, _ pay.InvoiceRef) (pay.InvoiceState, error) {
	return a.send(ctx, http.MethodGet)
}

func canHostile(f flaw) Hostile {
	return Hostile{
		Provider: can{f},
		Start: func(testing.TB, Site) Simulator {
			return Simulator{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"ID":"i-1"}`) })}
		},
		Config: func(site Site) any { return map[string]string{"URL": site.URL} },
		Create: func() pay.CreateInvoice { return pay.CreateInvoice{} },
		Calls: []HostileCall{{Name: "create", Mutating: true, Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
			_, err := a.CreateInvoice(ctx, pay.CreateInvoice{})
			return err
		}, Garbled: map[string]string{"another field": `{"id_of_something":1}`}}, {
			Name: "get", Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.GetInvoice(ctx, pay.InvoiceRef{})
				return err
			}}},
		Except: map[string]string{"status 599": "to see that an exception is one"},
	}
}

func TestSoundAdapterUnderHostileAnswers(t *testing.T) { RunHostile(t, canHostile("")) }

// Each way to be careless is noticed.
func TestHostileAnswersFindCarelessAdapters(t *testing.T) {
	tests := []struct {
		flaw         flaw
		answer, says string
	}{
		{"follows redirects", "redirect 307", "a redirect was followed"},
		{"reads without end", "100 MB body", "bytes were taken off the connection"},
		{"sends again", "cut before the status", "2 requests were sent"},
		{"mutates harmlessly", "cut in the body", "want outcome unknown, executed unknown; got provider unavailable"},
		{"believes anything", "JSON {}", "taken for an answer"},
		{"believes anything", "status 204", "taken for an answer"},
		{"repeats the body", "page instead of JSON", "repeats the body"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.flaw, " ", tt.answer), func(t *testing.T) {
			h := canHostile(tt.flaw)
			list := hostileAnswers()
			i := slices.IndexFunc(list, func(a hostileAnswer) bool { return a.name == tt.answer })
			require.GreaterOrEqual(t, i, 0)
			r := observe(t, func(tb testing.TB) { playHostile(tb, h, h.Calls[0], list[i]) })
			require.True(t, r.Failed())
			require.Contains(t, r.text(), tt.says)
			require.Contains(t, r.text(), "matters: ")
		})
	}
}
