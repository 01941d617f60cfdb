package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/plugin"
)

// A plugin learns only the directories of its own accounts, and of those nobody knows yet.
func TestPluginsAreToldOfTheirOwnRecordings(t *testing.T) {
	h := &Host{recordings: []recording{
		{"payin", plugin.Recording{AccountID: "a"}}, {"monobank", plugin.Recording{AccountID: "b"}}, {"", plugin.Recording{AccountID: "c"}},
	}}
	require.Equal(t, []plugin.Recording{{AccountID: "a"}, {AccountID: "c"}}, h.recordingsOf("payin"))
	require.Equal(t, []plugin.Recording{{AccountID: "c"}}, h.recordingsOf("merchant"))
}
