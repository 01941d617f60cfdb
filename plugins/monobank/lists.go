package monobank

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The lists of what belongs to the merchant.
const (
	pathSubmerchants   = "/api/merchant/submerchant/list"
	pathSplitReceivers = "/api/merchant/split-receiver/list"
	pathEmployees      = "/api/merchant/employee/list"
)

const submerchantsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["submerchants"],
  "properties": {"submerchants": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["code"],
    "properties": {
      "code": {"type": "string", "description": "Terminal code, for provider_options.code of a create."},
      "iban": {"type": "string"},
      "edrpou": {"type": "string", "description": "Tax number of the company or person."},
      "owner": {"type": "string"}}}}}
}`

const splitReceiversOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["split_receivers"],
  "properties": {"split_receivers": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["split_receiver_id"],
    "properties": {
      "split_receiver_id": {"type": "string", "description": "For items[].options.split_receiver_id of a create."},
      "edrpou": {"type": "string", "description": "Tax number of the receiver."},
      "name": {"type": "string"}}}}}
}`

const employeesOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["employees"],
  "properties": {"employees": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["employee_id"],
    "properties": {
      "employee_id": {"type": "string", "description": "For provider_options.tips_employee_id of a create."},
      "name": {"type": "string"},
      "ext_ref": {"type": "string", "description": "The merchant's own reference of the employee."}}}}}
}`

func listActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "submerchants", Title: "List the submerchant terminals", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(noInput), Output: json.RawMessage(submerchantsOutput),
		},
		run: on((*account).submerchants),
	}, {
		spec: pay.ActionSpec{
			Name: "split_receivers", Title: "List the receivers of split payments", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(noInput), Output: json.RawMessage(splitReceiversOutput),
		},
		run: on((*account).splitReceivers),
	}, {
		spec: pay.ActionSpec{
			Name: "employees", Title: "List the employees who can receive tips", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(noInput), Output: json.RawMessage(employeesOutput),
		},
		run: on((*account).employees),
	}}
}

// listOf reads one of the lists, whose answers are {"list": [...]}. Rows without
// the id that is the point of the list make the answer unreadable.
func listOf[Row any](ctx context.Context, a *account, path string, id func(Row) text) ([]Row, *httpx.Response, error) {
	res, err := a.get(ctx, path, nil)
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		List json.RawMessage `json:"list"`
	}
	if json.Unmarshal(res.Body, &answer) != nil {
		return nil, nil, res.Garbled("it is not a JSON object")
	}
	rows, ok := readList[Row](answer.List)
	for _, row := range rows {
		ok = ok && id(row) != ""
	}
	if !ok {
		return nil, nil, res.Garbled("it is not a list of the documented form")
	}
	return rows, res, nil
}

type submerchant struct {
	Code   string `json:"code"`
	IBAN   string `json:"iban,omitempty"`
	EDRPOU string `json:"edrpou,omitempty"`
	Owner  string `json:"owner,omitempty"`
}

type submerchants struct {
	Submerchants []submerchant `json:"submerchants"`
}

func (a *account) submerchants(ctx context.Context, _ struct{}) (submerchants, pay.Report, error) {
	type wire struct {
		Code   text `json:"code"`
		IBAN   text `json:"iban"`
		EDRPOU text `json:"edrpou"`
		Owner  text `json:"owner"`
	}
	rows, res, err := listOf(ctx, a, pathSubmerchants, func(w wire) text { return w.Code })
	if err != nil {
		return submerchants{}, pay.Report{}, err
	}
	out := submerchants{Submerchants: make([]submerchant, 0, len(rows))}
	for _, w := range rows {
		out.Submerchants = append(out.Submerchants, submerchant{string(w.Code), string(w.IBAN), string(w.EDRPOU), string(w.Owner)})
	}
	return out, report(res), nil
}

type splitReceiver struct {
	SplitReceiverID string `json:"split_receiver_id"`
	EDRPOU          string `json:"edrpou,omitempty"`
	Name            string `json:"name,omitempty"`
}

type splitReceivers struct {
	SplitReceivers []splitReceiver `json:"split_receivers"`
}

// splitReceivers lists the receivers. The tax number is called edrpou in the
// provider's description and okpo in a client that uses the call: both are read.
func (a *account) splitReceivers(ctx context.Context, _ struct{}) (splitReceivers, pay.Report, error) {
	type wire struct {
		SplitReceiverID text `json:"splitReceiverId"`
		EDRPOU          text `json:"edrpou"`
		OKPO            text `json:"okpo"`
		Name            text `json:"name"`
	}
	rows, res, err := listOf(ctx, a, pathSplitReceivers, func(w wire) text { return w.SplitReceiverID })
	if err != nil {
		return splitReceivers{}, pay.Report{}, err
	}
	out := splitReceivers{SplitReceivers: make([]splitReceiver, 0, len(rows))}
	for _, w := range rows {
		number := w.EDRPOU
		if number == "" {
			number = w.OKPO
		}
		out.SplitReceivers = append(out.SplitReceivers, splitReceiver{string(w.SplitReceiverID), string(number), string(w.Name)})
	}
	return out, report(res), nil
}

type employee struct {
	EmployeeID string `json:"employee_id"`
	Name       string `json:"name,omitempty"`
	ExtRef     string `json:"ext_ref,omitempty"`
}

type employees struct {
	Employees []employee `json:"employees"`
}

// employees lists who can receive tips. The call is missing from the newest
// description: where it is gone, the provider's 404 says so.
func (a *account) employees(ctx context.Context, _ struct{}) (employees, pay.Report, error) {
	type wire struct {
		ID     text `json:"id"`
		Name   text `json:"name"`
		ExtRef text `json:"extRef"`
	}
	rows, res, err := listOf(ctx, a, pathEmployees, func(w wire) text { return w.ID })
	if err != nil {
		return employees{}, pay.Report{}, err
	}
	out := employees{Employees: make([]employee, 0, len(rows))}
	for _, w := range rows {
		out.Employees = append(out.Employees, employee{string(w.ID), string(w.Name), string(w.ExtRef)})
	}
	return out, report(res), nil
}
