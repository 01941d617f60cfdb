package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

func (p *program) credentialCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "credential", Short: "Look at saved payment instruments of customers"}
	cmd.AddCommand(p.credentialListCommand(), p.credentialRevokeCommand())
	return group(cmd)
}

func (p *program) credentialListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "ls", Short: "List the stored credentials of a customer, newest first", Args: cobra.NoArgs,
		Example: "  payhost credential ls --customer cust_9",
		Long:    "Lists what payments with save_credential left. An id charges it: payhost invoice create --source-type credential --source-id ID.",
	}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("customer", "your id of the customer")
	f.text("tenant", "tenant (default \"default\")")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*rest.CredentialList, error) {
			return c.Credentials(cmd.Context(), f.query())
		}, func(w io.Writer, list *rest.CredentialList) { credentialGrid(w, list.Credentials) })
	}
	return cmd
}

func (p *program) credentialRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "Forget the token of a stored credential, so that it cannot be charged any more", Args: cobra.ExactArgs(1),
		Annotations: changesSomething(),
		Long:        "Forgets the provider's token. Nothing is sent: the provider may keep the instrument until it is deleted there.",
	}
	r := p.remoteFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why, for the audit log")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.Credential, error) {
			return c.RevokeCredential(cmd.Context(), args[0], *reason)
		}, func(w io.Writer, credential *host.Credential) { credentialGrid(w, []host.Credential{*credential}) })
	}
	return cmd
}

func credentialGrid(w io.Writer, list []host.Credential) {
	rows := [][]any{}
	for _, c := range list {
		rows = append(rows, []any{c.ID, c.Account, c.Status, c.Masked, c.Brand, c.Invoice, when(c.CreatedAt)})
	}
	grid(w, []any{"id", "account", "status", "number", "brand", "saved by", "created"}, rows)
}
