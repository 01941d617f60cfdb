package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Credential is a payment instrument that a provider keeps for later charges. Its id is what [Source] takes; the provider's own
// token stays sealed in the store and is shown to nobody.
type Credential struct {
	// ID is the host's id, cred_ and letters.
	ID      string `json:"id"`
	Account string `json:"account"`
	// CustomerID is the customer.id of the invoice that saved it.
	CustomerID string `json:"customer_id"`
	// Invoice is the invoice that saved it.
	Invoice string `json:"invoice"`
	// Status is pending while the provider has given no token yet, active, failed, or revoked. Only an active one can be charged.
	Status pay.CredentialStatus `json:"status"`
	// Masked is the provider's masked number, and Brand the card scheme, where it says them.
	Masked string `json:"masked,omitempty"`
	Brand  string `json:"brand,omitempty"`
	// ExpiresAt is when the instrument expires, where the provider says it.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// CreatedAt is when the host first saw it.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ListCredentials selects stored credentials.
type ListCredentials struct {
	// Tenant is "default" when empty.
	Tenant string
	// Customer is your id of the customer, and required.
	Customer string
}

// Credentials lists the stored credentials of a customer, newest first, whatever their status.
func (h *Host) Credentials(ctx context.Context, req ListCredentials) ([]Credential, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	if req.Customer == "" {
		return nil, pay.Invalid("customer", "is required; it is the customer.id of the invoice that saved the credential")
	}
	rows, err := h.store.Credentials(ctx, orElse(req.Tenant, DefaultTenant), req.Customer)
	if err != nil {
		return nil, storageError(err)
	}
	list := make([]Credential, 0, len(rows))
	for _, row := range rows {
		list = append(list, credentialView(row))
	}
	return list, nil
}

// RevokeCredential forgets the provider's token of a stored credential: the host cannot charge it any more. Nothing is sent: the
// provider may keep the instrument until it is deleted there. Revoking a revoked credential changes nothing. The reason goes into
// the audit log.
func (h *Host) RevokeCredential(ctx context.Context, id, reason string) (*Credential, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	var view Credential
	err := h.write(ctx, func(tx *store.Tx) error {
		row, err := tx.Credential(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return pay.Errorf(pay.KindNotFound, "there is no credential %s", id)
		}
		if err != nil {
			return err
		}
		if row.Status != pay.CredentialRevoked {
			before := credentialAudit(row)
			row.Status, row.Token, row.UpdatedAt = pay.CredentialRevoked, "", h.now()
			if err := tx.PutCredential(&row); err != nil {
				return err
			}
			entry := h.audit(ctx, "credential.revoke", "credential", id, before, credentialAudit(row))
			entry.Reason = reason
			if err := tx.AppendAudit(entry); err != nil {
				return err
			}
		}
		view = credentialView(row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &view, nil
}

// chargeable returns the stored credential of a charge. A token belongs to the account that it was made by, so that it never
// reaches another account or provider, and to its customer.
func (h *Host) chargeable(ctx context.Context, id string, account, customer string) (*pay.StoredCredential, error) {
	refuse := func(kind pay.Kind, why string) (*pay.StoredCredential, error) {
		return nil, &pay.Error{Kind: kind, Executed: pay.ExecutedNo, Message: "source.id: " + why}
	}
	row, err := h.store.Credential(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refuse(pay.KindNotFound, "there is no such credential")
	case err != nil:
		return refuse(pay.KindProviderUnavailable, "the credential cannot be read now")
	case row.AccountID != account:
		return refuse(pay.KindNotFound, "this account has no such credential")
	case customer != "" && row.CustomerID != customer:
		return refuse(pay.KindInvalidRequest, "is a credential of another customer than customer.id")
	case row.Status != pay.CredentialActive || row.Token == "":
		return refuse(pay.KindInvalidState, "the credential is "+string(row.Status)+" and cannot be charged")
	}
	return &row.StoredCredential, nil
}

func credentialView(row store.Credential) Credential {
	view := Credential{
		ID: row.ID, Account: row.AccountID, CustomerID: row.CustomerID, Invoice: row.InvoiceID, Status: row.Status,
		Masked: row.Masked, Brand: row.Brand, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}
	if !row.ExpiresAt.IsZero() {
		view.ExpiresAt = &row.ExpiresAt
	}
	return view
}

// credentialAudit is what the audit log may know of a credential: never its token, number or owner.
func credentialAudit(row store.Credential) json.RawMessage {
	out, _ := json.Marshal(map[string]string{"account": row.AccountID, "status": string(row.Status)})
	return out
}
