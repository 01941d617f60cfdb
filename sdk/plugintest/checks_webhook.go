package plugintest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

func webhookChecks() []check {
	needs := pay.NewAbilities(pay.CanHandleWebhook)
	return []check{{
		Check: Check{"webhook_genuine", "a webhook that is refused although it is genuine delays every payment until somebody polls"},
		needs: needs, run: webhookGenuine,
	}, {
		Check: Check{"webhook_same_facts", "a webhook and a look-up that disagree about one payment make needs_review of it"},
		needs: needs, run: webhookSameFacts,
	}, {
		Check: Check{"webhook_forged", "whoever finds the webhook URL can write to it: what does not verify must not become a payment"},
		needs: needs, run: webhookForged,
	}, {
		Check: Check{"webhook_other_secret", "a webhook signed with another merchant's key is a forgery by somebody with an account at the same provider"},
		needs: needs, run: webhookOtherSecret,
	}, {
		Check: Check{"webhook_replay", "providers repeat webhooks and the host replays its inbox: the second reading must be the first one"},
		needs: needs, run: webhookReplay,
	}, {
		Check: Check{"webhook_acknowledged", "an answer the provider does not take for success is repeated for days, or switches the webhook off"},
		needs: needs, run: webhookAcknowledged,
	}}
}

// paid makes an invoice, lets it be paid and returns the provider's callback about the payment.
func (w *world) paid() (*invoice, pay.WebhookRequest) {
	w.Helper()
	inv := w.create()
	inv.get()
	w.drain()
	inv.pay()
	return inv, w.callback(inv)
}

// drain forgets callbacks about earlier events, such as the creation.
func (w *world) drain() {
	for {
		select {
		case <-w.inbox.received:
		default:
			return
		}
	}
}

// callback waits for the next callback and addresses it as the host does.
func (w *world) callback(inv *invoice) pay.WebhookRequest {
	w.Helper()
	select {
	case req := <-w.inbox.received:
		if req.Tail == inv.req.InvoiceID {
			req.Invoice = &inv.ref
		}
		return req
	case <-time.After(w.patience):
		w.Fatalf("the account handles webhooks and the simulator sent none within %s of a payment; it may need Site.WebhookURL", w.patience)
		return pay.WebhookRequest{}
	}
}

// handle gives a webhook to the account.
func (w *world) handle(account pay.Account, req pay.WebhookRequest) (pay.WebhookResult, error) {
	w.Helper()
	handler, err := pay.Offered[pay.WebhookHandler](account, pay.CanHandleWebhook)
	if err != nil {
		return pay.WebhookResult{}, err
	}
	ctx, call := w.call()
	req.Call = call
	return handler.HandleWebhook(ctx, req)
}

// news returns the events about the invoice.
func (i *invoice) news(result pay.WebhookResult) []pay.WebhookEvent {
	return slices.DeleteFunc(slices.Clone(result.Events), func(e pay.WebhookEvent) bool {
		named := e.ProviderRef == i.ref.ProviderRef || e.OperationID == i.ref.OperationID || e.ProviderKey == i.ref.ProviderKey
		return !named || e.Subject != pay.SubjectInvoice
	})
}

func webhookGenuine(k *kit) {
	w := k.world()
	inv, req := w.paid()
	result, err := w.handle(w.account, req)
	if err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	if len(inv.news(result)) == 0 {
		k.Errorf("the webhook yields no event about invoice %q: %d events", inv.ref.ProviderRef, len(result.Events))
	}
	for i, e := range result.Events {
		if e.Strength != pay.StrengthVerified && e.Strength != pay.StrengthHint {
			k.Errorf("event %d has strength %q, want verified or hint", i, e.Strength)
		}
		if e.Subject == "" {
			k.Errorf("event %d has no subject", i)
		}
		if e.ProviderRef == "" && e.OperationID == "" && e.ProviderKey == "" && e.Subject != pay.SubjectAccount {
			k.Errorf("event %d names no object", i)
		}
	}
}

func webhookSameFacts(k *kit) {
	w := k.world()
	inv, req := w.paid()
	result, err := w.handle(w.account, req)
	if err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	news := inv.news(result)
	if len(news) == 0 {
		k.Fatalf("the webhook yields no event about invoice %q: %d events", inv.ref.ProviderRef, len(result.Events))
	}
	got := inv.settle()
	for _, e := range news {
		if e.Invoice == nil {
			if e.Strength == pay.StrengthVerified {
				k.Errorf("a verified event brings no state; say hint if the host has to ask")
			}
			continue
		}
		said := *e.Invoice
		inv.agree("the webhook", said)
		if said.Status != "" && got.Status != "" && said.Status != got.Status {
			k.Errorf("the webhook says %s, GetInvoice says %s", said.Status, got.Status)
		}
		for name, pair := range map[string][2]pay.Money{
			"amount": {said.Amount, got.Amount}, "captured": {said.Captured, got.Captured}, "received": {said.Received, got.Received},
			"authorized": {said.Authorized, got.Authorized}, "refunded": {said.Refunded, got.Refunded},
		} {
			if pair[0].IsSet() && pair[1].IsSet() && !pair[0].Equal(pair[1]) {
				k.Errorf("%s: the webhook says %s, GetInvoice says %s", name, pair[0], pair[1])
			}
		}
	}
}

