package demo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// order is one thing the demo sells: a request, and what the payer does at the provider.
type order struct {
	title   string
	request host.CreateInvoice
	// clicks are the buttons of the provider's page, in order, by how they begin.
	clicks []string
	// action is what the payer must be told to do.
	action pay.NextActionType
}

func orders() []order {
	return []order{
		{
			title:  "payin: top-up of a payer's balance, paid on the provider's page",
			clicks: []string{"Success"}, action: pay.NextRedirect,
			request: host.CreateInvoice{
				Account: "payin-main", Amount: host.Amount{Value: "150.00", Currency: "RUB"}, Reference: "order-1",
				Description: "Top-up of account 7026", Customer: host.Customer{ID: "1001"},
			},
		},
		{
			title:  "merchant: the payer chooses a bank on the gateway's page and transfers",
			clicks: []string{"SBP", "Pay exactly"}, action: pay.NextRedirect,
			request: host.CreateInvoice{
				Account: "p2p-main", Amount: host.Amount{Value: "2000.00", Currency: "RUB"}, Reference: "order-2",
				Customer: host.Customer{ID: "customer-2"},
			},
		},
		{
			title:  "merchant: requisites at once, shown on our own page",
			clicks: []string{"I have sent the transfer", "Trader: money arrived"}, action: pay.NextTransfer,
			request: host.CreateInvoice{
				Account: "p2p-main", Amount: host.Amount{Value: "1500.50", Currency: "RUB"}, Reference: "order-3",
				Customer: host.Customer{ID: "customer-3"}, ProviderOptions: []byte(`{"start_deal":true,"payment_option":"TO_CARD"}`),
			},
		},
		{
			title:  "monobank: card payment on the bank's page",
			clicks: []string{"Success"}, action: pay.NextRedirect,
			request: host.CreateInvoice{
				Account: "mono-main", Amount: host.Amount{Value: "100.00", Currency: "UAH"}, Reference: "order-4",
				Description: "Two tickets", ReturnURLs: host.ReturnURLs{Default: "https://shop.example/thanks"},
			},
		},
	}
}

// result is how one order went.
type result struct {
	order   order
	invoice *host.Invoice
	cause   string
	err     error
}

// sell creates the invoice, pays it as a person would and waits until the host says paid.
func (d *demo) sell(ctx context.Context, n int, o order) result {
	r := result{order: o}
	d.say("")
	d.say("%d. %s", n, o.title)
	r.invoice, r.err = d.create(ctx, n, o)
	if r.err != nil {
		return r
	}
	page, err := d.payPage(r.invoice)
	if err != nil {
		r.err = err
		return r
	}
	for _, label := range o.clicks {
		clicked, err := d.browser.click(ctx, page, label)
		if err != nil {
			r.err = err
			return r
		}
		d.say("   the payer clicks    %q at the provider", clicked)
	}
	last, err := d.client.Follow(ctx, r.invoice.ID, 0, func(inv *host.Invoice) {
		if inv.Version != r.invoice.Version {
			d.say("   payhost says        %s", inv.Status)
		}
	})
	if last != nil {
		r.invoice = last
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.err = fmt.Errorf("still %s when the time was over", r.invoice.Status)
	case err != nil:
		r.err = err
	case last.Status != pay.StatusPaid:
		r.err = fmt.Errorf("it ended %s instead of paid", last.Status)
	case last.AmountCaptured.String() != last.Amount.String():
		r.err = fmt.Errorf("paid are %s of %s", last.AmountCaptured, last.Amount)
	default:
		r.cause, r.err = d.cause(ctx, last.ID)
	}
	return r
}

func (d *demo) create(ctx context.Context, n int, o order) (*host.Invoice, error) {
	d.say("   POST /v1/invoices   %s %s on %s", o.request.Amount.Value, o.request.Amount.Currency, o.request.Account)
	inv, unknown, err := d.client.CreateInvoice(ctx, d.key(strconv.Itoa(n)), o.request)
	switch {
	case err != nil:
		return nil, err
	case unknown:
		return inv, fmt.Errorf("nobody knows whether it was created; see operation %s", inv.UnresolvedOperation)
	}
	d.say("   created             %s, %s, provider reference %s", inv.ID, inv.Status, inv.ProviderRef)
	if inv.NextAction == nil || inv.NextAction.Type != o.action {
		return inv, fmt.Errorf("the payer is not told to do what was expected (%s)", o.action)
	}
	d.say("   next action         %s", describe(*inv.NextAction))
	return inv, nil
}

// describe words what the payer has to do.
func describe(a pay.NextAction) string {
	text := string(a.Type)
	if a.URL != "" {
		text += " to " + a.URL
	}
	if r := a.Requisites; r != nil {
		text += strings.TrimRight(fmt.Sprintf(": %s %s %s %s", r.Kind, r.Value, r.Bank, r.Holder), " ")
	}
	if a.Amount.IsSet() {
		text += ", exactly " + a.Amount.String()
	}
	return text
}

// payPage is where the provider takes the payment: the link the payer was given, or for requisites the page on which the
// simulated trader confirms the transfer.
func (d *demo) payPage(inv *host.Invoice) (string, error) {
	for _, a := range inv.NextActions {
		if a.Type == pay.NextRedirect && a.URL != "" {
			return a.URL, nil
		}
	}
	if inv.Provider == "merchant" {
		return d.box.MerchantURL + "/pay/" + inv.ProviderRef, nil
	}
	return "", errors.New("there is no page to pay on")
}

// cause is what made the invoice paid.
func (d *demo) cause(ctx context.Context, id string) (string, error) {
	events, _, err := d.client.InvoiceEvents(ctx, id)
	if err != nil {
		return "", err
	}
	for _, ev := range events {
		if ev.Type == "invoice.paid" {
			return ev.Cause, nil
		}
	}
	return "", errors.New("there is no event invoice.paid")
}
