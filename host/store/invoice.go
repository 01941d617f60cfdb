package store

import "context"

func (r *Reader) invoices() record[Invoice] {
	return record[Invoice]{"invoices", func(i *Invoice) []field {
		return []field{
			fixed("id", &i.ID),
			fixed("tenant", &i.Tenant),
			fixed("mode", &i.Mode),
			fixed("account_id", &i.AccountID),
			fixed("provider", &i.Provider),
			mutable("status", &i.Status),
			mutable("final", &i.Final),
			mutable("final_reason", &i.FinalReason),
			fixed("purpose", &i.Purpose),
			fixed("capture", &i.Capture),
			fixed("amount", moneyRef{&i.Amount}),
			mutable("due", moneyRef{&i.Due}),
			fixed("max_amount", moneyRef{&i.MaxAmount}),
			mutable("received", moneyRef{&i.Received}),
			mutable("authorized", moneyRef{&i.Authorized}),
			mutable("captured", moneyRef{&i.Captured}),
			mutable("refunded", moneyRef{&i.Refunded}),
			mutable("overpaid", &i.Overpaid),
			fixed("reference", &i.Reference),
			fixed("description", &i.Description),
			fixed("customer_id", &i.CustomerID),
			mutable("payment_method", &i.PaymentMethod),
			fixed("correlation_id", &i.CorrelationID),
			mutable("metadata", asJSON(&i.Metadata)),
			mutable("provider_ref", &i.ProviderRef),
			mutable("provider_refs", asJSON(&i.ProviderRefs)),
			mutable("provider_data", asJSON(&i.ProviderData)),
			mutable("provider_key", &i.ProviderKey),
			mutable("create_operation_id", &i.CreateOperationID),
			mutable("needs_review", &i.NeedsReview),
			mutable("review_reason", &i.ReviewReason),
			mutable("unresolved_operation", &i.UnresolvedOperation),
			mutable("evidence", &i.Evidence),
			mutable("provider_time", timeRef{&i.ProviderTime}),
			mutable("provider_version", &i.ProviderVersion),
			mutable("private_state", sealedState(r.sealer, "invoices", &i.ID, &i.PrivateState)),
			mutable("state_version", stateVersion{&i.PrivateState}),
			mutable("next_look_at", timeRef{&i.NextLookAt}),
			mutable("expires_at", timeRef{&i.ExpiresAt}),
			mutable("closed_at", timeRef{&i.ClosedAt}),
			fixed("created_at", timeRef{&i.CreatedAt}),
			mutable("updated_at", timeRef{&i.UpdatedAt}),
			mutable("version", &i.Version),
		}
	}}
}

// Invoice returns the invoice with the id.
func (r *Reader) Invoice(ctx context.Context, id string) (Invoice, error) {
	row, mark, err := r.recentInvoice(ctx, id)
	if err != nil {
		return Invoice{}, err
	}
	if row != nil {
		return row.detached(), nil
	}
	read, err := one(ctx, r, r.invoices(), "WHERE id = $1", id)
	if err == nil && r.memory != nil {
		r.memory.remember(read, mark)
	}
	return read, err
}

// InvoiceVersion returns the version of an invoice.
func (r *Reader) InvoiceVersion(ctx context.Context, id string) (int64, error) {
	if row, _, err := r.recentInvoice(ctx, id); row != nil || err != nil {
		return row.version(), err
	}
	return scalar[int64](ctx, r, "SELECT version FROM invoices WHERE id = $1", id)
}

// OtherInvoiceWithRef returns the id of an invoice of the account, other than the given one, that has the provider's id, the newest
// if there are several.
func (r *Reader) OtherInvoiceWithRef(ctx context.Context, accountID, ref, id string) (string, error) {
	return scalar[string](ctx, r, "SELECT id FROM invoices WHERE provider_ref = $1 AND account_id = $2 AND provider_ref <> '' AND id <> $3 "+
		"ORDER BY created_at DESC, id DESC LIMIT 1", ref, accountID, id)
}

// UnresolvedCreate returns the newest invoice of an account with the reference whose create is not settled, and that create.
func (r *Reader) UnresolvedCreate(ctx context.Context, accountID, reference string) (invoiceID, operationID string, err error) {
	const where = " FROM invoices WHERE reference = $1 AND account_id = $2 AND reference <> '' AND unresolved_operation <> '' " +
		"AND unresolved_operation = create_operation_id ORDER BY created_at DESC, id DESC LIMIT 1"
	if invoiceID, err = scalar[string](ctx, r, "SELECT id"+where, reference, accountID); err != nil {
		return "", "", err
	}
	operationID, err = scalar[string](ctx, r, "SELECT unresolved_operation FROM invoices WHERE id = $1", invoiceID)
	return invoiceID, operationID, err
}

