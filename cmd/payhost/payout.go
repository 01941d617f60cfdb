package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func (p *program) payoutCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "payout", Short: "Send money"}
	cmd.AddCommand(p.payoutCreateCommand(), p.payoutGetCommand(), p.payoutListCommand())
	return group(cmd)
}

func payoutFields() []bodyField {
	return []bodyField{
		{"account", "account", "id of the merchant account"},
		{"amount", "amount.value", "what the receiver shall get, in major units, exact"},
		{"currency", "amount.currency", "currency code, for example UAH"},
		{"destination-type", "destination.type", "card, iban, account, phone, wallet or stored"},
		{"destination", "destination.value", "where to; other users of this machine can read it, so give a card number by --json -"},
		{"destination-holder", "destination.holder", "whose it is, where the provider asks"},
		{"destination-bank", "destination.bank", "bank, where the provider asks"},
		{"destination-network", "destination.network", "network of a wallet, where the provider asks"},
		{"destination-country", "destination.country", "country, where the provider asks"},
		{"customer-id", "customer.id", "your id of the receiver"},
		{"reference", "reference", "your own id of the payout"},
		{"description", "description", "what it is for"},
		{"correlation-id", "correlation_id", "your own id for logs"},
	}
}

func (p *program) payoutCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Send money from the merchant to somebody", Args: cobra.NoArgs, Annotations: changesSomething(),
		Example: `  payhost payout create --account payin-main --amount 10.00 --currency RUB --destination-type account --destination 1001 --description Bonus
  payhost payout create --json payout.json --idempotency-key salary-2024-05`,
		Long: "Orders a payout. One that was accepted may take its time: payhost payout get ID shows how it goes.\n\n" + orderHelp,
	}
	r := p.remoteFlags(cmd)
	fieldFlags(cmd, payoutFields())
	key, file, metadata, options := keyFlag(cmd), jsonFlag(cmd), metadataFlag(cmd), optionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, err := p.fill(cmd, *file, payoutFields())
		if err != nil {
			return err
		}
		b.pairs("metadata", "--metadata", *metadata, func(s string) any { return s })
		options.fill(b)
		if b.err != nil {
			return b.err
		}
		if len(b.body) == 0 {
			return usagef("say what to send: --account, --amount, --currency, --destination-type and --destination, or --json")
		}
		return p.order(r, *key, func(c *client.Client, key string) (string, error) {
			payout, unknown, err := c.CreatePayout(cmd.Context(), key, b.body)
			if err != nil {
				return "", err
			}
			if err := r.show(payout, func(w io.Writer) { payoutCard(w, payout) }); err != nil {
				return "", err
			}
			if payout.Status == pay.PayoutFailed || payout.Status == pay.PayoutCanceled {
				return "", fmt.Errorf("the payout is %s%s", payout.Status, because(payout.Decline))
			}
			return openOperation(payout.UnresolvedOperation, unknown), nil
		})
	}
	return cmd
}

func (p *program) payoutGetCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "get ID", Short: "Show a payout as the host knows it", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.Payout, error) { return c.Payout(cmd.Context(), args[0]) }, payoutCard)
	}
	return cmd
}

func (p *program) payoutListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List payouts, newest first", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("account", "only of this account")
	f.page()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*rest.PayoutPage, error) { return c.Payouts(cmd.Context(), f.query()) }, payoutGrid)
	}
	return cmd
}

func payoutGrid(w io.Writer, page *rest.PayoutPage) {
	rows := [][]any{}
	for _, x := range page.Payouts {
		rows = append(rows, []any{
			x.ID, x.Account, x.Status, x.Amount, x.Reference, x.ProviderRef, attention(x.NeedsReview, x.ReviewReason, x.UnresolvedOperation), when(x.CreatedAt),
		})
	}
	grid(w, []any{"id", "account", "status", "amount", "reference", "provider ref", "attention", "created"}, rows)
	more(w, page.NextCursor)
}

func payoutCard(w io.Writer, x *host.Payout) {
	returned := ""
	if x.ReturnedAt != nil {
		returned = when(*x.ReturnedAt)
	}
	card(w,
		[2]string{"id", x.ID}, [2]string{"status", string(x.Status)},
		[2]string{"attention", attention(x.NeedsReview, x.ReviewReason, x.UnresolvedOperation)},
		[2]string{"account", x.Account + " (" + x.Provider + ", " + string(x.Mode) + ")"},
		[2]string{"amount", x.Amount.String()}, [2]string{"requested", differs(x.Requested, x.Amount)},
		[2]string{"fee", positive(x.Fee)}, [2]string{"debited", positive(x.Debited)}, [2]string{"rate", x.Rate},
		[2]string{"returned", returned}, [2]string{"declined", declined(x.Decline)},
		[2]string{"reference", x.Reference}, [2]string{"description", x.Description}, [2]string{"customer", x.CustomerID},
		[2]string{"provider ref", x.ProviderRef}, [2]string{"provider refs", pairs(x.ProviderRefs)}, [2]string{"operation", x.Operation},
		[2]string{"metadata", pairs(x.Metadata)}, [2]string{"created", when(x.CreatedAt)}, [2]string{"updated", when(x.UpdatedAt)},
	)
}
