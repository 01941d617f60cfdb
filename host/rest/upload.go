package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	// maxUploads bounds the uploads that are in memory at one time; others wait for their turn.
	maxUploads = 4
	// maxUpload bounds the files of one call together, in bytes, as the host does.
	maxUpload = 64 << 20
	// partOverhead is what the boundaries and headers of an upload may take, in bytes.
	partOverhead = 64 << 10

	partInput      = "input"
	partAttachment = "attachment"
)

// upload is a request whose body is read by its endpoint, which knows what may come.
type upload struct {
	w http.ResponseWriter
	r *http.Request
}

type uploadKey struct{}

// uploadFrom is the upload of the request; nil for every other request.
func uploadFrom(ctx context.Context) *upload {
	up, _ := ctx.Value(uploadKey{}).(*upload)
	return up
}

// withUpload leaves the body of a request unread for its endpoint, also by the router.
func withUpload(w http.ResponseWriter, r *http.Request) *http.Request {
	routed := r.WithContext(context.WithValue(r.Context(), uploadKey{}, &upload{w, r}))
	routed.Body = http.NoBody
	return routed
}

func isUpload(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "multipart/form-data" && len(h.Values("Content-Type")) == 1
}

// uploadTurn waits for a place among the uploads in memory.
func (s *server) uploadTurn(ctx context.Context) (release func(), err error) {
	select {
	case s.uploads <- struct{}{}:
		return func() { <-s.uploads }, nil
	case <-ctx.Done():
		return nil, &pay.Error{
			Kind: pay.KindRateLimited, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation, After: time.Second},
			Message: "too many uploads at once",
		}
	}
}

// receive reads the parts of an upload, which may come in any order, each within its own limit.
func (s *server) receive(up *upload, spec pay.ActionSpec) (input json.RawMessage, files []pay.Attachment, err error) {
	control := http.NewResponseController(up.w)
	// A server without deadlines, or a test recorder, is the caller's choice.
	_ = control.SetReadDeadline(s.cfg.Now().Add(s.cfg.Timeout))
	up.r.Body = http.MaxBytesReader(up.w, up.r.Body, s.cfg.MaxBody+maxUpload+partOverhead)
	parts, err := up.r.MultipartReader()
	if err != nil {
		return nil, nil, requestProblem(http.StatusBadRequest, "the body is not multipart/form-data with a boundary")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, partsProblem(err)
		}
		switch name := part.FormName(); name {
		case partInput:
			if input != nil {
				return nil, nil, partProblem(http.StatusUnprocessableEntity, partInput, "stands twice")
			}
			input, err = s.readInput(part)
		case partAttachment:
			var file pay.Attachment
			file, err = readAttachment(part, len(files), spec)
			files = append(files, file)
		default:
			return nil, nil, partProblem(http.StatusUnprocessableEntity, join("", name),
				"is not a part of this call; it takes input and attachment")
		}
		if err != nil {
			return nil, nil, err
		}
	}
	// A deadline that passes later would look to net/http like a client that hung up.
	_ = control.SetReadDeadline(time.Time{})
	return input, files, nil
}

// readInput reads the part that a JSON body would have as its input.
func (s *server) readInput(part *multipart.Part) (json.RawMessage, error) {
	if media := part.Header.Get("Content-Type"); media != "" && checkContentType(http.Header{"Content-Type": {media}}) != nil {
		return nil, partProblem(http.StatusUnsupportedMediaType, partInput, "must be JSON in UTF-8, of type application/json")
	}
	raw, err := readPart(part, s.cfg.MaxBody, partInput)
	if err != nil {
		return nil, err
	}
	if _, err := parse(raw); err != nil {
		p := asProblem(err)
		p.Detail = strings.Replace(p.Detail, "the body", "the part input", 1)
		return nil, p
	}
	// It is one JSON value, so that it cannot end the object around it.
	body, err := decode[host.RunAction](append(append([]byte(`{"input":`), raw...), '}'))
	return body.Input, err
}

// readAttachment reads one file within the limit of its action.
func readAttachment(part *multipart.Part, index int, spec pay.ActionSpec) (pay.Attachment, error) {
	path := fmt.Sprintf("attachments.%d", index)
	limit := int64(pay.MaxAttachmentSize)
	if spec.MaxAttachmentSize > 0 {
		limit = min(limit, spec.MaxAttachmentSize)
	}
	switch {
	case spec.MaxAttachments == 0:
		return pay.Attachment{}, partProblem(http.StatusUnprocessableEntity, "attachments", "are not taken by this action")
	case index >= spec.MaxAttachments:
		return pay.Attachment{}, partProblem(http.StatusUnprocessableEntity, "attachments", "at most %d are taken", spec.MaxAttachments)
	}
	file := pay.Attachment{Name: part.FileName(), ContentType: part.Header.Get("Content-Type")}
	if file.ContentType == "" {
		file.ContentType = "application/octet-stream"
	}
	raw, err := readPart(part, limit, path)
	if err != nil {
		return pay.Attachment{}, err
	}
	file.Size, file.Content = int64(len(raw)), bytes.NewReader(raw)
	return file, nil
}

func readPart(part *multipart.Part, limit int64, path string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(part, limit+1))
	switch {
	case err != nil:
		return nil, partsProblem(err)
	case int64(len(raw)) > limit:
		return nil, partProblem(http.StatusRequestEntityTooLarge, path, "has more than %d bytes", limit)
	}
	return raw, nil
}

// partProblem is a refusal that names the part it is about.
func partProblem(status int, path, format string, args ...any) *Problem {
	message := fmt.Sprintf(format, args...)
	p := requestProblem(status, "%s: %s", path, message)
	p.Errors = []pay.FieldError{{Path: path, Message: message}}
	return p
}

// partsProblem tells a body that is too large, late or cut off from one that is not made of parts.
func partsProblem(err error) *Problem {
	p := bodyProblem(err)
	if p.Status == http.StatusBadRequest && !errors.Is(err, io.ErrUnexpectedEOF) {
		return requestProblem(http.StatusBadRequest, "the body is not valid multipart/form-data")
	}
	return p
}
