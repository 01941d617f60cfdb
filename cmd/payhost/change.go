package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
)

// changeFields are the flags that cancel, capture, void and refund share.
func changeFields() []bodyField {
	return []bodyField{
		{"reason", "reason", "why, in your words"},
		{"reference", "reference", "your own id of this change"},
		{"correlation-id", "correlation_id", "your own id for logs"},
	}
}

// invoiceChangeCommand is cancel, capture or void. What a capture has besides is added by its caller through more.
func (p *program) invoiceChangeCommand(verb, short string, fields []bodyField, more func(cmd *cobra.Command) func(*bodyBuilder)) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1), Annotations: changesSomething(), Long: short + ".\n\n" + orderHelp,
	}
	r := p.remoteFlags(cmd)
	fields = append(changeFields(), fields...)
	fieldFlags(cmd, fields)
	key, file, metadata, options := keyFlag(cmd), jsonFlag(cmd), metadataFlag(cmd), optionFlags(cmd)
	extra := func(*bodyBuilder) {}
	if more != nil {
		extra = more(cmd)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := p.fill(cmd, *file, fields)
		if err != nil {
			return err
		}
		b.pairs("metadata", "--metadata", *metadata, func(s string) any { return s })
		options.fill(b)
		extra(b)
		if b.err != nil {
			return b.err
		}
		return p.order(r, *key, func(c *client.Client, key string) (string, error) {
			inv, unknown, err := c.ChangeInvoice(cmd.Context(), verb, args[0], key, b.body)
			if err != nil {
				return "", err
			}
			return openInvoice(inv, unknown), r.show(inv, func(w io.Writer) { invoiceCard(w, inv) })
		})
	}
	return cmd
}

func (p *program) invoiceCaptureCommand() *cobra.Command {
	amount := []bodyField{{"amount", "amount", "how much, in the invoice's currency; all that is authorized when absent"}}
	return p.invoiceChangeCommand("capture", "Take an authorized amount, or part of it", amount, func(cmd *cobra.Command) func(*bodyBuilder) {
		items := itemFlag(cmd)
		further := cmd.Flags().Bool("more", false, "further captures will follow")
		return func(b *bodyBuilder) {
			b.items(*items)
			if cmd.Flags().Changed("more") {
				b.set("more", *further)
			}
		}
	})
}
