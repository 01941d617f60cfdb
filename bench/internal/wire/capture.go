package wire

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// Capture passes calls on and keeps the first create with its answer, so that the peers carry the same bytes.
type Capture struct {
	grpc.ClientConnInterface

	mu      sync.Mutex // guards the fields below
	request *pluginv1.CreateInvoiceRequest
	answer  *pluginv1.CreateInvoiceResponse
}

// Invoke implements grpc.ClientConnInterface.
func (c *Capture) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	err := c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	if err != nil || !strings.HasSuffix(method, "/CreateInvoice") {
		return err
	}
	request, isRequest := args.(*pluginv1.CreateInvoiceRequest)
	answer, isAnswer := reply.(*pluginv1.CreateInvoiceResponse)
	if isRequest && isAnswer {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.request, c.answer = proto.CloneOf(request), proto.CloneOf(answer)
	}
	return nil
}

// Request is the captured request.
func (c *Capture) Request() *pluginv1.CreateInvoiceRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.request
}

// Save writes the captured answer where [NewServer] reads it.
func (c *Capture) Save(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer.GetState() == nil {
		return errors.New("wire: no create was answered with a state")
	}
	raw, err := proto.Marshal(c.answer)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}
