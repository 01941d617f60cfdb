package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/sdk/plugin"
)

// monitor asks the process from time to time whether it answers. The answer needs no adapter and no provider, so that a
// frozen process is told from a slow provider. A silent one is degraded, so that no further call is handed to it, and after
// [Supervision.HealthMisses] killed.
func (l *lane) monitor(ctx context.Context, g *generation) {
	if g.health == nil {
		return
	}
	rules := l.h.cfg.Supervision
	ticker := time.NewTicker(rules.HealthEvery)
	defer ticker.Stop()
	misses := 0
	for {
		if misses == 0 { // a silent one is asked again at once
			select {
			case <-ticker.C:
			case <-l.suspect:
			case <-ctx.Done():
				return
			}
		}
		err := l.probe(ctx, g, rules.HealthTimeout)
		switch {
		case ctx.Err() != nil || g.gone():
			return
		case err == nil && misses > 0:
			misses = 0
			g.well(true)
			l.set(PluginServing, "", g)
		case err == nil:
		default:
			misses++
			g.well(false)
			reason := fmt.Sprintf("did not answer %d of %d looks at its health", misses, rules.HealthMisses)
			l.set(PluginDegraded, reason, g)
			l.h.log.Warn("plugin is degraded", "plugin", l.plugin.Name, "generation", g.id, "pid", g.pid, "reason", reason, "error", err.Error())
			if misses >= rules.HealthMisses {
				l.h.log.Error("plugin is frozen and is killed", "plugin", l.plugin.Name, "generation", g.id, "pid", g.pid)
				g.kill("frozen: " + reason)
				return
			}
		}
	}
}

func (l *lane) probe(ctx context.Context, g *generation, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errors.New("no answer in "+limit.String()))
	defer cancel()
	health, err := g.health(ctx)
	if err != nil {
		return err
	}
	g.noteHealth(health)
	return nil
}

// healthOf is the health call of a provider behind a wire; nil for one that has none.
func healthOf(p any) func(context.Context) (plugin.Health, error) {
	if c, ok := p.(interface {
		Health(ctx context.Context) (plugin.Health, error)
	}); ok {
		return c.Health
	}
	return nil
}
