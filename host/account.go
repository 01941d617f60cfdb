package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// DefaultTenant is the tenant of accounts that name none.
const DefaultTenant = "default"

// The states of an account.
const (
	AccountActive = "active"
	AccountPaused = "paused"
	AccountClosed = "closed"
)

// AccountStatus is a stored account as the host shows it: everything but its
// config, which holds secrets.
type AccountStatus struct {
	ID                 string            `json:"id"`
	Tenant             string            `json:"tenant"`
	Provider           string            `json:"provider"`
	Mode               pay.Mode          `json:"mode"`
	State              string            `json:"state"`
	ProviderAccountRef string            `json:"provider_account_ref,omitempty"`
	TimeZone           string            `json:"time_zone,omitempty"`
	Labels             map[string]string `json:"labels,omitempty"`
	Revision           int64             `json:"revision"`
	Source             string            `json:"source"`
	Abilities          pay.Abilities     `json:"abilities,omitempty"`
	Info               *pay.AccountInfo  `json:"info,omitempty"`
	// Actions are the provider's own extras on the account and on what belongs to it.
	Actions []AccountAction `json:"actions,omitempty"`
	// WebhookURL is what to register at the provider; WebhookURLs adds the tails it uses.
	WebhookURL  string   `json:"webhook_url"`
	WebhookURLs []string `json:"webhook_urls,omitempty"`
	// Problem says why the account cannot be used now; empty when it can.
	Problem   string    `json:"problem,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Accounts returns every stored account, ordered by id.
func (h *Host) Accounts(ctx context.Context) ([]AccountStatus, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := h.store.Accounts(ctx, "", "")
	if err != nil {
		return nil, storageError(err)
	}
	list := make([]AccountStatus, 0, len(rows))
	for _, r := range rows {
		list = append(list, h.accountStatus(r))
	}
	return list, nil
}

// Account returns one stored account.
func (h *Host) Account(ctx context.Context, id string) (*AccountStatus, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.account(ctx, id)
	if err != nil {
		return nil, err
	}
	status := h.accountStatus(row)
	return &status, nil
}

// PutAccount creates an account or changes it. A changed config is a new
// revision: new calls use it, running ones finish on the old. The provider, mode and
// tenant of an account never change.
//
// The config is validated against the provider's schema and by opening the
// account; no call goes to the provider. A plugin that is down lets an account be stored only when its
// manifest is already known.
func (h *Host) PutAccount(ctx context.Context, a Account) error {
	if err := h.ready(ctx); err != nil {
		return err
	}
	return h.putAccount(ctx, a, "api", "")
}

func (h *Host) putAccount(ctx context.Context, a Account, source, reason string) error {
	return h.putKnown(ctx, a, source, reason, store.Account{})
}

// putKnown is putAccount for an account that is stored as known, or was a moment ago: what is the same needs no transaction.
func (h *Host) putKnown(ctx context.Context, a Account, source, reason string, known store.Account) error {
	if a.Tenant == "" {
		a.Tenant = DefaultTenant
	}
	if a.Mode == "" {
		a.Mode = pay.ModeLive
	}
	if err := h.checkAccount(ctx, a); err != nil {
		return err
	}
	if sameAccount(known, a, source) {
		if len(known.Abilities) > 0 && h.asleep(known.Provider) {
			return nil // nothing new, so no reason to start a process
		}
		return h.openStored(ctx, known)
	}
	var stored, old store.Account
	err := h.writeAccount(ctx, func(tx *store.Tx) error {
		var err error
		old, err = tx.Account(ctx, a.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return h.insertAccount(ctx, tx, a, source, &stored)
		case err != nil:
			return err
		}
		return h.updateAccount(ctx, tx, old, a, source, reason, &stored)
	})
	if err != nil {
		return err
	}
	unchanged := stored.ID == old.ID && stored.UpdatedAt.Equal(old.UpdatedAt)
	if unchanged && len(stored.Abilities) > 0 && h.asleep(stored.Provider) {
		return nil // nothing new, so no reason to start a process
	}
	return h.openStored(ctx, stored)
}

func (h *Host) insertAccount(ctx context.Context, tx *store.Tx, a Account, source string, out *store.Account) error {
	now := h.now()
	*out = store.Account{
		ID: a.ID, Tenant: a.Tenant, Provider: a.Provider, Mode: a.Mode, State: AccountActive, TimeZone: a.TimeZone,
		Labels: a.Labels, Config: a.Config, Revision: 1, Source: source, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertAccount(out); err != nil {
		return err
	}
	return tx.AppendAudit(h.audit(ctx, "account.create", "account", a.ID, nil, accountAudit(*out)))
}

func (h *Host) updateAccount(ctx context.Context, tx *store.Tx, old store.Account, a Account, source, reason string, out *store.Account) error {
	for field, changed := range map[string]bool{
		"provider": old.Provider != a.Provider, "mode": old.Mode != a.Mode, "tenant": old.Tenant != a.Tenant,
	} {
		if changed {
			return pay.Invalid(field, "cannot be changed on account %s; put a new account under another id", a.ID)
		}
	}
	*out = old
	if sameAccount(old, a, source) {
		return nil
	}
	sameConfig := equalJSON(old.Config, a.Config)
	out.TimeZone, out.Labels, out.Source, out.UpdatedAt = a.TimeZone, a.Labels, source, h.now()
	if !sameConfig {
		out.Config = a.Config
		out.Revision++
	}
	if err := tx.UpdateAccount(out); err != nil {
		return err
	}
	entry := h.audit(ctx, "account.change", "account", a.ID, accountAudit(old), accountAudit(*out))
	entry.Reason = reason
	return tx.AppendAudit(entry)
}

// sameAccount reports whether putting a would leave the account as it is stored.
func sameAccount(old store.Account, a Account, source string) bool {
	return old.ID == a.ID && old.Provider == a.Provider && old.Mode == a.Mode && old.Tenant == a.Tenant && old.Source == source &&
		old.TimeZone == a.TimeZone && maps.Equal(old.Labels, a.Labels) && equalJSON(old.Config, a.Config)
}

// accountAudit is what the audit log may know of an account: never its config.
func accountAudit(a store.Account) json.RawMessage {
	raw, _ := json.Marshal(map[string]any{
		"provider": a.Provider, "mode": a.Mode, "state": a.State, "revision": a.Revision, "source": a.Source,
		"time_zone": a.TimeZone, "labels": a.Labels,
	})
	return raw
}

// CheckAccount proves an account's credentials by one harmless live call and stores what
// the provider says about it.
func (h *Host) CheckAccount(ctx context.Context, id string) (*AccountStatus, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.account(ctx, id)
	if err != nil {
		return nil, err
	}
	info, err := h.checkLive(ctx, row)
	if err != nil {
		return nil, err
	}
	err = h.writeAccount(ctx, func(tx *store.Tx) error {
		if row, err = tx.Account(ctx, id); err != nil {
			return err
		}
		if row.ProviderAccountRef != "" && info.ProviderAccountRef != "" && row.ProviderAccountRef != info.ProviderAccountRef {
			return pay.Errorf(pay.KindIntegrityMismatch,
				"account %s now answers as another merchant at the provider; put the new credentials as a new account", id)
		}
		if info.ProviderAccountRef != "" {
			row.ProviderAccountRef = info.ProviderAccountRef
		}
		row.Info, row.UpdatedAt = &info, h.now()
		return tx.UpdateAccount(&row)
	})
	if err != nil {
		return nil, err
	}
	if info.Mode != "" && info.Mode != row.Mode {
		h.noteAccount(id, fmt.Sprintf("declared %s but the provider says %s", row.Mode, info.Mode))
	}
	status := h.accountStatus(row)
	return &status, nil
}

func (h *Host) checkLive(ctx context.Context, row store.Account) (pay.AccountInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	use, err := h.open(ctx, row)
	if err != nil {
		return pay.AccountInfo{}, err
	}
	defer use.release()
	checker, err := pay.Offered[pay.Checker](use.account, pay.CanCheck)
	if err != nil {
		return pay.AccountInfo{}, err
	}
	ctx, cut := use.within(ctx, CallCheck)
	defer cut()
	call := h.readCall(ctx, row)
	return checker.Check(pay.WithCall(ctx, call), pay.Check{Call: call})
}

// account reads one stored account; an unknown id is a [pay.KindNotFound].
func (h *Host) account(ctx context.Context, id string) (store.Account, error) {
	row, err := h.store.Account(ctx, id)
	return row, h.accountError(id, err)
}

// accountError is the error of an account that cannot be read.
func (h *Host) accountError(id string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return storageError(err)
	}
	if provider, awaited := h.awaitedFrom(id); awaited {
		e := notSent(pay.KindPluginFault, "account %s is configured and can be used when plugin %s has started", id, provider)
		e.Retry.After = time.Second
		return e
	}
	text, remedy := fmt.Sprintf("there is no account %q", id), "there is no such account; see payhost account ls"
	if problem := h.accountProblem(id); problem != "" {
		text = fmt.Sprintf("%q is configured but cannot be used: %s", id, problem)
		remedy = "cannot be used as it is configured; mend its configuration"
	}
	return &pay.Error{Kind: pay.KindNotFound, Message: "account: " + text, Fields: []pay.FieldError{{Path: "account", Message: remedy}}}
}

func (h *Host) accountStatus(r store.Account) AccountStatus {
	s := AccountStatus{
		ID: r.ID, Tenant: r.Tenant, Provider: r.Provider, Mode: r.Mode, State: r.State, ProviderAccountRef: r.ProviderAccountRef,
		TimeZone: r.TimeZone, Labels: r.Labels, Revision: r.Revision, Source: r.Source, Abilities: r.Abilities, Info: r.Info,
		WebhookURL: h.webhookURL(r.ID, ""), Problem: h.accountProblem(r.ID), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if m, err := h.manifest(r.Provider); err == nil {
		s.Actions = accountActions(r, m)
		for _, tail := range m.WebhookTails {
			s.WebhookURLs = append(s.WebhookURLs, h.webhookURL(r.ID, tail))
		}
	}
	return s
}

// equalJSON compares two JSON texts without their spaces and key order.
func equalJSON(a, b json.RawMessage) bool {
	x, errX := canonicalJSON(a)
	y, errY := canonicalJSON(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// validName reports whether s has the form [a-z][a-z0-9-]{0,31}.
func validName(s string) bool {
	if s == "" || len(s) > 32 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// decodeExact decodes one JSON value keeping the digits of numbers.
func decodeExact(raw json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(v)
}

// AccountChange changes some of an account; nil fields keep what is stored.
type AccountChange struct {
	Config   json.RawMessage
	Labels   *map[string]string
	TimeZone *string
	// Reason is kept in the audit log.
	Reason string
}

// ChangeAccount changes some fields of a stored account; see [Host.PutAccount].
func (h *Host) ChangeAccount(ctx context.Context, id string, change AccountChange) (*AccountStatus, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.account(ctx, id)
	if err != nil {
		return nil, err
	}
	a := Account{
		ID: row.ID, Tenant: row.Tenant, Provider: row.Provider, Mode: row.Mode, TimeZone: row.TimeZone, Labels: row.Labels, Config: row.Config,
	}
	if change.Config != nil {
		a.Config = change.Config
	}
	if change.Labels != nil {
		a.Labels = *change.Labels
	}
	if change.TimeZone != nil {
		a.TimeZone = *change.TimeZone
	}
	if err := h.putAccount(ctx, a, row.Source, change.Reason); err != nil {
		return nil, err
	}
	return h.Account(ctx, id)
}

// PauseAccount refuses new operations on an account; webhooks and look-ups go on.
func (h *Host) PauseAccount(ctx context.Context, id, reason string) (*AccountStatus, error) {
	return h.setAccountState(ctx, id, AccountPaused, "account.pause", reason)
}

// ResumeAccount takes back [Host.PauseAccount].
func (h *Host) ResumeAccount(ctx context.Context, id, reason string) (*AccountStatus, error) {
	return h.setAccountState(ctx, id, AccountActive, "account.resume", reason)
}

// CloseAccount ends an account for good. Late webhooks and look-ups still work; it is never deleted.
func (h *Host) CloseAccount(ctx context.Context, id, reason string) (*AccountStatus, error) {
	return h.setAccountState(ctx, id, AccountClosed, "account.close", reason)
}

func (h *Host) setAccountState(ctx context.Context, id, state, action, reason string) (*AccountStatus, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	if _, err := h.account(ctx, id); err != nil {
		return nil, err
	}
	err := h.writeAccount(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if row.State == AccountClosed && state != AccountClosed {
			return pay.Errorf(pay.KindInvalidState, "account %s is closed for good; put a new account", id)
		}
		if row.State == state {
			return nil
		}
		before := accountAudit(row)
		row.State, row.UpdatedAt = state, h.now()
		if err := tx.UpdateAccount(&row); err != nil {
			return err
		}
		entry := h.audit(ctx, action, "account", id, before, accountAudit(row))
		entry.Reason = reason
		return tx.AppendAudit(entry)
	})
	if err != nil {
		return nil, err
	}
	return h.Account(ctx, id)
}

func (h *Host) audit(ctx context.Context, action, objectType, objectID string, before, after json.RawMessage) *store.AuditEntry {
	who := actorFrom(ctx)
	return &store.AuditEntry{
		At: h.now(), Tenant: DefaultTenant, Actor: who.name, Action: action, ObjectType: objectType, ObjectID: objectID,
		Before: before, After: after, RequestID: who.requestID, HostInstance: h.instance,
	}
}
