package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"html/template"
	"net/http"
	"slices"
	"time"
)

// How many lines of each list the page shows, newest first.
const (
	shownObjects = 50
	shownLines   = 20
)

// view is the whole page.
type view struct {
	Nonce, Notice, Snippet string
	Sims                   []simView
}

// simView is one simulator on the page.
type simView struct {
	provider
	Clock    clock
	Objects  []objectView
	More     int // objects not shown
	Groups   []groupView
	Attempts []attempt
	Held     int
	Requests []request
	Faults   []fault
	// Maintenance, Latency and Limits are what is set now.
	Maintenance struct{ On bool }
	Latency     []struct{ Op, Min, Max string }
	Limits      []struct {
		Op, Window string
		Limit      int
	}
}

type fault struct {
	Op, Kind, Delay string
	Times, Status   int
}

type objectView struct {
	object
	Buttons []button
}

// groupView is the moves that concern no object.
type groupView struct {
	Name    string
	Buttons []button
}

// button is one form.
type button struct {
	Sim, ID string
	move
}

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request) {
	v := view{Nonce: rand.Text(), Snippet: s.Snippet()}
	s.mu.Lock()
	v.Notice, s.notice = s.notice, ""
	s.mu.Unlock()
	for _, p := range s.providers {
		sim, err := look(r.Context(), p)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		v.Sims = append(v.Sims, sim)
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"time": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format(time.DateTime)
		},
	}).Parse(pageHTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+v.Nonce+"'; script-src 'nonce-"+v.Nonce+
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}

// look reads everything the page shows of one simulator.
func look(ctx context.Context, p provider) (simView, error) {
	v := simView{provider: p}
	var moves []move
	var objects []object
	var sent callbacks
	for name, out := range map[string]any{
		"clock": &v.Clock, "moves": &moves, "objects": &objects, "callbacks": &sent, "requests": &v.Requests, "faults": &v.Faults,
		"maintenance": &v.Maintenance, "latency": &v.Latency, "limits": &v.Limits,
	} {
		if err := p.get(ctx, name, out); err != nil {
			return v, err
		}
	}
	v.Held, v.Attempts, v.Requests = len(sent.Held), newest(sent.Attempts, shownLines), newest(v.Requests, shownLines)
	v.More = max(len(objects)-shownObjects, 0)
	for _, o := range newest(objects, shownObjects) {
		shown := objectView{object: o}
		for _, m := range moves {
			if m.Of != "" && m.Of == o.Of && slices.Contains(o.Moves, m.Name) {
				shown.Buttons = append(shown.Buttons, button{p.Name, o.ID, m})
			}
		}
		v.Objects = append(v.Objects, shown)
	}
	for _, m := range moves {
		if m.Of != "" {
			continue
		}
		i := slices.IndexFunc(v.Groups, func(g groupView) bool { return g.Name == m.Group })
		if i < 0 {
			i = len(v.Groups)
			v.Groups = append(v.Groups, groupView{Name: m.Group})
		}
		v.Groups[i].Buttons = append(v.Groups[i].Buttons, button{p.Name, "", m})
	}
	return v, nil
}

// newest returns the last n of a list, the newest first.
func newest[T any](list []T, n int) []T {
	out := slices.Clone(list[max(len(list)-n, 0):])
	slices.Reverse(out)
	return out
}
