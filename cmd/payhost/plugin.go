package main

import (
	"context"
	"io"
	"maps"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/cmd/payhost/internal/server"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/plugin"
)

func (p *program) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Short: "Work on provider plugins"}
	cmd.AddCommand(
		p.pluginAddCommand(), p.pluginListCommand(),
		p.pluginPinCommand(), p.pluginRemoveCommand(), p.pluginUseCommand(), p.pluginReloadCommand(), p.pluginLogsCommand(),
		p.pluginOneCommand("show", "Show a plugin and what it says about itself", (*client.Client).Plugin),
		p.pluginOrderCommand("restart", "Replace the processes of a plugin; ends a back-off or a quarantine"),
		p.pluginOrderCommand("rollback", "Return to the version before, or end a canary"),
		p.pluginOrderCommand("pause", "Let no further call reach a plugin"),
		p.pluginOrderCommand("resume", "End a pause"),
	)
	return group(cmd)
}

func (p *program) pluginAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add PATH", Short: "Copy a plugin binary into the store and pin it", Args: cobra.ExactArgs(1),
		Long: "Copies the binary, which must be named payhost-provider-NAME, to data_dir/plugins/NAME/VERSION, runs it just long\n" +
			"enough for the base level of the conformance kit, which needs no credentials, and pins its SHA-256 in\n" +
			"data_dir/plugins.lock.json. A binary that fails is not installed, and what was found is listed. A running host takes the version up as\n" +
			"installed: payhost plugin use NAME@VERSION makes it serve. A new provider runs after the host's next start. A version that is\n" +
			"pinned is never overwritten.",
	}
	file := configFlag(cmd)
	level := logFlag(cmd, "error")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		log, err := p.logger(*level)
		if err != nil {
			return err
		}
		cfg, err := config.Load(*file)
		if err != nil {
			return err
		}
		added, err := lockfile.Store{DataDir: cfg.DataDir}.Add(cmd.Context(), lockfile.Addition{
			Source: args[0], Describe: server.Examine(log), Protocol: plugin.ProtocolVersion, By: userName(), At: time.Now(),
		})
		if err != nil {
			return err
		}
		verb := "pinned"
		if added.Already {
			verb = "is pinned already:"
		}
		printf(p.stdout, "%s %s %s\n  %s\n", added.ID(), verb, added.Digest, added.Path)
		return nil
	}
	return cmd
}

// userName is who adds a plugin, for the record.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func (p *program) pluginListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ls", Short: "List plugins and where they stand", Args: cobra.NoArgs}
	r := p.remoteFlags(cmd)
	offline := cmd.Flags().Bool("offline", false, "list what data_dir/plugins.lock.json pins; no host needs to run")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *offline {
			return r.listPinned()
		}
		return r.listRunning(cmd.Context())
	}
	return cmd
}

func (r *remote) listPinned() error {
	cfg, err := config.Load(*r.file)
	if err != nil {
		return err
	}
	lock, err := lockfile.Read(lockfile.Store{DataDir: cfg.DataDir}.LockPath())
	if err != nil {
		return err
	}
	return r.show(lock, func(w io.Writer) {
		rows := [][]any{}
		for _, p := range lock.Plugins {
			rows = append(rows, []any{
				p.Name, p.Version, strings.Join(slices.Sorted(maps.Keys(p.Platforms)), ", "), p.SDK, p.AddedBy, when(p.AddedAt),
			})
		}
		grid(w, []any{"name", "version", "platforms", "sdk", "added by", "added"}, rows)
	})
}

func (r *remote) listRunning(ctx context.Context) error {
	return answer(r, func(c *client.Client) ([]host.PluginStatus, error) { return c.Plugins(ctx) }, pluginGrid)
}

func pluginGrid(w io.Writer, list []host.PluginStatus) {
	rows := [][]any{}
	for _, p := range list {
		for _, v := range p.Running {
			rows = append(rows, []any{p.Name, v.Version, v.Role, v.State, v.PID, v.Restarts, v.InFlight, share(p, v), yes(p.Pinned), v.Containment, v.Reason})
		}
		if len(p.Running) == 0 {
			rows = append(rows, []any{p.Name, "", "", p.State, 0, p.Restarts, 0, "", yes(p.Pinned), "", p.Reason})
		}
	}
	grid(w, []any{"name", "version", "role", "state", "process", "restarts", "in flight", "invoices", "pinned", "containment", "reason"}, rows)
}

func (p *program) pluginOneCommand(name, short string, call func(*client.Client, context.Context, string) (*rest.Plugin, error)) *cobra.Command {
	cmd := &cobra.Command{Use: name + " NAME", Short: short, Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*rest.Plugin, error) { return call(c, cmd.Context(), args[0]) }, pluginCard)
	}
	return cmd
}

func pluginCard(w io.Writer, p *rest.Plugin) {
	process := ""
	if p.PID > 0 {
		process = itoa(int64(p.PID))
	}
	facts := [][2]string{
		{"name", p.Name}, {"version", p.Version}, {"state", string(p.State)}, {"reason", p.Reason}, {"since", when(p.Since)},
		{"process", process}, {"generation", itoa(p.Generation)}, {"restarts", itoa(p.Restarts)}, {"last exit", p.LastExit},
		{"pinned", yes(p.Pinned)}, {"digest", p.Digest}, {"path", p.Path}, {"containment", p.Containment}, {"sdk", p.SDK},
		{"required", yes(p.Required)}, {"installed", strings.Join(p.Installed, ", ")},
	}
	if c := p.Choice; c != nil {
		facts = append(facts, [2]string{"chosen", c.Version + " since " + when(c.Since) + " by " + c.Actor + ": " + c.Reason},
			[2]string{"previous", c.Previous}, [2]string{"canary", c.Canary})
	}
	if m := p.Manifest; m != nil {
		operations := []string{}
		for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
			operations = append(operations, op+" (unknown outcome: "+m.Operations[op].Resolution+")")
		}
		abilities := []string{}
		for _, a := range m.Abilities {
			abilities = append(abilities, string(a))
		}
		facts = append(facts, [2]string{"title", m.Title}, [2]string{"documentation", m.DocsURL},
			[2]string{"abilities", strings.Join(abilities, ", ")}, [2]string{"operations", strings.Join(operations, "\n")},
			[2]string{"webhook tails", strings.Join(m.WebhookTails, ", ")})
	}
	card(w, facts...)
	for _, v := range p.Running {
		if v.Confinement == nil {
			continue
		}
		rows := [][]any{{"image", yes(v.Confinement.Sealed), v.Confinement.Image}}
		for _, m := range v.Confinement.Measures {
			rows = append(rows, []any{m.Name, yes(m.Active), m.Detail})
		}
		grid(w, []any{"confinement of " + v.Version, "active", "detail"}, rows)
	}
	if p.Manifest != nil {
		rows := [][]any{}
		for _, name := range slices.Sorted(maps.Keys(p.Manifest.Fields)) {
			rows = append(rows, []any{name, p.Manifest.Fields[name].Use})
		}
		grid(w, []any{"field", "use"}, rows)
	}
}
