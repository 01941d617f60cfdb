package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// PluginState is where a plugin stands.
type PluginState string

// The states of a plugin.
const (
	PluginStopped  PluginState = "stopped"
	PluginStarting PluginState = "starting"
	PluginServing  PluginState = "serving"
	PluginDraining PluginState = "draining"
	PluginBackoff  PluginState = "backoff"
)

// PluginStatus is what the host knows of one provider plugin.
type PluginStatus struct {
	Name    string      `json:"name"`
	State   PluginState `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Version string      `json:"version,omitempty"`
	SDK     string      `json:"sdk,omitempty"`
	// Path and Digest say which bytes run; Pinned whether they had to match a digest.
	Path   string `json:"path,omitempty"`
	Digest string `json:"digest,omitempty"`
	Pinned bool   `json:"pinned"`
	// InProcess marks a provider without a process of its own.
	InProcess bool `json:"in_process"`
	Required  bool `json:"required"`
	PID       int  `json:"pid,omitempty"`
	// Generation counts the processes started; Restarts those that ended unasked.
	Generation  int64         `json:"generation"`
	Restarts    int64         `json:"restarts"`
	Containment string        `json:"containment,omitempty"`
	Abilities   pay.Abilities `json:"abilities,omitempty"`
	Since       time.Time     `json:"since"`
	LastExit    string        `json:"last_exit,omitempty"`
}

// Plugins returns the state of every plugin and in-process provider, by name.
func (h *Host) Plugins() []PluginStatus {
	list := make([]PluginStatus, 0, len(h.providers))
	for _, name := range h.names {
		list = append(list, h.providers[name].status())
	}
	return list
}

// Manifest returns what a provider says about itself, from its running plugin or from its last run.
func (h *Host) Manifest(ctx context.Context, provider string) (pay.Manifest, error) {
	if err := h.ready(ctx); err != nil {
		return pay.Manifest{}, err
	}
	return h.manifest(provider)
}
