package host

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/payhost/payhost/host/store"
)

// resolvedConfig is a digest of an account's config with its references resolved, for telling that a secret was rotated behind
// a reference. It stays in memory.
type resolvedConfig struct {
	revision int64
	sum      [sha256.Size]byte
}

func (h *Host) noteResolved(row store.Account, config json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resolved[row.ID].revision != row.Revision {
		h.resolved[row.ID] = resolvedConfig{row.Revision, sha256.Sum256(config)}
	}
}

// Reconfigure puts the accounts of a configuration again while the host runs, with source "config". A changed config, and a
// reference that stands for another secret than before, is a new revision: new calls use it, those in flight finish on the
// one before. Accounts that are not in the list stay as they are. The errors of single accounts are joined; the others are
// put all the same.
func (h *Host) Reconfigure(ctx context.Context, accounts []Account) error {
	if err := h.ready(ctx); err != nil {
		return err
	}
	var problems []error
	stored := h.storedAccounts(ctx, accounts)
	for _, a := range accounts {
		err := h.putKnown(ctx, a, "config", "", stored[a.ID])
		if err == nil {
			err = h.renew(ctx, a.ID)
		}
		if err != nil {
			h.noteAccount(a.ID, err.Error())
			problems = append(problems, fmt.Errorf("account %s: %w", a.ID, err))
		}
	}
	return errors.Join(problems...)
}

// renew gives an account a new revision when its references stand for something else than when it was opened last.
func (h *Host) renew(ctx context.Context, id string) error {
	row, err := h.account(ctx, id)
	if err != nil {
		return err
	}
	config, err := h.resolveSecrets(ctx, row.Config)
	if err != nil {
		return err
	}
	h.mu.Lock()
	before, known := h.resolved[id]
	h.mu.Unlock()
	if !known || before.revision != row.Revision || before.sum == sha256.Sum256(config) {
		return nil
	}
	var stored store.Account
	err = h.writeAccount(ctx, func(tx *store.Tx) error {
		if stored, err = tx.Account(ctx, id); err != nil {
			return err
		}
		old := stored
		stored.UpdatedAt = h.now()
		if err := tx.RenewAccount(&stored); err != nil {
			return err
		}
		entry := h.audit(ctx, "account.change", "account", id, accountAudit(old), accountAudit(stored))
		entry.Reason = "a secret it refers to has changed"
		return tx.AppendAudit(entry)
	})
	if err != nil {
		return err
	}
	return h.openStored(ctx, stored)
}
