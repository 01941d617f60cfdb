package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
)

// createFields are the flags of plain text fields.
func createFields() []bodyField {
	return []bodyField{
		{"account", "account", "id of the merchant account"},
		{"amount", "amount.value", "amount in major units, exact, for example 100.00"},
		{"currency", "amount.currency", "currency code, for example UAH"},
		{"amount-max", "amount_limits.max", "most the payer may be asked for, where a provider changes amounts"},
		{"purpose", "purpose", "payment or verification"},
		{"reference", "reference", "your own order id"},
		{"description", "description", "what is paid for"},
		{"customer-id", "customer.id", "your id of the customer (payin: the payer's number at the provider)"},
		{"customer-email", "customer.email", "e-mail address of the customer"},
		{"customer-phone", "customer.phone", "phone number of the customer"},
		{"customer-name", "customer.name", "name of the customer"},
		{"payer-locale", "payer.locale", "language of the payer, for example uk-UA"},
		{"payer-ip", "payer.ip", "IP address of the payer"},
		{"payer-user-agent", "payer.user_agent", "browser of the payer"},
		{"payer-country", "payer.country", "country of the payer, for example UA"},
		{"capture", "capture", "automatic or manual"},
		{"expires-in", "expires_in", "how long the payer has, for example 24h"},
		{"return-url", "return_urls.default", "where the payer's browser goes afterwards"},
		{"success-url", "return_urls.success", "the same after success"},
		{"failure-url", "return_urls.failure", "the same after failure"},
		{"payment-method", "payment_method", "method chosen in advance, in the provider's words"},
		{"source-type", "source.type", "charge without a page from: credential or balance"},
		{"source-id", "source.id", "which credential or balance"},
		{"initiated-by", "initiated_by", "customer or merchant"},
		{"correlation-id", "correlation_id", "your own id for logs"},
	}
}

func (p *program) invoiceCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "Create an invoice", Args: cobra.NoArgs, Annotations: map[string]string{"changes": "yes"},
		Example: `  payhost invoice create --account mono-main --amount 100.00 --currency UAH --reference order-7 --return-url https://shop.example/thanks
  payhost invoice create --account p2p-main --amount 1500 --currency RUB --option start_deal=true --option payment_option=TO_CARD
  payhost invoice create --json request.json --amount 99.90`,
		Long: "Creates an invoice and prints it with what the payer has to do.\n\n" +
			"Without --idempotency-key one is made and printed on standard error. To ask again after an answer was lost, repeat\n" +
			"the command with that key: the same key never creates a second invoice.\n\n" +
			"Exit code 0: created; 1: refused or declined, and nothing is open at the provider; 3: nobody knows yet, and the host\n" +
			"finds out (payhost invoice watch ID).",
	}
	r := p.remoteFlags(cmd)
	fieldFlags(cmd, createFields())
	key := keyFlag(cmd)
	file := jsonFlag(cmd)
	items := itemFlag(cmd)
	metadata := metadataFlag(cmd)
	options := optionFlags(cmd)
	save := cmd.Flags().Bool("save-credential", false, "ask for a stored credential")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, err := p.fill(cmd, *file, createFields())
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("save-credential") {
			b.set("save_credential", *save)
		}
		b.items(*items)
		b.pairs("metadata", "--metadata", *metadata, func(s string) any { return s })
		options.fill(b)
		if b.err != nil {
			return b.err
		}
		if len(b.body) == 0 {
			return usagef("say what to create: --account, --amount and --currency, or --json")
		}
		return p.createInvoice(cmd, r, *key, b.body)
	}
	return cmd
}

func (p *program) createInvoice(cmd *cobra.Command, r *remote, key string, body map[string]any) error {
	return p.order(r, key, func(c *client.Client, key string) (string, error) {
		inv, unknown, err := c.CreateInvoice(cmd.Context(), key, body)
		if err != nil {
			return "", err
		}
		return openInvoice(inv, unknown), r.show(inv, func(w io.Writer) { invoiceCard(w, inv) })
	})
}
