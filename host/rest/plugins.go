package rest

import (
	"context"
	"net/http"
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

type pluginOutput struct{ Body Plugin }

func (s *server) pluginRoutes() {
	register(s, endpoint{
		id: "list-plugins", method: http.MethodGet, path: "/v1/plugins", tag: "plugins", scope: ScopePlugins,
		summary: "List provider plugins and where they stand",
	}, func(context.Context, *none) (*pluginsOutput, error) {
		return &pluginsOutput{PluginList{s.host.Plugins()}}, nil
	})
	register(s, endpoint{
		id: "get-plugin", method: http.MethodGet, path: "/v1/plugins/{name}", tag: "plugins", scope: ScopePlugins,
		summary: "Get a plugin with its manifest",
	}, func(ctx context.Context, in *pluginInput) (*pluginOutput, error) { return s.plugin(ctx, in.Name) })
	register(s, endpoint{
		id: "restart-plugin", method: http.MethodPost, path: "/v1/plugins/{name}/restart", tag: "plugins", scope: ScopePlugins,
		summary: "Replace the plugin's process by a new one",
		detail:  "Calls in flight whose answer is lost become unknown outcomes and are resolved; nothing is sent twice.",
	}, func(ctx context.Context, in *pluginInput) (*pluginOutput, error) {
		if _, err := s.pluginStatus(in.Name); err != nil {
			return nil, err
		}
		if err := s.host.RestartPlugin(ctx, in.Name); err != nil {
			return nil, err
		}
		return s.plugin(ctx, in.Name)
	})
}

func (s *server) pluginStatus(name string) (host.PluginStatus, error) {
	list := s.host.Plugins()
	i := slices.IndexFunc(list, func(p host.PluginStatus) bool { return p.Name == name })
	if i < 0 {
		return host.PluginStatus{}, pay.Errorf(pay.KindNotFound, "there is no plugin %q; see GET /v1/plugins", name)
	}
	return list[i], nil
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
