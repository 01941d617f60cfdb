package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/plugin"
)

// nameAndVersion reads NAME@VERSION.
func nameAndVersion(arg string) (name, version string, err error) {
	name, version, ok := strings.Cut(arg, "@")
	if !ok || name == "" || version == "" {
		return "", "", usagef("%q must be NAME@VERSION, for example monobank@1.4.0", arg)
	}
	return name, version, nil
}

// share says how many of the invoices a running version serves.
func share(p host.PluginStatus, v host.PluginVersion) string {
	percent := 0
	if p.Choice != nil {
		percent = p.Choice.CanaryPercent
	}
	switch v.Role {
	case host.RoleStable:
		return fmt.Sprintf("%d %%", 100-percent)
	case host.RoleCanary:
		return fmt.Sprintf("%d %%", percent)
	case host.RoleKept:
		return "those it alone reads"
	case host.RoleRetiring:
	}
	return ""
}

func (p *program) pluginUseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "use NAME@VERSION", Short: "Make an installed version serve, for all invoices or as a canary", Args: cobra.ExactArgs(1),
		Long: "The version is started and proved with the live accounts first; when the proof fails nothing changes and what was found\n" +
			"is listed. With --canary it gets that share of the invoices: an invoice stays on its version. Without it all calls move, and\n" +
			"the version before finishes its calls and stops. The host goes back by itself when the new version crashes in a loop or\n" +
			"leaves more outcomes unknown.",
	}
	r := p.remoteFlags(cmd)
	canary := cmd.Flags().String("canary", "", "share of the invoices for the version, such as 10%; without it all")
	reason := cmd.Flags().String("reason", "", "why, for the record")
	force := cmd.Flags().Bool("force", false, "accept a version that offers an account less than the one before")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, version, err := nameAndVersion(args[0])
		if err != nil {
			return err
		}
		percent, err := parsePercent(*canary)
		if err != nil {
			return err
		}
		return answer(r, func(c *client.Client) (*rest.Plugin, error) {
			return c.UsePlugin(cmd.Context(), name, host.UsePlugin{Version: version, CanaryPercent: percent, Reason: *reason, Force: *force})
		}, pluginCard)
	}
	return cmd
}

func parsePercent(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	var percent int
	if n, err := fmt.Sscanf(strings.TrimSuffix(text, "%")+"|", "%d|", &percent); n != 1 || err != nil || percent < 1 || percent > 100 {
		return 0, usagef("--canary %q must be a whole percentage from 1%% to 100%%", text)
	}
	return percent, nil
}

func (p *program) pluginOrderCommand(order, short string) *cobra.Command {
	cmd := &cobra.Command{Use: order + " NAME", Short: short, Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why, for the record")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*rest.Plugin, error) {
			return c.OrderPlugin(cmd.Context(), args[0], order, *reason)
		}, pluginCard)
	}
	return cmd
}

func (p *program) pluginReloadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reload", Short: "Let a running host read again what is installed and configured", Args: cobra.NoArgs,
		Long: "Versions and accounts that were added or changed, and rotated secrets, are taken up without a restart. The host does the\n" +
			"same by itself when plugins.lock.json changes, and on SIGHUP.",
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return answer(r, func(c *client.Client) ([]host.PluginStatus, error) { return c.ReloadPlugins(cmd.Context()) }, pluginGrid)
	}
	return cmd
}

func (p *program) pluginLogsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "logs NAME", Short: "Show the newest log lines of a plugin's processes, and its newest crash", Args: cobra.ExactArgs(1),
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*host.PluginLogs, error) {
			return c.PluginLogs(cmd.Context(), args[0])
		}, func(w io.Writer, logs *host.PluginLogs) {
			for _, one := range logs.Running {
				printf(w, "%s, process %d:\n", one.Version, one.PID)
				for _, line := range one.Lines {
					printf(w, "%s\n", line)
				}
			}
			crashCard(w, logs.LastCrash)
		})
	}
	return cmd
}

func crashCard(w io.Writer, crash *host.CrashReport) {
	if crash == nil {
		printf(w, "no process of the plugin has ended unasked since the host started\n")
		return
	}
	card(w, [2]string{"at", when(crash.At)}, [2]string{"version", crash.Version}, [2]string{"process", itoa(int64(crash.PID))},
		[2]string{"exit", crash.Exit}, [2]string{"ended by the host", crash.Reason}, [2]string{"in flight", strings.Join(crash.InFlight, "\n")})
	for _, line := range crash.Log {
		printf(w, "%s\n", line)
	}
}

func (p *program) pluginPinCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pin NAME@VERSION PATH", Short: "Pin a binary for another platform, without running it", Args: cobra.ExactArgs(2),
		Long: "Adds the SHA-256 of the binary for --platform to data_dir/plugins.lock.json, without running or copying it: for preparing\n" +
			"on one machine a lock that is used on others, where payhost plugin add then accepts exactly these bytes. The version must be\n" +
			"pinned for this machine already, so that it is known what it says about itself.",
	}
	file := configFlag(cmd)
	platform := cmd.Flags().String("platform", "", "operating system and processor, such as linux/arm64")
	_ = cmd.MarkFlagRequired("platform") // the flag exists
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		name, version, err := nameAndVersion(args[0])
		if err != nil {
			return err
		}
		cfg, err := config.Load(*file)
		if err != nil {
			return err
		}
		digest, err := lockfile.Store{DataDir: cfg.DataDir}.Pin(lockfile.Pinning{
			Name: name, Version: version, Platform: *platform, Source: args[1], Protocol: plugin.ProtocolVersion,
		})
		if err != nil {
			return err
		}
		printf(p.stdout, "%s@%s pinned for %s %s\n", name, version, *platform, digest)
		return nil
	}
	return cmd
}

func (p *program) pluginRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rm NAME@VERSION", Short: "Remove a version from the lock and the store", Args: cobra.ExactArgs(1),
		Long: "A running host is asked first: a version that runs, that open invoices need, or to which a rollback would return is not\n" +
			"removed. When no host can be asked, --offline removes it all the same.",
	}
	r := p.remoteFlags(cmd)
	offline := cmd.Flags().Bool("offline", false, "ask no host; a host that needs the version will not start it any more")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, version, err := nameAndVersion(args[0])
		if err != nil {
			return err
		}
		if !*offline {
			c, err := r.connect()
			if err != nil {
				return err
			}
			defer c.Close()
			answer, err := c.PluginRemoval(cmd.Context(), name, version)
			if err != nil {
				return fmt.Errorf("%w\n  a host must say that it does not need the version; without one use --offline", err)
			}
			if answer.Needed != "" {
				return fmt.Errorf("%s@%s is needed: %s", name, version, answer.Needed)
			}
		}
		cfg, err := config.Load(*r.file)
		if err != nil {
			return err
		}
		if err := (lockfile.Store{DataDir: cfg.DataDir}).Remove(name, version); err != nil {
			return err
		}
		printf(p.stdout, "%s@%s removed %s\n", name, version, time.Now().UTC().Format(time.RFC3339))
		return nil
	}
	return cmd
}
