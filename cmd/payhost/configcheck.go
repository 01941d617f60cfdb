package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Work on the configuration file"}
	cmd.AddCommand(p.configCheckCommand())
	return group(cmd)
}

func (p *program) configCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Say what is wrong with the configuration, without starting anything", Args: cobra.NoArgs,
		Long: "Checks the file, that every ${env:…} and ${file:…} can be resolved here and now, that the pinned plugins are the\n" +
			"files that were pinned, and every account against the schema of its provider. It starts nothing and calls nobody.\n" +
			"Exit code 0: all is well; 1: something is wrong, and all of it is listed.",
	}
	file := configFlag(cmd)
	dev := cmd.Flags().Bool("dev", false, "check for serve --dev: plugins in plugins_dir have no schemas without being started, so accounts are checked in form only")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*file)
		if err != nil {
			return err
		}
		for _, w := range cfg.Warnings() {
			printf(p.stderr, "warning: %v\n", w)
		}
		checked, err := p.checkConfig(cmd.Context(), cfg, *dev)
		if err != nil {
			return err
		}
		printf(p.stdout, "%s is valid: %d accounts, %s\n", *file, len(cfg.Accounts), checked)
		return nil
	}
	return cmd
}

// checkConfig does what needs more than the file. It says what was checked.
func (p *program) checkConfig(ctx context.Context, cfg *config.Config, dev bool) (string, error) {
	secrets := cfg.Secrets(p.lookupEnv)
	err := cfg.CheckSecrets(ctx, secrets)
	if dev {
		found, looseErr := lockfile.Loose(cfg.PluginsDir)
		if err := errors.Join(err, looseErr); err != nil {
			return "", err
		}
		known := map[string]json.RawMessage{}
		for _, r := range found {
			known[r.Name] = nil
		}
		return fmt.Sprintf("%d unpinned plugins, accounts not compared with schemas", len(found)), cfg.CheckAccounts(ctx, secrets, known)
	}
	store := lockfile.Store{DataDir: cfg.DataDir}
	lock, lockErr := lockfile.Read(store.LockPath())
	if err := errors.Join(err, lockErr); err != nil {
		return "", err
	}
	wanted := map[string]string{}
	for name, plugin := range cfg.Plugins {
		wanted[name] = plugin.Version
	}
	chosen, err := lock.Select(wanted)
	if err != nil {
		return "", err
	}
	schemas := map[string]json.RawMessage{}
	for _, pinned := range chosen {
		schemas[pinned.Name] = pinned.ConfigSchema
	}
	_, planErr := store.Plan(chosen)
	return fmt.Sprintf("%d pinned plugins", len(chosen)), errors.Join(planErr, cfg.CheckAccounts(ctx, secrets, schemas))
}
