package plugin

import (
	"bytes"
	"errors"
	"io"

	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// Limits of the attachments of one action.
const (
	maxAttachments      = 16
	maxAttachmentsTotal = 64 << 20
	chunkSize           = 64 << 10
)

// RunAction implements the service. The adapter runs when every announced byte has arrived and the stream has ended, so that a
// cut upload has certainly not been executed.
func (s *server) RunAction(stream grpc.ClientStreamingServer[pluginv1.RunActionRequest, pluginv1.RunActionResponse]) error {
	start, err := stream.Recv()
	if err != nil {
		return err
	}
	call := fromCall(start.GetCall())
	action := fromActionStart(start.GetCall(), start.GetStart())
	if err := s.receive(stream, call, &action); err != nil {
		report, fault := writeError(err)
		return stream.SendAndClose(&pluginv1.RunActionResponse{
			Report: finish(report, false, fault), Result: &pluginv1.RunActionResponse_Error{Error: fault},
		})
	}
	state, report, fault := serve(stream.Context(), s, methodRunAction, start,
		func(*pluginv1.RunActionRequest) pay.Action { return action }, pay.ActionProvider.RunAction,
		func(a *pluginv1.Arena, r pay.ActionResult) (*pluginv1.ActionResult, *pluginv1.Report) {
			return toActionResult(a, r), toReport(a, r.Report)
		})
	if fault != nil {
		return stream.SendAndClose(&pluginv1.RunActionResponse{Report: report, Result: &pluginv1.RunActionResponse_Error{Error: fault}})
	}
	return stream.SendAndClose(&pluginv1.RunActionResponse{Report: report, Result: &pluginv1.RunActionResponse_State{State: state}})
}

// receive reads the attachments. Every error of it means that nothing happened.
func (s *server) receive(
	stream grpc.ClientStreamingServer[pluginv1.RunActionRequest, pluginv1.RunActionResponse], call pay.Call, action *pay.Action,
) error {
	if action.Name == "" {
		return refused("the first message of an action must name it")
	}
	if h, ok := s.guard.handles.use(call.AccountID, call.AccountRevision); ok {
		s.guard.handles.release(h)
	} else {
		return accountNotOpen() // before the upload, which the host would have to repeat
	}
	if len(action.Attachments) > maxAttachments {
		return refused("an action takes at most 16 attachments")
	}
	var total int64
	for _, f := range action.Attachments {
		total += max(f.Size, 0)
		if f.Size < 0 || f.Size > pay.MaxAttachmentSize {
			return refused("an attachment has at most 16 MiB")
		}
	}
	if total > maxAttachmentsTotal {
		return refused("the attachments of an action have at most 64 MiB together")
	}
	contents := make([]bytes.Buffer, len(action.Attachments))
	current := 0
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refused("the upload was cut")
		}
		chunk := part.GetChunk()
		i := int(chunk.GetIndex())
		if chunk == nil || i < current || i >= len(contents) {
			return refused("a part of the upload is out of order")
		}
		current = i
		if int64(contents[i].Len()+len(chunk.GetData())) > action.Attachments[i].Size {
			return refused("an attachment is longer than announced")
		}
		contents[i].Write(chunk.GetData())
	}
	for i := range action.Attachments {
		if int64(contents[i].Len()) != action.Attachments[i].Size {
			return refused("an attachment is shorter than announced")
		}
		action.Attachments[i].Content = &contents[i]
	}
	return nil
}

func refused(message string) *pay.Error {
	return &pay.Error{Kind: pay.KindInvalidRequest, Executed: pay.ExecutedNo, Message: message}
}
