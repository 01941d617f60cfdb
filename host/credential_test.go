package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// saves puts a credential into the store as a payment of the customer would.
func saves(t *testing.T, h *hosttest.Host, account, customer string, status pay.CredentialStatus, token string) string {
	t.Helper()
	row := store.Credential{
		ID: "cred_" + account + customer + string(status), Tenant: host.DefaultTenant, AccountID: account, CustomerID: customer,
		InvoiceID:        "inv_" + account + customer + string(status),
		StoredCredential: pay.StoredCredential{Token: token, Masked: "444403******1902", Brand: "visa", Status: status},
		CreatedAt:        time.Unix(1_790_000_000, 0).UTC(), UpdatedAt: time.Unix(1_790_000_000, 0).UTC(),
	}
	require.NoError(t, h.Store.Write(context.WithoutCancel(t.Context()), func(tx *store.Tx) error { return tx.PutCredential(&row) }))
	return row.ID
}

func charge(h *hosttest.Host, key, customer, credential string) (*host.Invoice, error) {
	req := hosttest.Invoice(key, "10.00")
	req.IdempotencyKey, req.Customer.ID = key, customer
	req.Source, req.InitiatedBy = &host.Source{Type: pay.SourceCredential, ID: credential}, pay.InitiatedByMerchant
	return h.CreateInvoice(context.Background(), req)
}

// A caller finds what a payment saved, charges it, and revokes it.
func TestCredentialsAreListedChargedAndRevoked(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t)
	main := hosttest.Invoice("r", "1.00").Account
	saves(t, h, main, "cust_9", pay.CredentialActive, "token-canary")
	saves(t, h, main, "cust_8", pay.CredentialActive, "token-of-another")

	list, err := h.Credentials(t.Context(), host.ListCredentials{Customer: "cust_9"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, main, list[0].Account)
	require.Equal(t, pay.CredentialActive, list[0].Status)
	require.Equal(t, "444403******1902", list[0].Masked)
	inv, err := charge(h, "first", "cust_9", list[0].ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, inv.Status)

	for range 2 {
		revoked, err := h.RevokeCredential(t.Context(), list[0].ID, "asked for")
		require.NoError(t, err)
		require.Equal(t, pay.CredentialRevoked, revoked.Status)
	}
	stored, err := h.Store.Credential(t.Context(), list[0].ID)
	require.NoError(t, err)
	require.Empty(t, stored.Token)
	_, err = charge(h, "second", "cust_9", list[0].ID)
	require.ErrorIs(t, err, pay.KindInvalidState)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	_, err = h.RevokeCredential(t.Context(), "cred_none", "")
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = h.Credentials(t.Context(), host.ListCredentials{})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

// A token never reaches another account or another provider, and nobody pays for somebody else.
func TestCredentialsOfOthersAreNotCharged(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t, func(c *host.Config) {
		other := c.Accounts[0]
		other.ID = "elsewhere"
		c.Accounts = append(c.Accounts, other)
	})
	main := hosttest.Invoice("r", "1.00").Account
	for name, c := range map[string]struct {
		account, customer string
		status            pay.CredentialStatus
		token             string
		kind              pay.Kind
	}{
		"another account":  {"elsewhere", "cust_9", pay.CredentialActive, "t", pay.KindNotFound},
		"another customer": {main, "cust_8", pay.CredentialActive, "t", pay.KindInvalidRequest},
		"no token yet":     {main, "cust_9", pay.CredentialPending, "", pay.KindInvalidState},
		"failed":           {main, "cust_9", pay.CredentialFailed, "t", pay.KindInvalidState},
	} {
		id := saves(t, h, c.account, c.customer, c.status, c.token)
		_, err := charge(h, name, "cust_9", id)
		require.ErrorIs(t, err, c.kind, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
	}
	require.Empty(t, h.Provider.Created())
}
