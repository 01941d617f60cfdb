package store

import "context"

func (r *Reader) credentials() record[Credential] {
	return record[Credential]{"credentials", func(c *Credential) []field {
		return []field{
			fixed("id", &c.ID),
			fixed("tenant", &c.Tenant),
			fixed("account_id", &c.AccountID),
			fixed("customer_id", &c.CustomerID),
			fixed("invoice_id", &c.InvoiceID),
			mutable("token", sealedText(r.sealer, "credentials", "token", &c.ID, &c.Token)),
			mutable("provider_customer", &c.Customer),
			mutable("masked", &c.Masked),
			mutable("brand", &c.Brand),
			mutable("expires_at", timeRef{&c.ExpiresAt}),
			mutable("status", &c.Status),
			fixed("created_at", timeRef{&c.CreatedAt}),
			mutable("updated_at", timeRef{&c.UpdatedAt}),
			mutable("version", &c.Version),
		}
	}}
}

// Credential returns the stored credential with the host's id.
func (r *Reader) Credential(ctx context.Context, id string) (Credential, error) {
	return one(ctx, r, r.credentials(), "WHERE id = $1", id)
}

// CredentialOfInvoice returns the stored credential that an invoice produced, the newest of several.
func (r *Reader) CredentialOfInvoice(ctx context.Context, invoiceID string) (Credential, error) {
	return one(ctx, r, r.credentials(),
		"WHERE invoice_id = $1 AND invoice_id <> '' ORDER BY created_at DESC, id DESC LIMIT 1", invoiceID)
}

// Credentials returns every stored credential of a customer, newest first.
func (r *Reader) Credentials(ctx context.Context, tenant, customerID string) ([]Credential, error) {
	return list(ctx, r, r.credentials(), "WHERE tenant = $1 AND customer_id = $2 ORDER BY created_at DESC, id DESC", tenant, customerID)
}

// PutCredential stores a credential: a new one when c.Version is 0, else a new state where the
// stored version is c.Version. An empty Token takes the stored one away.
func (t *Tx) PutCredential(c *Credential) error {
	fields := t.credentials().fields(c)
	if c.Version == 0 {
		return t.insertVersioned("credentials", fields, &c.Version)
	}
	if c.Token == "" {
		if err := t.erase(); err != nil {
			return err
		}
	}
	return t.update("credentials", fields, c.ID, &c.Version)
}
