package payin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Registration and search of the provider's users, who are the payers and the receivers of rewards.
const (
	actionRegisterUser = "register_user"
	actionFindUser     = "find_user"
)

// minPassword is the shortest password taken: the length from which [httpx.Scrub] masks a text.
const minPassword = 4

const registerInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["ul", "email", "phone", "username", "password", "resident"],
  "properties": {
    "ul": {"type": "boolean", "description": "True for a legal entity, false for a person."},
    "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "maxLength": 254},
    "phone": {"type": "string", "pattern": "^\\+[0-9]{5,15}$", "description": "With plus sign and country code, such as +79131112233."},
    "username": {"type": "string", "minLength": 1, "maxLength": 255},
    "password": {"type": "string", "minLength": 4, "maxLength": 255, "secret": true, "writeOnly": true,
      "description": "The password of the new user. It is sent and sealed with the operation; nothing shows it again."},
    "resident": {"type": "boolean", "description": "Whether the user is a tax resident of Russia."},
    "source_registration": {"type": "string", "minLength": 1, "maxLength": 255, "description": "Where the user came from."}
  }
}`

const registerOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["id"],
  "properties": {
    "id": {"type": "string", "description": "Id of the new user: customer.id of an invoice, destination.value of a payout."},
    "tips_url": {"type": "string"},
    "card_url": {"type": "string"},
    "invite_url": {"type": "string"}
  }
}`

const findUserInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "maxLength": 254},
    "phone": {"type": "string", "pattern": "^\\+?[0-9]{5,15}$", "description": "E-mail or phone is needed."}
  },
  "anyOf": [{"required": ["email"]}, {"required": ["phone"]}]
}`

const findUserOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["inner_id"],
  "properties": {
    "inner_id": {"type": "string",
      "description": "Id of the user. The provider does not say so, but by all appearances it is the payer_id: customer.id of an invoice."},
    "email": {"type": "string"},
    "phone": {"type": "string", "description": "Without a plus sign."}
  }
}`

