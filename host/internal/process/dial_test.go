package process

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// A connection that go-plugin has forgotten is closed all the same, and the broker is never opened.
func TestConnGuard(t *testing.T) {
	g := &connGuard{conns: map[*grpc.ClientConn]struct{}{}}
	cc, err := grpc.NewClient("passthrough:///unused", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithChainStreamInterceptor(g.intercept))
	require.NoError(t, err)
	_, err = cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, brokerMethod)
	require.Equal(t, codes.Unimplemented, status.Code(err))
	require.NotEqual(t, connectivity.Shutdown, cc.GetState())
	g.close()
	g.close()
	require.Equal(t, connectivity.Shutdown, cc.GetState())
}

func TestEndedError(t *testing.T) {
	require.NoError(t, endedError(nil))
	own := status.Error(codes.Canceled, "by the caller")
	require.Equal(t, own, endedError(own))
	require.Equal(t, codes.Unavailable, status.Code(endedError(status.Error(codes.Canceled, closingMessage))))
}
