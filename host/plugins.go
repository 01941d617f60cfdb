package host

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Plugins shows and changes which versions of the provider plugins run. All methods are safe for concurrent use.
type Plugins struct{ h *Host }

// Plugins gives access to the plugins of the host.
func (h *Host) Plugins() Plugins { return Plugins{h} }

// List returns the state of every plugin and in-process provider, by name.
func (p Plugins) List() []PluginStatus {
	list := make([]PluginStatus, 0, len(p.h.providers))
	for _, name := range p.h.names {
		list = append(list, p.h.providers[name].status())
	}
	return list
}

// Status returns the state of one plugin.
func (p Plugins) Status(name string) (PluginStatus, error) {
	s, err := p.h.provider(name)
	if err != nil {
		return PluginStatus{}, err
	}
	return s.status(), nil
}

// Restart replaces a provider's processes: calls in flight finish, new ones wait for the new process. For a plugin in back-off
// or quarantine it ends the wait; one that is asleep is started.
func (p Plugins) Restart(ctx context.Context, name string) error {
	return p.order(ctx, name, "plugin.restart", "", func(s *supervisor) {
		for _, l := range s.active() {
			l.restart()
		}
	})
}

// Pause lets no further call reach a provider's plugin, until [Plugins.Resume] or the next start of the host: calls fail with
// executed = no, webhooks are kept. Its processes go on, so that calls in flight end well.
func (p Plugins) Pause(ctx context.Context, name, reason string) error {
	return p.order(ctx, name, "plugin.pause", reason, func(s *supervisor) {
		s.setPaused(fmt.Sprintf("by %s: %s", actorFrom(ctx).name, orElse(reason, "no reason given")))
	})
}

// Resume ends [Plugins.Pause].
func (p Plugins) Resume(ctx context.Context, name string) error {
	return p.order(ctx, name, "plugin.resume", "", func(s *supervisor) { s.setPaused("") })
}

func (s *supervisor) setPaused(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = text
	s.shift()
}

// order audits what a person asks for and does it.
func (p Plugins) order(ctx context.Context, name, action, reason string, do func(*supervisor)) error {
	if err := p.h.ready(ctx); err != nil {
		return err
	}
	s, err := p.h.provider(name)
	if err != nil {
		return err
	}
	err = p.h.write(ctx, func(tx *store.Tx) error {
		entry := p.h.audit(ctx, action, objectPlugin, name, nil, nil)
		entry.Reason = reason
		return tx.AppendAudit(entry)
	})
	if err != nil {
		return err
	}
	do(s)
	return nil
}

// objectPlugin is the object type of events and audit rows about plugins.
const objectPlugin = "plugin"

// pluginEvent is the data of an event about a plugin.
type pluginEvent struct {
	Name          string   `json:"name"`
	Version       string   `json:"version,omitempty"`
	Previous      string   `json:"previous,omitempty"`
	Canary        string   `json:"canary,omitempty"`
	CanaryPercent int      `json:"canary_percent,omitempty"`
	Reason        string   `json:"reason,omitempty"`
	Problems      []string `json:"problems,omitempty"`
}

// notePlugin writes one step of a change as an event and an audit row, and with choice what shall run from now on, in one
// transaction.
func (s *supervisor) notePlugin(ctx context.Context, step string, data pluginEvent, choice *store.PluginChoice) error {
	h := s.h
	data.Name = s.name
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	who := actorFrom(ctx)
	return h.write(ctx, func(tx *store.Tx) error {
		var before json.RawMessage
		if choice != nil {
			old, err := tx.PluginChoice(ctx, s.name)
			if err == nil {
				if before, err = json.Marshal(choiceView(old)); err != nil {
					return err
				}
			}
			if err := tx.PutPluginChoice(*choice); err != nil {
				return err
			}
		}
		entry := h.audit(ctx, step, objectPlugin, s.name, before, raw)
		entry.Reason = data.Reason
		if err := tx.AppendAudit(entry); err != nil {
			return err
		}
		return tx.AppendEvent(&store.Event{
			ID: newID("evt", h.now()), Type: step, Schema: 1, Tenant: DefaultTenant, ObjectType: objectPlugin, ObjectID: s.name,
			OccurredAt: h.now(), Actor: who.name, Cause: step, Data: raw,
		})
	})
}

// busyChange is the refusal of a change while another runs.
func (s *supervisor) busyChange() error {
	return notSent(pay.KindInProgress, "another change of plugin %s is running; look at its status and try again", s.name)
}
