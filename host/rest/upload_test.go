package rest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// The memory that uploads take is bounded: one more waits, and is refused as not executed when its time is over.
func TestUploadsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	s := &server{uploads: make(chan struct{}, maxUploads)}
	var releases []func()
	for range maxUploads {
		release, err := s.uploadTurn(t.Context())
		require.NoError(t, err)
		releases = append(releases, release)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := s.uploadTurn(ended)
	require.ErrorIs(t, err, pay.KindRateLimited)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	releases[0]()
	release, err := s.uploadTurn(t.Context())
	require.NoError(t, err)
	release()
}