func webhookForged(k *kit) {
	w := k.world()
	_, req := w.paid()
	genuine, err := w.handle(w.account, req)
	if err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	list := forgeries(req)
	if len(list) < 50 {
		k.Errorf("only %d forgeries could be made of this webhook", len(list))
	}
	empty := map[string]bool{"empty body": true, "nothing at all": true}
	for _, f := range list {
		result, err := w.handle(w.account, f.req)
		if err != nil {
			if e := w.asError(f.name, err); e.Kind == pay.KindPluginFault || e.Kind == pay.KindOutcomeUnknown {
				k.Errorf("%s: the adapter failed instead of refusing: %v", f.name, e)
			}
			continue
		}
		if empty[f.name] {
			k.Errorf("%s was accepted", f.name)
		}
		for _, e := range result.Events {
			if e.Strength == pay.StrengthVerified && !believed(genuine, e) {
				k.Errorf("%s: the forgery became a verified event about %q", f.name, e.ProviderRef)
			}
		}
	}
}

// believed reports whether the genuine webhook said the same: then the change was outside what is read, such as a header
// of a proxy.
func believed(genuine pay.WebhookResult, e pay.WebhookEvent) bool {
	return slices.ContainsFunc(genuine.Events, func(g pay.WebhookEvent) bool { return sameEvent(g, e) })
}

func sameEvent(a, b pay.WebhookEvent) bool {
	for _, e := range []*pay.WebhookEvent{&a, &b} {
		// Evidence repeats the body and the time of arrival.
		if e.Invoice != nil {
			i := *e.Invoice
			i.Report = pay.Report{}
			e.Invoice = &i
		}
		if e.Refund != nil {
			r := *e.Refund
			r.Report = pay.Report{}
			e.Refund = &r
		}
		if e.Payout != nil {
			p := *e.Payout
			p.Report = pay.Report{}
			e.Payout = &p
		}
	}
	return reflect.DeepEqual(a, b)
}

func webhookOtherSecret(k *kit) {
	w := k.world()
	_, req := w.paid()
	if _, err := w.handle(w.account, req); err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	keys := w.keys()
	properties, _, err := schemaOf(w.manifest.ConfigSchema)
	if err != nil {
		k.Fatalf("config schema: %v", err)
	}
	changed := false
	for name, p := range properties {
		value, ok := keys[name]
		if !p.Secret || !ok {
			continue
		}
		changed = true
		keys[name] = otherSecret(value)
	}
	if !changed {
		k.Fatalf("the config has no secret, so nothing can tell this account's webhooks from another's")
	}
	doc, err := json.Marshal(keys)
	if err != nil {
		k.Fatalf("plugintest: %v", err)
	}
	w.state = nil // the other merchant's account has a state of its own
	w.revision++
	other, err := w.tryOpen(doc)
	if err != nil {
		k.Fatalf("Open refused another secret of the same form: %v", err)
	}
	result, err := w.handle(other, req)
	if err == nil {
		k.Errorf("an account with another secret accepted the webhook: %d events", len(result.Events))
		return
	}
	w.wantNothing("the webhook at an account with another secret", err, pay.KindAuth, pay.KindProviderUnavailable, pay.KindInvalidRequest)
}

// otherSecret changes every text of a config value and keeps its form.
func otherSecret(value json.RawMessage) json.RawMessage {
	changed := []byte(value)
	text := false
	for i, c := range changed {
		if c == '"' {
			text = !text
			continue
		}
		if text {
			changed[i], _ = another(c)
		}
	}
	return changed
}

func webhookReplay(k *kit) {
	w := k.world()
	inv, req := w.paid()
	first, err := w.handle(w.account, req)
	if err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	w.restart()
	for range 2 {
		again, err := w.handle(w.account, req)
		if err != nil {
			k.Fatalf("the same webhook again was refused: %v", err)
		}
		if len(again.Events) != len(first.Events) {
			k.Fatalf("the same webhook yields %d events, at first %d", len(again.Events), len(first.Events))
		}
		for i := range again.Events {
			if !sameEvent(first.Events[i], again.Events[i]) {
				k.Errorf("the same webhook reads differently: %s, at first %s", brief(again.Events[i]), brief(first.Events[i]))
			}
		}
		if again.Acknowledgement.Status != first.Acknowledgement.Status || string(again.Acknowledgement.Body) != string(first.Acknowledgement.Body) {
			k.Errorf("the same webhook is acknowledged differently")
		}
	}
	for _, e := range inv.news(first) {
		for _, other := range first.Events {
			if e.ProviderEventID != "" && e.ProviderEventID == other.ProviderEventID && e.ProviderRef != other.ProviderRef {
				k.Errorf("two events about different objects have the id %q", e.ProviderEventID)
			}
		}
	}
}

func webhookAcknowledged(k *kit) {
	w := k.world()
	w.inbox.answer(func(req pay.WebhookRequest) pay.Acknowledgement {
		handler, err := pay.Offered[pay.WebhookHandler](w.account, pay.CanHandleWebhook)
		if err != nil {
			return pay.Acknowledgement{Status: 500}
		}
		ctx, cancel := context.WithTimeout(w.Context(), callTime)
		defer cancel()
		result, err := handler.HandleWebhook(ctx, req)
		if err != nil {
			return pay.Acknowledgement{Status: 401}
		}
		return result.Acknowledgement
	})
	_, req := w.paid()
	result, err := w.handle(w.account, req)
	if err != nil {
		k.Fatalf("a genuine webhook was refused: %v", err)
	}
	ack := result.Acknowledgement
	if ack.Status != 0 && (ack.Status < 200 || ack.Status > 299) {
		k.Errorf("a genuine webhook is acknowledged with HTTP %d", ack.Status)
	}
	for _, h := range ack.Headers {
		if h.Name == "" || strings.ContainsAny(h.Name+h.Value, "\r\n") {
			k.Errorf("the acknowledgement has an impossible header %q", h.Name)
		}
	}
	for _, secret := range w.secrets() {
		if strings.Contains(texts(ack), secret) {
			k.Errorf("the acknowledgement holds a secret")
		}
	}
}
