package plugin

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// RunAction implements [pay.ActionProvider]. Attachments are read as they are sent, so an account that may have to be opened
// is opened before: they could not be sent twice.
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if len(req.Attachments) > 0 {
		if err := a.open(ctx); err != nil {
			return pay.ActionResult{}, notReopened(err)
		}
	}
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.RunActionRequest()
	wire.Call, wire.Part = a.frame(ctx, x, req.Call), &pluginv1.RunActionRequest_Start{Start: toActionStart(x.Arena, req)}
	upload := &upload{client: a.client, start: wire, files: req.Attachments}
	mutating := methodRunAction.mutating(a.client.described(), req.Name)
	state, report, err := sendBy(ctx, a, x, methodRunAction, mutating, wire, x.RunActionResponse(), upload.call)
	if err != nil {
		return pay.ActionResult{}, err
	}
	return readActionResult(state, report), nil
}

// upload is the stream of one action.
type upload struct {
	client *Client
	start  *pluginv1.RunActionRequest
	files  []pay.Attachment
	begun  bool
}

// call makes the one call of the contract that is a stream.
func (u *upload) call(ctx context.Context, _ *exchange, _ method, _, res wireMessage) (seen *trace, err error) {
	ctx, seen = withTrace(ctx)
	return seen, u.run(ctx, res)
}

// run sends the first message and the files and waits for the answer. An error that is a [*pay.Error] was found on this side
// before the stream had ended, so that the plugin has not started the action.
func (u *upload) run(ctx context.Context, answer wireMessage) error {
	if u.begun && len(u.files) > 0 {
		return accountNotOpen()
	}
	u.begun = true
	ctx, cancel := context.WithCancel(ctx) // ends the stream where it is left early
	defer cancel()
	stream, err := u.client.rpc.RunAction(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(u.start); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	buf := make([]byte, chunkSize)
	for i, file := range u.files {
		ended, err := u.send(stream, i, file, buf)
		if err != nil {
			return err
		}
		if ended {
			break
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(answer)
}

// send sends one file. ended says that the plugin has answered already and wants no more.
func (u *upload) send(
	stream grpc.ClientStreamingClient[pluginv1.RunActionRequest, pluginv1.RunActionResponse], index int, file pay.Attachment, buf []byte,
) (ended bool, err error) {
	if file.Content == nil {
		return false, attachmentFault("an attachment has no content")
	}
	left := file.Size
	for {
		n, readErr := file.Content.Read(buf)
		left -= int64(n)
		if left < 0 {
			return false, attachmentFault("an attachment is longer than its stated size")
		}
		if n > 0 {
			// The message is encoded before Send returns, so the buffer can be used again.
			err := stream.Send(&pluginv1.RunActionRequest{Part: &pluginv1.RunActionRequest_Chunk{
				Chunk: &pluginv1.AttachmentChunk{Index: int64(index), Data: buf[:n]},
			}})
			if errors.Is(err, io.EOF) {
				return true, nil
			}
			if err != nil {
				return false, err
			}
		}
		switch {
		case errors.Is(readErr, io.EOF) && left > 0:
			return false, attachmentFault("an attachment is shorter than its stated size")
		case errors.Is(readErr, io.EOF):
			return false, nil
		case readErr != nil:
			return false, attachmentFault("an attachment cannot be read")
		}
	}
}

func attachmentFault(message string) *pay.Error {
	e := pay.Invalid("attachments", "%s", message)
	e.Executed = pay.ExecutedNo
	return e
}
