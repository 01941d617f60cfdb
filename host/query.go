package host

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Invoice returns one invoice as the host knows it, without asking the provider.
func (h *Host) Invoice(ctx context.Context, id string) (*Invoice, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	return h.invoiceView(ctx, id)
}

// maxPage is the largest page of a list.
const maxPage = 500

// Invoices lists invoices, newest first. The list does not shift while it is
// paged through: a page continues after the last invoice of the page before.
func (h *Host) Invoices(ctx context.Context, req ListInvoices) (InvoicePage, error) {
	var page InvoicePage
	if err := h.ready(ctx); err != nil {
		return page, err
	}
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return page, err
	}
	filter := store.InvoiceFilter{
		AccountID: req.Account, Reference: req.Reference, ProviderRef: req.ProviderRef, CustomerID: req.Customer,
		NeedsReview: req.NeedsReview, Unresolved: req.Unresolved, Limit: limit + 1,
	}
	if req.Status != "" {
		if !req.Status.Known() {
			return page, pay.Invalid("status", "%s is not a status of an invoice", quoteShort(string(req.Status)))
		}
		filter.Statuses = []pay.Status{req.Status}
	}
	if filter.BeforeTime, filter.BeforeID, err = decodeCursor(req.Cursor); err != nil {
		return page, err
	}
	rows, err := h.store.ShownInvoices(ctx, filter)
	if err != nil {
		return page, storageError(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.NextCursor = encodeCursor(rows[limit-1].CreatedAt, rows[limit-1].ID)
	}
	page.Invoices, err = h.shownViews(ctx, rows)
	return page, storageError(err)
}

// ListOperations selects operations; zero fields select all.
type ListOperations struct {
	Account, Invoice string
	// State is queued, running, done, unknown or needs_review.
	State       string
	NeedsReview *bool
	// Limit is 1 to 500; zero means 50.
	Limit  int
	Cursor string
}

// OperationPage is one page of a list, newest first.
type OperationPage struct {
	Operations []Operation `json:"operations"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

// Operations lists operations, newest first.
func (h *Host) Operations(ctx context.Context, req ListOperations) (OperationPage, error) {
	var page OperationPage
	if err := h.ready(ctx); err != nil {
		return page, err
	}
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return page, err
	}
	filter := store.OperationFilter{AccountID: req.Account, InvoiceID: req.Invoice, NeedsReview: req.NeedsReview, Limit: limit + 1}
	switch s := store.OperationState(req.State); s {
	case "":
	case store.OperationQueued, store.OperationRunning, store.OperationDone, store.OperationUnknown, store.OperationNeedsReview:
		filter.States = []store.OperationState{s}
	default:
		return page, pay.Invalid("state", "%s is not a state of an operation", quoteShort(req.State))
	}
	if filter.BeforeTime, filter.BeforeID, err = decodeCursor(req.Cursor); err != nil {
		return page, err
	}
	rows, err := h.store.ShownOperations(ctx, filter)
	if err != nil {
		return page, storageError(err)
	}
	page.Operations = []Operation{}
	for i, row := range rows {
		if i == limit {
			page.NextCursor = encodeCursor(rows[limit-1].CreatedAt, rows[limit-1].ID)
			break
		}
		page.Operations = append(page.Operations, operationView(row, nil))
	}
	return page, nil
}

// Operation returns one operation with its tries.
func (h *Host) Operation(ctx context.Context, id string) (*Operation, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.store.Operation(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no operation %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	tries, err := h.store.Tries(ctx, id)
	if err != nil {
		return nil, storageError(err)
	}
	op := operationView(row, tries)
	return &op, nil
}

func operationView(r store.Operation, tries []store.Try) Operation {
	op := Operation{
		ID: r.ID, Account: r.AccountID, Kind: r.Kind, Invoice: r.InvoiceID, State: string(r.State), Executed: r.Executed,
		Resolution: string(r.Resolution), IdempotencyKey: r.IdempotencyKey, ProviderKey: r.ProviderKey,
		NeedsReview: r.NeedsReview, ReviewReason: r.ReviewReason, Actor: r.Actor, CorrelationID: r.CorrelationID,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, FinishedAt: timeOrNil(r.FinishedAt), Version: r.Version,
	}
	if len(r.Error) > 0 {
		p := ProblemOf(decodeError(r))
		op.Error = &p
	}
	for _, t := range tries {
		op.Tries = append(op.Tries, Try{
			Number: t.Number, Plugin: t.Plugin, PluginVersion: t.PluginVersion, PluginDigest: t.PluginDigest, SDKVersion: t.SDKVersion,
			Generation: t.Generation, AccountRevision: t.AccountRevision, HostVersion: t.HostVersion, HostInstance: t.HostInstance,
			Transport: t.Transport, Executed: t.Executed, ErrorKind: t.ErrorKind, Error: t.Error,
			StartedAt: t.StartedAt, FinishedAt: timeOrNil(t.FinishedAt),
		})
	}
	return op
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func pageLimit(limit int) (int, error) {
	switch {
	case limit == 0:
		return 50, nil
	case limit < 0 || limit > maxPage:
		return 0, pay.Invalid("limit", "must be 1 to %d", maxPage)
	}
	return limit, nil
}

// cursor is the keyset of the last row of a page; its text form is opaque.
type cursor struct {
	Time int64  `json:"t"`
	ID   string `json:"i"`
}

func encodeCursor(t time.Time, id string) string {
	raw, _ := json.Marshal(cursor{t.UnixMicro(), id})
	return base64.RawURLEncoding.EncodeToString(raw)
}

func decodeCursor(text string) (time.Time, string, error) {
	if text == "" {
		return time.Time{}, "", nil
	}
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.ID == "" {
		return time.Time{}, "", pay.Invalid("cursor", "is not one this list gave; start again without it")
	}
	return time.UnixMicro(c.Time).UTC(), c.ID, nil
}
