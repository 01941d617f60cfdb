package main

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host/rest"
)

func (p *program) webhookCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "webhook", Short: "Look at what providers sent"}
	replay := p.webhookOneCommand("replay", "Process a stored webhook again", (*client.Client).ReplayWebhook)
	replay.Long = "Processes a stored webhook again, for example one that was unmatched. It was verified when it came, and what it has changed\n" +
		"already it does not change again."
	cmd.AddCommand(
		p.webhookListCommand(), p.webhookOneCommand("show", "Show a webhook, with its bytes if the token has the scope evidence", (*client.Client).Webhook), replay,
	)
	return group(cmd)
}

func (p *program) webhookListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List received webhooks, newest first", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("account", "only of this account")
	f.text("state", "only in this state: spooled, accepted, processed, unmatched, rejected or failed")
	f.page()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*rest.WebhookList, error) {
			return c.Webhooks(cmd.Context(), f.query())
		}, func(w io.Writer, page *rest.WebhookList) {
			rows := [][]any{}
			for _, h := range page.Webhooks {
				rows = append(rows, []any{h.ID, h.Account, h.Tail, h.State, h.Reason, h.Object, h.ProviderRef, h.Deliveries, when(h.ReceivedAt)})
			}
			grid(w, []any{"id", "account", "tail", "state", "reason", "object", "provider ref", "deliveries", "received"}, rows)
			more(w, page.NextCursor)
		})
	}
	return cmd
}

// webhookCall is a call about one webhook.
type webhookCall = func(*client.Client, context.Context, string) (*rest.Webhook, error)

func (p *program) webhookOneCommand(name, short string, call webhookCall) *cobra.Command {
	cmd := &cobra.Command{Use: name + " ID", Short: short, Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*rest.Webhook, error) { return call(c, cmd.Context(), args[0]) }, webhookCard)
	}
	return cmd
}

func webhookCard(w io.Writer, h *rest.Webhook) {
	processed := ""
	if h.ProcessedAt != nil {
		processed = when(*h.ProcessedAt)
	}
	headers := []string{}
	for _, line := range h.Headers {
		headers = append(headers, line.Name+": "+line.Value)
	}
	card(w,
		[2]string{"id", h.ID}, [2]string{"state", h.State}, [2]string{"reason", h.Reason}, [2]string{"account", h.Account + " (" + h.Provider + ")"},
		[2]string{"tail", h.Tail}, [2]string{"object", strings.TrimSpace(h.ObjectType + " " + h.Object)}, [2]string{"provider ref", h.ProviderRef},
		[2]string{"deliveries", itoa(int64(h.Deliveries))}, [2]string{"received", when(h.ReceivedAt)}, [2]string{"processed", processed},
		[2]string{"method", h.Method}, [2]string{"headers", strings.Join(headers, "\n")},
	)
	if len(h.Body) > 0 {
		printf(w, "body:\n%s\n", readable(h.Body))
	}
}

// readable is text as it is, without what could steer a terminal, and the size of anything else.
func readable(b []byte) string {
	if !utf8.Valid(b) {
		return "(" + itoa(int64(len(b))) + " bytes that are not text; see -o json)"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return utf8.RuneError
		}
		return r
	}, string(b))
}
