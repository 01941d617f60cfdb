package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
)

// simulated is a provider of one cell: its own simulator, so that whatever was done to it was done by the cell.
type simulated struct {
	http.Handler
	close func()
	// config is the account's, with BASE for the address.
	config string
	// publish tells it where it is reachable.
	publish func(url string)
	// effects counts what the calls of one kind of operation really did.
	effects func(kind string) int
	// pay and hold happen on the payment page.
	pay, hold func(ref string) error
}

// sums is the money of every invoice, in the currency its provider takes.
func sums(plugin string) host.Amount {
	if plugin == "monobank" {
		return host.Amount{Value: "100.00", Currency: "UAH"}
	}
	return host.Amount{Value: "100.50", Currency: "RUB"}
}

func simulate(plugin string) simulated {
	switch plugin {
	case "monobank":
		sim := monobanksim.New(monobanksim.Config{Token: "cell-token", RetryDelays: []time.Duration{}, AllowSaveCard: true})
		ops := map[string]string{
			"create": monobanksim.OpCreate, "cancel": monobanksim.OpRemove, "capture": monobanksim.OpFinalize,
			"void": monobanksim.OpCancel, "refund": monobanksim.OpCancel, "charge": monobanksim.OpCharge,
		}
		return simulated{
			Handler: sim, close: sim.Close, publish: sim.SetPublicURL, config: `{"token":"cell-token","base_url":"BASE"}`,
			pay: sim.Pay, hold: sim.Hold,
			effects: func(kind string) int {
				n := 0
				for _, e := range sim.Effects() {
					if e.Op == ops[kind] {
						n++
					}
				}
				return n
			},
		}
	case "payin":
		sim := payinsim.New(payinsim.Config{UserID: 7026, Key: "cell-key", ServiceID: 12})
		for _, user := range []int64{6034, 7026} {
			if err := sim.SetBalance(user, "", "500.00"); err != nil {
				panic(err)
			}
		}
		moved := func(list []payinsim.Movement) int {
			n := 0
			for _, m := range list {
				if m.Moved {
					n++
				}
			}
			return n
		}
		return simulated{
			Handler: sim, close: sim.Close, publish: sim.SetPublicURL,
			config: `{"user_id":7026,"secret":"cell-key","base_url":"BASE","service_id":12}`,
			effects: func(kind string) int {
				switch kind {
				case "charge":
					return moved(sim.Charges())
				case "payout":
					return moved(sim.Rewards())
				default:
					return len(sim.Invoices())
				}
			},
		}
	default:
		sim := merchantsim.New(merchantsim.Config{APIKey: "cell-api-key", Secret: "cell-secret", RetryDelays: []time.Duration{}})
		return simulated{
			Handler: sim, close: sim.Close, publish: sim.SetPublicURL,
			config: `{"api_key":"cell-api-key","secret":"cell-secret","base_url":"BASE"}`,
			effects: func(kind string) int {
				switch kind {
				case "payout":
					return len(sim.Payouts())
				case "start_deal":
					n := 0
					for _, i := range sim.Invoices() {
						n += len(i.Deals)
					}
					return n
				case "cancel":
					n := 0
					for _, i := range sim.Invoices() {
						if i.Status == merchantsim.StatusCanceled {
							n++
						}
					}
					return n
				default:
					return len(sim.Invoices())
				}
			},
		}
	}
}

// operation is one row of the matrix: a mutating operation of one plugin.
type operation struct {
	plugin, kind string
	// class is what settles an unknown outcome, as the manifest must say; absence is what settles it where a look-up finds
	// nothing.
	class, absence pay.Resolution
	// match names the mutating request.
	match func(method, path string) bool
	// prepare brings about what the operation acts on; nil when it makes something new.
	prepare func(ctx context.Context, c *cell) error
	// run makes the call, with the same key each time.
	run func(ctx context.Context, c *cell) error
	// object is the status of what it is about; the others are its values when the operation happened, when it did not, and
	// while nobody knows.
	object             func(ctx context.Context, c *cell) (string, error)
	done, undone, open string
	// mute says that the provider answers with nothing, so that half an answer is a whole one.
	mute bool
}

func posts(path string) func(string, string) bool {
	return func(method, got string) bool {
		prefix, suffix, _ := strings.Cut(path, "*")
		return method == http.MethodPost && strings.HasPrefix(got, prefix) && strings.HasSuffix(got, suffix) &&
			(strings.Contains(path, "*") || got == path)
	}
}

