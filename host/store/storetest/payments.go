package storetest

import (
	"testing"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// checkBelongings reads the things that belong to an invoice or a customer.
func checkBelongings(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	mine, other := newInvoice("inv"), newInvoice("other")
	yes := true
	write(t, st, func(tx *store.Tx) error {
		for _, i := range []*store.Invoice{&mine, &other} {
			if err := tx.InsertInvoice(i); err != nil {
				return err
			}
			refund := store.Refund{ID: "ref-" + i.ID, AccountID: "acc", InvoiceID: i.ID, Tenant: "t", CreatedAt: start()}
			dispute := store.Dispute{ID: "dsp-" + i.ID, AccountID: "acc", InvoiceID: i.ID, Tenant: "t", CreatedAt: start()}
			credential := store.Credential{ID: "cred-" + i.ID, AccountID: "acc", InvoiceID: i.ID, CustomerID: "c-" + i.ID, CreatedAt: start()}
			payout := store.Payout{ID: "po-" + i.ID, AccountID: "acc", ProviderRef: "p-" + i.ID, Status: pay.PayoutPending,
				NeedsReview: i.ID == "inv", CreatedAt: start()}
			evidence := store.Evidence{ID: "ev-" + i.ID, ObjectType: "invoice", ObjectID: i.ID, OperationID: "op-" + i.ID, WebhookID: "wh-" + i.ID, CreatedAt: start()}
			for _, put := range []func() error{
				func() error { return tx.InsertRefund(&refund) },
				func() error { return tx.PutDispute(&dispute) },
				func() error { return tx.PutCredential(&credential) },
				func() error { return tx.InsertPayout(&payout) },
				func() error { return tx.InsertEvidence(&evidence) },
			} {
				if err := put(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for name, get := range map[string]func() (string, error){
		"refunds": func() (string, error) { v, err := only(st.Refunds(ctx, "inv")); return v.ID, err },
		"refund": func() (string, error) {
			v, err := only(st.ListRefunds(ctx, store.RefundFilter{InvoiceID: "inv", Tenant: "t"}))
			return v.ID, err
		},
		"disputes": func() (string, error) { v, err := only(st.Disputes(ctx, "inv")); return v.ID, err },
		"dispute": func() (string, error) {
			v, err := only(st.ListDisputes(ctx, store.DisputeFilter{InvoiceID: "inv", AccountID: "acc"}))
			return v.ID, err
		},
		"credential": func() (string, error) { v, err := only(st.Credentials(ctx, "", "c-inv")); return v.ID, err },
		"token":      func() (string, error) { v, err := st.CredentialOfInvoice(ctx, "inv"); return v.ID, err },
		"payout": func() (string, error) {
			v, err := only(st.Payouts(ctx, store.PayoutFilter{ProviderRef: "p-inv"}))
			return v.ID, err
		},
		"review": func() (string, error) {
			v, err := only(st.Payouts(ctx, store.PayoutFilter{NeedsReview: &yes}))
			return v.ID, err
		},
		"evidence": func() (string, error) { v, err := only(st.Evidence(ctx, "invoice", "inv")); return v.ID, err },
	} {
		id, err := get()
		must(t, err)
		if id[len(id)-4:] != "-inv" {
			t.Errorf("%s: got %s", name, id)
		}
	}
	checkPuts(t, st)
}

// checkPuts gives disputes, credentials and payouts a second state.
func checkPuts(t *testing.T, st *store.Store) {
	ctx := t.Context()
	dispute, err := st.Dispute(ctx, "dsp-inv")
	must(t, err)
	credential, err := st.Credential(ctx, "cred-inv")
	must(t, err)
	payout, err := st.Payout(ctx, "po-inv")
	must(t, err)
	newDispute, newCredential, newPayout := refilled[store.Dispute](), refilled[store.Credential](), refilled[store.Payout]()
	newDispute.ID, newDispute.DisputeID, newDispute.Version = dispute.ID, dispute.ID, dispute.Version
	newCredential.ID, newCredential.Version = credential.ID, credential.Version
	newPayout.ID, newPayout.Version = payout.ID, payout.Version
	write(t, st, func(tx *store.Tx) error {
		if err := tx.PutDispute(&newDispute); err != nil {
			return err
		}
		if err := tx.PutCredential(&newCredential); err != nil {
			return err
		}
		return tx.UpdatePayout(&newPayout)
	})
	gotDispute, err := st.Dispute(ctx, dispute.ID)
	must(t, err)
	equal(t, "dispute", gotDispute, merged(dispute, newDispute, "Tenant", "AccountID", "CreatedAt"))
	gotCredential, err := st.Credential(ctx, credential.ID)
	must(t, err)
	equal(t, "credential", gotCredential, merged(credential, newCredential, "Tenant", "AccountID", "CustomerID", "InvoiceID", "CreatedAt"))
	gotPayout, err := st.Payout(ctx, payout.ID)
	must(t, err)
	equal(t, "payout", gotPayout, merged(payout, newPayout, "Tenant", "Mode", "AccountID", "Provider", "OperationID", "ProviderKey",
		"CustomerID", "Reference", "Description", "CorrelationID", "Metadata", "Requested", "CreatedAt"))
	stale := dispute
	if err := st.Write(ctx, func(tx *store.Tx) error { return tx.PutDispute(&stale) }); err == nil {
		t.Error("an old dispute replaced a newer one")
	}
}
