package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/demo"
	"github.com/payhost/payhost/host"
)

func (p *program) demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", Short: "Show everything at work against simulated providers", Args: cobra.NoArgs,
		Long: "Starts three simulated providers and a host with three plugin processes, creates invoices over REST, pays each on\n" +
			"the provider's page and waits until the host says paid. Then it refunds one, and loses a provider's answer on purpose:\n" +
			"the host says that nobody knows and finds out by itself. Exit code 0 only if all ended as it should. It takes seconds.",
	}
	keep := cmd.Flags().Bool("keep", false, "leave everything running afterwards, until Ctrl-C")
	plugins := cmd.Flags().String("plugins", "", "folder with the payhost-provider-* binaries (default: the folder of this program)")
	dataDir := cmd.Flags().String("data-dir", "", "keep the data here (default: a temporary folder, removed at the end)")
	_ = cmd.MarkFlagDirname("plugins")  // the flags exist
	_ = cmd.MarkFlagDirname("data-dir") //
	level := logFlag(cmd, "error")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := p.logger(*level)
		if err != nil {
			return err
		}
		if err := host.Harden(); err != nil {
			return err
		}
		dir := *plugins
		if dir == "" {
			dir = filepath.Dir(p.executable)
		}
		return demo.Run(cmd.Context(), demo.Options{
			PluginsDir: dir, DataDir: *dataDir, Keep: *keep, Out: p.stdout, Logger: log, Cut: p.cut, LookupEnv: p.lookupEnv,
		})
	}
	return cmd
}
