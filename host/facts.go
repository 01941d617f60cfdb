package host

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// storeRefunds takes over the refunds a provider shows. Those we did not order
// are external; they reduce what can be refunded all the same.
func (h *Host) storeRefunds(ctx context.Context, tx *store.Tx, inv store.Invoice, shown []pay.RefundState) (bool, error) {
	if len(shown) == 0 {
		return false, nil
	}
	stored, err := tx.Refunds(ctx, inv.ID)
	if err != nil {
		return false, err
	}
	changed := false
	used := map[string]bool{}
	for _, s := range shown {
		at := matchRefund(stored, s, used)
		if at < 0 {
			r := store.Refund{
				ID: newID("ref", h.now()), Tenant: inv.Tenant, AccountID: inv.AccountID, InvoiceID: inv.ID,
				RefundState: s, CreatedAt: h.now(), UpdatedAt: h.now(),
			}
			if r.Origin == "" {
				r.Origin = pay.OriginExternal
			}
			r.RefundID = r.ID
			if err := tx.InsertRefund(&r); err != nil {
				return false, err
			}
			if err := h.emitRefund(tx, r, "refund."+string(orElse(r.Status, pay.RefundPending)), "provider:"+inv.Provider, "external", inv.Mode); err != nil {
				return false, err
			}
			used[r.ID] = true
			changed = true
			continue
		}
		r := stored[at]
		used[r.ID] = true
		s.RefundID, s.Origin = r.ID, r.Origin
		if equalJSONValues(r.RefundState, s) {
			continue
		}
		if r.Status == pay.RefundFailed && s.Status != pay.RefundFailed {
			if err := h.contradicted(ctx, tx, r.OperationID, "the provider shows the refund as "+string(s.Status)); err != nil {
				return false, err
			}
			r.NeedsReview, r.ReviewReason = true, "it was closed as not executed, and the provider shows it"
		}
		moved := r.Status != s.Status
		r.RefundState, r.UpdatedAt = s, h.now()
		if err := tx.UpdateRefund(&r); err != nil {
			return false, err
		}
		if moved {
			if err := h.emitRefund(tx, r, "refund."+string(s.Status), "provider:"+inv.Provider, "observed", inv.Mode); err != nil {
				return false, err
			}
		}
		changed = true
	}
	return changed, nil
}

// matchRefund finds the stored refund that s is about: by the provider's id, by
// our key, and else by amount and provider time, each at most once.
func matchRefund(stored []store.Refund, s pay.RefundState, used map[string]bool) int {
	for i, r := range stored {
		if used[r.ID] {
			continue
		}
		switch {
		case s.ProviderRef != "" && s.ProviderRef == r.ProviderRef,
			s.ProviderKey != "" && s.ProviderKey == r.ProviderKey:
			return i
		case s.ProviderRef == "" && s.ProviderKey == "" && r.ProviderRef == "" && r.ProviderKey == "" && s.Amount.Equal(r.Amount):
			return i
		}
	}
	return -1
}

func (h *Host) storeDisputes(ctx context.Context, tx *store.Tx, inv store.Invoice, shown []pay.Dispute) (bool, error) {
	if len(shown) == 0 {
		return false, nil
	}
	stored, err := tx.Disputes(ctx, inv.ID)
	if err != nil {
		return false, err
	}
	changed := false
	for _, s := range shown {
		row := store.Dispute{
			ID: newID("dsp", h.now()), Tenant: inv.Tenant, AccountID: inv.AccountID, InvoiceID: inv.ID, Dispute: s,
			CreatedAt: h.now(), UpdatedAt: h.now(),
		}
		for _, old := range stored {
			if old.ProviderRef == s.ProviderRef && old.Kind == s.Kind {
				row.ID, row.CreatedAt, row.Version = old.ID, old.CreatedAt, old.Version
				s.DisputeID = old.DisputeID
				if equalJSONValues(old.Dispute, s) {
					row.ID = ""
				}
			}
		}
		if row.ID == "" {
			continue
		}
		row.DisputeID = row.ID
		if err := tx.PutDispute(&row); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// storeCredential seals a provider token under an id of our own: one per invoice that produced it.
func (h *Host) storeCredential(ctx context.Context, tx *store.Tx, inv store.Invoice, c pay.StoredCredential) error {
	row := store.Credential{
		ID: newID("cred", h.now()), Tenant: inv.Tenant, AccountID: inv.AccountID, CustomerID: inv.CustomerID, InvoiceID: inv.ID,
		StoredCredential: c, CreatedAt: h.now(), UpdatedAt: h.now(),
	}
	stored, err := tx.Credentials(ctx, inv.Tenant, inv.CustomerID)
	if err != nil {
		return err
	}
	for _, old := range stored {
		if old.InvoiceID != inv.ID {
			continue
		}
		row.ID, row.CreatedAt, row.Version = old.ID, old.CreatedAt, old.Version
		if old.Status == pay.CredentialRevoked {
			return nil // News of the invoice does not bring back what was revoked here.
		}
		if c.Token == "" {
			row.Token = old.Token
		}
		if old.StoredCredential == row.StoredCredential {
			return nil
		}
	}
	return tx.PutCredential(&row)
}

func personal(inv store.Invoice, kind store.PersonalKind, data json.RawMessage) store.PersonalData {
	return store.PersonalData{
		Tenant: inv.Tenant, CustomerID: inv.CustomerID, ObjectType: "invoice", ObjectID: inv.ID, Kind: kind, Data: data,
	}
}

// equalJSONValues compares by public content: what would be stored.
func equalJSONValues(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func orTime(t, fallback time.Time) time.Time {
	if t.IsZero() {
		return fallback
	}
	return t
}
