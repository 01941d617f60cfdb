package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

func (p *program) eventCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "event", Short: "Read what happened"}
	cmd.AddCommand(p.eventListCommand(), p.eventWatchCommand())
	return group(cmd)
}

func (p *program) eventListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List events in the order they happened", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	f := &filters{cmd: cmd}
	f.text("after", "only after this position")
	f.limit("most events to show, at most 500 (default 100)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) (*rest.EventList, error) {
			return c.Events(cmd.Context(), f.query())
		}, func(w io.Writer, list *rest.EventList) {
			rows := [][]any{}
			for _, ev := range list.Events {
				rows = append(rows, []any{ev.Position, when(ev.OccurredAt), ev.Type, ev.Object.ID, ev.Sequence, ev.Cause, ev.Actor})
			}
			grid(w, []any{"position", "occurred", "type", "object", "sequence", "cause", "actor"}, rows)
			if list.Position != "" {
				printf(w, "Next: --after %s\n", list.Position)
			}
		})
	}
	return cmd
}

func (p *program) eventWatchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "watch", Short: "Print events as they happen", Args: cobra.NoArgs,
		Long: "Prints events until it is interrupted. A connection that breaks is opened again where it broke: no event is missed\n" +
			"and none is printed twice. With -o json every line is one event.",
	}
	r := p.remoteFlags(cmd)
	after := cmd.Flags().String("after", "", "begin after this position; the first event of all when empty")
	count := cmd.Flags().Uint("count", 0, "end after this many events; 0 never ends")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		return p.watchEvents(cmd.Context(), c, r, host.Position(*after), *count)
	}
	return cmd
}

var errEnough = errors.New("as many events as asked for")

func (p *program) watchEvents(ctx context.Context, c *client.Client, r *remote, after host.Position, count uint) error {
	printed := uint(0)
	for {
		var err error
		after, err = c.Watch(ctx, after, func(ev host.Event) error {
			if err := p.printEvent(r, ev); err != nil {
				return err
			}
			if printed++; count > 0 && printed >= count {
				return errEnough
			}
			return nil
		})
		_, refused := errors.AsType[*client.Problem](err)
		switch {
		case errors.Is(err, errEnough) || ctx.Err() != nil:
			return nil //nolint:nilerr // the stream ended because it was asked to
		case refused:
			return err
		}
		if _, lost := errors.AsType[*client.UnreachableError](err); !lost && !errors.Is(err, io.EOF) {
			return err
		}
		printf(p.stderr, "payhost: the stream ended; trying again\n")
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *program) printEvent(r *remote, ev host.Event) error {
	if *r.output == "json" {
		return json.NewEncoder(p.stdout).Encode(ev)
	}
	_, err := fmt.Fprintf(p.stdout, "%s  %-8s  %-28s %s  by %s (%s)\n", when(ev.OccurredAt), ev.Position, ev.Type, ev.Object.ID, ev.Actor, ev.Cause)
	return err
}
