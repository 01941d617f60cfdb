package plugintest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// flaw names one way in which the tin adapter is broken; empty is the correct adapter.
type flaw string

// tin is a small complete provider.
type tin struct {
	flaw  flaw
	calls atomic.Int64
	opens atomic.Int64
}

func newTin(f flaw) *tin { return &tin{flaw: f} }

func (p *tin) Describe() pay.Manifest {
	secret := `,"secret":true`
	if p.flaw == "secret not marked" {
		secret = ""
	}
	uah, _ := pay.LookupCurrency("UAH")
	jpy, _ := pay.LookupCurrency("JPY")
	kwd, _ := pay.LookupCurrency("KWD")
	resolve := pay.OperationSpec{Resolution: pay.ResolveResend}
	m := pay.Manifest{
		Name: "tin", Version: "1.0.0", Title: "Tin", Currencies: []pay.Currency{uah, jpy, kwd},
		ConfigSchema: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["token","signing_secret","base_url"],"properties":{` +
			`"token":{"type":"string"` + secret + `},"signing_secret":{"type":"string","secret":true},"base_url":{"type":"string"}}}`),
		Operations: map[pay.Operation]pay.OperationSpec{
			pay.OpCreate: resolve, pay.OpCancel: resolve, pay.OpRefund: resolve, pay.OpPayout: resolve,
			pay.OpCancelPayout: resolve,
		},
		Abilities: pay.NewAbilities(tinAbilities()...), EgressHosts: []string{"{config.base_url}"},
		StateReads: []int{1}, StateWrites: 1,
	}
	switch p.flaw {
	case "bad name":
		m.Name = "Tin!"
	case "unstable manifest":
		m.Version = strconv.FormatInt(p.calls.Add(1), 10)
	case "abandons and denies", "abandons and invents":
		m.Operations[pay.OpCreate] = pay.OperationSpec{Resolution: pay.ResolveAbandon}
	case "no resolution":
		m.Operations[pay.OpCreate] = pay.OperationSpec{}
	case "account offers more than manifest":
		m.Abilities = pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice)
		m.Operations = map[pay.Operation]pay.OperationSpec{pay.OpCreate: resolve}
	}
	return m
}

func tinAbilities() []pay.Ability {
	return []pay.Ability{
		pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel, pay.CanRefund, pay.CanGetRefund, pay.CanPayout,
		pay.CanGetPayout, pay.CanCancelPayout, pay.CanListTransactions, pay.CanHandleWebhook, pay.CanCheck, pay.CanMaintain,
	}
}

type tinConfig struct {
	Token   string `json:"token"`
	Secret  string `json:"signing_secret"`
	BaseURL string `json:"base_url"`
}

func (p *tin) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c tinConfig
	dec := json.NewDecoder(bytes.NewReader(cfg.Config))
	if p.flaw != "unknown config key accepted" {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(&c)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && p.flaw != "wrong config type accepted" {
		return nil, pay.Invalid("config."+wrong.Field, "has the wrong type")
	} else if err != nil && !ok {
		if p.flaw == "config in error" {
			return nil, pay.Invalid("config", "cannot read %s: %v", cfg.Config, err)
		}
		return nil, pay.Invalid("config", "%v", err)
	}
	for name, v := range map[string]string{"token": c.Token, "signing_secret": c.Secret, "base_url": c.BaseURL} {
		if v == "" && p.flaw != "missing config key accepted" && p.flaw != "wrong config type accepted" {
			if p.flaw == "config error without name" {
				return nil, pay.Errorf(pay.KindInvalidRequest, "the config is wrong")
			}
			return nil, pay.Invalid("config."+name, "is missing")
		}
	}
	if p.flaw == "opens once" && p.opens.Add(1) > 1 {
		return nil, pay.Errorf(pay.KindInProgress, "the account is open already")
	}
	a := &tinAccount{flaw: p.flaw, config: c, client: cfg.HTTP, memory: map[string]bool{}}
	a.log = func(text string) { cfg.Log.Info(text) }
	if p.flaw == "open calls provider" {
		_, _ = a.Check(ctx, pay.Check{})
	}
	return a, nil
}

type tinAccount struct {
	flaw   flaw
	config tinConfig
	client *http.Client
	log    func(string)
	last   atomic.Pointer[string]
	seen   atomic.Int64
	key    atomic.Int64
	memory map[string]bool // only touched by checks that make one call at a time
}

// Abilities hides CaptureInvoice, which is there for flaws.
func (a *tinAccount) Abilities() pay.Abilities {
	list := tinAbilities()
	switch a.flaw {
	case "promises capture":
		list = append(list, pay.CanCapture)
	case "hides cancel":
		list = append(list[:3:3], list[4:]...)
	}
	return pay.NewAbilities(list...)
}

func (a *tinAccount) CaptureInvoice(context.Context, pay.ChangeInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, pay.Unsupported("capture")
}

// call makes one exchange and reads the answer into out.
func (a *tinAccount) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if a.flaw == "ignores context" {
		ctx = context.WithoutCancel(ctx)
	}
	var reader *bytes.Reader
	if in != nil {
		reader = bytes.NewReader(body)
	} else {
		reader = bytes.NewReader(nil)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.config.BaseURL+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.config.Token)
	if a.flaw == "logs secrets" {
		a.log("request with " + req.Header.Get("Authorization"))
	}
	res, err := httpx.Exchange{Client: a.client, Request: req, Secrets: []string{a.config.Token}}.Do(ctx)
	mutates := method != http.MethodGet
	switch {
	case err != nil && a.flaw == "plain errors" && mutates:
		return errors.New("it did not work")
	case err != nil && a.flaw == "lost means no" && mutates:
		return pay.Errorf(pay.KindProviderUnavailable, "the provider is down")
	case err != nil && a.flaw == "reads are unknown" && !mutates:
		return pay.Errorf(pay.KindOutcomeUnknown, "nobody knows")
	case err != nil:
		return err
	}
	if failure := res.Failure(); failure != nil {
		switch {
		case a.flaw == "5xx means no" && mutates && res.Status >= 500:
			return pay.Errorf(pay.KindProviderUnavailable, "HTTP %d", res.Status)
		case a.flaw == "404 is outage" && res.Status == http.StatusNotFound:
			return pay.Errorf(pay.KindProviderUnavailable, "not there")
		case a.flaw == "reads are unknown" && !mutates && res.Status >= 500:
			return pay.Errorf(pay.KindOutcomeUnknown, "nobody knows")
		case a.flaw == "echoes errors":
			failure.ProviderMessage = string(res.Body)
		}
		return failure
	}
	dec := json.NewDecoder(bytes.NewReader(res.Body))
	if a.flaw == "strict answers" {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(out); err != nil {
		return res.Garbled("it is no JSON object")
	}
	return nil
}

func (a *tinAccount) state(o tinObject, ref string) (pay.InvoiceState, error) {
	if o.ID == "" || ref != "" && o.ID != ref {
		return pay.InvoiceState{}, pay.Errorf(pay.KindProviderUnavailable, "the answer is about something else")
	}
	c, _ := pay.LookupCurrency(o.Currency)
	amount, err := pay.ParseMoneyIn(o.Amount, c)
	if err != nil {
		return pay.InvoiceState{}, pay.Errorf(pay.KindProviderUnavailable, "the answer states no amount")
	}
	out := pay.InvoiceState{
		ProviderRef: o.ID, Amount: amount,
		Report: pay.Report{State: &pay.State{Version: 1, Data: []byte(o.Key)}},
	}
	switch o.Status {
	case "open":
		out.Status = pay.StatusPending
		out.NextActions = []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: o.PayURL}}
		if a.flaw == "no next action" {
			out.NextActions = nil
		}
		if a.flaw == "pending reads as nothing" {
			out.Status = ""
		}
	case "paid":
		out.Status, out.Captured = pay.StatusPaid, amount
		if a.flaw == "paid regresses" && o.Refunded != "" {
			out.Status = pay.StatusCanceled
		}
	case "declined":
		out.Status = pay.StatusFailed
		if a.flaw == "declined is paid" {
			out.Status = pay.StatusPaid
		}
	case "canceled":
		out.Status = pay.StatusCanceled
	default:
		out.Review = "the provider reports a status that is not documented"
		if a.flaw == "unknown is paid" {
			out.Status = pay.StatusPaid
		}
	}
	if a.flaw == "renewed state of another version" {
		out.Report.AccountState = &pay.State{Version: 9}
	}
	if a.flaw == "state too large" {
		out.Report.State.Data = make([]byte, pay.MaxStateSize+1)
	}
	return out, nil
}

func (a *tinAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	known := req.Amount.Code() == "UAH" || req.Amount.Code() == "JPY" || req.Amount.Code() == "KWD"
	if !known && a.flaw != "any currency" && req.Amount.IsSet() {
		return pay.InvoiceState{}, pay.Invalid("amount.currency", "tin takes UAH, JPY and KWD")
	}
	if req.Amount.Sign() <= 0 && a.flaw != "any amount" {
		return pay.InvoiceState{}, pay.Invalid("amount.value", "must be positive")
	}
	in := tinObject{Key: req.Call.ProviderKey, Amount: req.Amount.Value(), Currency: req.Amount.Code(), Webhook: req.WebhookURL}
	switch a.flaw {
	case "key not sent":
		in.Key = fmt.Sprintf("%x", in.Key)
	case "new key each time":
		in.Key += strconv.FormatInt(a.key.Add(1), 10)
	case "float amount":
		f, _ := strconv.ParseFloat(in.Amount, 64)
		if _, cents, ok := strings.Cut(in.Amount, "."); ok && len(cents) == 2 {
			in.Amount = fmt.Sprintf("%.2f", float64(int64(f*100))/100)
		}
	case "two digits for all":
		minor, _ := req.Amount.Minor()
		in.Amount = fmt.Sprintf("%d.%02d", minor/100, minor%100)
	}
	var out tinObject
	err := a.call(ctx, http.MethodPost, "/v1/invoices", in, &out)
	if err != nil && (a.flaw == "retries" || a.flaw == "retries create") {
		err = a.call(ctx, http.MethodPost, "/v1/invoices", in, &out)
	}
	if err != nil {
		return pay.InvoiceState{}, err
	}
	a.last.Store(&out.ID)
	if a.flaw == "keeps memory" {
		a.memory[out.ID] = true
	}
	return a.state(out, "")
}

func (a *tinAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	id := ref.ProviderRef
	if last := a.last.Load(); a.flaw == "mixes up" && last != nil {
		id = *last
	}
	if a.flaw == "keeps memory" && !a.memory[id] {
		return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "never heard of it")
	}
	var out tinObject
	if err := a.call(ctx, http.MethodGet, "/v1/invoices/"+id, nil, &out); err != nil {
		return pay.InvoiceState{}, err
	}
	if a.flaw == "paid not seen" && out.Status == "paid" {
		out.Status = "open"
	}
	return a.state(out, id)
}

func (a *tinAccount) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	switch a.flaw {
	case "finds nothing", "abandons and denies":
		return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "nothing")
	case "abandons and invents":
		return pay.InvoiceState{}, nil
	}
	var out tinObject
	err := a.call(ctx, http.MethodGet, "/v1/invoices?key="+req.Invoice.ProviderKey, nil, &out)
	if err != nil {
		if a.flaw == "absent is empty" {
			return pay.InvoiceState{}, nil
		}
		return pay.InvoiceState{}, err
	}
	return a.state(out, "")
}

func (a *tinAccount) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	if a.flaw == "cancel does nothing" {
		return pay.InvoiceState{ProviderRef: req.Invoice.ProviderRef, Status: pay.StatusCanceled}, nil
	}
	var out tinObject
	if err := a.call(ctx, http.MethodPost, "/v1/invoices/"+req.Invoice.ProviderRef+"/cancel", nil, &out); err != nil {
		return pay.InvoiceState{}, err
	}
	return a.state(out, req.Invoice.ProviderRef)
}

func (a *tinAccount) refundState(o tinObject) pay.RefundState {
	c, _ := pay.LookupCurrency(o.Currency)
	amount, _ := pay.ParseMoneyIn(o.Amount, c)
	return pay.RefundState{ProviderRef: o.ID, ProviderKey: o.Key, Status: pay.RefundSucceeded, Amount: amount}
}

func (a *tinAccount) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	in := tinObject{Key: req.Call.ProviderKey, Amount: req.Amount.Value(), Currency: req.Amount.Code()}
	var out tinObject
	path := "/v1/invoices/" + req.Invoice.ProviderRef + "/refunds"
	err := a.call(ctx, http.MethodPost, path, in, &out)
	if err != nil && a.flaw == "retries" {
		err = a.call(ctx, http.MethodPost, path, in, &out)
	}
	return a.refundState(out), err
}

func (a *tinAccount) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	var out tinObject
	err := a.call(ctx, http.MethodGet, "/v1/refunds/"+ref.ProviderRef, nil, &out)
	return a.refundState(out), err
}

func (a *tinAccount) payoutState(o tinObject) pay.PayoutState {
	c, _ := pay.LookupCurrency(o.Currency)
	amount, _ := pay.ParseMoneyIn(o.Amount, c)
	state := pay.PayoutState{ProviderRef: o.ID, Amount: amount}
	switch o.Status {
	case "queued":
		state.Status = pay.PayoutPending
	case "canceled":
		state.Status = pay.PayoutCanceled
	default:
		state.Review = "the provider reports a status that is not documented"
	}
	return state
}

func (a *tinAccount) CancelPayout(ctx context.Context, req pay.CancelPayout) (pay.PayoutState, error) {
	switch a.flaw {
	case "payout cancel does nothing":
		return pay.PayoutState{ProviderRef: req.Payout.ProviderRef, Status: pay.PayoutCanceled}, nil
	case "payout cancel is an outage":
		return pay.PayoutState{}, pay.Errorf(pay.KindProviderUnavailable, "try later")
	}
	var out tinObject
	path := "/v1/payouts/" + req.Payout.ProviderRef + "/cancel"
	err := a.call(ctx, http.MethodPost, path, nil, &out)
	if err != nil && a.flaw == "retries payout cancel" {
		err = a.call(ctx, http.MethodPost, path, nil, &out)
	}
	return a.payoutState(out), err
}

func (a *tinAccount) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	in := tinObject{Key: req.Call.ProviderKey, Amount: req.Amount.Value(), Currency: req.Amount.Code()}
	var out tinObject
	err := a.call(ctx, http.MethodPost, "/v1/payouts", in, &out)
	return a.payoutState(out), err
}

func (a *tinAccount) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	path := "/v1/payouts/" + ref.ProviderRef
	if ref.ProviderRef == "" {
		if a.flaw == "payout not found by key" {
			return pay.PayoutState{}, pay.Errorf(pay.KindNotFound, "no id")
		}
		path = "/v1/payouts?key=" + ref.ProviderKey
	}
	var out tinObject
	err := a.call(ctx, http.MethodGet, path, nil, &out)
	return a.payoutState(out), err
}

func (a *tinAccount) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	after, _ := strconv.Atoi(req.Cursor)
	if a.flaw == "pages overlap" && after > 0 {
		after--
	}
	if a.flaw == "pages skip" && after > 0 {
		after++
	}
	var out struct {
		Lines []tinLine `json:"lines"`
		Next  string    `json:"next"`
	}
	if err := a.call(ctx, http.MethodGet, fmt.Sprintf("/v1/ledger?after=%d&limit=%d", after, max(req.Limit, 2)), nil, &out); err != nil {
		return pay.TransactionPage{}, err
	}
	page := pay.TransactionPage{NextCursor: out.Next, WindowFrom: req.From, WindowTo: req.To}
	for _, l := range out.Lines {
		page.Transactions = append(page.Transactions, pay.Transaction{ProviderID: l.ID, Kind: pay.TransactionPayment, InvoiceRef: l.Invoice})
	}
	return page, nil
}

func (a *tinAccount) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	secret := a.config.Secret
	if a.flaw == "one secret for all" {
		secret = tinSecret
	}
	genuine := hmac.Equal([]byte(tinSign(secret, req.Body)), []byte(req.Header("X-Tin-Sign")))
	if !genuine && a.flaw != "unsigned accepted" || a.flaw == "refuses all" {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the signature is missing or wrong")
	}
	var o tinObject
	if err := json.Unmarshal(req.Body, &o); err != nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the body is no JSON object")
	}
	state, err := a.state(o, "")
	if err != nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the body is incomplete")
	}
	if a.flaw == "webhook differs" {
		state.Status = pay.StatusProcessing
	}
	result := pay.WebhookResult{
		Events: []pay.WebhookEvent{{
			Subject: pay.SubjectInvoice, ProviderRef: o.ID, Strength: pay.StrengthVerified, Invoice: &state, ProviderEventID: o.ID + o.Status,
			ProviderTime: time.Unix(1700000000, 0).UTC(),
		}},
		Acknowledgement: pay.Acknowledgement{Status: http.StatusOK},
	}
	switch {
	case a.flaw == "acknowledges with 500":
		result.Acknowledgement.Status = 500
	case a.flaw == "remembers webhooks" && a.seen.Add(1) > 1:
		result.Events = nil
	}
	return result, nil
}

func (a *tinAccount) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	var out struct {
		Name string `json:"name"`
	}
	err := a.call(ctx, http.MethodGet, "/v1/me", nil, &out)
	return pay.AccountInfo{Title: out.Name}, err
}

func (a *tinAccount) Maintain(_ context.Context, req pay.Maintain) (pay.Maintained, error) {
	if a.flaw == "refuses unknown reasons" && req.Reason != pay.MaintainOpened && req.Reason != pay.MaintainDue &&
		req.Reason != pay.MaintainAuthFailed && req.Reason != pay.MaintainConfigChanged {
		return pay.Maintained{}, pay.Unsupported(req.Reason)
	}
	state := &pay.State{Version: 1, Data: []byte(req.Reason)}
	if a.flaw == "account state of another version" {
		state.Version = 9
	}
	return pay.Maintained{State: state}, nil
}
