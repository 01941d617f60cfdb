package simkit

import (
	"errors"
	"fmt"
	"net/http"
)

// elsewherePath is where FaultRedirect sends clients that follow redirects.
const elsewherePath = "/_sim/elsewhere"

// CallbackCommand is the body of POST /_sim/callbacks. With a mode it scripts the next callbacks, see
// [Callbacks.Script]; with release it sends held ones.
type CallbackCommand struct {
	// Mode is deliver, lost, duplicate or held; empty leaves the mode alone.
	Mode CallbackMode `json:"mode,omitempty"`
	// Times is how many callbacks get the mode; 0 means all from now on.
	Times int `json:"times,omitempty"`
	// Release sends the held callbacks, the numbers in Order first to last, or all of them in the order queued.
	Release bool `json:"release,omitempty"`
	// Order lists numbers of held callbacks.
	Order []int `json:"order,omitempty"`
}

// Mount adds the control surface that every simulator has to mux:
//
//	GET  /_sim/invoices    whatever invoices returns, as JSON
//	GET  /_sim/requests    the request log
//	GET  /_sim/faults      the faults not used up yet
//	POST /_sim/faults      one fault or a list of them: {"op","kind","times","delay":"250ms","status","body"}
//	DELETE /_sim/faults    empty the table
//	GET  /_sim/callbacks   {"attempts": every delivery attempt, "held": callbacks waiting for release}
//	POST /_sim/callbacks   a [CallbackCommand]
//
// Refusals are {"error": "…"} with 400, 404 or 409.
func (k *Kit) Mount(mux *http.ServeMux, invoices func() any) {
	mux.HandleFunc("GET /_sim/invoices", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, invoices())
	})
	mux.HandleFunc("GET /_sim/requests", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, k.Requests.All())
	})
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, k.Faults.Pending())
	})
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		k.Faults.Clear()
		WriteJSON(w, http.StatusOK, k.Faults.Pending())
	})
	mux.HandleFunc("GET /_sim/callbacks", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, map[string]any{"attempts": k.Callbacks.Attempts(), "held": k.Callbacks.Held()})
	})
	Command(mux, "faults", func(faults faultList) (any, error) {
		return map[string]int{"added": len(faults)}, k.Faults.Add(faults...)
	})
	Command(mux, "callbacks", func(c CallbackCommand) (any, error) { return k.callbackCommand(c) })
	mux.Handle(elsewherePath, k.Handle("elsewhere", func(w http.ResponseWriter, _ *http.Request) {
		writeHTML(w, http.StatusOK, "<html><body>This is not the provider.</body></html>\n")
	}))
}

func (k *Kit) callbackCommand(c CallbackCommand) (any, error) {
	if c.Mode == "" && !c.Release {
		return nil, errors.New("callbacks: give a mode or release")
	}
	if c.Mode != "" {
		if err := k.Callbacks.Script(c.Mode, c.Times); err != nil {
			return nil, err
		}
	}
	released := 0
	if c.Release {
		n, err := k.Callbacks.Release(c.Order...)
		if err != nil {
			return nil, err
		}
		released = n
	}
	return map[string]int{"released": released}, nil
}

// faultList accepts one fault or a list of them.
type faultList []Fault

// UnmarshalJSON reads an object as a list of one.
func (l *faultList) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		var list []Fault
		err := decodeStrict(data, &list)
		*l = list
		return err
	}
	var one Fault
	if err := decodeStrict(data, &one); err != nil {
		return err
	}
	*l = faultList{one}
	return nil
}

// Command adds POST /_sim/name to mux: it decodes the JSON body into a T, calls do and answers with do's result as
// JSON, {} when that is nil. An error wrapping [ErrNotFound] answers 404, [ErrImpossible] 409, any other 400.
func Command[T any](mux *http.ServeMux, name string, do func(T) (any, error)) {
	mux.HandleFunc("POST /_sim/"+name, func(w http.ResponseWriter, r *http.Request) {
		var in T
		if err := ReadJSON(r, &in); err != nil {
			writeError(w, http.StatusBadRequest, fmt.Errorf("%s: %w", name, err))
			return
		}
		out, err := do(in)
		switch {
		case errors.Is(err, ErrNotFound):
			writeError(w, http.StatusNotFound, err)
		case errors.Is(err, ErrImpossible):
			writeError(w, http.StatusConflict, err)
		case err != nil:
			writeError(w, http.StatusBadRequest, err)
		case out == nil:
			WriteJSON(w, http.StatusOK, struct{}{})
		default:
			WriteJSON(w, http.StatusOK, out)
		}
	})
}

func writeError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]string{"error": err.Error()})
}
