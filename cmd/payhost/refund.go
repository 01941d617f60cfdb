package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

func (p *program) invoiceRefundCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "refund ID", Short: "Return captured money", Args: cobra.ExactArgs(1), Annotations: changesSomething(),
		Example: "  payhost invoice refund inv_… --amount 20.00 --reason \"one ticket returned\"",
		Long: "Returns captured money of an invoice; without --amount, all that can still be returned. A refund that was accepted may take\n" +
			"its time: payhost invoice refunds ID shows how it goes.\n\n" + orderHelp,
	}
	r := p.remoteFlags(cmd)
	fields := append(changeFields(), bodyField{"amount", "amount", "how much, in the invoice's currency; all that is left when absent"})
	fieldFlags(cmd, fields)
	key, file, items, metadata, options := keyFlag(cmd), jsonFlag(cmd), itemFlag(cmd), metadataFlag(cmd), optionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := p.fill(cmd, *file, fields)
		if err != nil {
			return err
		}
		b.items(*items)
		b.pairs("metadata", "--metadata", *metadata, func(s string) any { return s })
		options.fill(b)
		if b.err != nil {
			return b.err
		}
		return p.order(r, *key, func(c *client.Client, key string) (string, error) {
			refund, unknown, err := c.CreateRefund(cmd.Context(), args[0], key, b.body)
			if err != nil {
				return "", err
			}
			if err := r.show(refund, func(w io.Writer) { refundCard(w, refund) }); err != nil {
				return "", err
			}
			if refund.Status == pay.RefundFailed {
				return "", fmt.Errorf("the refund failed%s", because(refund.Decline))
			}
			return openOperation(refund.UnresolvedOperation, unknown), nil
		})
	}
	return cmd
}

func (p *program) invoiceRefundsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "refunds ID", Short: "List the refunds of an invoice, oldest first", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) ([]host.Refund, error) {
			return c.Refunds(cmd.Context(), args[0])
		}, func(w io.Writer, list []host.Refund) {
			rows := [][]any{}
			for _, x := range list {
				rows = append(rows, []any{
					x.ID, x.Status, x.Amount, x.Origin, x.Reason, x.ProviderRef, attention(x.NeedsReview, x.ReviewReason, x.UnresolvedOperation), when(x.CreatedAt),
				})
			}
			grid(w, []any{"id", "status", "amount", "origin", "reason", "provider ref", "attention", "created"}, rows)
		})
	}
	return cmd
}

func refundCard(w io.Writer, x *host.Refund) {
	card(w,
		[2]string{"id", x.ID}, [2]string{"status", string(x.Status)},
		[2]string{"attention", attention(x.NeedsReview, x.ReviewReason, x.UnresolvedOperation)},
		[2]string{"invoice", x.Invoice}, [2]string{"account", x.Account}, [2]string{"amount", x.Amount.String()}, [2]string{"fee", positive(x.Fee)},
		[2]string{"origin", string(x.Origin)}, [2]string{"reason", x.Reason}, [2]string{"reference", x.Reference},
		[2]string{"provider ref", x.ProviderRef}, [2]string{"declined", declined(x.Decline)}, [2]string{"operation", x.Operation},
		[2]string{"metadata", pairs(x.Metadata)}, [2]string{"created", when(x.CreatedAt)}, [2]string{"updated", when(x.UpdatedAt)},
	)
}

// attention says what a person should look at.
func attention(needsReview bool, reason, unresolved string) string {
	switch {
	case needsReview:
		return "needs review: " + reason
	case unresolved != "":
		return "outcome unknown: " + unresolved
	}
	return ""
}

// declined words a refusal.
func declined(d *pay.Decline) string {
	if d == nil {
		return ""
	}
	said := slices.DeleteFunc([]string{string(d.Reason), d.ProviderCode, d.Message}, func(s string) bool { return s == "" })
	return strings.Join(said, " ")
}

func because(d *pay.Decline) string {
	if text := declined(d); text != "" {
		return ": " + text
	}
	return ""
}
