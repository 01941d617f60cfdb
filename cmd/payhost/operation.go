package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

func (p *program) operationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "operation", Short: "Look at mutating calls and settle their outcomes"}
	cmd.AddCommand(p.operationListCommand(), p.operationShowCommand(), p.operationResolveCommand())
	return group(cmd)
}

func (p *program) operationListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List operations, newest first", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("account", "only of this account")
	f.text("invoice", "only of this invoice")
	f.text("state", "only in this state: queued, running, done, unknown or needs_review")
	f.flag("needs-review", "only those that need a person, or with =false the others")
	f.page()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*rest.OperationList, error) {
			return c.Operations(cmd.Context(), f.query())
		}, func(w io.Writer, page *rest.OperationList) {
			rows := [][]any{}
			for _, op := range page.Operations {
				rows = append(rows, []any{op.ID, op.Kind, op.Account, op.Invoice, op.State, op.Executed, kindOf(op.Error), op.Actor, when(op.CreatedAt)})
			}
			grid(w, []any{"id", "kind", "account", "invoice", "state", "executed", "error", "actor", "created"}, rows)
			more(w, page.NextCursor)
		})
	}
	return cmd
}

func (p *program) operationShowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show an operation with its tries", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	whole := cmd.Flags().Bool("bundle", false, "also what it is about and everything that was observed: what a person needs to settle it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *whole {
			return answer(r, func(c *client.Client) (*host.Bundle, error) { return c.Bundle(cmd.Context(), args[0]) }, bundleCards)
		}
		return answer(r, func(c *client.Client) (*host.Operation, error) { return c.Operation(cmd.Context(), args[0]) }, operationCard)
	}
	return cmd
}

func (p *program) operationResolveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resolve ID", Short: "Close an operation whose outcome is not known, by your word", Args: cobra.ExactArgs(1),
		Annotations: changesSomething(),
		Example: `  payhost operation resolve op_… --outcome executed --provider-ref 8812 --reason "seen in the provider's cabinet"
  payhost operation resolve op_… --outcome not_executed --reason "support: no such payment, ticket 4711"`,
		Long: "Your word ranks below what the provider answers. After not_executed the host goes on looking, and evidence to the contrary\n" +
			"reopens the case (event operation.contradicted). Who decided and why is kept in the audit log. Look at\n" +
			"payhost operation show ID --bundle first.",
	}
	r := p.remoteFlags(cmd)
	var decision host.Resolve
	cmd.Flags().StringVar(&decision.Outcome, "outcome", "", "executed or not_executed")
	cmd.Flags().StringVar(&decision.ProviderRef, "provider-ref", "", "the provider's id of what came to be; needed for an executed create")
	cmd.Flags().StringVar(&decision.Amount, "amount", "", "what happened, where it differs from what was asked for")
	cmd.Flags().StringVar(&decision.Reason, "reason", "", "how you know")
	_ = cmd.RegisterFlagCompletionFunc("outcome",
		cobra.FixedCompletions([]string{host.ResolveExecuted, host.ResolveNotExecuted}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if decision.Outcome == "" || decision.Reason == "" {
			return usagef("--outcome and --reason are required")
		}
		return answer(r, func(c *client.Client) (*host.Operation, error) { return c.Resolve(cmd.Context(), args[0], decision) }, operationCard)
	}
	return cmd
}

// bundleCards prints the operation, its object and what was observed.
func bundleCards(w io.Writer, b *host.Bundle) {
	operationCard(w, &b.Operation)
	if b.Refund != nil {
		printf(w, "refund:\n")
		refundCard(w, b.Refund)
	}
	if b.Payout != nil {
		printf(w, "payout:\n")
		payoutCard(w, b.Payout)
	}
	if b.Invoice != nil {
		printf(w, "invoice:\n")
		invoiceCard(w, b.Invoice)
	}
	printf(w, "observed:\n")
	rows := [][]any{}
	for _, e := range b.Evidence {
		rows = append(rows, []any{when(e.ObservedAt), e.Kind, e.Status, e.Applied, e.Reason, e.RequestID, e.HTTPStatus, e.Actor})
	}
	grid(w, []any{"at", "evidence", "status", "became", "reason", "request id", "HTTP", "actor"}, rows)
	for _, e := range b.Evidence {
		if len(e.Raw) > 0 {
			printf(w, "%s, exact bytes:\n%s\n", e.ID, readable(e.Raw))
		}
	}
}

func operationCard(w io.Writer, op *host.Operation) {
	detail := ""
	if op.Error != nil {
		detail = strings.TrimSpace(string(op.Error.Kind) + ": " + op.Error.Detail)
	}
	card(w,
		[2]string{"id", op.ID}, [2]string{"kind", string(op.Kind)}, [2]string{"state", op.State}, [2]string{"executed", string(op.Executed)},
		[2]string{"error", detail}, [2]string{"needs review", yes(op.NeedsReview)}, [2]string{"review reason", op.ReviewReason},
		[2]string{"settled by", op.Resolution}, [2]string{"account", op.Account}, [2]string{"invoice", op.Invoice},
		[2]string{"idempotency key", op.IdempotencyKey}, [2]string{"provider key", op.ProviderKey}, [2]string{"actor", op.Actor},
		[2]string{"correlation id", op.CorrelationID}, [2]string{"created", when(op.CreatedAt)}, [2]string{"updated", when(op.UpdatedAt)},
	)
	rows := [][]any{}
	for _, t := range op.Tries {
		rows = append(rows, []any{
			t.Number, fmt.Sprintf("%s %s", t.Plugin, t.PluginVersion), t.Generation, t.Transport, t.Executed, t.ErrorKind, when(t.StartedAt), t.Error,
		})
	}
	grid(w, []any{"try", "plugin", "generation", "transport", "executed", "error", "started", "detail"}, rows)
}

func kindOf(p *host.Problem) string {
	if p == nil {
		return ""
	}
	return string(p.Kind)
}
