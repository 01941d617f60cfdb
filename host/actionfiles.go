package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/pay"
)

// maxAttachedTotal bounds the files of one action together, in bytes, as the protocol does.
const maxAttachedTotal = 64 << 20

// maxFileName is the longest name of a file, in bytes, that common file systems take.
const maxFileName = 255

// attachmentDigest is what the journal and the fingerprint of an action hold of a file: everything but its bytes.
type attachmentDigest struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type,omitempty"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
}

// heldFile is a file in memory, read once from its owner, so that it can be compared and sent more than once.
type heldFile struct {
	attachmentDigest
	content *bytes.Reader
}

// heldFiles are the files of one call. They live as long as the call does and are never written to the store.
type heldFiles []heldFile

// holdFiles reads the attachments of a call within the limits of its action and takes their digests.
func holdFiles(files []pay.Attachment, spec pay.ActionSpec) (heldFiles, error) {
	limit := int64(pay.MaxAttachmentSize)
	if spec.MaxAttachmentSize > 0 {
		limit = min(limit, spec.MaxAttachmentSize)
	}
	var problems fieldErrors
	var held heldFiles
	total := int64(0)
	for i, f := range files {
		path := fmt.Sprintf("attachments.%d", i)
		before := len(problems.list)
		checkFileName(path, f, &problems)
		if f.Content == nil || f.Size < 0 || f.Size > limit {
			problems.add(path, "must be a file of at most %d bytes", limit)
		}
		if len(problems.list) > before {
			continue
		}
		content, digest, err := readFile(f.Content, limit)
		switch {
		case err != nil:
			problems.add(path, "cannot be read")
			continue
		case content.Size() > limit:
			problems.add(path, "must be a file of at most %d bytes", limit)
			continue
		case f.Size != 0 && f.Size != content.Size():
			problems.add(path, "does not have the stated size")
			continue
		}
		if total += content.Size(); total > maxAttachedTotal {
			problems.add("attachments", "have more than %d bytes together", maxAttachedTotal)
			break
		}
		held = append(held, heldFile{attachmentDigest{f.Name, f.ContentType, content.Size(), digest}, content})
	}
	return held, problems.err()
}

// readFile reads at most one byte more than limit. What is in memory already is not copied.
func readFile(from io.Reader, limit int64) (*bytes.Reader, string, error) {
	content, ok := from.(*bytes.Reader)
	if !ok || int64(content.Len()) != content.Size() {
		raw, err := io.ReadAll(io.LimitReader(from, limit+1))
		if err != nil {
			return nil, "", err
		}
		content = bytes.NewReader(raw)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(content, 0, content.Size())); err != nil {
		return nil, "", err
	}
	return content, hex.EncodeToString(sum.Sum(nil)), nil
}

// checkFileName refuses names and types that could leave the header of a multipart request, or a folder.
func checkFileName(path string, f pay.Attachment, problems *fieldErrors) {
	switch {
	case f.Name == "":
		problems.add(path+".name", "is required")
	case len(f.Name) > maxFileName || !utf8.ValidString(f.Name) || strings.ContainsAny(f.Name, `/\`) || strings.ContainsFunc(f.Name, unicode.IsControl):
		problems.add(path+".name", "must be a file name of at most %d bytes, without a folder and control characters", maxFileName)
	}
	if f.ContentType != "" {
		if _, _, err := mime.ParseMediaType(f.ContentType); err != nil || strings.ContainsFunc(f.ContentType, unicode.IsControl) {
			problems.add(path+".content_type", "must be a media type such as application/pdf")
		}
	}
}

func (f heldFiles) digests() []attachmentDigest {
	var list []attachmentDigest
	for _, file := range f {
		list = append(list, file.attachmentDigest)
	}
	return list
}

// attachments are the files for one call of an adapter.
func (f heldFiles) attachments() []pay.Attachment {
	var list []pay.Attachment
	for _, file := range f {
		list = append(list, pay.Attachment{
			Name: file.Name, ContentType: file.ContentType, Size: file.Size, Content: io.NewSectionReader(file.content, 0, file.Size),
		})
	}
	return list
}
