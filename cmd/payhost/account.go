package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

func (p *program) accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "Work on merchant accounts"}
	cmd.AddCommand(
		p.accountListCommand(), p.accountShowCommand(), p.accountAddCommand(), p.accountCheckCommand(), p.accountBalanceCommand(),
		p.accountReconcileCommand(), p.accountReconciliationsCommand(), p.accountReconciliationCommand(),
		p.accountStateCommand("pause", "Refuse new operations of an account until it is resumed; webhooks and look-ups go on"),
		p.accountStateCommand("resume", "Take operations of a paused account again"),
		p.accountStateCommand("close", "Close an account for good; late webhooks, refunds and look-ups still work"),
		p.actionCommand("account", "accounts"), p.actionsCommand("account", "accounts"),
	)
	return group(cmd)
}

func (p *program) accountListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List accounts", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) ([]host.AccountStatus, error) {
			return c.Accounts(cmd.Context())
		}, func(w io.Writer, list []host.AccountStatus) {
			rows := [][]any{}
			for _, a := range list {
				rows = append(rows, []any{a.ID, a.Provider, a.Mode, a.State, a.Revision, a.Source, a.Problem})
			}
			grid(w, []any{"id", "provider", "mode", "state", "revision", "source", "problem"}, rows)
		})
	}
	return cmd
}

func (p *program) accountShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show an account, and the URLs to register at its provider", Args: cobra.ExactArgs(1),
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.AccountStatus, error) { return c.Account(cmd.Context(), args[0]) }, accountCard)
	}
	return cmd
}

func (p *program) accountCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check ID", Short: "Prove an account's credentials by one harmless call to its provider", Args: cobra.ExactArgs(1),
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.AccountStatus, error) { return c.CheckAccount(cmd.Context(), args[0]) }, accountCard)
	}
	return cmd
}

func (p *program) accountAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add ID", Short: "Create an account, or change the one of this id", Args: cobra.ExactArgs(1),
		Example: `  payhost account add mono-2 --provider monobank --config-file mono-2.json
  echo '{"token":"${env:MONO2_TOKEN}"}' | payhost account add mono-2 --provider monobank --config-file -`,
		Long: "Creates or changes an account of the running host. The provider's config is read from a file, never from the command\n" +
			"line, where other users of the machine could see it. Its values may be references such as ${env:NAME}, which the\n" +
			"host resolves in its own surroundings.",
	}
	r := p.remoteFlags(cmd)
	provider := cmd.Flags().String("provider", "", "name of the plugin")
	mode := cmd.Flags().String("mode", "", "live or sandbox")
	zone := cmd.Flags().String("time-zone", "", "IANA name, for example Europe/Kyiv")
	file := cmd.Flags().String("config-file", "", "JSON object of the provider's config; - for standard input")
	labels := cmd.Flags().StringArray("label", nil, "your own key=value; repeatable")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *provider == "" || *file == "" {
			return usagef("--provider and --config-file are required")
		}
		config, err := p.input(*file)
		if err != nil {
			return err
		}
		b := &bodyBuilder{body: map[string]any{"id": args[0], "provider": *provider, "config": config}}
		for field, value := range map[string]string{"mode": *mode, "time_zone": *zone} {
			if value != "" {
				b.set(field, value)
			}
		}
		b.pairs("labels", "--label", *labels, func(s string) any { return s })
		if b.err != nil {
			return b.err
		}
		return answer(r, func(c *client.Client) (*host.AccountStatus, error) { return c.PutAccount(cmd.Context(), b.body) }, accountCard)
	}
	return cmd
}

func (p *program) accountBalanceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "balance ID", Short: "Ask the provider for the balances of an account now", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	owner := cmd.Flags().String("owner", "", "only the balances of this user of the provider, where the provider has users")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) ([]pay.Balance, error) {
			return c.Balances(cmd.Context(), args[0], *owner)
		}, func(w io.Writer, list []pay.Balance) {
			rows := [][]any{}
			for _, b := range list {
				rows = append(rows, []any{b.Name, b.Available, positive(b.Reserved)})
			}
			grid(w, []any{"name", "available", "reserved"}, rows)
		})
	}
	return cmd
}

func (p *program) accountStateCommand(verb, short string) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why, for the audit log")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.AccountStatus, error) {
			return c.SetAccountState(cmd.Context(), verb, args[0], *reason)
		}, accountCard)
	}
	return cmd
}

func accountCard(w io.Writer, a *host.AccountStatus) {
	abilities := []string{}
	for _, ability := range a.Abilities {
		abilities = append(abilities, string(ability))
	}
	urls := a.WebhookURLs
	if len(urls) == 0 {
		urls = []string{a.WebhookURL}
	}
	card(w,
		[2]string{"id", a.ID}, [2]string{"provider", a.Provider}, [2]string{"mode", string(a.Mode)}, [2]string{"state", a.State},
		[2]string{"problem", a.Problem}, [2]string{"tenant", a.Tenant}, [2]string{"time zone", a.TimeZone}, [2]string{"labels", pairs(a.Labels)},
		[2]string{"revision", itoa(a.Revision)}, [2]string{"source", a.Source}, [2]string{"account at provider", a.ProviderAccountRef},
		[2]string{"abilities", strings.Join(abilities, ", ")}, [2]string{"webhook URLs", strings.Join(urls, "\n")},
		[2]string{"created", when(a.CreatedAt)}, [2]string{"updated", when(a.UpdatedAt)},
	)
}