// invoiceNames are the columns of [Reader.InvoiceNamed].
func (r *Reader) invoiceNames(i *Invoice) []field {
	return []field{
		fixed("id", &i.ID),
		fixed("account_id", &i.AccountID),
		mutable("status", &i.Status),
		mutable("final", &i.Final),
		fixed("purpose", &i.Purpose),
		fixed("capture", &i.Capture),
		fixed("amount", moneyRef{&i.Amount}),
		mutable("due", moneyRef{&i.Due}),
		mutable("authorized", moneyRef{&i.Authorized}),
		mutable("captured", moneyRef{&i.Captured}),
		mutable("refunded", moneyRef{&i.Refunded}),
		mutable("provider_ref", &i.ProviderRef),
		mutable("provider_refs", asJSON(&i.ProviderRefs)),
		mutable("provider_key", &i.ProviderKey),
		mutable("create_operation_id", &i.CreateOperationID),
		mutable("private_state", sealedState(r.sealer, "invoices", &i.ID, &i.PrivateState)),
		mutable("state_version", stateVersion{&i.PrivateState}),
		fixed("created_at", timeRef{&i.CreatedAt}),
		mutable("expires_at", timeRef{&i.ExpiresAt}),
	}
}

// InvoiceNamed returns what an adapter is told about the invoice with the id, so that it can judge a message about it: whose it is, its
// ids, its private state, and where it and its amounts stand. All other fields are zero; such an invoice must not be written.
func (r *Reader) InvoiceNamed(ctx context.Context, id string) (Invoice, error) {
	if row, _, err := r.recentInvoice(ctx, id); row != nil || err != nil {
		return row.named(), err
	}
	named := record[Invoice]{"invoices", r.invoiceNames}
	return single(listAs(ctx, r, "select names of invoices", named, "WHERE id = $1", id))
}

// InvoiceByProviderRef returns the invoice of an account that has the provider's id, the newest if
// a provider gave one id twice.
func (r *Reader) InvoiceByProviderRef(ctx context.Context, accountID, ref string) (Invoice, error) {
	return one(ctx, r, r.invoices(),
		"WHERE provider_ref = $1 AND account_id = $2 AND provider_ref <> '' ORDER BY created_at DESC, id DESC LIMIT 1", ref, accountID)
}

// InvoiceByProviderKey returns the invoice of an account whose create operation, which is stored, sent the key.
func (r *Reader) InvoiceByProviderKey(ctx context.Context, accountID, key string) (Invoice, error) {
	return one(ctx, r, r.invoices(), "WHERE id = (SELECT invoice_id FROM operations "+
		"WHERE provider_key = $1 AND account_id = $2 AND provider_key <> '') AND provider_key = $1 AND account_id = $2", key, accountID)
}

// Invoices returns the invoices that f selects, newest first; with LookBefore set, the
// longest due first.
func (r *Reader) Invoices(ctx context.Context, f InvoiceFilter) ([]Invoice, error) {
	rest, args := f.selected()
	return list(ctx, r, r.invoices(), rest, args...)
}

// selected is the clause behind FROM, with its arguments.
func (f InvoiceFilter) selected() (rest string, args []any) {
	var c conditions
	// What is open is little: it is found among what is open, and not by walking through all that an account ever had.
	c.few = f.NeedsReview != nil && *f.NeedsReview || f.Unresolved != nil && *f.Unresolved
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	in(&c, "status", f.Statuses)
	c.few = false
	equal(&c, "reference", f.Reference)
	equal(&c, "provider_ref", f.ProviderRef)
	equal(&c, "customer_id", f.CustomerID)
	if f.NeedsReview != nil {
		c.add(boolText("needs_review", *f.NeedsReview))
	}
	if f.Unresolved != nil && *f.Unresolved {
		c.add("unresolved_operation <> ''")
	} else if f.Unresolved != nil {
		c.add("unresolved_operation = ''")
	}
	if f.NotFinal {
		c.add(boolText("final", false))
	}
	order := c.page("created_at", f.BeforeTime, f.BeforeID, f.LookBefore)
	return c.rest(order, f.Limit), c.args
}

// InsertInvoice stores a new invoice; its Version becomes 1.
func (t *Tx) InsertInvoice(i *Invoice) error {
	err := t.insertVersioned("invoices", t.invoices().fields(i), &i.Version)
	if err == nil {
		t.wrote(i.ID, i.asStored())
	}
	return err
}

// UpdateInvoice writes what can change where the stored version is i.Version.
// What was asked for never changes: id, tenant, mode, account, provider,
// purpose, capture, amount, the most that is accepted, reference, description, customer, correlation
// id and creation time.
func (t *Tx) UpdateInvoice(i *Invoice) error {
	err := t.update("invoices", t.invoices().fields(i), i.ID, &i.Version)
	if err == nil {
		t.wrote(i.ID, nil) // what never changes may be another in i
	}
	return err
}

// ChangeInvoice is [Tx.UpdateInvoice] for an invoice that is stored as before, which has i's version: it writes what differs.
func (t *Tx) ChangeInvoice(before Invoice, i *Invoice) error {
	err := t.updateChanged("invoices", t.invoices().fields(&before), t.invoices().fields(i), i.ID, &i.Version)
	if err == nil {
		t.wrote(i.ID, i.changedFrom(before))
	}
	return err
}
