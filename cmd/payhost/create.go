package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
)

// bodyField is a flag that fills one field of the request.
type bodyField struct{ flag, path, usage string }

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
	for _, f := range createFields() {
		cmd.Flags().String(f.flag, "", f.usage)
	}
	key := cmd.Flags().String("idempotency-key", "", "your key for this one intended invoice; made and printed when absent")
	file := cmd.Flags().String("json", "", "request body as a JSON file, - for standard input; the other flags are put on top of it")
	items := cmd.Flags().StringArray("item", nil, `line of the basket as JSON: {"name":…,"quantity":…,"unit_price":…}; repeatable`)
	metadata := cmd.Flags().StringArray("metadata", nil, "your own key=value, kept with the invoice; repeatable")
	options := cmd.Flags().StringArray("option", nil, "provider option key=value; true, false and JSON numbers, lists and objects are themselves, all else is text; repeatable")
	optionsJSON := cmd.Flags().String("options", "", "provider options as one JSON object")
	save := cmd.Flags().Bool("save-credential", false, "ask for a stored credential")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		body := map[string]any{}
		if *file != "" {
			var err error
			if body, err = p.input(*file); err != nil {
				return fmt.Errorf("--json: %w", err)
			}
		}
		b := &bodyBuilder{body: body}
		for _, f := range createFields() {
			if flag := cmd.Flags().Lookup(f.flag); flag.Changed {
				b.set(f.path, flag.Value.String())
			}
		}
		if cmd.Flags().Changed("save-credential") {
			b.set("save_credential", *save)
		}
		b.items(*items)
		b.pairs("metadata", "--metadata", *metadata, func(s string) any { return s })
		b.object("provider_options", "--options", *optionsJSON)
		b.pairs("provider_options", "--option", *options, optionValue)
		if b.err != nil {
			return b.err
		}
		if len(body) == 0 {
			return usagef("say what to create: --account, --amount and --currency, or --json")
		}
		return p.createInvoice(cmd, r, *key, body)
	}
	return cmd
}

func (p *program) createInvoice(cmd *cobra.Command, r *remote, key string, body map[string]any) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if key == "" {
		key = "cli-" + strings.ToLower(rand.Text())
		printf(p.stderr, "idempotency key: %s\n", key)
	}
	inv, unknown, err := c.CreateInvoice(cmd.Context(), key, body)
	if err != nil {
		if _, lost := errors.AsType[*client.UnreachableError](err); lost {
			return fmt.Errorf("%w\nwhether the invoice was created is not known; repeat the command with --idempotency-key %s", err, key)
		}
		return err
	}
	if err := r.show(inv, func(w io.Writer) { invoiceCard(w, inv) }); err != nil {
		return err
	}
	if unknown {
		return &exitError{code: exitUnknown, err: fmt.Errorf(
			"the outcome is not known yet: operation %s; do not create another invoice, follow this one with: payhost invoice watch %s",
			inv.UnresolvedOperation, inv.ID)}
	}
	return nil
}

// bodyBuilder fills a JSON object. The first mistake is kept.
type bodyBuilder struct {
	body map[string]any
	err  error
}

func (b *bodyBuilder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = usagef(format, args...)
	}
}

// set puts a value at a dotted path.
func (b *bodyBuilder) set(path string, value any) {
	at := b.body
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		next, ok := at[step].(map[string]any)
		if !ok {
			if at[step] != nil {
				b.fail("--json: %s is not an object", step)
				return
			}
			next = map[string]any{}
			at[step] = next
		}
		at = next
	}
	at[steps[len(steps)-1]] = value
}

func (b *bodyBuilder) items(texts []string) {
	if len(texts) == 0 {
		return
	}
	list := []any{}
	for _, text := range texts {
		item, err := object([]byte(text))
		if err != nil {
			b.fail("--item: %w", err)
			return
		}
		list = append(list, item)
	}
	b.set("items", list)
}

func (b *bodyBuilder) object(path, flag, text string) {
	if text == "" {
		return
	}
	value, err := object([]byte(text))
	if err != nil {
		b.fail("%s: %w", flag, err)
		return
	}
	b.set(path, value)
}

// pairs puts every key=value below path.
func (b *bodyBuilder) pairs(path, flag string, texts []string, convert func(string) any) {
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			b.fail("%s needs key=value", flag)
			return
		}
		into, ok := b.body[path].(map[string]any)
		if !ok {
			into = map[string]any{}
			b.body[path] = into
		}
		into[key] = convert(value)
	}
}

// optionValue reads what is clearly JSON and no text as JSON.
func optionValue(s string) any {
	if s == "null" {
		return s
	}
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return s
}