// matrix is every mutating operation of every plugin.
func matrix() []operation {
	created := func(plugin string, class pay.Resolution, path string) operation {
		return operation{plugin: plugin, kind: "create", class: class, match: posts(path), run: runCreate, object: ofInvoice,
			done: "pending", undone: "failed", open: "creating"}
	}
	changes := func(kind string, path, done, undone string, prepare func(context.Context, *cell) error) operation {
		return operation{plugin: "monobank", kind: kind, class: pay.ResolveLookup, match: posts(path), prepare: prepare,
			run: runChange(kind), object: ofInvoice, done: done, undone: undone, open: undone}
	}
	bank := "/api/merchant/invoice/"
	remove := changes("cancel", bank+"remove", "canceled", "pending", invoiceAt("pending"))
	remove.mute, remove.class = true, pay.ResolveResend
	p2pCancel := changes("cancel", "/api/merchant/invoices/*/cancel", "canceled", "pending", invoiceAt("pending"))
	p2pCancel.plugin = "merchant"
	return []operation{
		created("monobank", pay.ResolveAbandon, bank+"create"),
		remove,
		changes("capture", bank+"finalize", "paid", "authorized", invoiceAt("authorized")),
		changes("void", bank+"cancel", "canceled", "authorized", invoiceAt("authorized")),
		{plugin: "monobank", kind: "refund", class: pay.ResolveLookup, match: posts(bank + "cancel"), prepare: invoiceAt("paid"),
			run: runRefund, object: ofRefund, done: "succeeded", undone: "failed", open: "creating"},
		{plugin: "monobank", kind: "charge", class: pay.ResolveLookup, absence: pay.ResolveHuman, match: posts("/api/merchant/wallet/payment"),
			prepare: savedCard, run: runCharge, object: ofInvoice, done: "paid", undone: "failed", open: "creating"},
		created("payin", pay.ResolveHuman, "/payment-in/create-invoice"),
		// The provider tells the outcome of a charge or a reward by callback only; accepted is all that an answer can say.
		{plugin: "payin", kind: "charge", class: pay.ResolveResend, match: posts("/service-of-services/create-invoice"),
			run: runCharge, object: ofInvoice, done: "processing", undone: "failed", open: "creating"},
		{plugin: "payin", kind: "payout", class: pay.ResolveHuman, match: posts("/service-of-services/create-reward-invoice"),
			run: runPayout, object: ofPayout, done: "processing", undone: "failed", open: "creating"},
		created("merchant", pay.ResolveLookup, "/api/merchant/invoices"),
		p2pCancel,
		{plugin: "merchant", kind: "payout", class: pay.ResolveLookup, absence: pay.ResolveHuman, match: posts("/api/merchant/invoices"),
			run: runPayout, object: ofPayout, done: "pending", undone: "failed", open: "creating"},
		{plugin: "merchant", kind: "start_deal", class: pay.ResolveLookup, match: posts("/api/merchant/invoices/*/start-deal"),
			prepare: invoiceAt("pending"), run: runAction("start_deal"), object: ofDeals, done: "pending, 1 deals", undone: "pending, 0 deals"},
	}
}

func (c *cell) request(key string) host.CreateInvoice {
	req := host.CreateInvoice{
		IdempotencyKey: c.account + "-" + key, Account: c.account, Amount: sums(c.op.plugin), Description: "Order 1",
		Customer: host.Customer{ID: "6034"},
	}
	if c.op.plugin == "monobank" {
		req.Customer.ID = c.account // the wallet, one for each cell
	}
	return req
}

// invoiceAt prepares an invoice at a status, at the provider and here.
func invoiceAt(status string) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		req := c.request("before")
		if status == "authorized" {
			req.Capture = pay.CaptureManual
		}
		inv, err := c.h.CreateInvoice(ctx, req)
		if err != nil {
			return err
		}
		c.invoice = inv.ID
		switch status {
		case "authorized":
			err = c.sim.hold(inv.ProviderRef)
		case "paid":
			err = c.sim.pay(inv.ProviderRef)
		}
		if err != nil {
			return err
		}
		if inv, err = c.h.RefreshInvoice(ctx, inv.ID); err == nil && string(inv.Status) != status {
			err = fmt.Errorf("the invoice is %s, not %s", inv.Status, status)
		}
		return err
	}
}

