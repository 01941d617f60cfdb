package monobank_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// answered is one call of the account under fuzzing: what came of it, in the words that the rules below are about.
type answered struct {
	err error
	// state, refund and page are set by the calls that return them.
	state  *pay.InvoiceState
	refund *pay.RefundState
	page   *pay.TransactionPage
	// reads: the call cannot leave anything unknown.
	reads bool
}

// fuzzedCalls are all calls whose answers this adapter reads; webhooks and the other actions have targets of their own.
func fuzzedCalls(t testing.TB, a account) []func(context.Context) answered {
	paid, held, pending := ref(t, pay.StatusPaid), ref(t, pay.StatusAuthorized), ref(t, pay.StatusPending)
	state := func(s pay.InvoiceState, err error) answered { return answered{err: err, state: &s} }
	refund := func(s pay.RefundState, err error) answered { return answered{err: err, refund: &s} }
	reading := func(r answered) answered { r.reads = true; return r }
	now := newClock().now()
	charge, fetch, checks := chargeOf(t, nil), about(t, "receipt", `{}`), about(t, "fiscal_checks", `{}`)
	return []func(context.Context) answered{
		func(ctx context.Context) answered { return reading(state(a.GetInvoice(ctx, pending))) },
		func(ctx context.Context) answered { return reading(state(a.GetInvoice(ctx, paid))) },
		func(ctx context.Context) answered { return reading(state(a.GetInvoice(ctx, held))) },
		func(ctx context.Context) answered {
			return reading(state(a.FindInvoice(ctx, pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: opKey, State: charged()}, SentAt: now})))
		},
		func(ctx context.Context) answered {
			return reading(refund(a.GetRefund(ctx, pay.RefundRef{ProviderKey: opKey, Invoice: paid})))
		},
		func(ctx context.Context) answered {
			page, err := a.ListTransactions(ctx, pay.ListTransactions{From: now.Add(-time.Hour), To: now})
			return answered{err: err, page: &page, reads: true}
		},
		func(ctx context.Context) answered {
			_, err := a.Check(ctx, pay.Check{})
			return answered{err: err, reads: true}
		},
		func(ctx context.Context) answered {
			_, err := a.RunAction(ctx, fetch)
			return answered{err: err, reads: true}
		},
		func(ctx context.Context) answered {
			_, err := a.RunAction(ctx, checks)
			return answered{err: err, reads: true}
		},
		func(ctx context.Context) answered {
			return state(a.CreateInvoice(ctx, pay.CreateInvoice{Amount: paid.Known.Amount}))
		},
		func(ctx context.Context) answered {
			return state(a.CancelInvoice(ctx, pay.ChangeInvoice{Call: opCall(), Invoice: pending}))
		},
		func(ctx context.Context) answered {
			return state(a.CaptureInvoice(ctx, pay.ChangeInvoice{Call: opCall(), Invoice: held}))
		},
		func(ctx context.Context) answered {
			return state(a.VoidInvoice(ctx, pay.ChangeInvoice{Call: opCall(), Invoice: held}))
		},
		func(ctx context.Context) answered {
			return refund(a.CreateRefund(ctx, pay.CreateRefund{Call: opCall(), Invoice: paid, Amount: paid.Known.Amount}))
		},
		func(ctx context.Context) answered { return state(a.Charge(ctx, charge)) },
	}
}

// FuzzAnswers: whatever the provider answers to any call, a read leaves nothing unknown, what was not understood is neither
// success nor a refusal, and no text of the answer gets out unscrubbed.
func FuzzAnswers(f *testing.F) {
	for call := range uint8(15) {
		f.Add(call, 200, `{"status":"success"}`, invoice("success", `"finalAmount":3200,"cancelList":[`+cancelItem("success", 1000, opKey)+`]`))
		f.Add(call, 400, `{"errCode":"WRONG_CANCEL_AMOUNT"}`, invoice("reversed", `"walletData":{"cardToken":null}`))
		f.Add(call, 500, `{"errCode":"CANCEL_NOT_AVAILABLE"}`, invoice("hold", `"finalAmount":-1`))
	}
	f.Add(uint8(5), 200, `{"list":[`+row("i1", opKey)+`]}`, ``)
	f.Add(uint8(5), 200, `{"list":[{"invoiceId":"i1","status":"success","date":"2026-03-01T11:30:00Z","cancelList":[{"amount":9223372036854775807}]}]}`, ``)
	f.Add(uint8(6), 200, `{"merchantId":"m","merchantName":"n"}`, ``)
	f.Add(uint8(7), 200, `{"file":"JVBERi0xLjc="}`, ``)
	f.Add(uint8(8), 200, `{"checks":[{"id":1,"type":"sale","file":null}]}`, ``)
	f.Add(uint8(9), 200, created, ``)
	f.Add(uint8(14), 200, `{"invoiceId":"i1","status":"processing","amount":4200,"ccy":980,"tdsUrl":"https://a.example"}`, ``)
	var status int
	var body, look string
	a := openWith(f, &http.Client{Transport: answering(func(r *http.Request) (int, string) {
		if r.URL.Path == lookPath {
			return 200, look
		}
		return status, body
	})}, "https://api.monobank.ua", newClock(), nil)
	calls := fuzzedCalls(f, a)
	f.Fuzz(func(t *testing.T, call uint8, code int, answer, status2 string) {
		if code < 200 || code > 599 || int(call) >= len(calls) {
			return
		}
		status, body, look = code, answer, status2
		got := calls[call](t.Context())
		if got.err != nil {
			e := pay.AsError(got.err)
			switch unsure := code/100 == 3 || code == 408 || code == 425 || code/100 == 5; {
			case got.reads && e.WasExecuted() != pay.ExecutedNo:
				t.Fatalf("a read left something unknown: %v", e)
			case e.Kind == pay.KindNotFound && call == 3 && code == 200 && !json.Valid([]byte(answer)):
				t.Fatal("absent from a list that is none")
			case !got.reads && unsure && call != 12 && e.WasExecuted() != pay.ExecutedUnknown && !strings.Contains(answer, "CANCEL_NOT_AVAILABLE"):
				t.Fatalf("HTTP %d became %v", code, e)
			case strings.Contains(e.Error(), token):
				t.Fatalf("the token is in %v", e)
			}
			return
		}
		if s := got.state; s != nil {
			checkState(t, *s)
		}
		if s := got.refund; s != nil && s.Status == "" && (s.Review == "" || !got.reads) {
			t.Fatal("the adapter cannot tell what became of a refund and does not say why")
		}
		if p := got.page; p != nil {
			for _, l := range p.Transactions {
				if l.ProviderID == "" || l.Gross.Sign() < 0 || l.Fee.Sign() < 0 || l.Net.Sign() < 0 {
					t.Fatalf("a line without an id or with a negative amount: %+v", l)
				}
			}
		}
	})
}

func checkState(t *testing.T, s pay.InvoiceState) {
	t.Helper()
	switch {
	case s.Status == "" && s.Review == "":
		t.Fatal("the adapter cannot tell and does not say why")
	case s.Status != "" && !s.Status.Known():
		t.Fatalf("unknown status %q", s.Status)
	case s.ProviderRef == "":
		t.Fatal("a state without an id")
	}
	for _, m := range []pay.Money{s.Amount, s.Authorized, s.Captured, s.Refunded} {
		if m.Sign() < 0 {
			t.Fatalf("negative amount %s", m)
		}
	}
	for _, v := range s.Data {
		if v != httpx.Scrub(v) {
			t.Fatalf("unscrubbed %q", v)
		}
	}
}
