package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRuntimeEnv(t *testing.T) {
	require.Equal(t, []string{"GOGC=400"}, Config{}.runtimeEnv())
	require.Equal(t, []string{"GOMEMLIMIT=94371840", "GOGC=100", "GOMAXPROCS=1"},
		Config{Memory: 100 << 20, GCPercent: 100, Processors: 1}.runtimeEnv())
	require.Equal(t, []string{"GOGC=400"}, Config{Memory: 100 << 20, Processors: 1, Env: []string{"GOMEMLIMIT=off", "GOMAXPROCS=3"}}.runtimeEnv(),
		"what the caller gave wins")
}
