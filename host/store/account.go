package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
)

func (r *Reader) accounts() record[Account] {
	return record[Account]{"accounts", func(a *Account) []field {
		return []field{
			fixed("id", &a.ID),
			fixed("tenant", &a.Tenant),
			fixed("provider", &a.Provider),
			mutable("mode", &a.Mode),
			mutable("state", &a.State),
			mutable("paused_operations", asJSON(&a.PausedOperations)),
			mutable("provider_account_ref", &a.ProviderAccountRef),
			mutable("time_zone", &a.TimeZone),
			mutable("labels", asJSON(&a.Labels)),
			mutable("config", sealedBytes(r.sealer, "accounts", "config", &a.ID, &a.Config)),
			mutable("revision", &a.Revision),
			mutable("source", &a.Source),
			mutable("abilities", asJSON(&a.Abilities)),
			mutable("info", asJSON(&a.Info)),
			mutable("private_state", sealedState(r.sealer, "accounts", &a.ID, &a.PrivateState)),
			mutable("state_version", stateVersion{&a.PrivateState}),
			mutable("maintain_at", timeRef{&a.MaintainAt}),
			fixed("created_at", timeRef{&a.CreatedAt}),
			mutable("updated_at", timeRef{&a.UpdatedAt}),
			mutable("version", &a.Version),
		}
	}}
}

// Account returns the account with the id.
func (r *Reader) Account(ctx context.Context, id string) (Account, error) {
	return one(ctx, r, r.accounts(), "WHERE id = $1", id)
}

// Accounts returns all accounts, ordered by id, of a tenant and a provider; an empty text selects all.
func (r *Reader) Accounts(ctx context.Context, tenant, provider string) ([]Account, error) {
	return list(ctx, r, r.accounts(),
		"WHERE (tenant = $1 OR $2 = '') AND (provider = $3 OR $4 = '') ORDER BY id", tenant, tenant, provider, provider)
}

// AccountsNamed returns the accounts with the ids, by id. One that does not exist is not among them.
func (r *Reader) AccountsNamed(ctx context.Context, ids []string) (map[string]Account, error) {
	found := make(map[string]Account, len(ids))
	err := eachOf(ctx, r, "select accounts", r.accounts(), "WHERE id IN ", ids, "", func(a Account) { found[a.ID] = a })
	return found, err
}

// AccountConfig returns the config an account had at a revision.
func (r *Reader) AccountConfig(ctx context.Context, accountID string, revision int64) (json.RawMessage, error) {
	column, err := scalar[[]byte](ctx, r, "SELECT config FROM account_revisions WHERE account_id = $1 AND revision = $2", accountID, revision)
	if err != nil {
		return nil, err
	}
	return unseal(r.sealer, column, revisionPlace(accountID, revision))
}

// InsertAccount stores a new account. Its Revision and Version become 1.
func (t *Tx) InsertAccount(a *Account) error {
	setUntilUndone(t, &a.Revision, 1)
	if err := t.insertVersioned("accounts", t.accounts().fields(a), &a.Version); err != nil {
		return err
	}
	return t.insertRevision(a)
}

// UpdateAccount writes what can change: all but id, tenant, provider and
// creation time. When Config differs from the stored one it gets the next
// Revision and is kept beside the older ones; otherwise Revision stays what is stored.
func (t *Tx) UpdateAccount(a *Account) error {
	stored, err := t.Account(t.batch.session.ctx, a.ID)
	if err != nil {
		return err
	}
	changed := !bytes.Equal(stored.Config, a.Config)
	setUntilUndone(t, &a.Revision, stored.Revision)
	if changed {
		a.Revision++
	}
	if err := t.update("accounts", t.accounts().fields(a), a.ID, &a.Version); err != nil || !changed {
		return err
	}
	return t.insertRevision(a)
}

// RenewAccount stores the account under its next revision although its config reads the same: what its references stand for has
// changed.
func (t *Tx) RenewAccount(a *Account) error {
	stored, err := t.Account(t.batch.session.ctx, a.ID)
	if err != nil {
		return err
	}
	setUntilUndone(t, &a.Revision, stored.Revision+1)
	if err := t.update("accounts", t.accounts().fields(a), a.ID, &a.Version); err != nil {
		return err
	}
	return t.insertRevision(a)
}

func (t *Tx) insertRevision(a *Account) error {
	config, err := seal(t.sealer, a.Config, revisionPlace(a.ID, a.Revision))
	if err != nil {
		return err
	}
	return t.insertNew("account_revisions", []field{
		fixed("account_id", a.ID),
		fixed("revision", a.Revision),
		fixed("config", blobRef{&config}),
		fixed("created_at", timeValue(t.now())),
	})
}

func revisionPlace(accountID string, revision int64) []byte {
	return place("account_revisions", "config", accountID, strconv.FormatInt(revision, 10))
}
