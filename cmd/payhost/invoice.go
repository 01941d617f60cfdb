package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

func (p *program) invoiceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "invoice", Short: "Create, change and follow invoices"}
	cmd.AddCommand(
		p.invoiceCreateCommand(),
		p.invoiceOneCommand("get", "Show an invoice as the host knows it", (*client.Client).Invoice),
		p.invoiceOneCommand("refresh", "Ask the provider now and show the invoice", (*client.Client).Refresh),
		p.invoiceListCommand(), p.invoiceWatchCommand(), p.invoiceTimelineCommand(),
		p.invoiceChangeCommand("cancel", "Cancel an unpaid invoice; on an authorized one this is a void", nil, nil),
		p.invoiceCaptureCommand(), p.invoiceChangeCommand("void", "Release an authorization", nil, nil),
		p.invoiceRefundCommand(), p.invoiceRefundsCommand(),
		p.actionCommand("invoice", "invoices"), p.actionsCommand("invoice", "invoices"),
	)
	return group(cmd)
}

func (p *program) invoiceOneCommand(name, short string, call func(*client.Client, context.Context, string) (*host.Invoice, error)) *cobra.Command {
	cmd := &cobra.Command{Use: name + " ID", Short: short, Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.Invoice, error) { return call(c, cmd.Context(), args[0]) }, invoiceCard)
	}
	return cmd
}

func (p *program) invoiceListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List invoices, newest first", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("account", "only of this account")
	f.text("status", "only in this status")
	f.text("reference", "only with this reference of the merchant")
	f.text("provider-ref", "only with this id of the provider")
	f.text("customer", "only of this customer id")
	f.flag("needs-review", "only those that need a person, or with =false the others")
	f.flag("unresolved", "only those with an unresolved operation, or with =false the others")
	f.page()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*host.InvoicePage, error) {
			return c.Invoices(cmd.Context(), f.query())
		}, func(w io.Writer, page *host.InvoicePage) {
			rows := [][]any{}
			for _, inv := range page.Invoices {
				rows = append(rows, []any{
					inv.ID, inv.Account, inv.Status, inv.Amount, inv.AmountCaptured, inv.Reference, inv.ProviderRef, trouble(&inv), when(inv.CreatedAt),
				})
			}
			grid(w, []any{"id", "account", "status", "amount", "captured", "reference", "provider ref", "attention", "created"}, rows)
			more(w, page.NextCursor)
		})
	}
	return cmd
}

func (p *program) invoiceWatchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "watch ID", Short: "Follow an invoice until it has ended", Args: cobra.ExactArgs(1),
		Long: "Prints the invoice whenever it changes. Exit code 0: paid; 1: it ended otherwise; 3: it had not ended in time.",
	}
	r := p.remoteFlags(cmd)
	refresh := cmd.Flags().Duration("refresh", 15*time.Second, "how often to ask the provider, besides waiting for its webhooks; 0 never asks")
	timeout := cmd.Flags().Duration("timeout", 0, "give up after this time; 0 waits until the end")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		ctx := cmd.Context()
		if *timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, *timeout)
			defer cancel()
		}
		last, err := c.Follow(ctx, args[0], *refresh, func(inv *host.Invoice) {
			_ = r.show(inv, func(w io.Writer) { // an unwritable output ends with the process
				printf(w, "%s  %s  %-14s captured %s  %s\n", when(inv.UpdatedAt), inv.ID, inv.Status, inv.AmountCaptured, trouble(inv))
			})
		})
		switch {
		case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
			return &exitError{code: exitUnknown, err: errors.New("the invoice had not ended when the time was over")}
		case err != nil:
			return err
		case last.Status != pay.StatusPaid:
			return &exitError{code: exitFailed, err: fmt.Errorf("the invoice ended %s %s", last.Status, last.FinalReason)}
		}
		return nil
	}
	return cmd
}

// trouble says what a person should look at.
func trouble(inv *host.Invoice) string {
	text := attention(inv.NeedsReview, inv.ReviewReason, inv.UnresolvedOperation)
	if text == "" && inv.Overpaid {
		return "overpaid"
	}
	return text
}

func invoiceCard(w io.Writer, inv *host.Invoice) {
	expires := ""
	if inv.ExpiresAt != nil {
		expires = when(*inv.ExpiresAt)
	}
	card(w,
		[2]string{"id", inv.ID}, [2]string{"status", string(inv.Status)}, [2]string{"attention", trouble(inv)},
		[2]string{"final", yes(inv.Final)}, [2]string{"final reason", inv.FinalReason},
		[2]string{"account", inv.Account + " (" + inv.Provider + ", " + string(inv.Mode) + ")"},
		[2]string{"amount", inv.Amount.String()}, [2]string{"due", differs(inv.AmountDue, inv.Amount)},
		[2]string{"captured", positive(inv.AmountCaptured)}, [2]string{"authorized", positive(inv.AmountAuthorized)},
		[2]string{"received", positive(inv.AmountReceived)}, [2]string{"refunded", positive(inv.AmountRefunded)},
		[2]string{"reference", inv.Reference}, [2]string{"description", inv.Description}, [2]string{"customer", inv.CustomerID},
		[2]string{"provider ref", inv.ProviderRef}, [2]string{"provider refs", pairs(inv.ProviderRefs)},
		[2]string{"allowed actions", strings.Join(inv.AllowedActions, ", ")}, [2]string{"metadata", pairs(inv.Metadata)},
		[2]string{"expires", expires}, [2]string{"created", when(inv.CreatedAt)}, [2]string{"updated", when(inv.UpdatedAt)},
	)
	for _, a := range inv.NextActions {
		printf(w, "next action: %s\n", nextAction(a))
	}
}

// nextAction words what the payer has to do.
func nextAction(a pay.NextAction) string {
	parts := []string{string(a.Type)}
	if a.URL != "" {
		parts = append(parts, a.URL)
	}
	if q := a.Requisites; q != nil {
		parts = append(parts, strings.TrimSpace(q.Kind+" "+q.Value+" "+q.Bank+" "+q.Holder))
	}
	if a.QRPayload != "" {
		parts = append(parts, a.QRPayload)
	}
	if a.Amount.IsSet() {
		parts = append(parts, "exactly "+a.Amount.String())
	}
	if !a.ExpiresAt.IsZero() {
		parts = append(parts, "until "+when(a.ExpiresAt))
	}
	return strings.Join(parts, ", ")
}

func differs(m, from pay.Money) string {
	if m.String() == from.String() {
		return ""
	}
	return m.String()
}

func positive(m pay.Money) string {
	if !m.IsSet() || m.String() == pay.ZeroOf(m.Currency()).String() {
		return ""
	}
	return m.String()
}

func more(w io.Writer, cursor string) {
	if cursor != "" {
		printf(w, "More: --cursor %s\n", cursor)
	}
}
