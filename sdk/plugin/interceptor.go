package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Flow control is the same on both sides. The windows are fixed, because gRPC else sends a ping with the data of most calls to find
// out how large they should be, which costs two frames and two wake-ups a call and finds nothing new on a local socket. They bound
// what one side holds unread of the other, in bytes: of one call, and of all.
const (
	streamWindow = 1 << 20
	connWindow   = MaxMessage
)

// streamWorkers is how many goroutines are kept for calls, and mostly for their adapters too, so that their stacks need not grow anew
// with each. It limits nothing: a call that finds all of them busy gets one of its own.
const streamWorkers = 64

// serverOptions are those of every server of this package. grpc.WaitForHandlers is never among them: every stop would take
// go-plugin's full two seconds and end in a kill.
func serverOptions(log *slog.Logger) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(recoverUnary(log)),
		grpc.ChainStreamInterceptor(recoverStream(log)),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.MaxSendMsgSize(MaxMessage),
		grpc.ForceServerCodecV2(laneCodec{next: newCodec()}),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.NumStreamWorkers(streamWorkers),
	}
}

// The interceptors catch panics of the SDK itself; those of adapters are caught closer to them. The host reads the status as a
// fault of unknown outcome.

func recoverUnary(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (res any, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = recovered(log, info.FullMethod, p)
			}
		}()
		return next(ctx, req)
	}
}

func recoverStream(log *slog.Logger) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = recovered(log, info.FullMethod, p)
			}
		}()
		return next(srv, stream)
	}
}

func recovered(log *slog.Logger, method string, p any) error {
	log.Error("the SDK panicked", "method", method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "the plugin's SDK panicked")
}
