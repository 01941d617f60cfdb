package merchantsim

import (
	"errors"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// The failures of the scripting methods, to be told apart with [errors.Is].
var (
	// ErrNotFound says that no invoice has the id.
	ErrNotFound = simkit.ErrNotFound
	// ErrState says that the invoice or its deal is in a state that does not
	// allow the step, such as paying a paid invoice.
	ErrState = simkit.ErrImpossible
	// ErrInput says that an amount, mode or reason is malformed.
	ErrInput = errors.New("bad argument")
)

// ErrorShape is the form of the body of a refusal. The gateway documents the
// messages but not their form; one known client parses an array, so that is the
// default, and an adapter should survive all three.
type ErrorShape string

const (
	// ErrorArray is a JSON array with one object {message, field}.
	ErrorArray ErrorShape = "array"
	// ErrorObject is one JSON object {message, field}.
	ErrorObject ErrorShape = "object"
	// ErrorText is the bare message as text/plain.
	ErrorText ErrorShape = "text"
)

// refusal is one documented "no": an HTTP status, a message and, for a refused
// field, its name. A nil message is the documented 404 "null".
type refusal struct {
	status  int
	message *string
	field   string
}

// refusalDTO is a refusal as it is sent.
type refusalDTO struct {
	Message *string `json:"message"`
	Field   *string `json:"field,omitempty"`
}

// dto returns the wire form; the field is absent when nothing is to blame.
func (r *refusal) dto() refusalDTO {
	out := refusalDTO{Message: r.message}
	if r.field != "" {
		out.Field = &r.field
	}
	return out
}

// refuse builds a refusal without a field.
func refuse(status int, message string) *refusal {
	return &refusal{status: status, message: &message}
}

// refuseField builds the 400 that blames one field of the request.
func refuseField(field, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, message: &message, field: field}
}

// refuseNull is the documented 404 "null" of a wrong URL or unknown invoice.
func refuseNull() *refusal { return &refusal{status: http.StatusNotFound} }

// The documented texts of refusals.
const (
	textBlank            = "this value should not be blank"
	textUnauthorized     = "Unauthorized"
	textNoRequisites     = "PAYMENT_METHOD_NOT_AVAILABLE"
	textNotLess          = "Invoice amount should be not less than "
	textNotGreater       = "Invoice amount should be not greater than "
	textOptionNotAllowed = "Payment option not allowed"
	textMethodNotAllowed = "Payment method not allowed"
	textMaxAmount        = "maxAmount can not be less than amount"
	textPayinDisabled    = "Pay in disabled"
	textPayoutDisabled   = "Pay out disabled"
	textNoFunds          = "Insufficient funds"
	text2FA              = "2FA should be enabled for this operation"
)

// The texts for refusals the documentation does not word, in its manner.
// textOfType is documented for startDeal and boolean only.
const (
	textOfType         = "This value should be of type "
	textInvalid        = "This value is not valid"
	textInvalidURL     = "This value is not a valid URL"
	textMalformed      = "Request body is not valid JSON"
	textMediaType      = "Content-Type should be application/json"
	textNotCancelable  = "Invoice can not be canceled"
	textNotStartable   = "Deal can not be started"
	textNotConfirmable = "Transfer can not be confirmed"
	textNotDisputable  = "Dispute can not be opened"
	textMultipartType  = "Content-Type should be multipart/form-data"
	textMalformedForm  = "Request body is not a valid form"
	textExtraField     = "This form should not contain extra fields"
	textEmptyFile      = "An empty file is not allowed"
	textLargeFile      = "The file is too large"
)
