package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/sdk/pay"
)

// Harden forbids core dumps of this process and access to its memory and
// environment by other processes of the same user. A program that reads
// secrets before it calls [New] calls it first. It does nothing where the system has no such switch.
func Harden() error { return process.Harden() }

// Describe runs a plugin binary just long enough to ask what it is. It needs no
// host and opens no account. runDir is as [Config.RunDir].
func Describe(ctx context.Context, p Plugin, runDir string, logger *slog.Logger) (pay.Manifest, PluginStatus, error) {
	return Examine(ctx, p, runDir, logger, nil)
}

// Examine is [Describe] with a look at the provider while its process runs; the error of look is returned, with the manifest. Unless
// look is nil, a process that does not end within 5 s of being asked to is an error too.
func Examine(
	ctx context.Context, p Plugin, runDir string, logger *slog.Logger, look func(context.Context, pay.Provider) error,
) (pay.Manifest, PluginStatus, error) {
	cfg := Config{Logger: logger, RunDir: runDir}.withDefaults()
	dir, err := process.OpenRunDir(cfg.RunDir)
	if err != nil {
		return pay.Manifest{}, PluginStatus{}, fmt.Errorf("preparing a directory for the plugin's socket: %w", err)
	}
	defer func() { _ = dir.Close() }()
	images := process.NewImages()
	defer func() { _ = images.Close() }()
	h := &Host{cfg: cfg, log: cfg.Logger, instance: "describe"}
	g, err := h.processGeneration(ctx, 1, p, &launcher{dir: dir, images: images})
	if err != nil {
		return pay.Manifest{}, PluginStatus{}, err
	}
	defer g.stop(ctx)
	if g.manifest.Name != p.Name {
		return g.manifest, PluginStatus{}, fmt.Errorf("the binary describes itself as provider %q, not %q", g.manifest.Name, p.Name)
	}
	if look != nil {
		if err := look(ctx, g.provider); err != nil {
			return g.manifest, PluginStatus{}, err
		}
		g.stop(ctx)
		if g.proc.Exit().Forced {
			return g.manifest, PluginStatus{}, errors.New("it does not end when it is asked to, and was killed; every upgrade and stop would have to kill it")
		}
	}
	return g.manifest, PluginStatus{
		Name: p.Name, Version: g.manifest.Version, SDK: g.manifest.SDK, Path: p.Path, Digest: g.digest,
		Pinned: p.SHA256 != "", Containment: g.containment, Abilities: g.manifest.Abilities,
	}, nil
}
