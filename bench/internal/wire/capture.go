package wire

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

// The names of the files that [Capture.Save] writes.
const (
	AnswerFile  = "answer.pb"
	RequestFile = "request.pb"
)

// Save writes the captured messages into a directory.
func (c *Capture) Save(dir string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer.GetState() == nil {
		return errors.New("wire: no create was answered with a state")
	}
	for name, message := range map[string]proto.Message{AnswerFile: c.answer, RequestFile: c.request} {
		raw, err := proto.Marshal(message)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// LoadRequest reads the captured request again.
func LoadRequest(dir string) (*pluginv1.CreateInvoiceRequest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, RequestFile))
	if err != nil {
		return nil, err
	}
	request := &pluginv1.CreateInvoiceRequest{}
	return request, proto.Unmarshal(raw, request)
}
