package merchant

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"path"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// maxAttachment is the documented "10 MB", read as decimal megabytes: the smaller reading is accepted under both.
const maxAttachment = 10_000_000

// maxFileName is the longest name of a file that is sent on.
const maxFileName = 100

// formField is one text of a form.
type formField struct{ name, value string }

// form is a multipart body with one file. The file is streamed: only what
// stands around it is in memory, so its length is known without reading it.
type form struct {
	contentType string
	head, tail  []byte
	file        pay.Attachment
}

// newForm writes the parts around the file, the texts first. The library makes the boundary.
func newForm(file pay.Attachment, fields ...formField) (*form, error) {
	var around bytes.Buffer
	w := multipart.NewWriter(&around)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, errForm(err)
		}
	}
	header := textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("attachment", fileName(file.Name))},
		"Content-Type":        {mediaType(file.ContentType)},
	}
	if _, err := w.CreatePart(header); err != nil {
		return nil, errForm(err)
	}
	head := around.Len()
	if err := w.Close(); err != nil {
		return nil, errForm(err)
	}
	return &form{w.FormDataContentType(), around.Bytes()[:head], around.Bytes()[head:], file}, nil
}

func errForm(err error) error {
	return &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the form cannot be written", Err: err}
}

// size is the length of the whole body in bytes.
func (f *form) size() int64 { return int64(len(f.head)) + f.file.Size + int64(len(f.tail)) }

// body reads the form once.
func (f *form) body() io.Reader {
	return io.MultiReader(bytes.NewReader(f.head), &exactly{f.file.Content, f.file.Size}, bytes.NewReader(f.tail))
}

// errLength ends a request whose file is not as long as announced, before the gateway has a complete form.
var errLength = errors.New("the attachment is not as long as announced")

// exactly fails where its reader ends too early or too late.
type exactly struct {
	from io.Reader
	left int64
}

// Read implements [io.Reader].
func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		if n, _ := io.ReadFull(e.from, make([]byte, 1)); n > 0 {
			return 0, errLength
		}
		return 0, io.EOF
	}
	n, err := e.from.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		return n, errLength
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// oneFile returns the file of an action that needs exactly one.
func oneFile(list []pay.Attachment) (pay.Attachment, error) {
	switch {
	case len(list) != 1:
		return pay.Attachment{}, pay.Invalid("attachments", "exactly one file is needed, the proof")
	case list[0].Content == nil || list[0].Size <= 0:
		return pay.Attachment{}, pay.Invalid("attachments", "the file is empty")
	case list[0].Size > maxAttachment:
		return pay.Attachment{}, pay.Invalid("attachments", "the file has %d bytes; the gateway takes at most %d", list[0].Size, maxAttachment)
	}
	return list[0], nil
}

// fileName returns the last element of a file's name, without control characters and of a bounded length.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	if strings.Trim(name, "./ ") == "" {
		return "attachment"
	}
	if len(name) > maxFileName {
		extension := clipTo(path.Ext(name), 16)
		name = clipTo(name, maxFileName-len(extension)) + extension
	}
	return name
}

// mediaType returns a media type that can stand in a header.
func mediaType(text string) string {
	kind, params, err := mime.ParseMediaType(text)
	if err != nil || !strings.Contains(kind, "/") {
		return "application/octet-stream"
	}
	return mime.FormatMediaType(kind, params)
}
