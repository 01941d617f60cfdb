package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// accountUse is an open account for one call.
type accountUse struct {
	account   pay.Account
	gen       *generation
	lane      *lane
	operation string
	// installation knows the deadlines that are set for the plugin now.
	installation *supervisor
}

func (u *accountUse) release() { u.gen.release(u.operation) }

// describe writes into a try what is about to run it.
func (u *accountUse) describe(t *store.Try) {
	t.PluginVersion, t.SDKVersion = u.gen.manifest.Version, u.gen.manifest.SDK
	t.PluginDigest, t.Protocol, t.Generation = u.gen.digest, u.gen.protocol, u.gen.id
}

// transport says how a call on the account ended, and remembers that the generation answered.
func (u *accountUse) transport(err error) string {
	if u.gen.proc == nil {
		u.gen.answered.Store(true)
		return transportInProcess
	}
	t := transportOf(err)
	switch {
	case t == transportAnswered:
		u.gen.answered.Store(true)
	case t == transportAmbiguous:
		u.lane.doubt()
	case plugin.Unreachable(err):
		u.gen.unreachable()
	}
	return t
}

// tally takes the outcome of a mutating call into the record of the version that made it.
func (u *accountUse) tally(err error) {
	u.lane.count(err)
	u.lane.judge(u.lane)
}

// open is [Host.openFor] for a call about the account itself.
func (h *Host) open(ctx context.Context, row store.Account) (*accountUse, error) {
	return h.openFor(ctx, row, route{})
}

// openFor returns the account's handle on the generation that a call about r takes. Its errors are executed = no.
func (h *Host) openFor(ctx context.Context, row store.Account, r route) (*accountUse, error) {
	s, err := h.provider(row.Provider)
	if err != nil {
		return nil, err
	}
	l, g, err := s.acquire(ctx, r)
	if err != nil {
		return nil, err
	}
	account, open := g.handle(row)
	if !open {
		var cfg pay.AccountConfig
		if cfg, err = h.accountConfig(ctx, row); err != nil {
			g.release(r.operation)
			return nil, err
		}
		account, err = g.account(ctx, row, cfg)
	}
	if err != nil {
		if plugin.Unreachable(err) {
			g.unreachable()
		}
		g.release(r.operation)
		h.noteAccount(row.ID, err.Error())
		return nil, openError(row, err)
	}
	h.noteAccount(row.ID, "")
	if s.serves(l) {
		h.noteAbilities(row, pay.Resolve(account))
	}
	return &accountUse{account: account, gen: g, lane: l, operation: r.operation, installation: s}, nil
}

// openError says that a call was not made because its account could not be opened.
func openError(row store.Account, err error) error {
	e := *pay.AsError(err)
	if e.Kind == pay.KindInvalidRequest || e.Kind == pay.KindOutcomeUnknown {
		// The caller's request is not at fault.
		e.Kind = pay.KindAuth
	}
	e.Executed, e.Retry = pay.ExecutedNo, pay.Retry{Rule: pay.RetrySameOperation}
	e.Message = fmt.Sprintf("account %s cannot be opened: %s", row.ID, e.Message)
	return &e
}

func (h *Host) accountConfig(ctx context.Context, row store.Account) (pay.AccountConfig, error) {
	config, err := h.resolveSecrets(ctx, row.Config)
	if err != nil {
		h.noteAccount(row.ID, err.Error())
		return pay.AccountConfig{}, openError(row, err)
	}
	h.noteResolved(row, config)
	return pay.AccountConfig{
		AccountID: row.ID, Revision: row.Revision, Mode: row.Mode, Config: config,
		WebhookURL: h.webhookURL(row.ID, ""), State: row.PrivateState, Log: h.log.With("account", row.ID), Now: h.cfg.Now,
	}, nil
}

// noteAbilities keeps what an account can do, so that it can be told while the plugin is down.
func (h *Host) noteAbilities(row store.Account, abilities pay.Abilities) {
	if slices.Equal(row.Abilities, abilities) {
		return
	}
	ctx := context.Background()
	err := h.writeAccount(ctx, func(tx *store.Tx) error {
		current, err := tx.Account(ctx, row.ID)
		if err != nil || slices.Equal(current.Abilities, abilities) {
			return err
		}
		current.Abilities = abilities
		return tx.UpdateAccount(&current)
	})
	if err != nil {
		h.log.Warn("storing the abilities of an account", "account", row.ID, "error", err.Error())
	}
}

