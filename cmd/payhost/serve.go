package main

import (
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/server"
	"github.com/payhost/payhost/host"
)

const defaultConfig = "payhost.yaml"

// configFlag adds --config to a command.
func configFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("config", defaultConfig, "configuration file")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml", "json") // the flag exists
	return file
}

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the host: plugins, REST API and webhooks", Args: cobra.NoArgs,
		Long: "Runs the host until SIGINT or SIGTERM. The first signal drains: nothing new is taken, what runs is finished. A\n" +
			"second signal cuts: operations in flight become unknown and are settled after the next start.\n\n" +
			"Only plugins that data_dir/plugins.lock.json pins are run; payhost plugin add pins them. SIGHUP, a change of that file and\n" +
			"payhost plugin reload take up added versions, accounts and rotated secrets without a restart.",
	}
	file := configFlag(cmd)
	dev := cmd.Flags().Bool("dev", false, "run the payhost-provider-* binaries found in plugins_dir, whatever they are; for development only")
	record := cmd.Flags().StringArray("record", nil, "account whose exchanges with its provider are written, without secrets and personal data, to "+
		"data_dir/recordings; repeatable, for finding faults only")
	attach := cmd.Flags().StringToString("attach", nil, "NAME=SOCKET of a plugin that you run with --debug, under a debugger for example; "+
		"deadlines become hours; for development only; repeatable")
	level := logFlag(cmd, "info")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := p.logger(*level)
		if err != nil {
			return err
		}
		// Before the first secret is read.
		if err := host.Harden(); err != nil {
			return err
		}
		if p.forgetEnv != nil {
			p.lookupEnv = p.forgetEnv()
		}
		cfg, err := config.Load(*file)
		if err != nil {
			return err
		}
		if cfg.GCPercent > 0 {
			debug.SetGCPercent(cfg.GCPercent)
		}
		if *dev {
			printf(p.stderr, "%s\n  --dev: running UNPINNED plugin binaries from %s.\n  Whoever can write there decides what handles your "+
				"money. Never do this in production.\n%[1]s\n", strings.Repeat("*", 78), strings.Join(cfg.PluginsDir, ", "))
		}
		for name, socket := range *attach {
			printf(p.stderr, "%s\n  --attach: plugin %s is the process behind %s, whatever it is. It is not confined,\n  not watched and not restarted, "+
				"and every deadline is hours long. Never do this in production.\n%[1]s\n", strings.Repeat("*", 78), name, socket)
		}
		for _, account := range *record {
			printf(p.stderr, "%s\n  --record: what account %q exchanges with its provider is written below %s.\n  Secrets and personal data "+
				"are taken out as well as they are known. Restart without --record when done.\n%[1]s\n",
				strings.Repeat("*", 78), account, server.RecordDir(cfg))
		}
		return server.Run(cmd.Context(), server.Options{
			Config: cfg, Secrets: cfg.Secrets(p.lookupEnv), Hangup: p.hangup, LookupEnv: p.lookupEnv,
			Reread: func() (*config.Config, error) { return config.Load(*file) }, Dev: *dev, Record: *record, Attach: *attach, Logger: log, Cut: p.cut,
			Ready: func(r server.Running) { printf(p.stdout, "%s\n", readyLine(r)) },
		})
	}
	return cmd
}

// readyLine is the one line that scripts wait for.
func readyLine(r server.Running) string {
	line := "payhost ready: api " + r.API + ", webhooks " + r.PublicURL + "/webhooks/, health " + r.Ops + "/readyz"
	if r.AdminTokenPath != "" {
		line += ", admin token in " + r.AdminTokenPath
	}
	return line
}
