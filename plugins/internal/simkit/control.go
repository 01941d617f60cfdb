package simkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// elsewherePath is where FaultRedirect sends clients that follow redirects.
const elsewherePath = "/_sim/elsewhere"

// opElsewhere is what the request log calls those who did; it is no operation of the provider.
const opElsewhere = "elsewhere"

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

// ClockCommand is the body of POST /_sim/clock: exactly one of its members. The answer is a [ClockState].
type ClockCommand struct {
	// Advance lets a length of time such as "24h" pass, see [Clock.Advance].
	Advance string `json:"advance,omitempty"`
	// Set moves the clock to a moment in RFC 3339, see [Clock.Set].
	Set time.Time `json:"set,omitzero"`
	// Freeze stops it, Run lets it go on, Real returns to the real time.
	Freeze bool `json:"freeze,omitempty"`
	Run    bool `json:"run,omitempty"`
	Real   bool `json:"real,omitempty"`
}

// Mount adds the control surface that every simulator has to mux:
//
//	GET  /_sim/invoices     whatever invoices returns, as JSON
//	GET  /_sim/requests     the request log
//	GET  /_sim/faults       the faults not used up yet
//	POST /_sim/faults       one fault or a list of them: {"op","kind","times","delay":"250ms","status","body"}
//	DELETE /_sim/faults     empty the table, as POST /_sim/clear-faults does
//	GET  /_sim/callbacks    {"attempts": every delivery attempt, "held": callbacks waiting for release}
//	POST /_sim/callbacks    a [CallbackCommand]
//	POST /_sim/storm        a [Storm]
//	GET  /_sim/clock        a [ClockState]
//	POST /_sim/clock        a [ClockCommand]
//	GET  /_sim/latency      what is set
//	POST /_sim/latency      {"op","min":"100ms","max":"300ms","seed"}; "0s" lifts it, see [Slowness]
//	GET  /_sim/limits       what is set
//	POST /_sim/limits       {"op","limit","window":"1s"}; without a window it is lifted, see [RateLimit]
//	GET  /_sim/maintenance  what is set
//	POST /_sim/maintenance  a [MaintenanceCommand]
//	POST /_sim/reset        [Kit.Reset]
//
// Requests and callbacks are shown without secrets: members named like a token, secret, password or card security code,
// those of [Config].SecretFields, headers that authenticate, and the middle of card numbers.
//
// Refusals are {"error": "…"} with 400, 404 or 409.
func (k *Kit) Mount(mux *http.ServeMux, invoices func() any) {
	show(mux, "invoices", func() any { k.Clock.runDue(); return invoices() })
	show(mux, "requests", func() any { return k.hide.requests(k.Requests.All()) })
	show(mux, "faults", func() any { return k.Faults.Pending() })
	show(mux, "callbacks", func() any {
		return map[string]any{"attempts": k.hide.attempts(k.Callbacks.Attempts()), "held": k.hide.callbacks(k.Callbacks.Held())}
	})
	show(mux, "clock", func() any { return k.Clock.State() })
	show(mux, "latency", func() any { return k.Latency.Lines() })
	show(mux, "limits", func() any { return k.Limits.Lines() })
	show(mux, "maintenance", func() any { return k.Maintenance })
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, r *http.Request) {
		if refuseForeign(w, r) {
			return
		}
		k.Faults.Clear()
		WriteJSON(w, http.StatusOK, k.Faults.Pending())
	})
	Command(mux, "faults", func(faults faultList) (any, error) {
		return map[string]int{"added": len(faults)}, k.Faults.Add(faults...)
	})
	Command(mux, "clear-faults", func(struct{}) (any, error) { k.Faults.Clear(); return k.Faults.Pending(), nil })
	Command(mux, "callbacks", func(c CallbackCommand) (any, error) { return k.callbackCommand(c) })
	Command(mux, "storm", func(s Storm) (any, error) {
		n, err := k.Callbacks.Storm(s)
		return map[string]int{"queued": n}, err
	})
	command(mux, "clock", func(ctx context.Context, c ClockCommand) (any, error) {
		err := k.clockCommand(ctx, c)
		return k.Clock.State(), err
	})
	Command(mux, "latency", func(s Slowness) (any, error) { err := k.Latency.Set(s); return k.Latency.Lines(), err })
	Command(mux, "limits", func(l RateLimit) (any, error) { err := k.Limits.Set(l); return k.Limits.Lines(), err })
	Command(mux, "maintenance", func(c MaintenanceCommand) (any, error) { return k.Maintenance, k.Maintenance.command(c) })
	Command(mux, "reset", func(struct{}) (any, error) { k.Reset(); return nil, nil })
	mux.Handle(elsewherePath, k.Handle(opElsewhere, func(w http.ResponseWriter, _ *http.Request) {
		writeHTML(w, http.StatusOK, "<html><body>This is not the provider.</body></html>\n")
	}))
}

func show(mux *http.ServeMux, name string, what func() any) {
	mux.HandleFunc("GET /_sim/"+name, func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, http.StatusOK, what()) })
}

func (k *Kit) clockCommand(ctx context.Context, c ClockCommand) error {
	given := 0
	for _, one := range []bool{c.Advance != "", !c.Set.IsZero(), c.Freeze, c.Run, c.Real} {
		if one {
			given++
		}
	}
	if given != 1 {
		return errors.New("clock: give one of advance, set, freeze, run and real")
	}
	switch {
	case c.Freeze:
		k.Clock.Freeze()
	case c.Run:
		k.Clock.Run()
	case c.Real:
		k.Clock.Real()
	case c.Advance == "":
		return k.Clock.Set(ctx, c.Set)
	default:
		d, err := time.ParseDuration(c.Advance)
		if err != nil {
			return err
		}
		return k.Clock.Advance(ctx, d)
	}
	return nil
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
// JSON, {} when that is nil. An error wrapping [ErrNotFound] answers 404, [ErrImpossible] 409, any other 400. A browser
// that acts for a page of somebody else is refused with 403.
func Command[T any](mux *http.ServeMux, name string, do func(T) (any, error)) {
	command(mux, name, func(_ context.Context, in T) (any, error) { return do(in) })
}

func command[T any](mux *http.ServeMux, name string, do func(context.Context, T) (any, error)) {
	mux.HandleFunc("POST /_sim/"+name, func(w http.ResponseWriter, r *http.Request) {
		if refuseForeign(w, r) {
			return
		}
		var in T
		if err := ReadJSON(r, &in); err != nil {
			writeError(w, http.StatusBadRequest, fmt.Errorf("%s: %w", name, err))
			return
		}
		out, err := do(r.Context(), in)
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

// refuseForeign refuses what a browser sends on behalf of a page of another origin.
func refuseForeign(w http.ResponseWriter, r *http.Request) bool {
	err := http.NewCrossOriginProtection().Check(r)
	if err != nil {
		writeError(w, http.StatusForbidden, err)
	}
	return err != nil
}

func writeError(w http.ResponseWriter, status int, err error) {
	WriteJSON(w, status, map[string]string{"error": err.Error()})
}
