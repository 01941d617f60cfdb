package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/host"
)

// reload reads the configuration and the lock again and lets the host take up what changed in plugins and accounts. What else
// the file says needs a restart. An error changes nothing more than the parts that were taken up before it.
func (s *serving) reload(ctx context.Context) error {
	cfg, secrets := s.options.Config, s.options.Secrets
	if s.options.Reread != nil {
		var err error
		if cfg, err = s.options.Reread(); err != nil {
			return err
		}
		secrets = cfg.Secrets(s.options.LookupEnv)
	}
	if err := cfg.CheckSecrets(ctx, secrets); err != nil {
		return err
	}
	plugins, err := s.options.plugins(cfg)
	if err != nil {
		return err
	}
	ctx = host.WithActor(ctx, "system:reload")
	return errors.Join(s.host.Plugins().Reload(ctx, plugins), s.host.Reconfigure(ctx, accounts(cfg)))
}

// watchEvery is how often the files that decide what runs are looked at. They are compared by content, because a symbolic link
// that is swapped, as Kubernetes does, or a file that is replaced raises no event that every system reports.
const watchEvery = 2 * time.Second

// watch reloads when a signal asks for it and when the lock, or with Dev a binary, changed.
func (s *serving) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	seen := s.fingerprint()
	for {
		why := ""
		select {
		case <-s.options.Hangup:
			why = "signal"
		case <-ticker.C:
			if now := s.fingerprint(); now != seen {
				seen, why = now, "the installed plugins changed"
			}
		case <-ctx.Done():
			return
		}
		if why == "" {
			continue
		}
		if err := s.reload(ctx); err != nil {
			s.options.Logger.Error("reloading", "reason", why, "error", err.Error())
			continue
		}
		s.options.Logger.Info("reloaded", "reason", why)
	}
}

// fingerprint tells one state of the files that decide what runs from another. A file that is being written looks like a change
// twice, and the proof of a half-copied binary fails.
func (s *serving) fingerprint() string {
	sum := sha256.New()
	if !s.options.Dev {
		content, err := os.ReadFile((lockfile.Store{DataDir: s.options.Config.DataDir}).LockPath())
		_, _ = fmt.Fprintf(sum, "%x %v", content, err) // a hash takes everything
		return hex.EncodeToString(sum.Sum(nil))
	}
	for _, dir := range s.options.Config.PluginsDir {
		entries, err := os.ReadDir(dir)
		_, _ = fmt.Fprintf(sum, "%s %v\n", dir, err)
		for _, e := range entries {
			if _, ok := lockfile.ProviderName(e.Name()); !ok {
				continue
			}
			if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil {
				_, _ = fmt.Fprintf(sum, "%s %d %d\n", e.Name(), info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// accounts turns the file's accounts into the host's.
func accounts(c *config.Config) []host.Account {
	list := make([]host.Account, 0, len(c.Accounts))
	for _, a := range c.Accounts {
		list = append(list, host.Account{
			ID: a.ID, Tenant: a.Tenant, Provider: a.Provider, Mode: modeOf(a.Mode), TimeZone: a.TimeZone, Labels: a.Labels, Config: a.Config,
		})
	}
	return list
}
