package rest

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// PluginList is the answer of GET /v1/plugins.
type PluginList struct {
	Plugins []host.PluginStatus `json:"plugins"`
}

// Plugin is the answer of GET /v1/plugins/{name}: where the plugin stands and what it says about itself.
type Plugin struct {
	host.PluginStatus
	// Manifest is absent while the plugin has never run.
	Manifest *Manifest `json:"manifest,omitempty"`
}

type pluginsOutput struct{ Body PluginList }

type pluginInput struct {
	Name string `path:"name" doc:"The name of a provider plugin."`
}

// PluginRemoval says whether one version of a plugin could be removed.
type PluginRemoval struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Installed bool   `json:"installed"`
	// Needed is why it cannot be removed; empty when it can.
	Needed string `json:"needed,omitempty"`
}

type pluginRemovalInput struct {
	Name    string `path:"name" doc:"The name of a provider plugin."`
	Version string `path:"version" doc:"One of its versions."`
}

type pluginRemovalOutput struct{ Body PluginRemoval }

type pluginLogsOutput struct{ Body host.PluginLogs }

type pluginOutput struct{ Body Plugin }

func (s *server) pluginRoutes() {
	register(s, endpoint{
		id: "list-plugins", method: http.MethodGet, path: "/v1/plugins", tag: "plugins", scope: ScopePlugins,
		summary: "List provider plugins and where they stand",
	}, func(context.Context, *none) (*pluginsOutput, error) {
		return &pluginsOutput{PluginList{s.host.Plugins().List()}}, nil
	})
	register(s, endpoint{
		id: "get-plugin", method: http.MethodGet, path: "/v1/plugins/{name}", tag: "plugins", scope: ScopePlugins,
		summary: "Get a plugin with its manifest",
	}, func(ctx context.Context, in *pluginInput) (*pluginOutput, error) { return s.plugin(ctx, in.Name) })
	register(s, endpoint{
		id: "use-plugin", method: http.MethodPost, path: "/v1/plugins/{name}/use", tag: "plugins", scope: ScopePlugins,
		summary: "Use another installed version, for all invoices or as a canary for a share of them",
		detail: "The version is started and proved with the live accounts first. When the proof fails the answer is 409, its errors list what was " +
			"found, and nothing has changed. Otherwise calls move and the version before finishes its calls and stops.",
		body: reflect.TypeFor[host.UsePlugin](),
	}, func(ctx context.Context, in *pluginInput) (*pluginOutput, error) {
		req, err := decode[host.UsePlugin](bodyFrom(ctx))
		if err != nil {
			return nil, err
		}
		return s.changed(ctx, in.Name, func() error {
			_, err := s.host.Plugins().Use(ctx, in.Name, req)
			return err
		})
	})
	order := func(id, path, summary, detail string, do func(ctx context.Context, name, reason string) error) {
		register(s, endpoint{
			id: id, method: http.MethodPost, path: "/v1/plugins/{name}/" + path, tag: "plugins", scope: ScopePlugins,
			summary: summary, detail: detail, body: reflect.TypeFor[pluginOrder](), bodyOptional: true,
		}, func(ctx context.Context, in *pluginInput) (*pluginOutput, error) {
			req, err := optional[pluginOrder](ctx)
			if err != nil {
				return nil, err
			}
			return s.changed(ctx, in.Name, func() error { return do(ctx, in.Name, req.Reason) })
		})
	}
	register(s, endpoint{
		id: "get-plugin-version", method: http.MethodGet, path: "/v1/plugins/{name}/versions/{version}", tag: "plugins", scope: ScopePlugins,
		summary: "Ask whether a version of a plugin could be removed",
	}, func(ctx context.Context, in *pluginRemovalInput) (*pluginRemovalOutput, error) {
		status, err := s.pluginStatus(in.Name)
		if err != nil {
			return nil, err
		}
		out := PluginRemoval{Name: in.Name, Version: in.Version, Installed: slices.Contains(status.Installed, in.Version)}
		if err := s.host.Plugins().Needed(ctx, in.Name, in.Version); err != nil {
			if !errors.Is(err, pay.KindInvalidState) {
				return nil, err
			}
			out.Needed = pay.AsError(err).Message
		}
		return &pluginRemovalOutput{out}, nil
	})
	register(s, endpoint{
		id: "plugin-logs", method: http.MethodGet, path: "/v1/plugins/{name}/logs", tag: "plugins", scope: ScopePlugins,
		summary: "Get the newest log lines of a plugin's processes, and of its newest crash",
	}, func(_ context.Context, in *pluginInput) (*pluginLogsOutput, error) {
		logs, err := s.host.Plugins().Logs(in.Name)
		if err != nil {
			return nil, err
		}
		return &pluginLogsOutput{logs}, nil
	})
	register(s, endpoint{
		id: "reload-plugins", method: http.MethodPost, path: "/v1/plugins/reload", tag: "plugins", scope: ScopePlugins,
		summary: "Read again what is installed and configured",
		detail:  "Plugins, versions and accounts that were added or changed are taken up without a restart; a version is proved before calls move to it.",
	}, func(ctx context.Context, _ *none) (*pluginsOutput, error) {
		if s.cfg.Reload == nil {
			return nil, pay.Unsupported("reloading: this host is part of a program that decides what is installed; it")
		}
		if err := s.cfg.Reload(ctx); err != nil {
			return nil, err
		}
		return &pluginsOutput{PluginList{s.host.Plugins().List()}}, nil
	})
	order("rollback-plugin", "rollback", "Return to the version before, or end a canary",
		"Invoices whose private state only the newer version reads stay with it until they are final.",
		func(ctx context.Context, name, reason string) error {
			_, err := s.host.Plugins().Rollback(ctx, name, reason)
			return err
		})
	order("restart-plugin", "restart", "Replace the plugin's processes by new ones",
		"Calls in flight whose answer is lost become unknown outcomes and are resolved; nothing is sent twice. It ends a back-off or a quarantine.",
		func(ctx context.Context, name, _ string) error { return s.host.Plugins().Restart(ctx, name) })
	order("pause-plugin", "pause", "Let no further call reach the plugin",
		"Calls fail with executed = no and webhooks are kept, until resume or the next start of the host.", s.host.Plugins().Pause)
	order("resume-plugin", "resume", "End a pause", "",
		func(ctx context.Context, name, _ string) error { return s.host.Plugins().Resume(ctx, name) })
}

// changed does what was ordered and shows the plugin after it.
func (s *server) changed(ctx context.Context, name string, do func() error) (*pluginOutput, error) {
	if _, err := s.pluginStatus(name); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	return s.plugin(ctx, name)
}

// pluginOrder is the body of the orders that need no more than a reason.
type pluginOrder struct {
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"Kept in the audit log."`
}

func (s *server) pluginStatus(name string) (host.PluginStatus, error) {
	status, err := s.host.Plugins().Status(name)
	if err != nil {
		return host.PluginStatus{}, pay.Errorf(pay.KindNotFound, "there is no plugin %q; see GET /v1/plugins", name)
	}
	return status, nil
}

func (s *server) plugin(ctx context.Context, name string) (*pluginOutput, error) {
	status, err := s.pluginStatus(name)
	if err != nil {
		return nil, err
	}
	out := &pluginOutput{Plugin{PluginStatus: status}}
	// A plugin that never ran has no manifest, and that is what its status is for.
	if m, err := s.host.Manifest(ctx, name); err == nil {
		out.Body.Manifest = manifestOf(m)
	}
	return out, nil
}
