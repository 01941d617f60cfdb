package sqlite_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/host/store/storetest"
)

func TestMain(m *testing.M) {
	if raceEnabled {
		if err := flag.Set("rapid.checks", "15"); err != nil { // a flag on the command line still wins
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

func TestStore(t *testing.T) { storetest.Run(t, open) }
