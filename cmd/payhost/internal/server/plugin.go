package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/cmd/payhost/internal/lockfile"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest/base"
)

// plugins returns what may run: every version that the lock pins for this machine, or with Dev what lies in plugins_dir. The
// host verifies the bytes of each when it starts it, so that one bad file keeps one plugin down and not the host.
func (o Options) plugins(cfg *config.Config) ([]host.Plugin, error) {
	var list []host.Plugin
	var err error
	if o.Dev {
		list, err = loose(cfg)
	} else {
		list, err = o.pinned(cfg)
	}
	if err != nil {
		return nil, err
	}
	list = o.attached(list)
	if len(list) == 0 {
		where := "nothing is pinned in " + (lockfile.Store{DataDir: cfg.DataDir}).LockPath() + "; add plugins with: payhost plugin add PATH"
		if o.Dev {
			where = "no payhost-provider-* binary lies in " + strings.Join(cfg.PluginsDir, ", ")
		}
		o.Logger.Warn("there are no provider plugins", "reason", where)
	}
	return list, nil
}

// attached puts plugins that run under a debugger in the place of what is installed.
func (o Options) attached(list []host.Plugin) []host.Plugin {
	list = slices.DeleteFunc(list, func(p host.Plugin) bool { return o.Attach[p.Name] != "" })
	for _, name := range slices.Sorted(maps.Keys(o.Attach)) {
		list = append(list, host.Plugin{Name: name, Version: "attached", Attach: o.Attach[name], Development: true, Preferred: true})
	}
	return list
}

// While a plugin is attached a person may sit at a breakpoint for long. Each is shorter than the one before, like the defaults.
const (
	debugCall      = 8 * time.Hour
	debugOperation = debugCall - time.Minute
	debugAdapter   = debugOperation - time.Minute
	debugHTTP      = debugAdapter - time.Minute
)

// relaxed lengthens the deadlines of a host with attached plugins.
func (o Options) relaxed(c host.Config) host.Config {
	if len(o.Attach) > 0 {
		c.Timeouts.Operation, c.Timeouts.Adapter, c.Runtime.HTTPTimeout = debugOperation, debugAdapter, debugHTTP
		c.Timeouts.Webhook = debugAdapter
	}
	return c
}

// callTimeout bounds one REST call, and with it how long stopping waits for calls that are being served.
func (o Options) callTimeout() time.Duration {
	if len(o.Attach) > 0 {
		return debugCall
	}
	return 30 * time.Second
}

// loose returns the binaries of plugins_dir. The version of each is made of its bytes, so that a rebuilt one is another version.
func loose(cfg *config.Config) ([]host.Plugin, error) {
	found, err := lockfile.Loose(cfg.PluginsDir)
	if err != nil {
		return nil, err
	}
	list := make([]host.Plugin, 0, len(found))
	for _, r := range found {
		digest, err := lockfile.Digest(r.Path)
		if err != nil {
			return nil, fmt.Errorf("plugin %s: %w", r.Name, err)
		}
		digest = strings.TrimPrefix(digest, "sha256:")
		p := host.Plugin{Name: r.Name, Version: "dev-" + digest[:12], Path: r.Path, SHA256: digest, Development: true}
		if err := settle(&p, cfg.Plugins[r.Name]); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func (o Options) pinned(cfg *config.Config) ([]host.Plugin, error) {
	store := lockfile.Store{DataDir: cfg.DataDir}
	lock, err := lockfile.Read(store.LockPath())
	if err != nil {
		return nil, err
	}
	wanted := map[string]string{}
	for name, p := range cfg.Plugins {
		wanted[name] = p.Version
	}
	if err := lock.Known(wanted); err != nil {
		return nil, err
	}
	var list []host.Plugin
	for _, p := range lock.Plugins {
		r, err := store.Runnable(p)
		if err != nil {
			o.Logger.Error("a pinned plugin cannot run here", "plugin", p.ID(), "error", err.Error())
			continue
		}
		plugin := host.Plugin{
			Name: r.Name, Version: r.Version, Path: r.Path, SHA256: r.SHA256, Files: r.Files, Preferred: wanted[p.Name] == p.Version,
		}
		if err := settle(&plugin, cfg.Plugins[p.Name]); err != nil {
			return nil, err
		}
		list = append(list, plugin)
	}
	return list, nil
}

// settle gives a plugin what its configuration says.
func settle(p *host.Plugin, c config.Plugin) error {
	p.Required, p.Memory, p.Unconfined, p.Unary = c.Required, int64(c.Memory), c.Unconfined, c.Unary
	p.GCPercent, p.Processors = c.GCPercent, c.Processors
	p.Start, p.IdleStop = host.PluginStart(c.Start), time.Duration(c.IdleStop)
	for call, limit := range c.Timeouts {
		if p.Timeouts == nil {
			p.Timeouts = map[host.PluginCall]time.Duration{}
		}
		p.Timeouts[host.PluginCall(call)] = time.Duration(limit)
	}
	if c.RunAs == "" {
		return nil
	}
	var err error
	if p.RunAs, err = pluginUser(c.RunAs); err != nil {
		return fmt.Errorf("plugins.%s.run_as: %w", p.Name, err)
	}
	return nil
}

// pluginUser reads a user's name or UID:GID.
func pluginUser(text string) (*host.PluginUser, error) {
	uid, gid, numeric := strings.Cut(text, ":")
	if !numeric {
		u, err := user.Lookup(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither UID:GID nor a user of this machine: %w", text, err)
		}
		uid, gid = u.Uid, u.Gid
	}
	var ids [2]uint32
	for i, digits := range []string{uid, gid} {
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%q must be a user other than root, as a name or UID:GID with numbers above 0", text)
		}
		ids[i] = uint32(n)
	}
	return &host.PluginUser{UID: ids[0], GID: ids[1]}, nil
}

// Examine runs a binary just long enough to ask what it is, and to run the base level of the conformance kit on it.
func Examine(log *slog.Logger) lockfile.Describe {
	return func(ctx context.Context, r lockfile.Runnable) (pay.Manifest, error) {
		asked := false
		look := func(ctx context.Context, p pay.Provider) error {
			asked = true
			return base.Examine(ctx, p)
		}
		manifest, _, err := host.Examine(ctx, host.Plugin{Name: r.Name, Path: r.Path, SHA256: r.SHA256, Files: r.Files}, "", log, look)
		if err != nil && !asked {
			err = fmt.Errorf("it could not be asked what it is: %w", err)
		}
		return manifest, err
	}
}

func modeOf(s string) pay.Mode { return pay.Mode(s) }