// contact says which user is meant. Personal data.
type contact struct {
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// fields checks that somebody is named and returns the parameters.
func (c contact) fields() ([]field, error) {
	var list []field
	if c.Email != "" {
		if !isEmail(c.Email) {
			return nil, pay.Invalid("input.email", "must be an e-mail address")
		}
		list = append(list, textField("email", c.Email))
	}
	if c.Phone != "" {
		if !isPhone(strings.TrimPrefix(c.Phone, "+")) {
			return nil, pay.Invalid("input.phone", "must be 5 to 15 digits, with or without a plus sign")
		}
		list = append(list, textField("phone", c.Phone))
	}
	if len(list) == 0 {
		return nil, pay.Invalid("input.email", "e-mail or phone is needed")
	}
	return list, nil
}

// registerUser registers a user of the provider. The provider documents no idempotency: EXIST_IN_SYSTEM says that somebody
// has the e-mail or phone, and not that an earlier call of ours was accepted, so a lost answer is for a person, who asks
// [actionFindUser].
func (a *account) registerUser(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	var in struct {
		contact
		UL       *bool  `json:"ul"`
		Username string `json:"username"`
		Password string `json:"password"`
		Resident *bool  `json:"resident"`
		Source   string `json:"source_registration"`
	}
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	for path, missing := range map[string]bool{
		"input.ul": in.UL == nil, "input.resident": in.Resident == nil, "input.email": in.Email == "", "input.username": in.Username == "",
	} {
		if missing {
			return pay.ActionResult{}, pay.Invalid(path, "is required")
		}
	}
	switch {
	case !strings.HasPrefix(in.Phone, "+"):
		return pay.ActionResult{}, pay.Invalid("input.phone", "must be a plus sign and 5 to 15 digits")
	case utf8.RuneCountInString(in.Password) < minPassword:
		return pay.ActionResult{}, pay.Invalid("input.password", "must have at least %d characters", minPassword)
	}
	fields, err := in.fields()
	if err != nil {
		return pay.ActionResult{}, err
	}
	fields = append(fields, flagField("ul", *in.UL), flagField("resident", *in.Resident),
		textField("username", in.Username), textField("password", in.Password))
	if in.Source != "" {
		fields = append(fields, textField("source_registration", in.Source))
	}
	got, err := a.ask(ctx, question{path: "user/api-create", effect: httpx.Mutates, fields: fields, hidden: []string{in.Password}})
	if e, ok := errors.AsType[*pay.Error](err); ok && e.Kind == pay.KindInvalidState {
		// Nothing was registered and the same request can never be.
		e.Retry = pay.Retry{Rule: pay.RetryNever}
		e.Message = "the provider already has a user with this e-mail or phone; the action " + actionFindUser + " tells who"
		return pay.ActionResult{}, e
	}
	if err != nil {
		return pay.ActionResult{}, err
	}
	var made struct {
		ID     idText `json:"id"`
		Tips   string `json:"tips_url"`
		Card   string `json:"card_url"`
		Invite string `json:"invite_url"`
	}
	if json.Unmarshal(got.result, &made) != nil || !isDigits(string(made.ID)) {
		return pay.ActionResult{}, got.response.Garbled("it accepted the registration and named no id")
	}
	out := struct {
		ID     string `json:"id"`
		Tips   string `json:"tips_url,omitempty"`
		Card   string `json:"card_url,omitempty"`
		Invite string `json:"invite_url,omitempty"`
	}{string(made.ID), a.link(made.Tips), a.link(made.Card), a.link(made.Invite)}
	return told(got.report(), out)
}

// link returns an address of the provider that a browser may be sent to, or nothing.
func (a *account) link(text string) string {
	if !a.payable(text) {
		return ""
	}
	return text
}

// findUser looks a user up by e-mail or phone. Nobody is an empty list with status true, unlike in the searches of payments;
// it is [pay.KindNotFound]. An answer about somebody else is refused: its id would be charged.
func (a *account) findUser(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	var in contact
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	fields, err := in.fields()
	if err != nil {
		return pay.ActionResult{}, err
	}
	got, err := a.post(ctx, "user/get_user_info_via_dev_key", httpx.Reads, fields...)
	if err != nil {
		return pay.ActionResult{}, err
	}
	one, there, err := readOne[struct {
		InnerID idText `json:"inner_id"`
		Email   idText `json:"email"`
		Phone   idText `json:"phone"`
	}](got.result)
	switch {
	case err == nil && !there:
		return pay.ActionResult{}, absent(got, "user")
	case err != nil || !isID(string(one.InnerID)):
		return pay.ActionResult{}, got.response.Garbled("it is no user")
	}
	out := struct {
		InnerID string `json:"inner_id"`
		Email   string `json:"email,omitempty"`
		Phone   string `json:"phone,omitempty"`
	}{string(one.InnerID), string(one.Email), string(one.Phone)}
	otherEmail := in.Email != "" && out.Email != "" && !strings.EqualFold(in.Email, out.Email)
	otherPhone := in.Phone != "" && out.Phone != "" && !samePhone(in.Phone, out.Phone)
	if otherEmail || otherPhone {
		return pay.ActionResult{}, got.response.Garbled("it is about another user than the one asked for")
	}
	return told(got.report(), out)
}

// samePhone compares two phones of which one may lack the plus sign or the country code.
func samePhone(asked, told string) bool {
	asked, told = strings.TrimPrefix(asked, "+"), strings.TrimPrefix(told, "+")
	return strings.HasSuffix(asked, told) || strings.HasSuffix(told, asked)
}

// isEmail is the pattern of the schemas.
func isEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.Contains(host, "@") && len(s) <= 254 && !strings.ContainsAny(s, " \t\r\n")
}

func isPhone(digits string) bool { return isDigits(digits) && len(digits) >= 5 && len(digits) <= 15 }

// flagField is a boolean in the provider's form, which is what its signature covers.
func flagField(key string, is bool) field {
	if is {
		return textField(key, "1")
	}
	return textField(key, "0")
}