func (h *Host) noteAccount(id, problem string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if problem == "" {
		delete(h.problems, id)
		return
	}
	h.problems[id] = problem
}

func (h *Host) accountProblem(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.problems[id]
}

// secretReference is what a whole string value such as ${env:MONO_TOKEN} refers to: a name in small letters, a colon and anything
// but a closing brace.
func secretReference(s string) (string, bool) {
	inside, opened := strings.CutPrefix(s, "${")
	inside, closed := strings.CutSuffix(inside, "}")
	kind, name, named := strings.Cut(inside, ":")
	if !opened || !closed || !named || kind == "" || name == "" || strings.Contains(inside, "}") || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", false
	}
	return inside, true
}

// resolveSecrets replaces references in a config by their values. The result
// lives only in memory.
func (h *Host) resolveSecrets(ctx context.Context, config json.RawMessage) (json.RawMessage, error) {
	var doc any
	if err := decodeExact(config, &doc); err != nil {
		return nil, pay.Invalid("config", "is not a JSON object")
	}
	var problems fieldErrors
	doc = h.resolveIn(ctx, doc, "config", &problems)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

func (h *Host) resolveIn(ctx context.Context, v any, path string, problems *fieldErrors) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = h.resolveIn(ctx, value, path+"."+key, problems)
		}
	case []any:
		for i, value := range v {
			v[i] = h.resolveIn(ctx, value, path+"."+itoa(i), problems)
		}
	case string:
		reference, found := secretReference(v)
		if !found {
			return v
		}
		if h.cfg.Secrets == nil {
			problems.add(path, "is a secret reference, and this host resolves none")
			return v
		}
		value, err := h.cfg.Secrets.Resolve(ctx, reference)
		if err != nil {
			problems.add(path, "%s", err.Error())
			return v
		}
		return value
	}
	return v
}

// checkAccount validates an account that is about to be stored.
func (h *Host) checkAccount(ctx context.Context, a Account) error {
	var problems fieldErrors
	if !validName(a.ID) {
		problems.add("id", "must be a name of the form [a-z][a-z0-9-]{0,31}")
	}
	if !validName(a.Tenant) {
		problems.add("tenant", "must be a name of the form [a-z][a-z0-9-]{0,31}")
	}
	if a.Mode != pay.ModeLive && a.Mode != pay.ModeSandbox {
		problems.add("mode", "must be \"sandbox\" or \"live\"")
	}
	if _, err := time.LoadLocation(a.TimeZone); err != nil {
		problems.add("time_zone", "is not an IANA time zone such as \"Europe/Kyiv\"")
	}
	for _, key := range sortedKeys(a.Labels) {
		checkText("labels."+key, a.Labels[key], maxMetadataValue, &problems)
	}
	if a.Provider == "" {
		problems.add("provider", "is required; it is the name of a plugin")
	}
	if err := problems.err(); err != nil {
		return err
	}
	m, err := h.manifest(a.Provider)
	if err != nil {
		return err
	}
	config, err := h.resolveSecrets(ctx, a.Config)
	if err != nil {
		return err
	}
	if len(m.ConfigSchema) > 0 {
		if err := h.schemas.check(m.ConfigSchema, config, "config", &problems); err != nil {
			return pay.Errorf(pay.KindPluginFault, "provider %s declares an unusable config schema: %w", a.Provider, err)
		}
	}
	return problems.err()
}

// openStored opens an account that was just stored, so that a config that only
// the adapter can judge is refused at once. A plugin that is down does not make the change fail.
func (h *Host) openStored(ctx context.Context, row store.Account) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Start)
	defer cancel()
	use, err := h.open(ctx, row)
	if err == nil {
		use.release()
		return nil
	}
	if errors.Is(err, pay.KindPluginFault) {
		h.log.Warn("account stored; its plugin could not open it yet", "account", row.ID, "error", err.Error())
		return nil
	}
	return err
}
