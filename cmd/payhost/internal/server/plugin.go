package server

import (
	"context"
	"log/slog"
	"strings"

	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// plugins returns what may run: what the lock pins, verified, or with Dev what lies in plugins_dir.
func (o Options) plugins() ([]host.Plugin, error) {
	var found []lockfile.Runnable
	var err error
	if o.Dev {
		found, err = lockfile.Loose(o.Config.PluginsDir)
	} else {
		found, err = o.pinned()
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		where := "nothing is pinned in " + (lockfile.Store{DataDir: o.Config.DataDir}).LockPath() + "; add plugins with: payhost plugin add PATH"
		if o.Dev {
			where = "no payhost-provider-* binary lies in " + strings.Join(o.Config.PluginsDir, ", ")
		}
		o.Logger.Warn("there are no provider plugins", "reason", where)
	}
	list := make([]host.Plugin, 0, len(found))
	for _, r := range found {
		list = append(list, host.Plugin{Name: r.Name, Path: r.Path, SHA256: r.SHA256, Required: o.Config.Plugins[r.Name].Required})
	}
	return list, nil
}

func (o Options) pinned() ([]lockfile.Runnable, error) {
	store := lockfile.Store{DataDir: o.Config.DataDir}
	lock, err := lockfile.Read(store.LockPath())
	if err != nil {
		return nil, err
	}
	wanted := map[string]string{}
	for name, p := range o.Config.Plugins {
		wanted[name] = p.Version
	}
	chosen, err := lock.Select(wanted)
	if err != nil {
		return nil, err
	}
	return store.Plan(chosen)
}

// Describe runs a binary just long enough to ask what it is.
func Describe(log *slog.Logger) lockfile.Describe {
	return func(ctx context.Context, name, path, sha256 string) (pay.Manifest, error) {
		manifest, _, err := host.Describe(ctx, host.Plugin{Name: name, Path: path, SHA256: sha256}, "", log)
		return manifest, err
	}
}

func modeOf(s string) pay.Mode { return pay.Mode(s) }
