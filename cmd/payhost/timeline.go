package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
)

func (p *program) invoiceTimelineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "timeline ID", Short: "Show everything that is recorded about an invoice, in order", Args: cobra.ExactArgs(1),
		Long: "Prints the operations of an invoice and their tries, what was observed and what became of it, its webhooks, every\n" +
			"transition with its cause, and when the provider is asked next.",
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) ([]host.TimelineEntry, error) {
			return c.Timeline(cmd.Context(), args[0])
		}, func(w io.Writer, list []host.TimelineEntry) {
			rows := [][]any{}
			for _, e := range list {
				rows = append(rows, []any{when(e.At), e.Kind, e.Text, e.Actor, e.ID})
			}
			grid(w, []any{"at", "kind", "what", "actor", "id"}, rows)
		})
	}
	return cmd
}
