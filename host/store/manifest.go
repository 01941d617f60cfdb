package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Manifest is what a plugin binary said of itself when it last ran.
type Manifest struct {
	// Provider and Version name the plugin, Digest the bytes of its executable.
	Provider, Version, Digest string
	// Manifest is the JSON of its manifest.
	Manifest  json.RawMessage
	UpdatedAt time.Time
}

// PluginChoice says which version of a plugin should run.
type PluginChoice struct {
	Provider string
	Version  string
	// Previous is the version before, to which a rollback returns.
	Previous string
	// Canary is the version that gets CanaryPercent of the invoices; empty when there is none.
	Canary        string
	CanaryPercent int
	// Since, Actor and Reason say when, by whom and why it was chosen.
	Since         time.Time
	Actor, Reason string
}

func (r *Reader) manifests() record[Manifest] {
	return record[Manifest]{"manifests", func(m *Manifest) []field {
		return []field{
			fixed("provider", &m.Provider),
			fixed("version", &m.Version),
			fixed("digest", &m.Digest),
			fixed("manifest", rawRef{&m.Manifest}),
			fixed("updated_at", timeRef{&m.UpdatedAt}),
		}
	}}
}

func (r *Reader) pluginChoices() record[PluginChoice] {
	return record[PluginChoice]{"plugin_choices", func(p *PluginChoice) []field {
		return []field{
			fixed("provider", &p.Provider),
			fixed("version", &p.Version),
			fixed("previous", &p.Previous),
			fixed("canary", &p.Canary),
			fixed("canary_percent", &p.CanaryPercent),
			fixed("since", timeRef{&p.Since}),
			fixed("actor", &p.Actor),
			fixed("reason", &p.Reason),
		}
	}}
}

// Manifest returns the manifest of a provider that was stored last.
func (r *Reader) Manifest(ctx context.Context, provider string) (Manifest, error) {
	return one(ctx, r, r.manifests(), "WHERE provider = $1 ORDER BY updated_at DESC, version DESC, digest DESC LIMIT 1", provider)
}

// Manifests returns every stored manifest of a provider, the one stored last first.
func (r *Reader) Manifests(ctx context.Context, provider string) ([]Manifest, error) {
	return list(ctx, r, r.manifests(), "WHERE provider = $1 ORDER BY updated_at DESC, version DESC, digest DESC", provider)
}

// PluginChoice returns what was chosen for a provider.
func (r *Reader) PluginChoice(ctx context.Context, provider string) (PluginChoice, error) {
	return one(ctx, r, r.pluginChoices(), "WHERE provider = $1", provider)
}

// PluginChoices returns every choice, ordered by provider.
func (r *Reader) PluginChoices(ctx context.Context) ([]PluginChoice, error) {
	return list(ctx, r, r.pluginChoices(), "ORDER BY provider")
}

// PutManifest stores what a binary said of itself, in place of what the same binary said before.
func (t *Tx) PutManifest(provider, version, digest string, manifest json.RawMessage) error {
	if len(manifest) == 0 {
		return fmt.Errorf("store: the manifest of %s %s is empty", provider, version)
	}
	_, err := t.exec("DELETE FROM manifests WHERE provider = $1 AND version = $2 AND digest = $3", provider, version, digest)
	if err != nil {
		return err
	}
	m := Manifest{provider, version, digest, manifest, t.now()}
	return t.insertNew("manifests", t.manifests().fields(&m))
}

// PutPluginChoice stores what should run for p.Provider, in place of the choice before.
func (t *Tx) PutPluginChoice(p PluginChoice) error {
	if _, err := t.exec("DELETE FROM plugin_choices WHERE provider = $1", p.Provider); err != nil {
		return err
	}
	return t.insertNew("plugin_choices", t.pluginChoices().fields(&p))
}

// DeletePluginChoice lets the configuration decide again.
func (t *Tx) DeletePluginChoice(provider string) error {
	_, err := t.exec("DELETE FROM plugin_choices WHERE provider = $1", provider)
	return err
}
