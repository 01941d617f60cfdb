package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// ErrStopped is what commands fail with after Run; nothing was sent.
var ErrStopped = errors.New("host: stopped")

func errStopped() error {
	return &pay.Error{
		Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo, Message: "the host is stopping; nothing was sent",
		Retry: pay.Retry{Rule: pay.RetrySameOperation}, Err: ErrStopped,
	}
}

// notSent is an error of a call that certainly did not reach the provider and may be repeated with the same key.
func notSent(kind pay.Kind, format string, args ...any) *pay.Error {
	return &pay.Error{
		Kind: kind, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation},
		Message: fmt.Sprintf(format, args...),
	}
}

// storageError classifies a failure of the store. What a job returned as a [pay.Error] stays what it is.
func storageError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*pay.Error](err); ok {
		return e
	}
	if errors.Is(err, store.ErrNotFound) {
		return &pay.Error{Kind: pay.KindNotFound, Message: "no such object", Err: err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return notSent(pay.KindProviderUnavailable, "the caller stopped waiting for the store")
	}
	return &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedUnknown, Message: "storage: " + err.Error(), Err: err}
}

// fieldErrors collects what is wrong with a request.
type fieldErrors struct {
	list []pay.FieldError
	// refused counts those that only say "this provider does not do that".
	refused int
}

func (f *fieldErrors) add(path, format string, args ...any) {
	f.list = append(f.list, pay.FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (f *fieldErrors) refuse(path, format string, args ...any) {
	f.refused++
	f.add(path, format, args...)
}

// err is nil when nothing was added; unsupported when everything was a refusal.
func (f *fieldErrors) err() error {
	if len(f.list) == 0 {
		return nil
	}
	kind := pay.KindInvalidRequest
	if f.refused == len(f.list) {
		kind = pay.KindUnsupported
	}
	message := f.list[0].Path + ": " + f.list[0].Message
	if more := len(f.list) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return &pay.Error{Kind: kind, Executed: pay.ExecutedNo, Message: message, Fields: f.list}
}
