package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

// A draft knows the data keys that the writer used last, which after a start are none: a customer's key must be found in the database.
func TestADraftIsSealedUnderAKeyOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	personal := func(object string) store.PersonalData {
		return store.PersonalData{CustomerID: "anna", ObjectType: "invoice", ObjectID: object, Kind: store.PersonalPayer, Data: json.RawMessage(`"` + object + `"`)}
	}
	check := func(st *store.Store, object string) {
		t.Helper()
		data, err := st.Personal(t.Context(), "", "anna", "invoice", object, store.PersonalPayer)
		require.NoError(t, err)
		require.Equal(t, `"`+object+`"`, string(data))
	}
	st := openFile(t, path)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.PutPersonal(personal("first")) }))
	require.NoError(t, st.Close())

	st = openFile(t, path)
	draft := st.Draft(store.Operation{ID: "op", CustomerID: "anna", ObjectType: "invoice", ObjectID: "second"})
	draft.PutPersonal(personal("second"))
	steps, err := draft.Steps()
	require.NoError(t, err)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.Do(steps) }))
	check(st, "first")
	check(st, "second")
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.ErasePersonal("", "anna") }))
	for _, object := range []string{"first", "second"} {
		_, err := st.Personal(t.Context(), "", "anna", "invoice", object, store.PersonalPayer)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}
