package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// Both ends send something that does not exist with every start and opening, so that no implementation can come to depend on
// a peer of exactly its own version. A peer that cannot live with it fails at its first start, not at the next release.
const (
	greaseField  = 15015 // no message will ever have a field of this number
	greaseMethod = "/payhost.plugin.v1.ProviderService/Grease"
)

// grease adds a field that m does not have.
func grease[M proto.Message](m M) M {
	unknown := protowire.AppendTag(nil, greaseField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendString(unknown, "ignore me"))
	return m
}

// callUnknownMethod makes a call that nobody implements. Whatever comes of it is ignored.
func callUnknownMethod(ctx context.Context, conn grpc.ClientConnInterface) {
	_ = conn.Invoke(ctx, greaseMethod, &pluginv1.HealthRequest{}, &pluginv1.HealthResponse{})
}