// savedCard prepares a stored credential.
func savedCard(ctx context.Context, c *cell) error {
	req := c.request("before")
	req.SaveCredential = true
	inv, err := c.h.CreateInvoice(ctx, req)
	if err != nil {
		return err
	}
	if err := c.sim.pay(inv.ProviderRef); err != nil {
		return err
	}
	if _, err := c.h.RefreshInvoice(ctx, inv.ID); err != nil {
		return err
	}
	list, err := c.h.Credentials(ctx, host.ListCredentials{Customer: req.Customer.ID})
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d cards are saved, not one", len(list))
	}
	if err == nil {
		c.credential = list[0].ID
	}
	return err
}

func runCreate(ctx context.Context, c *cell) error {
	req := c.request("cut")
	if c.op.plugin == "monobank" {
		req.ExpiresIn = "2h"
	}
	inv, err := c.h.CreateInvoice(ctx, req)
	if inv != nil {
		c.invoice = inv.ID
	}
	return err
}

func runCharge(ctx context.Context, c *cell) error {
	req := c.request("cut")
	req.Source = &host.Source{Type: pay.SourceBalance, ID: "6034"}
	if c.credential != "" {
		req.Source = &host.Source{Type: pay.SourceCredential, ID: c.credential}
		req.InitiatedBy = pay.InitiatedByMerchant
	}
	inv, err := c.h.CreateInvoice(ctx, req)
	if inv != nil {
		c.invoice = inv.ID
	}
	return err
}

func runChange(kind string) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		req := host.ChangeInvoice{IdempotencyKey: c.account + "-cut", Invoice: c.invoice}
		var err error
		switch kind {
		case "cancel":
			_, err = c.h.CancelInvoice(ctx, req)
		case "capture":
			req.Amount = "60.00"
			_, err = c.h.CaptureInvoice(ctx, req)
		default:
			_, err = c.h.VoidInvoice(ctx, req)
		}
		return err
	}
}

func runAction(name string) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		_, err := c.h.RunAction(ctx, host.RunAction{
			IdempotencyKey: c.account + "-cut", Invoice: c.invoice, Name: name, Input: json.RawMessage(`{"payment_option":"TO_CARD"}`),
		})
		return err
	}
}

func runRefund(ctx context.Context, c *cell) error {
	refund, err := c.h.CreateRefund(ctx, host.CreateRefund{IdempotencyKey: c.account + "-cut", Invoice: c.invoice, Amount: "60.00"})
	if refund != nil {
		c.resource = refund.ID
	}
	return err
}

func runPayout(ctx context.Context, c *cell) error {
	req := host.CreatePayout{
		IdempotencyKey: c.account + "-cut", Account: c.account, Amount: sums(c.op.plugin), Description: "Reward 1",
		Destination: host.Destination{Type: pay.DestinationCard, Value: "4444444444444444", Holder: "Ivan I."},
	}
	if c.op.plugin == "payin" {
		req.Destination = host.Destination{Type: pay.DestinationAccount, Value: "6034"}
	}
	payout, err := c.h.CreatePayout(ctx, req)
	if payout != nil {
		c.resource = payout.ID
	}
	return err
}

func ofInvoice(ctx context.Context, c *cell) (string, error) {
	inv, err := c.h.Invoice(ctx, c.invoice)
	if err != nil {
		return "", err
	}
	return string(inv.Status), nil
}

// ofDeals counts the deals too, which are what the action begins.
func ofDeals(ctx context.Context, c *cell) (string, error) {
	inv, err := c.h.Invoice(ctx, c.invoice)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d deals", inv.Status, len(inv.Attempts)), nil
}

func ofRefund(ctx context.Context, c *cell) (string, error) {
	refund, err := c.h.Refund(ctx, c.resource)
	if err != nil {
		return "", err
	}
	return string(refund.Status), nil
}

func ofPayout(ctx context.Context, c *cell) (string, error) {
	payout, err := c.h.Payout(ctx, c.resource)
	if err != nil {
		return "", err
	}
	return string(payout.Status), nil
}

func (s simulated) accountConfig(base string) json.RawMessage {
	return json.RawMessage(strings.ReplaceAll(s.config, "BASE", base))
}
