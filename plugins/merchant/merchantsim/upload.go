package merchantsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// maxAttachment is the documented limit of a file, read as decimal megabytes: the smaller reading of "10 MB".
const maxAttachment = 10_000_000

// maxUpload is the largest request with a file: the file and the form around it.
const maxUpload = maxAttachment + 64<<10

// maxFormValue is the largest text of a form; all of them are ids, words and amounts.
const maxFormValue = 1 << 10

// Attachment is a file that was uploaded. The simulator keeps what identifies it and forgets its content.
type Attachment struct {
	// ID stands in the link that answers show.
	ID string `json:"id"`
	// Name and ContentType are as uploaded.
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	// Size is the number of bytes, SHA256 their digest in hex.
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

// form is a multipart body that was read.
type form struct {
	values map[string]string
	files  map[string]Attachment
}

// readForm reads a multipart body as strictly as a form framework does: a
// boundary must be declared, every part must be a known field and stand once,
// and only the attachment is a file. How the gateway words these refusals is not
// documented.
func readForm(r *http.Request, body []byte, known ...string) (form, *refusal) {
	out := form{values: map[string]string{}, files: map[string]Attachment{}}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return out, refuse(http.StatusUnsupportedMediaType, textMultipartType)
	}
	if params["boundary"] == "" {
		return out, refuse(http.StatusBadRequest, textMalformedForm)
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, refuse(http.StatusBadRequest, textMalformedForm)
		}
		if refused := out.add(part, known); refused != nil {
			return out, refused
		}
	}
}

func (f *form) add(part *multipart.Part, known []string) *refusal {
	name := part.FormName()
	_, twice := f.values[name]
	_, also := f.files[name]
	if twice || also || !slices.Contains(known, name) {
		return refuse(http.StatusBadRequest, textExtraField)
	}
	isFile := part.FileName() != ""
	switch {
	case isFile != (name == fieldAttachment):
		return refuseField(name, textInvalid)
	case isFile:
		content, err := io.ReadAll(io.LimitReader(part, maxAttachment+1))
		switch {
		case err != nil:
			return refuse(http.StatusBadRequest, textMalformedForm)
		case len(content) == 0:
			return refuseField(name, textEmptyFile)
		case len(content) > maxAttachment:
			return refuseField(name, textLargeFile)
		}
		digest := sha256.Sum256(content)
		f.files[name] = Attachment{
			ID: newID(), Name: part.FileName(), ContentType: part.Header.Get("Content-Type"),
			Size: len(content), SHA256: hex.EncodeToString(digest[:]),
		}
	default:
		content, err := io.ReadAll(io.LimitReader(part, maxFormValue+1))
		if err != nil || len(content) > maxFormValue {
			return refuseField(name, textInvalid)
		}
		f.values[name] = string(content)
	}
	return nil
}

// The fields of the two forms.
const (
	fieldAttachment = "attachment"
	fieldDealID     = "dealId"
	fieldReason     = "disputeReason"
	fieldAmount     = "disputeReasonData[amount]"
)

// confirmTransfer serves 4.7. Only a deal that is still waited for can be
// confirmed; more files for one that is confirmed already are taken, since
// nothing says that they are not.
func (s *Sim) confirmTransfer(r *http.Request, body []byte) (any, *refusal) {
	f, refused := readForm(r, body, fieldAttachment)
	if refused != nil {
		return nil, refused
	}
	file, given := f.files[fieldAttachment]
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	i := s.find(r.PathValue("id"), now)
	if i == nil || i.Type != directionIn {
		return nil, refuseNull()
	}
	if !given {
		return nil, refuseField(fieldAttachment, textBlank)
	}
	d := i.activeDeal()
	if i.Status != StatusNew || d == nil || (d.Status != DealWaiting && d.Status != DealConfirmed) {
		return nil, refuse(http.StatusBadRequest, textNotConfirmable)
	}
	d.Attachments = append(d.Attachments, file)
	s.confirm(i, d, now)
	return s.listed(s.renderInvoice(i)), nil
}

// openDispute serves 4.8. A dispute on an invoice that does not exist or is
// cancelled is the documented 404 "null".
func (s *Sim) openDispute(r *http.Request, body []byte) (any, *refusal) {
	f, refused := readForm(r, body, fieldAttachment, fieldDealID, fieldReason, fieldAmount)
	if refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	i := s.find(r.PathValue("id"), now)
	if i == nil || i.Status == StatusCanceled {
		return nil, refuseNull()
	}
	claimed, refused := s.checkDispute(f)
	if refused != nil {
		return nil, refused
	}
	d := i.deal()
	if d == nil || d.ID != f.values[fieldDealID] {
		return nil, refuseNull()
	}
	if i.Status == StatusDispute {
		return nil, refuse(http.StatusBadRequest, textNotDisputable)
	}
	file := f.files[fieldAttachment]
	d.DisputeAttachment = &file
	s.dispute(i, d, f.values[fieldReason], claimed, now)
	return s.listed(s.renderInvoice(i)), nil
}

// checkDispute reads the form of a dispute; the amount belongs to invalid_sum alone.
func (s *Sim) checkDispute(f form) (claimed decimal.Decimal, refused *refusal) {
	reason, amount := f.values[fieldReason], f.values[fieldAmount]
	_, file := f.files[fieldAttachment]
	switch {
	case f.values[fieldDealID] == "":
		return claimed, refuseField(fieldDealID, textBlank)
	case reason == "":
		return claimed, refuseField(fieldReason, textBlank)
	case !slices.Contains(disputeReasons(), reason):
		return claimed, refuseField(fieldReason, textInvalid)
	case reason == "invalid_sum" && amount == "":
		return claimed, refuseField(fieldAmount, textBlank)
	case reason != "invalid_sum" && amount != "":
		return claimed, refuseField(fieldAmount, textInvalid)
	case !file:
		return claimed, refuseField(fieldAttachment, textBlank)
	}
	if amount != "" {
		var err error
		if claimed, err = parseAmount(amount, s.cfg.Subunit); err != nil {
			return claimed, refuseField(fieldAmount, textInvalid)
		}
	}
	return claimed, nil
}

// links are the addresses under which answers show files.
func (s *Sim) links(files []Attachment) []string {
	out := []string{}
	for _, f := range files {
		out = append(out, s.public+"/files/"+f.ID)
	}
	return out
}

// disputeLink is the address of the proof of a dispute, or null.
func (s *Sim) disputeLink(d *Deal) *string {
	if d.DisputeAttachment == nil {
		return nil
	}
	return &s.links([]Attachment{*d.DisputeAttachment})[0]
}

// SetStatus gives an invoice a status of the caller's own choice, as brands
// have that add to the documented ones, and announces it.
func (s *Sim) SetStatus(id string, status Status) error {
	_, err := s.on(id, func(i *invoice, now time.Time) error {
		s.move(i, status, now)
		return nil
	})
	return err
}
